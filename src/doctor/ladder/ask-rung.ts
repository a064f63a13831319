// Asks one planned rung through the vantage of its place: attempts, what came, and how it holds against what should come.
import type { Clock } from '../../base/index.ts'
import { describeError } from '../../base/index.ts'
import { query } from '../../dns/index.ts'
import type { Message, RRType } from '../../dns/index.ts'
import type { Vantage, Vantages } from '../../vantage/vantage.ts'
import type { Skipped } from '../../vantage/skipped.ts'
import { checkObservation } from './check-response.ts'
import { PairTally } from './pair-tally.ts'
import { phrase } from './phrase.ts'
import type { Phrase } from './phrase.ts'
import type { PlannedRung } from './plan-options.ts'
import { parseExposition } from './prometheus.ts'
import type { MetricSample } from './prometheus.ts'
import { formatPlace } from './rung.ts'
import type { Observation, Rung } from './rung.ts'
import { shortenRecords, summarizeExchange, summarizeHttp, summarizeStray } from './summarize.ts'

export interface AskOptions {
  readonly vantages: Vantages
  readonly clock: Clock
  /** On the clock's monotonic scale: no attempt goes on after it. */
  readonly deadlineMs: number
  /** Stops asking: rungs not yet asked are skipped. */
  readonly signal?: AbortSignal
  /** Called when the first attempt of a rung brought nothing, while others may follow. */
  readonly onSilence?: (planned: PlannedRung) => void
}

/** A rung and, where it read metrics, the samples. */
export interface Climbed {
  readonly rung: Rung
  readonly samples?: readonly MetricSample[]
  /** When the samples came, on the clock's monotonic scale. */
  readonly sampledAtMs?: number
}

/** Vantages by place: each is opened once for everything that is asked from it. */
export type OpenPlaces = Map<string, Promise<Skipped | Vantage>>

/** Fits everywhere without fragments (DNS flag day 2020). */
const DEFAULT_PAYLOAD_SIZE = 1232
/** Metrics that causes read; everything else is dropped at once. */
const KEPT_METRICS = /^(coredns_|process_|go_info)/

/** Asks one rung; never rejects: one that cannot be asked is skipped. */
export async function askRung(planned: PlannedRung, options: AskOptions, places: OpenPlaces): Promise<Climbed> {
  if (planned.skip !== undefined) return { rung: skipped(planned, planned.skip.why, planned.skip.needs) }
  try {
    const vantage = await findVantage(planned, options, places)
    if (planned.waitMs !== undefined) await delay(planned.waitMs, options)
    if ('kind' in vantage) return { rung: skippedByVantage(planned, vantage) }
    const typed = withCommand(planned, vantage)
    return planned.question.kind === 'http'
      ? await getHttp(typed, vantage, options)
      : { rung: await exchange(typed, vantage, options) }
  } catch (error) {
    return { rung: skipped(planned, phrase('skip.error', { detail: describeError(error) })) }
  }
}

function delay(waitMs: number, { clock }: AskOptions): Promise<void> {
  return new Promise((resolve) => void clock.setTimeout(resolve, waitMs))
}

/** What a person would type is another command where the place is reached through something. */
function withCommand(planned: PlannedRung, vantage: Vantage): PlannedRung {
  const { equivalent: command, question, to: server, transport } = planned
  if (vantage.equivalent === undefined || command === '') return planned
  const path = question.kind === 'http' ? { path: question.path } : {}
  return { ...planned, equivalent: vantage.equivalent({ command, server, transport, ...path }) }
}

function findVantage({ from }: PlannedRung, { vantages }: AskOptions, places: OpenPlaces): Promise<Skipped | Vantage> {
  const key = formatPlace(from)
  const known = places.get(key) ?? vantages.at(from)
  places.set(key, known)
  return known
}

