// Climbs the ladder: what was planned, what follows from silence and failure, counters and kernels read twice, logs.
import type { Clock } from '../base/index.ts'
import type { Vantages } from '../vantage/vantage.ts'
import type { ClusterFacts } from './facts/index.ts'
import {
  FOLLOW_UPS,
  captureFailures,
  climb,
  failureGrowth,
  isFailing,
  isLateAnswer,
  lateMetrics,
  planExercise,
  readKernels,
  readKernelsAgain,
  readLossyReplicas,
  readLogs,
  readPodFiles,
  repeatRungs,
  serversAsking,
  silentUpstreams,
} from './ladder/index.ts'
import type {
  ClimbOptions,
  Climbed,
  KernelReadings,
  Ladder,
  PlanOptions,
  PlannedRung,
  ReadLog,
  Rung,
  Scrape,
  SilentUpstream,
} from './ladder/index.ts'

export interface ClimbLadderOptions {
  readonly facts: ClusterFacts
  readonly planOptions: PlanOptions
  readonly vantages?: Vantages
  readonly clock: Clock
  /** Milliseconds for everything that is asked; default 20,000. */
  readonly timeoutMs?: number
  /** How often each DNS question is asked; default once, until it is answered. */
  readonly repeat?: number
  readonly readLog?: ReadLog
  /** Begins to watch how long the asking program stands still; what it gives ends that, and gives the longest in milliseconds. */
  readonly watchOwnDelay?: () => () => number
  /** Ends asking early: what was not asked by then is skipped. */
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, all: number) => void
}

const DEFAULT_TIMEOUT_MS = 20_000
/** Latencies in a cluster are a few milliseconds; a standstill this long is easily taken for a slow server. */
const NOTABLE_DELAY_MS = 250
/** Counters of failed health checks grow about twice a second once they do. */
const BETWEEN_SCRAPES_MS = 300
/** Left for counters to be read a second time. */
const AFTER_REPEATS_MS = 2000
/** A rate over less than this is a matter of chance. */
const LEAST_BETWEEN_READINGS_MS = 1000
/** How often the metrics of a server that is there and does not give them are asked for, and for how long at least in all. */
const MOST_READINGS = 8
const INSIST_MS = 3000
/** What a server that is late is given to show its metrics, in milliseconds: longer than it had before. */
const PATIENT_MS = 6000
/**
 * From the start: CoreDNS waits 2 s for an upstream, begins to check its health, and counts the first failure after at
 * most one more second.
 */
const WATCH_COUNTERS_MS = 6500

/** Asks what is planned and what follows from it, all under one deadline; never rejects. */
export async function climbLadder(plan: readonly PlannedRung[], options: ClimbLadderOptions): Promise<Ladder> {
  const {
    facts,
    planOptions,
    clock,
    vantages = NOWHERE,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    onProgress,
    repeat = 1,
  } = options
  const startedAt = clock.monotonic()
  const stopWatching = options.watchOwnDelay?.()
  const { signal } = options
  const climbing: ClimbOptions = {
    vantages,
    clock,
    deadlineMs: startedAt + timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  }
  const kernelsAtStart = readKernels(facts, planOptions.origins, vantages)
  const podFiles = readPodFiles(planOptions.origins, vantages)
  const exercised = new Set<string>()
  const exercises: Promise<Climbed[]>[] = []
  const first = await climb(plan, {
    ...climbing,
    ...(onProgress === undefined ? {} : { onProgress }),
    // Its servers are made to ask a silent upstream at once: their counters need seconds to tell.
    onSilence({ hop, fromNode }) {
      if (hop.kind !== 'upstream') return
      for (const server of serversAsking(facts, hop.name, fromNode)) {
        if (exercised.has(server.name)) continue
        exercised.add(server.name)
        exercises.push(climb(planExercise(server, plan, planOptions.externalName), climbing))
      }
    },
  })
  const rungs = first.map(({ rung }) => rung)
  const ofReplicas = readLossyReplicas(facts, { rungs, isRepeated: repeat > 1, vantages })
  const lossySince = clock.monotonic()
  const followUpContext = { facts, plan, rungs, podFiles: await podFiles, options: planOptions }
  const followUps = climb(
    FOLLOW_UPS.flatMap((planFollowUp) => planFollowUp(followUpContext)),
    climbing,
  )
  const silent = silentUpstreams(facts, rungs)
  const readAt = new Map<string, number>()
  const scrapes = await watchCounters(plan, scrapesOf(first, readAt), { silent, climbing, startedAt, readAt })
  const followed = await followUps
  const more = [...(await Promise.all(exercises)).flat(), ...followed].map(({ rung }) => rung)
  const once = mergeRungs(rungs, more)
  const progress = onProgress === undefined ? {} : { onProgress }
  const all =
    repeat > 1
      ? await repeatRungs(plan, once, {
          ...climbing,
          deadlineMs: climbing.deadlineMs - AFTER_REPEATS_MS,
          times: repeat,
          ...progress,
        })
      : once
  const again = {
    isRepeated: repeat > 1,
    isNeeded: repeat > 1 || all.some((rung) => isFailing(rung) || isLateAnswer(rung)),
    startedAt,
  }
  // A server that is short of something is late with its metrics: they are not left for the end.
  const reading = scrapeAgain(plan, withSamples(scrapes, followed, readAt), {
    ...again,
    climbing,
    readAt,
    late: lateMetrics(all),
    alive: new Set(all.filter(({ observed }) => isAnswer(observed)).map(({ hop }) => hop.name)),
  })
  const captures = await captureFailures(plan, all, climbing)
  const [ofPlaces, ofLossy] = await Promise.all([
    kernelsAtEnd(await kernelsAtStart, { ...again, facts, vantages, clock }),
    kernelsAtEnd({ read: await ofReplicas, unread: [] }, { ...again, startedAt: lossySince, facts, vantages, clock }),
  ])
  const read = await reading
  const logs = await readLogs({ facts, rungs: all, scrapes: read, silent, readLog: options.readLog })
  const wire = captures.length === 0 ? {} : { captures }
  const ownDelayMs = stopWatching?.() ?? 0
  const late = ownDelayMs < NOTABLE_DELAY_MS ? {} : { ownDelayMs }
  return {
    rungs: all,
    scrapes: read,
    logs,
    kernels: { ...ofPlaces, read: [...ofPlaces.read, ...ofLossy.read] },
    podFiles: await podFiles,
    ...wire,
    ...late,
  }
}

