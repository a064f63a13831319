// A server from start to stop: reads the Corefile, sets it up, opens the listeners, exchanges the configuration on reload.
// Keeps no state outside: several servers live in one process.
import { createHash } from 'node:crypto'
import { UsageError, describeError, randomId as drawId, systemClock } from '../base/index.ts'
import type { Clock } from '../base/index.ts'
import { canonicalCorefile, defaultCorefile, hasPreferredSyntax, parseCorefile } from '../corefile/index.ts'
import type { Corefile } from '../corefile/index.ts'
import { whyNoBatches } from '../net/listen/index.ts'
import { createConfiguration } from './configuration.ts'
import type { Configuration } from './configuration.ts'
import { dnsMetrics } from './dns-metrics.ts'
import { corefileSource, goFileError, systemFiles } from './files.ts'
import { createListenerSet } from './listener-set.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics-registry.ts'
import type { MetricsRegistry } from './metrics-registry.ts'
import type {
  BoundListener,
  ConfigurationSource,
  Features,
  Files,
  Network,
  PluginRegistry,
  RejectedCorefile,
} from './plugin.ts'
import { createRenderer } from './render.ts'
import { createSharedStore } from './shared-store.ts'
import type { SharedScope } from './shared-store.ts'
import { refuseUnserved, setUpBlocks } from './setup.ts'
import type { ConfiguredBlock } from './setup.ts'
import { ThreadPool, countThreads } from './workers/index.ts'
import type { ThreadOptions } from './workers/index.ts'

/** What a server is started with; only plugins, Corefile and output have no default. */
export interface ServerOptions {
  readonly plugins: PluginRegistry
  /** A file that reloads read again, or a text; `name` is what messages call it. */
  readonly corefile:
    | { readonly path: string }
    | { readonly text: string | (() => string); readonly name?: string | undefined }
  /** Gets the zone lines of the start and all log lines, each with its line feed. */
  readonly write: (text: string) => void
  /** Port of keys without one; default 53. */
  readonly defaultPort?: number | undefined
  /** No start-up output; default false. */
  readonly quiet?: boolean | undefined
  readonly network?: Network | undefined
  readonly files?: Files | undefined
  /** Default: the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  readonly clock?: Clock | undefined
  readonly metrics?: MetricsRegistry | undefined
  /** Draws 0 to 65535; default cryptographic. */
  readonly randomId?: (() => number) | undefined
  readonly features?: Partial<Features> | undefined
  /** Threads that may answer over UDP beside this one; absent: there are none, whatever the Corefile says. */
  readonly threads?: ThreadOptions | undefined
  /** Called after a `[FATAL]` line; whoever runs the process ends it. Default: the server stops. */
  readonly onFatal?: ((message: string) => void) | undefined
}

/** A running server. */
export interface Server {
  /** Where it listens really. */
  listeners(): readonly BoundListener[]
  readonly metrics: MetricsRegistry
  /** SHA-512 of the running Corefile's canonical content, in hexadecimal digits. */
  hash(): string
  /** Reads the Corefile again and changes over. Rejects when that fails; the old configuration then goes on. */
  reload(): Promise<void>
  /**
   * Ends in order: lameduck, queries in flight, connections (5 s at most). Called again it waits for the same end.
   *
   * With `atOnce` there is no lameduck and no grace: what SIGKILL would do, but the sockets are closed when it resolves.
   */
  stop(options?: { readonly atOnce?: boolean }): Promise<void>
}

/** How long queries in flight and connections are waited for. */
const GRACE_MS = 5000

const IDENTITY: Network = { listenAt: (endpoint) => endpoint, callTo: (endpoint) => endpoint }

