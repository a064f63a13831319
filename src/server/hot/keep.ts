// For how long an answer may be given again without asking the plugin that gave it, and what has to be done then.
import { NEVER_CHANGES } from '../../base/index.ts'

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
