// What the main thread and the thread that reads kernel tables say to each other: plain data, copied.
import type { KernelTables, KernelTablesRequest } from '../kernel/tables.ts'
import type { Skipped } from '../skipped.ts'

export interface CallMessage {
  readonly id: number
  /** Path of the namespace. */
  readonly netns: string
  readonly request: KernelTablesRequest
}

export type WorkerMessage =
  /** Everything is loaded. */
  { readonly kind: 'ready' } | { readonly kind: 'tables'; readonly id: number; readonly tables: KernelTables | Skipped }
