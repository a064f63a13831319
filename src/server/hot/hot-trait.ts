// What plugins tell the fast path about the queries that they pass on.
import type { Outcome, Request } from '../handler.ts'
import type { Stamp } from './keep.ts'

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
