// Metrics that a server did not give in time are asked for once more: a server short of time or sockets has them to spare once it
// is not asked everything at once, and they tell what it was short of.
import type { Rung } from '../rung.ts'
import type { FollowUp } from './follow-up.ts'

/** Servers of which metrics are asked for again; the metrics of some tell what is wrong with all. */
const MAX_AGAIN = 16
/** From here on a status says that the server could not (RFC 9110 section 15.6). */
const SERVER_ERROR = 500

/** Plans again the metrics of servers that were silent, broke off or could not make them, other than those that refuse or answer something else. */
export const planLateMetrics: FollowUp = ({ plan, rungs }) => {
  const late = lateMetrics(rungs)
  return plan.filter(({ id }) => late.has(id)).slice(0, MAX_AGAIN)
}

/** Ids of the rungs that would have read them. */
export function lateMetrics(rungs: readonly Rung[]): Set<string> {
  const late = rungs.filter(({ purpose, result, observed }) => {
    const isUnmade = observed.kind === 'status' && observed.status >= SERVER_ERROR
    const isLost = observed.kind === 'timeout' || observed.kind === 'unreachable' || isUnmade
    return purpose === 'metrics' && result === 'failed' && isLost
  })
  return new Set(late.map(({ id }) => id))
}
