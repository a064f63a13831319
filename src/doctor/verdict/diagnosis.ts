// Everything a report is made of.
import type { ClusterFacts } from '../facts/index.ts'
import type { AskedName, Ladder, Phrase } from '../ladder/index.ts'
import type { Verdict } from './verdict.ts'

/** The name that the user asks about, and what should come of it. */
export interface AskedOutcome {
  readonly asked: AskedName
  /** RDATA that the schema gives; empty when it gives none, or knows nothing about the name. */
  readonly records: readonly string[]
  /** Why the schema gives none; undefined for names outside the cluster. */
  readonly absence?: Phrase
}

export interface Diagnosis {
  readonly facts: ClusterFacts
  readonly ladder: Ladder
  readonly verdict: Verdict
  readonly asked?: AskedOutcome
}
