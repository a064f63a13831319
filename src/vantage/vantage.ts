// A place to ask from, and the small interface that all places share, so that one check runs from anywhere.
import type { Message } from '../dns/message.ts'
import type { Endpoint, ExchangeResult, Transport } from '../net/exchange-result.ts'
import type { KernelTables, KernelTablesRequest } from './kernel/tables.ts'
import type { Skipped } from './skipped.ts'

export type * from './kernel/tables.ts'

export type Place =
  | { readonly kind: 'here' }
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'node'; readonly name: string }

export interface ExchangeRequest {
  readonly server: Endpoint
  readonly message: Message
  /**
   * Sent right behind the message from the same socket, over UDP only: the result is `response` when both are answered. Skipped where
   * a vantage cannot send two from one socket.
   */
  readonly companion?: Message | undefined
  readonly transport: Transport
  /** Milliseconds until `timeout`. */
  readonly timeoutMs: number
  /** Default: unpredictable (RFC 5452 §9.2). */
  readonly id?: number
  /** Where to send from; default: what the route chooses. */
  readonly source?: { readonly address?: string | undefined; readonly port?: number | undefined } | undefined
}

export interface HttpRequest {
  readonly server: Endpoint
  readonly path: string
  readonly timeoutMs: number
}

export type HttpResult =
  | { readonly kind: 'response'; readonly status: number; readonly body: string; readonly rttMs: number }
  | {
      readonly kind: 'failed'
      readonly why: 'refused' | 'timeout' | 'unreachable'
      readonly detail: string
      readonly afterMs: number
    }
  | Skipped

export type FileResult = { readonly kind: 'file'; readonly text: string } | { readonly kind: 'absent' } | Skipped

/** Something that packets prove, as `fathom pcap` names it. */
export interface WirePattern {
  /** Such as `service-rejected`: docs/patterns. */
  readonly code: string
  readonly kind: 'fault' | 'observation'
  readonly count: number
  readonly subject: string
}

/** What a capture saw; the packets themselves are not kept. */
export interface WireReading {
  readonly frames: number
  /** Frames that the kernel had no room for. */
  readonly dropped: number
  readonly patterns: readonly WirePattern[]
}

/** A capture that goes on until it is stopped. */
export interface RunningCapture {
  stop(): Promise<WireReading>
}

/** A question as somebody would type it in the place itself. */
export interface PlainCommand {
  /** `dig -x 10.233.0.1 @10.233.0.3`, `curl http://10.233.74.65:9153/metrics`. */
  readonly command: string
  readonly server: Endpoint
  readonly transport: Transport | 'http'
  /** Of an HTTP request. */
  readonly path?: string
}

/**
 * One place to ask from.
 *
 * Every method resolves to a value: network faults are findings, not exceptions. What a vantage cannot do is `skipped`.
 */
export interface Vantage {
  readonly place: Place
  /** How the place is reached, for reports: `lab`, `this machine`, `port-forward`. */
  readonly how: string
  exchange(request: ExchangeRequest): Promise<ExchangeResult | Skipped>
  httpGet(request: HttpRequest): Promise<HttpResult>
  /** Reads a file as the place sees it: a pod's own /etc/resolv.conf, a node's kubelet configuration. */
  readFile(path: string): Promise<FileResult>
  /** Reads what the kernel knows in the place's network namespace; each table says why it is missing. */
  kernelTables(request: KernelTablesRequest): Promise<KernelTables | Skipped>
  /** Captures DNS packets and errors on every interface of the place, from when it resolves; absent where a vantage has no way to. */
  startCapture?(): Promise<RunningCapture | Skipped>
  /** The command that does the same from where the user sits; absent where that is the command as it is. */
  equivalent?(plain: PlainCommand): string
}

/** Hands out vantages; one per run. */
export interface Vantages {
  at(place: Place): Promise<Vantage | Skipped>
  /** Says that kernel tables will be wanted soon: what takes long to start is started. Absent where nothing does. */
  prepareTables?(): void
  close(): Promise<void>
}
