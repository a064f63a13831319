// What the planner may choose and what the user asked for.
import type { DomainName } from '../../dns/message.ts'
import type { Place } from '../../vantage/vantage.ts'
import type { AskedName } from './asked-name.ts'
import type { Expect } from './expectation.ts'
import type { Rung } from './rung.ts'
import type { Phrase } from './phrase.ts'

/** A place to ask from, and the node it is on when that is known. */
export interface Origin {
  readonly place: Place
  readonly node?: string
  /** Known beforehand that nothing can be asked from there. */
  readonly skip?: { readonly why: Phrase; readonly needs?: Phrase }
}

export interface PlanOptions {
  readonly origins: readonly Origin[]
  readonly expect: Expect
  /** A name outside the cluster that should exist. */
  readonly externalName: DomainName
  /** Whether the user vouches for it: then NXDOMAIN is a failure. */
  readonly externalMustExist: boolean
  readonly asked?: AskedName
}

/** A rung before it is asked. */
export type PlannedRung = Omit<
  Rung,
  'attempts' | 'elapsedMs' | 'needs' | 'observed' | 'result' | 'rttMs' | 'stray' | 'why'
> & {
  /** Milliseconds of each attempt; several where a lost datagram must not count as a failure. */
  readonly timeoutsMs: readonly number[]
  /** Milliseconds before it is asked; default none. */
  readonly waitMs?: number
  /** Known beforehand that it cannot or need not be asked. */
  readonly skip?: { readonly why: Phrase; readonly needs?: Phrase }
}

/** Public, stable, answered everywhere: IANA serves it for documentation (RFC 6761 §6.5). */
export const DEFAULT_EXTERNAL_NAME: DomainName = 'example.com.'
/** Nodes that are asked from at most: enough to see a pattern, few enough for one deadline. */
export const MAX_ORIGINS = 16
