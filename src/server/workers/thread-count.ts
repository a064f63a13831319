// How many threads answer the queries of a listener.
import { availableParallelism } from 'node:os'
import type { ThreadPool } from './thread-pool.ts'

/** Several threads that answer. */
export interface ThreadOptions {
  /** The program that the threads run: `answer-thread.ts`, built. */
  readonly program: URL
  /** For every listener; absent: what `multisocket` says, one for each processor at most. */
  readonly count?: number | undefined
}

/** More would only take memory: each has a V8 of its own. */
export const MAX_THREADS = 64

/** Reads how many threads somebody wants; undefined for anything but 1 to {@link MAX_THREADS}. */
export function parseThreadCount(text: string): number | undefined {
  const count = /^\+?\d{1,5}$/.test(text) ? Number(text) : 0
  return count < 1 || count > MAX_THREADS ? undefined : count
}

/** The main thread counted. */
export interface ThreadCount {
  /** That answer the queries of a listener. */
  readonly wanted: number
  /** That there are then. */
  readonly all: number
}

/** @param sockets what the listener's blocks want; undefined: nothing in particular */
export function countThreads(
  sockets: number | undefined,
  { threads, pool }: { readonly threads: ThreadOptions | undefined; readonly pool: ThreadPool | undefined },
): ThreadCount {
  if (pool === undefined) return { wanted: 1, all: 1 }
  const wanted = threads?.count ?? Math.min(sockets ?? 1, availableParallelism())
  return { wanted, all: Math.max(wanted, pool.size + 1) }
}
