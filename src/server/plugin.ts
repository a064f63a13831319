// What a plugin is to the server: options parsed from a directive, then a function around the next function.
// The server knows plugins only through this file; a plugin knows the server only through this file.
import type { Clock } from '../base/index.ts'
import type { Dispenser } from '../corefile/index.ts'
import type { DomainName, Message, Question, RRClass, RRType, Rcode } from '../dns/message.ts'
import type { Endpoint } from '../net/exchange-result.ts'

export type ListenTransport = 'dns' | 'grpc' | 'https' | 'https3' | 'quic' | 'tls'

/** One query on its way through the chain. Never changed: a plugin that rewrites passes on a new one (`{ ...request, … }`). */
export interface Request {
  readonly message: Message
  readonly question: Question
  /** The question's name in lower case; what every comparison uses. */
  readonly name: DomainName
  readonly type: RRType
  readonly class: RRClass
  readonly client: Endpoint
  /** The address the query was sent to. */
  readonly local: Endpoint
  readonly transport: 'https' | 'tcp' | 'tls' | 'udp'
  /** 1 for IPv4, 2 for IPv6: CoreDNS's label values. */
  readonly family: 1 | 2
  /** Label value of the listener, such as `dns://:53`. */
  readonly server: string
  /** The zone of the server block that matched, with its final dot. */
  readonly zone: DomainName
  /** Largest response the client takes, in octets. */
  readonly maxSizeBytes: number
  /** Monotonic milliseconds. */
  readonly receivedAt: number
  /** Labels that plugins add for `log` and `rewrite`, by their full name (`kubernetes/service`). */
  readonly metadata: Map<string, () => string>
}

/**
 * What became of a query.
 *
 * `status` means that nothing was written: the server answers with an empty message of that rcode (CoreDNS: SERVFAIL,
 * REFUSED, FORMERR and NOTIMP returned by a handler).
 */
export type Outcome =
  | {
      readonly kind: 'answer'
      readonly message: Message
      /** The plugin that gave it. */ readonly by: string
      readonly reason?: string
    }
  | { readonly kind: 'status'; readonly rcode: Rcode; readonly by: string; readonly error?: Error }
  | { readonly kind: 'drop'; readonly by: string }

/** A value when it can be; the chain awaits only promises. */
export type Handler = (request: Request, next: Next) => Outcome | Promise<Outcome>
/** Passes the query on; called at most once by each plugin for each request it passes on. */
export type Next = (request: Request) => Outcome | Promise<Outcome>

/** Applies `change` to an outcome that may be a promise, without making a promise of one that is not. */
export function mapOutcome(
  outcome: Outcome | Promise<Outcome>,
  change: (outcome: Outcome) => Outcome | Promise<Outcome>,
): Outcome | Promise<Outcome> {
  return outcome instanceof Promise ? outcome.then(change) : change(outcome)
}

export interface Logger {
  debug(line: string): void
  info(line: string): void
  warning(line: string): void
  error(line: string): void
}

/**
 * The addresses that the server opens and calls, before they reach a socket.
 *
 * The lab maps cluster addresses to loopback ports here; everywhere else it is the identity.
 */
export interface Network {
  listenAt(endpoint: Endpoint): Endpoint
  callTo(endpoint: Endpoint): Endpoint
}

export interface BlockInfo {
  readonly zones: readonly DomainName[]
  readonly transport: ListenTransport
  readonly port: number
  /** Addresses given by `bind`; empty means the wildcard address. */
  readonly addresses: readonly string[]
  readonly file: string
  readonly line: number
}

/** What a plugin's options may look at while they are parsed. */
export interface SetupContext {
  readonly block: BlockInfo
  /** Directory that relative paths start from: the `root` plugin's, else the Corefile's. */
  readonly root: string
  readonly log: Logger
}

/** What a plugin gets to live with. */
export interface PluginEnv extends SetupContext {
  readonly clock: Clock
  readonly network: Network
  readonly metrics: Metrics
  readonly randomId: () => number
  /** Asks the server itself, from the top of this block's chain (CoreDNS's "upstream" look-ups). */
  readonly lookup: (request: Request) => Outcome | Promise<Outcome>
  /** Ends the process after a fatal message, as CoreDNS's `loop` does. */
  readonly fatal: (message: string) => void
  /** Asks for a reload of the Corefile. */
  readonly reload: () => Promise<void>
  /** Something shared by all blocks of this configuration, made once per key: an HTTP listener, a watch. */
  readonly shared: <T>(key: string, make: () => T) => T
}

export interface PluginInstance {
  readonly handler?: Handler
  /** Runs before the listeners open; a rejection fails the start or the reload. */
  readonly start?: () => Promise<void>
  /** Runs once all listeners are open. */
  readonly started?: () => void
  /** Final shutdown only, before the listeners close: lameduck sleeps here. */
  readonly shutdown?: () => Promise<void>
  /** Runs when this configuration is replaced or ended, after its last query. */
  readonly close?: () => Promise<void>
  /** For `ready`; absent means always ready. */
  readonly isReady?: () => boolean
}

export interface Plugin<Options = unknown> {
  /** The directive's name. */
  readonly name: string
  /** Reads the directive's tokens, all its repetitions in one block together. @throws {CorefileError} */
  parse(dispenser: Dispenser, context: SetupContext): Options
  /** Builds the instance that the block's zones share. */
  create(options: Options, env: PluginEnv): PluginInstance
}

// --- Metrics: registered once per process, so that a reload goes on counting ---

export interface Counter {
  inc(labels?: readonly string[], by?: number): void
}
export interface Gauge {
  set(value: number, labels?: readonly string[]): void
  remove(labels: readonly string[]): void
}
export interface Histogram {
  observe(value: number, labels?: readonly string[]): void
}
export interface MetricDefinition {
  /** Without a prefix: the full name, `coredns_dns_requests_total`. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}
/** Asking twice for one name gives the same series. */
export interface Metrics {
  counter(definition: MetricDefinition): Counter
  gauge(definition: MetricDefinition): Gauge
  histogram(definition: MetricDefinition & { readonly buckets: readonly number[] }): Histogram
}
