// The doctor: from facts to a diagnosis. Plans the ladder, climbs it, asks on where something stayed silent, judges.
import type { Clock } from '../base/index.ts'
import { parseName } from '../dns/index.ts'
import type { RRType } from '../dns/message.ts'
import type { Vantages } from '../vantage/vantage.ts'
import { askedFails, describeAsked } from './asked.ts'
import { judgeAll } from './causes/index.ts'
import type { ClusterFacts } from './facts/index.ts'
import { climbLadder } from './climb-ladder.ts'
import { DEFAULT_EXTERNAL_NAME, completeName, createExpect, createExplain, planLadder } from './ladder/index.ts'
import type { Ladder, Origin, ReadLog } from './ladder/index.ts'
import type { Pod } from '../kube/objects/index.ts'
import { weigh } from './verdict/index.ts'
import type { Diagnosis } from './verdict/index.ts'

export type { LogRequest } from './ladder/index.ts'

export interface DiagnoseOptions {
  readonly facts: ClusterFacts
  /** Places to ask from, in the order in which they are preferred. */
  readonly origins: readonly Origin[]
  /** Absent: nothing is asked, and every origin must be marked to be skipped. */
  readonly vantages?: Vantages
  readonly clock: Clock
  /** Milliseconds for everything that is asked; default 20,000. */
  readonly timeoutMs?: number
  /** How often each DNS question is asked; default once, until it is answered. */
  readonly repeat?: number
  /** A name outside the cluster that should exist; default `example.com`, for which NXDOMAIN counts as an answer too. */
  readonly externalName?: string
  /** The name that fails. */
  readonly name?: {
    readonly text: string
    readonly type?: RRType
    readonly searches?: readonly string[]
  }
  readonly readLog?: ReadLog
  /** Begins to watch how long the asking program stands still; what it gives ends that, and gives the longest in milliseconds. */
  readonly watchOwnDelay?: () => () => number
  /** Ends asking early: what was not asked by then is skipped. */
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, all: number) => void
}

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
  const ladder = await climbLadder(planLadder(facts, planOptions), { ...options, planOptions })
  return judge({ facts, ladder, pods: podsOf(options), ...(name === undefined ? {} : { name }) })
}

export interface JudgeOptions {
  readonly facts: ClusterFacts
  readonly ladder: Ladder
  /** The name that fails, as it was given when the ladder was climbed. */
  readonly name?: DiagnoseOptions['name']
  /** Pods that were asked from. */
  readonly pods: readonly Pod[]
}

/**
 * Judges what was seen: a pure function, so that a bundle gives the same diagnosis again.
 *
 * @throws {TextError} for a name that is none
 */
export function judge({ facts, ladder, name, pods }: JudgeOptions): Diagnosis {
  const explain = createExplain(facts)
  const asked = name === undefined ? undefined : completeName(name.text, facts, createExpect(facts, explain), name)
  const judged = judgeAll({ facts, ladder, explain, pods, ...(asked === undefined ? {} : { asked }) })
  const outcome = asked === undefined ? undefined : describeAsked(asked, explain)
  const verdict = weigh(judged, ladder.rungs, outcome !== undefined && askedFails(outcome, ladder.rungs))
  return { facts, ladder, verdict, ...(outcome === undefined ? {} : { asked: outcome }) }
}

function podsOf({ facts, origins }: DiagnoseOptions): Pod[] {
  return origins.flatMap(({ place }) => {
    if (place.kind !== 'pod') return []
    return facts.objects.pods.filter(({ meta }) => meta.namespace === place.namespace && meta.name === place.name)
  })
}