async function exchange(planned: PlannedRung, vantage: Vantage, options: AskOptions): Promise<Rung> {
  const { question, to, transport, timeoutsMs } = planned
  if (question.kind !== 'dns' || transport === 'http') return skipped(planned, phrase('skip.error', { detail: '' }))
  const pairs = question.besideType === undefined ? undefined : new PairTally()
  const stray: Phrase[] = []
  let observed: Observation = { kind: 'nothing' }
  let rttMs: number | undefined
  let elapsedMs = 0
  let attempts = 0
  for (const wantedMs of timeoutsMs) {
    const timeoutMs = Math.min(wantedMs, options.deadlineMs - options.clock.monotonic())
    // A shortened attempt that brings nothing would look like silence: it is not made.
    if (timeoutMs < wantedMs / 2 || options.signal?.aborted === true) break
    attempts += 1
    const message = messageFor(question, question.type)
    const companion = question.besideType === undefined ? {} : { companion: messageFor(question, question.besideType) }
    const result = await vantage.exchange({ server: to, message, transport, timeoutMs, ...companion })
    if (result.kind === 'skipped') return skippedByVantage(planned, result)
    if ('stray' in result) stray.push(...result.stray.map(summarizeStray))
    observed = summarizeExchange(result)
    if (result.kind === 'response') rttMs = result.rttMs
    elapsedMs += result.kind === 'response' ? result.rttMs : result.afterMs
    if (pairs === undefined ? observed.kind !== 'timeout' : pairs.add(observed)) break
    if (attempts === 1) options.onSilence?.(planned)
  }
  return attempts === 0
    ? skipped(planned, phrase('skip.deadline'))
    : conclude(planned, pairs?.conclude(observed) ?? observed, { rttMs, elapsedMs, attempts, stray })
}

type DnsQuestion = Extract<PlannedRung['question'], { kind: 'dns' }>

function messageFor({ name, withoutEdns, udpPayloadSize = DEFAULT_PAYLOAD_SIZE }: DnsQuestion, type: RRType): Message {
  return query({ name, type, ...(withoutEdns === true ? {} : { edns: { udpPayloadSize } }) })
}

async function getHttp(planned: PlannedRung, vantage: Vantage, options: AskOptions): Promise<Climbed> {
  const { question, to } = planned
  const timeoutMs = Math.min(planned.timeoutsMs[0] ?? 0, options.deadlineMs - options.clock.monotonic())
  if (question.kind !== 'http' || timeoutMs <= 0 || options.signal?.aborted === true) {
    return { rung: skipped(planned, phrase('skip.deadline')) }
  }
  const result = await vantage.httpGet({ server: to, path: question.path, timeoutMs })
  if (result.kind === 'skipped') return { rung: skippedByVantage(planned, result) }
  const elapsedMs = result.kind === 'response' ? result.rttMs : result.afterMs
  const rttMs = result.kind === 'response' ? result.rttMs : undefined
  const rung = conclude(planned, summarizeHttp(result), { rttMs, elapsedMs, attempts: 1, stray: [] })
  // Clients do not need it, and it often listens nowhere.
  if (planned.purpose === 'setup' && rung.result !== 'ok')
    return { rung: skipped(planned, phrase('skip.setup-metrics')) }
  if (
    (planned.purpose !== 'metrics' && planned.purpose !== 'setup') ||
    result.kind !== 'response' ||
    rung.result !== 'ok'
  )
    return { rung }
  const { samples, badLines } = parseExposition(result.body, (name) => KEPT_METRICS.test(name))
  if (samples.length === 0) {
    return {
      rung: {
        ...rung,
        result: 'failed',
        why: badLines === 0 ? phrase('failed.other-metrics') : phrase('failed.no-metrics', { badLines }),
      },
    }
  }
  return {
    rung: { ...rung, observed: { kind: 'status', status: result.status, summary: '' } },
    samples,
    sampledAtMs: options.clock.monotonic(),
  }
}

function conclude(
  planned: PlannedRung,
  observed: Observation,
  course: Pick<Rung, 'attempts' | 'elapsedMs' | 'stray'> & { readonly rttMs: number | undefined },
): Rung {
  const { rttMs, ...rest } = course
  const came = observed.kind === 'response' || observed.kind === 'status'
  return {
    ...asked(planned),
    observed: shortenRecords(observed),
    ...(rttMs === undefined || !came ? {} : { rttMs }),
    ...rest,
    ...checkObservation(planned.expected, observed),
  }
}

function skippedByVantage(planned: PlannedRung, { why, needs }: Skipped): Rung {
  const needed = needs === undefined ? undefined : phrase('needs.vantage', { detail: needs })
  return skipped(planned, phrase('skip.vantage', { detail: why }), needed)
}

function skipped(planned: PlannedRung, why: Phrase, needs?: Phrase): Rung {
  return {
    ...asked(planned),
    observed: { kind: 'nothing' },
    elapsedMs: 0,
    attempts: 0,
    stray: [],
    result: 'skipped',
    why,
    ...(needs === undefined ? {} : { needs }),
  }
}

/** A planned rung without what only the planner needs. */
function asked(planned: PlannedRung): Omit<PlannedRung, 'skip' | 'timeoutsMs' | 'waitMs'> {
  const { id, hop, from, fromNode, to, transport, purpose, question, expected, equivalent } = planned
  const node = fromNode === undefined ? {} : { fromNode }
  return { id, hop, from, ...node, to, transport, purpose, question, expected, equivalent }
}
