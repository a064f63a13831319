// Asks the planned rungs, all at once under one deadline, through the vantages of their places.
import type { AskOptions, Climbed, OpenPlaces } from './ask-rung.ts'
import { askRung } from './ask-rung.ts'
import { askPatiently } from './ask-patiently.ts'
import type { PlannedRung } from './plan-options.ts'

export interface ClimbOptions extends AskOptions {
  /** Called after each rung with how many are done. */
  readonly onProgress?: (done: number, all: number) => void
}

/** Asks every planned rung; the result is in the order of the plan. Never rejects: a rung that cannot be asked is skipped. */
export async function climb(plan: readonly PlannedRung[], options: ClimbOptions): Promise<Climbed[]> {
  const places: OpenPlaces = new Map()
  const results: Climbed[] = []
  let done = 0
  const order = plan.map((_, index) => index).sort((a, b) => urgency(plan[a]) - urgency(plan[b]))
  await askPatiently(order.length, { clock: options.clock, patienceMs: PATIENCE_MS }, async (turn) => {
    const index = order[turn]
    const planned = index === undefined ? undefined : plan[index]
    if (index === undefined || planned === undefined) return
    results[index] = await askRung(planned, options, places)
    done += 1
    options.onProgress?.(done, plan.length)
  })
  return results
}

/** Servers in a cluster answer sooner; with few questions at a time, silent ones must not hold up the others. */
const PATIENCE_MS = 50

const EARLY: ReadonlySet<string> = new Set(['canary', 'external', 'metrics'])

/**
 * What may have to wait long is asked first: upstreams, then what servers must ask them for. What tells most goes with it, as there may
 * be a number of calls that is not to be exceeded.
 */
function urgency(planned: PlannedRung | undefined): number {
  if (planned?.hop.kind === 'upstream') return 0
  return EARLY.has(planned?.purpose ?? '') ? 1 : 2
}
