// What was lost over one transport alone is asked again: a busy machine or a lossy link looks like a filter to a single attempt.
import type { PlannedRung } from '../plan-options.ts'
import type { Rung } from '../rung.ts'
import type { FollowUp } from './follow-up.ts'

/** A path that filters one transport shows it as often as it is asked; some of them are enough. */
const MAX_AGAIN = 64

/** Plans again what brought nothing over UDP or TCP while the same question was answered over the other. */
export const planLostOverOne: FollowUp = ({ plan, rungs }) => {
  const answered = new Set(rungs.filter(({ observed }) => observed.kind === 'response').map(questionOf))
  const lost = new Set(
    rungs.filter((rung) => rung.observed.kind === 'timeout' && answered.has(questionOf(rung))).map(({ id }) => id),
  )
  return plan.filter(({ id }) => lost.has(id)).slice(0, MAX_AGAIN)
}

function questionOf({ id }: PlannedRung | Rung): string {
  return id.replace(/\/(?:tcp|udp)\//, '/*/')
}
