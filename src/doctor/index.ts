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
  planCutOff,
  planExercise,
  planKubeProxy,
  planLadder,
  showsFailures,
  suspiciousServers,
} from './ladder/index.ts'
import type { ClimbOptions, Climbed, Hop, Ladder, Origin, PlannedRung, Rung, Scrape } from './ladder/index.ts'
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
  readonly onProgress?: (done: number, all: number) => void
}

const DEFAULT_TIMEOUT_MS = 20_000
/** Counters of failed health checks grow twice a second. */
const MIN_BETWEEN_SCRAPES_MS = 1200

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
  const climbing: ClimbOptions = {
    vantages,
    clock,
    deadlineMs: startedAt + timeoutMs,
    ...(onProgress === undefined ? {} : { onProgress }),
  }
  const first = await climb(plan, climbing)
  const rungs = first.map(({ rung }) => rung)
  const scrapes = scrapesOf(first)
  const suspects = suspiciousServers(facts, rungs)
  const unaware = suspects.filter((hop) => {
    const scrape = scrapes.find((candidate) => candidate.hop.name === hop.name)
    return scrape !== undefined && !showsFailures(scrape)
  })
  const followUps = [
    ...planExercise(unaware, rungs, external),
    ...planKubeProxy(facts, rungs),
    ...planCutOff(plan, rungs),
  ]
  const more = (await climb(followUps, climbing)).map(({ rung }) => rung)
  const again = await scrapeAgain(plan, suspects, { climbing, startedAt })
  return { rungs: mergeRungs(rungs, more), scrapes: mergeScrapes(scrapes, again, clock.monotonic() - startedAt) }
}

/** Reads the metrics of these servers a second time, late enough for counters to have moved. */
async function scrapeAgain(
  plan: readonly PlannedRung[],
  servers: readonly Hop[],
  { climbing, startedAt }: { readonly climbing: ClimbOptions; readonly startedAt: number },
): Promise<Climbed[]> {
  const names = new Set(servers.map(({ name }) => name))
  const planned = plan.filter(({ hop, purpose }) => purpose === 'metrics' && names.has(hop.name))
  if (planned.length === 0) return []
  const { clock } = climbing
  const waitMs = MIN_BETWEEN_SCRAPES_MS - (clock.monotonic() - startedAt)
  if (waitMs > 0) await new Promise<void>((resolve) => void clock.setTimeout(resolve, waitMs))
  return climb(planned, climbing)
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