/**
 * Starts a server.
 *
 * @throws {CorefileError} for a Corefile that cannot be used
 * @throws {ListenError} for an address that cannot be listened on
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const host = hostOf(options)
  const first = await prepare(host)
  let running: Prepared
  try {
    running = await activate(host, first)
  } catch (error) {
    await host.pool?.close()
    host.log.flush()
    throw error
  }
  host.log.flush()
  if (options.quiet !== true) announce(host, running.configuration)
  const oneByOne = whyNoBatches()
  if (oneByOne !== undefined) {
    const alone = (options.threads?.count ?? 1) > 1 ? ', and one thread answers' : ''
    host.log.for().info(`UDP datagrams are moved one by one${alone}: ${oneByOne}`)
  }
  let stopping: Promise<void> | undefined
  let reloading: Promise<void> = Promise.resolve()

  async function reload(): Promise<void> {
    if (host.shuttingDown) return
    const { log } = host
    log.for().info('Reloading')
    let next: Prepared | undefined
    try {
      next = await prepare(host)
      await activate(host, next)
    } catch (error) {
      host.corefileErrors.inc()
      host.rejected = { hash: next?.source.hash ?? hashOrNone(host), error: describeError(error), at: host.clock.now() }
      throw error
    }
    host.rejected = undefined
    const old = running
    running = next
    log.for().info('Reloading complete')
    // The old configuration's last queries are answered meanwhile; its end is not waited for.
    const retired = retire(host, old).finally(() => host.retiring.delete(retired))
    host.retiring.add(retired)
  }

  async function stop(atOnce: boolean): Promise<void> {
    await reloading.catch(() => {})
    host.shuttingDown = true
    const graceMs = atOnce ? 0 : GRACE_MS
    const { configuration, scope } = running
    if (!atOnce) await settle(host, configuration.shutdown())
    await host.listeners.closeAll(graceMs)
    await settle(host, configuration.close(graceMs))
    await settle(host, scope.release())
    await Promise.all(host.retiring)
    await host.pool?.close()
    host.log.flush()
  }

  host.reload = async () => {
    // One after the other; a failed one does not stop the next.
    const turn = reloading.catch(() => {}).then(reload)
    reloading = turn
    await turn
  }
  host.stop = (atOnce) => (stopping ??= stop(atOnce))
  return {
    listeners: () => host.bound,
    metrics: host.metrics,
    hash: () => running.source.hash,
    reload: () => host.reload(),
    stop: (how) => host.stop(how?.atOnce ?? false),
  }
}

/**
 * Parses and sets up a Corefile without opening anything: `--check` and `--dump`.
 *
 * @throws {CorefileError}
 */
export async function checkServer(options: ServerOptions): Promise<readonly ConfiguredBlock[]> {
  const host = hostOf(options)
  try {
    const { configuration, scope } = await prepare(host)
    await settle(host, configuration.close(0))
    await settle(host, scope.release())
    return configuration.blocks
  } finally {
    host.log.flush()
  }
}

// --- The server's own things, which no configuration owns ---

type Host = ReturnType<typeof hostOf>

function hostOf(options: ServerOptions) {
  const clock = options.clock ?? systemClock
  const network = options.network ?? IDENTITY
  const metrics = options.metrics ?? createMetrics()
  const log = createLog(options.write)
  const { threads } = options
  const pool = threads && new ThreadPool({ program: threads.program, clock, metrics, log: log.for() })
  const features: Features = { debugPages: false, explainErrors: false, ...options.features }
  const host = {
    options,
    clock,
    network,
    metrics,
    files: options.files ?? systemFiles,
    environment: options.environment ?? process.env,
    log,
    pool,
    listeners: createListenerSet(clock, network, pool),
    bound: [] as readonly BoundListener[],
    shared: createSharedStore(),
    dnsMetrics: dnsMetrics(metrics),
    corefileErrors: metrics.counter({
      name: 'fathom_corefile_errors_total',
      help: 'Counter of Corefiles that could not be used when a reload was due.',
    }),
    features,
    render: createRenderer(features),
    rejected: undefined as RejectedCorefile | undefined,
    retiring: new Set<Promise<void>>(),
    shuttingDown: false,
    reload: async (): Promise<void> => {},
    stop: async (_atOnce: boolean): Promise<void> => {},
  }
  return host
}

function fatal(host: Host, message: string): void {
  host.log.line(`[FATAL] ${message}`)
  host.log.flush()
  if (host.options.onFatal === undefined) void host.stop(true)
  else host.options.onFatal(message)
}

// --- Reading the Corefile ---

interface ReadCorefile {
  readonly file: string
  readonly corefile: Corefile
  readonly hash: string
}

function readCorefile({ options, files, environment }: Host): ReadCorefile {
  const { corefile } = options
  const name = 'path' in corefile ? corefile.path : (corefile.name ?? 'Corefile')
  const text = 'path' in corefile ? readText(files, corefile.path) : textOf(corefile.text)
  const source = corefileSource(files, environment)
  const accepts = (directive: string): boolean => Object.hasOwn(options.plugins, directive)
  let parsed = parseCorefile(text, { file: name, source, accepts })
  if (parsed.blocks.length === 0) {
    const text = defaultCorefile(options.defaultPort ?? 53)
    parsed = { ...parseCorefile(text, { file: name, accepts }), warnings: parsed.warnings }
  }
  return { file: name, corefile: parsed, hash: createHash('sha512').update(canonicalCorefile(parsed)).digest('hex') }
}

