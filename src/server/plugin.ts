// What a plugin is to the server: options parsed from a directive, then a function around the next function.
// The server knows plugins only through this file; a plugin knows the server only through this folder's index.
import type { Clock, Eventual } from '../base/index.ts'
import type { Dispenser } from '../corefile/index.ts'
import type { DomainName } from '../dns/message.ts'
import type { Endpoint } from '../net/exchange-result.ts'
import type { ListenTls } from '../net/listen/index.ts'
import type { Handler, Outcome, Request } from './handler.ts'
import type { HotTrait } from './hot/hot-trait.ts'
import type { Metrics } from './metrics.ts'

export * from './handler.ts'
export { FIXED } from './hot/keep.ts'
export type { Keep, Stamp } from './hot/keep.ts'
export type { HotCounts, HotTrait } from './hot/hot-trait.ts'
export type { ListenTls as TlsSettings } from '../net/listen/index.ts'
export type { Counter, Gauge, Histogram, MetricDefinition, Metrics } from './metrics.ts'

export type ListenTransport = 'dns' | 'grpc' | 'https' | 'https3' | 'quic' | 'tls'

/** Writes `[INFO] plugin/NAME: LINE`; the prefix is the server's work. */
export interface Logger {
  /** Shown only where a block has `debug`. */
  debug(line: string): void
  info(line: string): void
  warning(line: string): void
  error(line: string): void
}

/**
 * The addresses that the server opens and calls, before they reach a socket.
 *
 * The lab maps cluster addresses to loopback ports here; everywhere else it is the identity. The wildcard address is `::`.
 */
export interface Network {
  /** Port 0 in the answer lets the system choose one; UDP and TCP of one listener then get the same. */
  listenAt(endpoint: Endpoint): Endpoint
  callTo(endpoint: Endpoint): Endpoint
  /** Told once per opened listener: what was wanted and where it really listens. */
  bound?(wanted: Endpoint, actual: Endpoint): void
  /**
   * Listeners of every kind share their addresses with those of other threads and processes of the same user (SO_REUSEPORT), where
   * the system can. Default false: an address that somebody else has is an error.
   */
  readonly reusePort?: boolean
}

/** What there is to know of a file or directory without reading it. */
export interface FileStat {
  readonly mtimeMs: number
  readonly sizeBytes: number
  readonly isDirectory: boolean
}

/** Local files and their changes; the lab shows each server its node's. Errors are Node's (`code` `ENOENT`). */
export interface Files {
  readText(path: string): string
  /** Undefined when nothing is there. */
  stat(path: string): FileStat | undefined
  /** Names in a directory; empty when there is no such directory. */
  list(directory: string): readonly string[]
}

/** One key of a server block, taken apart. */
export interface BlockKey {
  readonly zone: DomainName
  readonly transport: ListenTransport
  readonly port: number
}

export interface BlockInfo {
  /** Every zone of every key, in the order of the text, without repetition. */
  readonly zones: readonly DomainName[]
  readonly keys: readonly BlockKey[]
  /** Of the first key. */
  readonly transport: ListenTransport
  /** Of the first key. */
  readonly port: number
  /** Addresses given by `bind` (complete once all options are parsed); empty means the wildcard address. */
  readonly addresses: readonly string[]
  /** Label values of the block's listeners, `dns://:53` (complete once all options are parsed). */
  readonly servers: readonly string[]
  /** Names of the directives of the block, in plugin order. */
  readonly directives: readonly string[]
  readonly file: string
  readonly line: number
}

/** What directives such as `bind`, `tls` and `timeouts` tell the server about the listeners of their block. */
export interface BlockSettings {
  /** IP addresses to listen on; adds to those of earlier calls. */
  readonly addresses?: readonly string[]
  /** Base of relative paths for the directives that come later in plugin order. */
  readonly root?: string
  /** Log level DEBUG, and no recovery from panics. */
  readonly debug?: boolean
  /** Where a defect in a plugin happened is logged with it. */
  readonly stackTraces?: boolean
  /** Certificate of `tls://` and `https://` listeners. */
  readonly tls?: ListenTls
  readonly readTimeoutMs?: number
  readonly writeTimeoutMs?: number
  readonly idleTimeoutMs?: number
  /** Queries per TCP connection; -1 means no limit. */
  readonly maxTcpQueries?: number
  /** DoH connections per listener. */
  readonly maxHttpsConnections?: number
  /** Sockets per listener asked for by `multisocket`. */
  readonly sockets?: number
}

/** What a plugin's options may look at while they are parsed. */
export interface SetupContext {
  readonly block: BlockInfo
  /** Directory that relative paths start from: the `root` plugin's, else the current directory (as CoreDNS). */
  readonly root: string
  readonly log: Logger
  readonly files: Files
  /** Environment variables. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Changes the settings of this block's listeners. */
  readonly configure: (settings: BlockSettings) => void
}

/** Where a listener really listens, after `Network` and the system had their say. */
export interface BoundListener {
  readonly transport: ListenTransport
  readonly wanted: Endpoint
  readonly actual: Endpoint
}

