// What the main thread and an answering thread say to each other, beside the memory that they share.
import type { Endpoint } from '../../net/exchange-result.ts'
import type { SharedAnswers } from '../hot/index.ts'
import type { QueryRingMemory } from './query-ring.ts'

/** What a thread starts with. */
export interface ThreadData {
  /** The memory of all stamps. */
  readonly stamps: Int32Array
  readonly ring: QueryRingMemory
  /** The main thread's monotonic milliseconds minus those of the process. */
  readonly monotonicOffsetMs: number
  /** 32 random bits. */
  readonly random: number
}

/** From the main thread. */
export type ToThread =
  /** Serve from this socket, for a listener. The descriptor is the thread's from now on. */
  | {
      readonly kind: 'open'
      readonly listener: number
      readonly socket: number
      readonly fd: number
      readonly local: Endpoint
    }
  /** The kept answers of a listener from now on. */
  | { readonly kind: 'answers'; readonly listener: number; readonly answers: SharedAnswers | undefined }
  /** Answer or pass on what is queued at the listener's sockets, then close them. */
  | { readonly kind: 'close'; readonly listener: number }
  | { readonly kind: 'end' }

/** To the main thread; the bare `wake` says that there are queries in the ring. */
export type FromThread =
  | 'wake'
  | { readonly kind: 'opened'; readonly socket: number }
  | { readonly kind: 'closed'; readonly listener: number }
  /** The system did not take so many responses, with this error. */
  | { readonly kind: 'dropped'; readonly listener: number; readonly code: string; readonly times: number }