/** The hash of a file that can at least be parsed. */
function hashOrNone(host: Host): string | undefined {
  try {
    return readCorefile(host).hash
  } catch {
    return undefined
  }
}

function readText(files: Files, path: string): string {
  try {
    return files.readText(path)
  } catch (error) {
    // Without the cause, which says the same in other words.
    throw new UsageError('bad-configuration', goFileError(path, error))
  }
}

function textOf(text: string | (() => string)): string {
  return typeof text === 'string' ? text : text()
}

// --- Configurations ---

interface Prepared {
  readonly configuration: Configuration
  readonly scope: SharedScope
  readonly source: ConfigurationSource
}

/** Parses and sets up; nothing is open yet. */
async function prepare(host: Host): Promise<Prepared> {
  const { options, files, environment, clock, network, metrics, log, render } = host
  log.setDebug(false)
  const { file, corefile, hash } = readCorefile(host)
  for (const { message } of corefile.warnings) log.for().warning(message)
  const scope = host.shared.open()
  const source: ConfigurationSource = {
    file,
    hash,
    readAt: clock.now(),
    currentHash: () => readCorefile(host).hash,
    rejected: () => host.rejected,
  }
  try {
    const made: { configuration?: Configuration } = {}
    const blocks = await setUpBlocks(corefile.blocks, {
      plugins: options.plugins,
      files,
      environment,
      clock,
      network,
      metrics,
      log,
      render,
      source,
      features: host.features,
      randomId: options.randomId ?? drawId,
      defaultPort: options.defaultPort ?? 53,
      lookup: (request) => made.configuration?.lookup(request) ?? { kind: 'status', rcode: 'SERVFAIL', by: '' },
      listeners: (block) => made.configuration?.listenersOf(block) ?? [],
      fatal: (message) => fatal(host, message),
      reload: () => host.reload(),
      isShuttingDown: () => host.shuttingDown,
      shared: (key, make, close) => scope.get(key, make, close),
    })
    warnOfPlainText(host, blocks)
    const configuration = createConfiguration(blocks, {
      clock,
      log: log.for(),
      metrics: host.dnsMetrics,
      render,
      randomId: options.randomId ?? drawId,
      onCollect: (update) => host.metrics.onCollect(update),
      threads: (sockets) => countThreads(sockets, { threads: options.threads, pool: host.pool }),
    })
    made.configuration = configuration
    return { configuration, scope, source }
  } catch (error) {
    await settle(host, scope.release())
    throw error
  }
}

/** Runs the start hooks and takes the listeners over; on failure everything new is gone again. */
async function activate(host: Host, prepared: Prepared): Promise<Prepared> {
  const { configuration, scope } = prepared
  try {
    refuseUnserved(configuration.blocks)
    await configuration.start()
    const listeners = await host.listeners.prepare(configuration.wanted)
    host.bound = listeners.commit()
    configuration.started(host.bound)
    return prepared
  } catch (error) {
    await settle(host, configuration.close(0))
    await settle(host, scope.release())
    throw error
  }
}

async function retire(host: Host, { configuration, scope }: Prepared): Promise<void> {
  await host.listeners.prune(GRACE_MS)
  await settle(host, configuration.close(GRACE_MS))
  await settle(host, scope.release())
}

/** What fails while something ends is told and does not stop the rest from ending. */
async function settle({ log }: Host, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    log.for().error(describeError(error))
  }
}

// --- Start-up output ---

/** One line per zone and address, as CoreDNS prints them. */
function announce({ options }: Host, { blocks }: Configuration): void {
  const lines = blocks.flatMap(({ block, zones }) =>
    (block.addresses.length === 0 ? [''] : block.addresses).flatMap((address) =>
      zones.map(({ zone, transport, port }) => {
        const scheme = transport === 'dns' ? '' : `${transport}://`
        return `${scheme}${zone}:${port}${address === '' ? '' : ` on ${address}`}\n`
      }),
    ),
  )
  options.write(lines.join(''))
}

function warnOfPlainText({ log, options }: Host, blocks: readonly ConfiguredBlock[]): void {
  for (const { zones, settings } of blocks) {
    for (const { zone, transport, port, at } of zones) {
      if (!hasPreferredSyntax(zone)) {
        options.write(`Warning: Domain "${zone}" does not follow RFC1035 preferred syntax\n`)
      }
      if ((transport === 'tls' || transport === 'https') && settings.tls === undefined) {
        log
          .for()
          .warning(
            `${at.file}:${at.line} - ${transport}://${zone}:${port} has no "tls" directive: it listens in the clear`,
          )
      }
    }
  }
}
