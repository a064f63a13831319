// What plugins tell the fast path: which answers may be given again without asking them, and what has to be done then.
import { NEVER_CHANGES } from '../../base/index.ts'
import type { Outcome, Request } from '../plugin.ts'

/** A number that is another one once what it stands for may have changed. */
export interface Stamp {
  readonly value: number
  /** Where the value lies in the memory of stamps (`Stamp` in base). Without it only the main thread gives the answers. */
  readonly slot?: number | undefined
}

/**
 * How long an answer holds for exactly the same query octets.
 *
 * Given by the plugin that answers (`Outcome.keep`); all times are monotonic milliseconds.
 */
export interface Keep {
  /** Looked at for every query: the answer holds while this has the value that it has now. */
  readonly stamp: Stamp
  /** Asked when the stamp changed; true means that this answer is still the same. Absent: it is not. */
  readonly holds?: (() => boolean) | undefined
  /** The serial of the answer's SOA records, asked when the stamp changed and the answer holds. */
  readonly serial?: (() => number) | undefined
  /** From then on the plugin wants to see the query again. */
  readonly until?: number | undefined
  /** All TTLs of the answer are what is left of `ttl` seconds since then, in full seconds of age. */
  readonly ages?: { readonly sinceMs: number; readonly ttl: number } | undefined
  /** Told now and then how often the answer was given since it was told last, and when at the latest. */
  readonly tally?: ((hits: number, lastAtMs: number) => void) | undefined
}

/** Of answers that depend on nothing but the query and the configuration. */
export const FIXED: Stamp = NEVER_CHANGES

/** Counts for one kept answer. */
export interface HotCounts {
  /** Told now and then how often the answer was given since it was told last. */
  readonly add: (hits: number) => void
  /** Where the time that the answers took is counted. */
  readonly duration?: HotDuration | undefined
}

export interface HotDuration {
  observe(seconds: number, times: number): void
}

/**
 * What a plugin does for queries that it passes on, said so that the fast path can do it too. A plugin without this sees
 * every query: nothing behind it is kept. An empty object: nothing that the answer itself would not show.
 */
export interface HotTrait {
  /** Whether this answer to such a query may be kept; absent means yes. Both are as the client sees them. */
  readonly permits?: ((request: Request, outcome: Outcome) => boolean) | undefined
  /** What the plugin does changes with this: all kept answers are dropped then. */
  readonly stamp?: Stamp | undefined
  /** What the plugin does depends on the client's address; holds for the answers it gives itself too. */
  readonly perClient?: boolean | undefined
  /** Address records leave in random order. */
  readonly shuffles?: boolean | undefined
  /** Called when an answer is kept; the result counts for it. */
  readonly counts?: ((request: Request, outcome: Outcome, responseBytes: number) => HotCounts) | undefined
}