interface AgainOptions {
  /** Something failed, at times perhaps, or took long: only what grows meanwhile has to do with it. */
  readonly isNeeded: boolean
  /** Questions were asked many times: earlier second readings do not cover that. */
  readonly isRepeated: boolean
  readonly climbing: ClimbOptions
  readonly startedAt: number
  readonly readAt: Map<string, number>
  /** Ids of rungs that metrics were lost of: there may be time for them now. */
  readonly late: ReadonlySet<string>
  /** Servers that answered anything. */
  readonly alive: ReadonlySet<string>
}

/**
 * Reads the metrics of every server a second time. One that answers other questions and does not give its metrics is asked for them
 * again: what it is short of comes and goes, and its counters tell what that is.
 */
async function scrapeAgain(
  plan: readonly PlannedRung[],
  scrapes: readonly Scrape[],
  options: AgainOptions,
): Promise<readonly Scrape[]> {
  const { clock, deadlineMs, signal } = options.climbing
  if (!options.isNeeded) return scrapes
  const giveUpAt = Math.min(deadlineMs, Math.max(options.startedAt + WATCH_COUNTERS_MS, clock.monotonic() + INSIST_MS))
  let read = scrapes
  for (let turn = 0; turn < MOST_READINGS; turn += 1) {
    const planned =
      turn === 0 ? unread(plan, read, options) : insistent(unread(plan, read, { late: options.late }), options)
    if (planned.length === 0 || signal?.aborted === true) break
    const lastReadAt = Math.max(...planned.map(({ hop }) => options.readAt.get(hop.name) ?? 0))
    const waitMs = Math.max(
      lastReadAt + LEAST_BETWEEN_READINGS_MS - clock.monotonic(),
      turn === 0 ? 0 : BETWEEN_SCRAPES_MS,
    )
    if (clock.monotonic() + waitMs >= (turn === 0 ? deadlineMs : giveUpAt)) break
    if (waitMs > 0) await new Promise<void>((resolve) => void clock.setTimeout(resolve, waitMs))
    read = mergeReadings(read, planned, await climb(planned, options.climbing), options.readAt)
  }
  return read
}

/** Metrics that were read once, or lost; where questions were repeated those that were read twice as well. */
function unread(
  plan: readonly PlannedRung[],
  scrapes: readonly Scrape[],
  { isRepeated = false, late }: Partial<Pick<AgainOptions, 'isRepeated'>> & Pick<AgainOptions, 'late'>,
): PlannedRung[] {
  const known = new Map(scrapes.map((scrape) => [scrape.hop.name, scrape]))
  return plan.filter(({ hop, purpose, id }) => {
    const scrape = known.get(hop.name)
    if (purpose !== 'metrics') return false
    return scrape === undefined ? late.has(id) : isRepeated || scrape.second === undefined
  })
}

/** Those of servers that are there, waited for patiently: no counter of them can be told to grow yet. */
function insistent(planned: readonly PlannedRung[], { alive }: AgainOptions): PlannedRung[] {
  return planned.filter(({ hop }) => alive.has(hop.name)).map((rung) => ({ ...rung, timeoutsMs: [PATIENT_MS] }))
}

function mergeReadings(
  scrapes: readonly Scrape[],
  planned: readonly PlannedRung[],
  again: readonly Climbed[],
  readAt: Map<string, number>,
): Scrape[] {
  const asked = new Set(planned.map(({ hop }) => hop.name))
  const known = new Set(scrapes.map(({ hop }) => hop.name))
  const read = scrapes.map((scrape) => (asked.has(scrape.hop.name) ? mergeScrape(scrape, again, readAt) : scrape))
  return [...read, ...scrapesOf(again, readAt).filter(({ hop }) => !known.has(hop.name))]
}