/** A Corefile that was to take over and could not. */
export interface RejectedCorefile {
  /** Of its content; undefined when it could not even be parsed. */
  readonly hash: string | undefined
  /** One line, with file and line where it has them. */
  readonly error: string
  /** Wall-clock milliseconds. */
  readonly at: number
}

/** The Corefile as the running configuration was made from it. */
export interface ConfigurationSource {
  /** The path, or the name of a text. */
  readonly file: string
  /** When it was read, in wall-clock milliseconds. */
  readonly readAt: number
  /** SHA-512 of its canonical content, imports included, in hexadecimal digits. */
  readonly hash: string
  /** Reads it again. @throws {CorefileError} when it no longer parses */
  readonly currentHash: () => string
  /** The last one that failed since this one took over. */
  readonly rejected: () => RejectedCorefile | undefined
}

/** What the command line may add; never the Corefile, which must stay one that CoreDNS runs too. */
export interface Features {
  /** Pages beside /metrics: questions, upstreams, configuration. */
  readonly debugPages: boolean
  /** Extended errors (RFC 8914) with the reason of each answer that is none. */
  readonly explainErrors: boolean
}

/** A block and what its directives became. */
export interface BlockInstances {
  readonly block: BlockInfo
  readonly instances: ReadonlyMap<string, PluginInstance>
}

/** What a plugin gets to live with. */
export interface PluginEnv extends SetupContext {
  readonly clock: Clock
  readonly network: Network
  readonly metrics: Metrics
  readonly randomId: () => number
  /** Asks the listener that `request` came in at, from the top: zone match, then the chain (CoreDNS's "upstream" look-ups). */
  readonly lookup: (request: Request) => Outcome | Eventual<Outcome>
  /** The octets that would be sent for this outcome; undefined for a drop. Cheap when asked again for the same outcome. */
  readonly render: (request: Request, outcome: Outcome) => Uint8Array | undefined
  /** The block's plugin instances by directive name; complete from `start` on. */
  readonly siblings: () => ReadonlyMap<string, PluginInstance>
  /** All blocks of this configuration; complete from `start` on. */
  readonly blocks: () => readonly BlockInstances[]
  readonly features: Features
  /** The block's open listeners; from `started` on. */
  readonly listeners: () => readonly BoundListener[]
  readonly source: ConfigurationSource
  /** Log lines without the `plugin/NAME: ` prefix. */
  readonly rootLog: Logger
  /** Ends the process with status 1 after a `[FATAL] plugin/NAME: ` line, as CoreDNS's `loop` does. */
  readonly fatal: (message: string) => void
  /** Asks for a reload of the Corefile. Rejects when the new one cannot be used; the running one then goes on. */
  readonly reload: () => Promise<void>
  /** True from the moment the final shutdown began. */
  readonly isShuttingDown: () => boolean
  /**
   * Something that outlives one configuration: an HTTP listener, a watch, a connection pool.
   *
   * Made once per key; a reload whose new configuration asks for the same key gets the same object. `close` runs when no
   * configuration that asked for it is left. Put into the key whatever would make it another object (address, options).
   */
  readonly shared: <T>(key: string, make: () => T, close?: (value: T) => void | Promise<void>) => T
}

export interface PluginInstance {
  /** Absent: the plugin takes no part in the chain. */
  readonly handler?: Handler
  /** Runs before the listeners open; a rejection fails the start or the reload. */
  readonly start?: () => Promise<void>
  /** Runs once all listeners are open. */
  readonly started?: () => void
  /** Final shutdown only, before the listeners close: lameduck sleeps here. */
  readonly shutdown?: () => Promise<void>
  /** Runs when this configuration is replaced or ended, after its last query. */
  readonly close?: () => Promise<void>
  /** The plugin has answers for classes other than IN (`chaos`, `forward`); without one in the block they are refused. */
  readonly anyClass?: boolean
  /** For `ready`; absent means always ready. */
  readonly isReady?: () => boolean
  /** Adds this plugin's labels for a query, as thunks; called by the `metadata` plugin before the chain goes on. */
  readonly metadata?: (request: Request, labels: Map<string, () => string>) => void
  /** What the fast path does in this plugin's place; absent: every query of the block passes through it. */
  readonly hot?: HotTrait
  /** What sibling plugins may call (`autopath` and `k8s_external` call `kubernetes`); they check its shape. */
  readonly api?: unknown
}

export interface Plugin<Options = unknown> {
  /** The directive's name. */
  readonly name: string
  /**
   * Reads the directive's tokens, all its repetitions in one block together: call `dispenser.next()` first; it stands on
   * the directive's name then. Messages get the prefix `plugin/NAME: ` from the server. @throws {CorefileError}
   */
  parse(dispenser: Dispenser, context: SetupContext): Options
  /** Builds the instance that the block's zones share. Opens nothing: that is `start`'s work. */
  create(options: Options, env: PluginEnv): PluginInstance
}

/** Directive name to plugin, loaded when a Corefile uses it. */
export type PluginRegistry = Readonly<Record<string, () => Promise<Plugin>>>
