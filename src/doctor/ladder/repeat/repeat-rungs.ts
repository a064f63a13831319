// Asks DNS questions again and again, spread over time, so that what fails at times shows how often it does.
import { askPatiently } from '../ask-patiently.ts'
import { askRung } from '../ask-rung.ts'
import type { AskOptions, OpenPlaces } from '../ask-rung.ts'
import type { PlannedRung } from '../plan-options.ts'
import type { Purpose, Rung } from '../rung.ts'
import { Tally } from './tally.ts'

export interface RepeatOptions extends AskOptions {
  /** How often each question is asked, the first time included. */
  readonly times: number
  readonly onProgress?: (done: number, all: number) => void
}

/** Least time between two rounds: what comes and goes with the seconds must not fall between them. */
const BETWEEN_ROUNDS_MS = 50

/** One question that a server answers by itself, one that it passes on, and the user's: the others go the same ways. */
const REPEATED: ReadonlySet<Purpose> = new Set(['asked', 'canary', 'external'])

/** What repeating may take on top of a single climb, in milliseconds: a round, and attempts that wait for a timeout. */
export const PER_REPEAT_MS = 250

/**
 * Asks the DNS questions of a climbed plan again, round by round, until each was asked so often or the deadline is near.
 *
 * A repeated question gets one attempt with a source port of its own: a lost datagram counts. What was skipped, or never
 * answered in the end, is not repeated.
 *
 * @returns the rungs in their order, with their counts where they were repeated
 */
export async function repeatRungs(
  plan: readonly PlannedRung[],
  rungs: readonly Rung[],
  options: RepeatOptions,
): Promise<Rung[]> {
  const { clock, deadlineMs, times, onProgress } = options
  const planned = new Map(plan.map((one) => [one.id, one]))
  const open = rungs.flatMap((rung) => {
    const question = planned.get(rung.id)
    if (question === undefined || rung.result === 'skipped' || !REPEATED.has(rung.purpose)) return []
    return [{ rung, question: { ...question, timeoutsMs: question.timeoutsMs.slice(0, 1) }, tally: new Tally(rung) }]
  })
  const places: OpenPlaces = new Map()
  const startedAt = clock.monotonic()
  const all = open.length * Math.max(0, times - 1)
  await askPatiently(all, { clock }, async (turn) => {
    if (options.signal?.aborted === true) return
    const round = Math.floor(turn / open.length)
    const waitMs = startedAt + round * BETWEEN_ROUNDS_MS - clock.monotonic()
    if (clock.monotonic() + Math.max(0, waitMs) >= deadlineMs) return
    if (waitMs > 0) await new Promise<void>((resolve) => void clock.setTimeout(resolve, waitMs))
    const one = open[turn % open.length]
    if (one === undefined || one.tally.asked >= times || one.tally.isHopeless) return
    const { rung } = await askRung(one.question, options, places)
    one.tally.add(rung)
    onProgress?.(turn + 1, all)
  })
  const repeated = new Map(open.map(({ rung, tally }) => [rung.id, tally.conclude(rung)]))
  return rungs.map((rung) => repeated.get(rung.id) ?? rung)
}
