// Asks what failed once more while packets are captured at the place that asked: the wire tells silence, refusal and loss apart.
import type { RunningCapture } from '../../vantage/vantage.ts'
import type { AskOptions } from './ask-rung.ts'
import { climb } from './climb.ts'
import type { WireCapture } from './ladder.ts'
import type { PlannedRung } from './plan-options.ts'
import { formatPlace, isFailing } from './rung.ts'
import type { HopKind, Purpose, Rung } from './rung.ts'

/** Each capture needs a look at every packet of its place: a few places show the pattern. */
const MAX_PLACES = 4
const MAX_QUESTIONS = 8
/** A question asked again shows that its sender had given up the one before; two that are given up make a silent server. */
const ROUNDS = 3
const TIMEOUT_MS = 700
/** Answered by the cluster itself: what fails here failed on its network. */
const PURPOSES: ReadonlySet<Purpose> = new Set(['canary', 'large', 'version'])
const HOPS: ReadonlySet<HopKind> = new Set(['dns-service', 'nameserver', 'node-cache', 'replica'])

/** Captures at most at four places for about two seconds; nothing when nothing failed there. Never rejects. */
export async function captureFailures(
  plan: readonly PlannedRung[],
  rungs: readonly Rung[],
  options: AskOptions,
): Promise<WireCapture[]> {
  const { clock, deadlineMs, vantages, signal } = options
  const needsMs = ROUNDS * TIMEOUT_MS
  const failed = new Set(rungs.filter((rung) => isLostOnTheWay(rung)).map(({ id }) => id))
  const places = new Map<string, PlannedRung[]>()
  for (const planned of plan.filter(({ id }) => failed.has(id))) {
    const place = formatPlace(planned.from)
    const questions = places.get(place)
    if (questions === undefined) places.set(place, [planned])
    else questions.push(planned)
  }
  if (signal?.aborted === true || clock.monotonic() + needsMs >= deadlineMs) return []
  const captures = await Promise.all(
    [...places.values()].slice(0, MAX_PLACES).map(async (questions): Promise<WireCapture[]> => {
      const [first] = questions
      if (first === undefined) return []
      const startedAt = clock.monotonic()
      let running: RunningCapture | undefined
      try {
        const vantage = await vantages.at(first.from)
        const started = 'kind' in vantage ? vantage : await vantage.startCapture?.()
        if (started === undefined || 'kind' in started) return []
        running = started
        const again = questions.slice(0, MAX_QUESTIONS).map((one) => ({ ...one, timeoutsMs: [TIMEOUT_MS] }))
        for (let round = 0; round < ROUNDS; round += 1) await climb(again, options)
      } catch {
        // The place is gone by now: its rungs say so.
      }
      if (running === undefined) return []
      const reading = await running.stop()
      const node = first.fromNode === undefined ? {} : { node: first.fromNode }
      return [{ place: first.from, ...node, ...reading, tookMs: Math.round(clock.monotonic() - startedAt) }]
    }),
  )
  return captures.flat()
}

function isLostOnTheWay(rung: Rung): boolean {
  const { hop, observed, purpose, transport } = rung
  if (!isFailing(rung) || transport === 'http' || !PURPOSES.has(purpose) || !HOPS.has(hop.kind)) return false
  return observed.kind !== 'response' && observed.kind !== 'status'
}
