// The doctor: from facts to a diagnosis. Plans the ladder, climbs it, asks on where something stayed silent, judges.
import type { Clock } from '../base/index.ts'
import { parseName } from '../dns/index.ts'
import type { RRType } from '../dns/message.ts'
import type { Vantages } from '../vantage/vantage.ts'
import { askedFails, describeAsked } from './asked.ts'
import { judgeAll } from './causes/index.ts'
import type { ClusterFacts } from './facts/index.ts'
import {
  DEFAULT_EXTERNAL_NAME,
  climb,
  completeName,
  createExpect,
  createExplain,
  differingReplicas,
  failureGrowth,
  planCutOff,
  planExercise,
  planKubeProxy,
  planLadder,
  readServerLog,
  serversAsking,
  silentUpstreams,
} from './ladder/index.ts'
import type {
  ClimbOptions,
  Climbed,
  Hop,
  Ladder,
  Origin,
  PlannedRung,
  Rung,
  Scrape,
  ServerLog,
  SilentUpstream,
} from './ladder/index.ts'
import { weigh } from './verdict/index.ts'
import type { Diagnosis } from './verdict/index.ts'

export interface DiagnoseOptions {
  readonly facts: ClusterFacts
  /** Places to ask from, in the order in which they are preferred. */
  readonly origins: readonly Origin[]
  /** Absent: nothing is asked, and every origin must be marked to be skipped. */
  readonly vantages?: Vantages
  readonly clock: Clock
  /** Milliseconds for everything that is asked; default 20,000. */
  readonly timeoutMs?: number
  /** A name outside the cluster that should exist; default `example.com`, for which NXDOMAIN counts as an answer too. */
  readonly externalName?: string
  /** The name that fails. */
  readonly name?: {
    readonly text: string
    readonly type?: RRType
    readonly searches?: readonly string[]
  }
  /** Reads the log of a pod given as `namespace/name`; undefined where that is not permitted or fails. */
  readonly readLog?: (pod: string) => Promise<string | undefined>
  readonly onProgress?: (done: number, all: number) => void
}

const DEFAULT_TIMEOUT_MS = 20_000
/** Logs that are read at most. */
const MAX_LOGS = 8
/** Counters of failed health checks grow about twice a second once they do. */
const BETWEEN_SCRAPES_MS = 300
/**
 * From the start: CoreDNS waits 2 s for an upstream, begins to check its health, and counts the first failure after at
 * most one more second.
 */
const WATCH_COUNTERS_MS = 6500

/**
 * Diagnoses a cluster's DNS.
 *
 * @throws {TextError} for a name that is none
 */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const { facts, name } = options
  const explain = createExplain(facts)
  const expect = createExpect(facts, explain)
  const asked = name === undefined ? undefined : completeName(name.text, facts, expect, name)
  const planOptions = {
    origins: options.origins,
    expect,
    externalName: options.externalName === undefined ? DEFAULT_EXTERNAL_NAME : parseName(options.externalName),
    externalMustExist: options.externalName !== undefined,
    ...(asked === undefined ? {} : { asked }),
  }
  const ladder = await climbLadder(planLadder(facts, planOptions), options, planOptions.externalName)
  const judged = judgeAll({ facts, ladder, explain, ...(asked === undefined ? {} : { asked }) })
  const outcome = asked === undefined ? undefined : describeAsked(asked, explain)
  const verdict = weigh(judged, ladder.rungs, outcome !== undefined && askedFails(outcome, ladder.rungs))
  return { facts, ladder, verdict, ...(outcome === undefined ? {} : { asked: outcome }) }
}

async function climbLadder(plan: readonly PlannedRung[], options: DiagnoseOptions, external: string): Promise<Ladder> {
  const { facts, clock, vantages = NOWHERE, timeoutMs = DEFAULT_TIMEOUT_MS, onProgress } = options
  const startedAt = clock.monotonic()
  const climbing: ClimbOptions = { vantages, clock, deadlineMs: startedAt + timeoutMs }
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
        exercises.push(climb(planExercise(server, plan, external), climbing))
      }
    },
  })
  const rungs = first.map(({ rung }) => rung)
  const followUps = climb([...planKubeProxy(facts, rungs), ...planCutOff(plan, rungs)], climbing)
  const silent = silentUpstreams(facts, rungs)
  const scrapes = await watchCounters(plan, scrapesOf(first), { silent, climbing, startedAt })
  const more = [...(await Promise.all(exercises)).flat(), ...(await followUps)].map(({ rung }) => rung)
  const worthALook = [...differingReplicas(rungs), ...silent.flatMap(({ servers }) => servers)]
  const logs = await readLogs(worthALook, options)
  return { rungs: mergeRungs(rungs, more), scrapes, logs }
}

/** Reads the logs of these servers, each once. */
async function readLogs(servers: readonly Hop[], { readLog }: DiagnoseOptions): Promise<ServerLog[]> {
  if (readLog === undefined) return []
  const hops = [...new Map(servers.map((hop) => [hop.name, hop])).values()].slice(0, MAX_LOGS)
  const texts = await Promise.all(hops.map((hop) => readLog(hop.name)))
  return hops.flatMap((hop, index) => {
    const text = texts[index]
    return text === undefined ? [] : [readServerLog(hop, text)]
  })
}

interface WatchOptions {
  readonly silent: readonly SilentUpstream[]
  readonly climbing: ClimbOptions
  readonly startedAt: number
}

/**
 * Reads the metrics of servers that ask a silent upstream again, until for every such upstream one server shows that it
 * failed, or none will.
 */
async function watchCounters(
  plan: readonly PlannedRung[],
  first: readonly Scrape[],
  { silent, climbing, startedAt }: WatchOptions,
): Promise<readonly Scrape[]> {
  const { clock, deadlineMs } = climbing
  const watched = new Set(silent.flatMap(({ servers }) => servers.map(({ name }) => name)))
  const planned = plan.filter(({ hop, purpose }) => purpose === 'metrics' && watched.has(hop.name))
  const giveUpAt = Math.min(startedAt + WATCH_COUNTERS_MS, deadlineMs)
  let scrapes = first
  while (silent.some((upstream) => isUnclear(upstream, scrapes)) && clock.monotonic() < giveUpAt) {
    if (planned.length === 0) break
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, BETWEEN_SCRAPES_MS))
    scrapes = mergeScrapes(first, await climb(planned, climbing), clock.monotonic() - startedAt)
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

function scrapesOf(climbed: readonly Climbed[]): Scrape[] {
  return climbed.flatMap(({ rung, samples }) =>
    samples === undefined ? [] : [{ hop: rung.hop, first: samples, apartMs: 0 }],
  )
}

function mergeScrapes(first: readonly Scrape[], again: readonly Climbed[], apartMs: number): Scrape[] {
  return first.map((scrape) => {
    const second = again.find(({ rung }) => rung.hop.name === scrape.hop.name)?.samples
    return second === undefined ? scrape : { ...scrape, second, apartMs }
  })
}

const NOWHERE: Vantages = {
  at: async () => ({ kind: 'skipped', why: 'no place to ask from' }),
  close: async () => {},
}