function isAnswer({ kind }: Rung['observed']): boolean {
  return kind === 'response' || kind === 'status'
}

/** Kernels are read again where something failed: their counters tell whether it happened meanwhile. */
async function kernelsAtEnd(
  readings: KernelReadings,
  {
    facts,
    isNeeded,
    ...again
  }: Pick<AgainOptions, 'isNeeded' | 'startedAt'> & {
    readonly facts: ClusterFacts
    readonly vantages: Vantages
    readonly clock: Clock
  },
): Promise<KernelReadings> {
  return isNeeded && readings.read.length > 0 ? readKernelsAgain(facts, readings, again) : readings
}

/** Server -> when its metrics were first read, on the clock's monotonic scale. */
type ReadAt = ReadonlyMap<string, number>

interface WatchOptions {
  readonly silent: readonly SilentUpstream[]
  readonly climbing: ClimbOptions
  readonly startedAt: number
  readonly readAt: ReadAt
}

/**
 * Reads the metrics of servers that ask a silent upstream again, until for every such upstream one server shows that it
 * failed, or none will.
 */
async function watchCounters(
  plan: readonly PlannedRung[],
  first: readonly Scrape[],
  { silent, climbing, startedAt, readAt }: WatchOptions,
): Promise<readonly Scrape[]> {
  const { clock, deadlineMs } = climbing
  const watched = new Set(silent.flatMap(({ servers }) => servers.map(({ name }) => name)))
  const planned = plan.filter(({ hop, purpose }) => purpose === 'metrics' && watched.has(hop.name))
  const giveUpAt = Math.min(startedAt + WATCH_COUNTERS_MS, deadlineMs)
  let scrapes = first
  while (silent.some((upstream) => isUnclear(upstream, scrapes)) && clock.monotonic() < giveUpAt) {
    if (planned.length === 0 || climbing.signal?.aborted === true) break
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, BETWEEN_SCRAPES_MS))
    scrapes = mergeScrapes(first, await climb(planned, climbing), readAt)
  }
  return scrapes
}

/** Servers forward to it, and no counter of theirs shows yet that it fails. */
function isUnclear({ to, servers }: SilentUpstream, scrapes: readonly Scrape[]): boolean {
  const names = new Set(servers.map(({ name }) => name))
  return names.size > 0 && !scrapes.some((scrape) => names.has(scrape.hop.name) && (failureGrowth(scrape, to) ?? 0) > 0)
}

/** What was asked later replaces the same rung; a cut-off nameserver that fails too stays skipped: nothing asks it. */
function mergeRungs(rungs: readonly Rung[], more: readonly Rung[]): Rung[] {
  const known = new Set(rungs.map(({ id }) => id))
  const answers = new Map(more.filter(({ result }) => result === 'ok').map((rung) => [rung.id, rung]))
  return [...rungs.map((rung) => answers.get(rung.id) ?? rung), ...more.filter(({ id }) => !known.has(id))]
}

/** Metrics of another port of the same server stand beside those of its first one. */
function withSamples(scrapes: readonly Scrape[], followed: readonly Climbed[], readAt: Map<string, number>): Scrape[] {
  const more = scrapesOf(followed, readAt)
  const known = new Set(scrapes.map(({ hop }) => hop.name))
  return [
    ...scrapes.map((scrape) => {
      const own = more.find(({ hop }) => hop.name === scrape.hop.name)
      return own === undefined ? scrape : { ...scrape, first: [...scrape.first, ...own.first] }
    }),
    ...more.filter(({ hop }) => !known.has(hop.name)),
  ]
}

/** What was read, and notes when; of several readings of one server the first. */
function scrapesOf(climbed: readonly Climbed[], readAt: Map<string, number>): Scrape[] {
  return climbed.flatMap(({ rung, samples, sampledAtMs = 0 }) => {
    if (samples === undefined) return []
    if (!readAt.has(rung.hop.name)) readAt.set(rung.hop.name, sampledAtMs)
    return [{ hop: rung.hop, first: samples, apartMs: 0 }]
  })
}

function mergeScrapes(first: readonly Scrape[], again: readonly Climbed[], readAt: ReadAt): Scrape[] {
  return first.map((scrape) => mergeScrape(scrape, again, readAt))
}

function mergeScrape(scrape: Scrape, again: readonly Climbed[], readAt: ReadAt): Scrape {
  const { samples, sampledAtMs = 0 } = again.find(({ rung }) => rung.hop.name === scrape.hop.name) ?? {}
  const apartMs = sampledAtMs - (readAt.get(scrape.hop.name) ?? sampledAtMs)
  return samples === undefined ? scrape : { ...scrape, second: samples, apartMs }
}

const NOWHERE: Vantages = {
  at: async () => ({ kind: 'skipped', why: 'no place to ask from' }),
  close: async () => {},
}
