// What the main thread and a thread inside a network namespace say to each other: plain data, copied.
import type { ExchangeResult } from '../../net/exchange-result.ts'
import type { KernelTables, KernelTablesRequest } from '../kernel/tables.ts'
import type { ExchangeRequest, HttpRequest, HttpResult, Skipped } from '../vantage.ts'

/** What is asked of the thread: operation -> its argument and its result. */
export interface NamespaceOperations {
  readonly exchange: (request: ExchangeRequest) => Promise<ExchangeResult | Skipped>
  readonly httpGet: (request: HttpRequest) => Promise<HttpResult>
  readonly kernelTables: (request: KernelTablesRequest) => Promise<KernelTables | Skipped>
}

export type OperationName = keyof NamespaceOperations

export interface NamespaceWorkerData {
  /** Path of the namespace. */
  readonly netns: string
}

export interface CallMessage {
  readonly id: number
  readonly operation: OperationName
  readonly argument: unknown
}

export type WorkerMessage =
  | { readonly kind: 'entered' }
  | ({ readonly kind: 'skipped' } & Skipped)
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
