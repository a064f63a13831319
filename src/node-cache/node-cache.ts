// The node-local cache from start to stop: Corefile, interface, server, rules, repair; the set-up around the server of src/server.
import { describeError, systemClock } from '../base/index.ts'
import type { Clock, Timer } from '../base/index.ts'
import { ListenError } from '../net/listen/index.ts'
import type { ListenErrorCode } from '../net/listen/index.ts'
import { PLUGINS } from '../plugins/index.ts'
import { createMetrics, startServer } from '../server/index.ts'
import type { Server, ServerOptions } from '../server/index.ts'
import { createCorefileWriter } from './corefile-source.ts'
import type { NodeCacheFlags } from './flags.ts'
import { systemNode } from './node-access.ts'
import type { NodeAccess } from './node-access.ts'
import { createNodeSetup } from './node-setup.ts'
import { serviceHostVariable } from './pillars.ts'
import { withRenewedConnections } from './renewed-connections.ts'
import { startSelfTest } from './self-test.ts'
import { withServeStale } from './serve-stale.ts'
import { createSetupErrors } from './setup-errors.ts'
import { createStatusEndpoint } from './status-endpoint.ts'

export interface NodeCacheOptions {
  readonly flags: NodeCacheFlags
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly write: (text: string) => void
  readonly onFatal: (message: string) => void
  /** Waited for when the addresses cannot be shared: whoever stands in at them gives them free. */
  readonly freeAddresses?: (() => Promise<void>) | undefined
  /** A supervisor goes on when the start fails, and needs the addresses; default false. */
  readonly keepAddressesOnFailure?: boolean | undefined
  /** What further threads run; absent: there are none, whatever flags and Corefile say. */
  readonly threadProgram?: URL | undefined
  /** Default: this machine. */
  readonly node?: NodeAccess | undefined
  readonly clock?: Clock | undefined
}

/** The original looks at template and ConfigMap as often. */
const POLL_MS = 10_000
/** Between two checks while something of the set-up is missing. */
const RETRY_MS = 10_000
/** Between two attempts at addresses that another instance still has. */
const TAKE_OVER_PAUSE_MS = 20
/** Attempts at an address that no other instance has: whoever has it does not end by itself. */
const MAX_FAILURES_ALONE = 50
const SECOND_LOOK_MS = 2000
const WAIT_FOR: readonly ListenErrorCode[] = ['address-in-use', 'address-not-available']

/**
 * Starts the node-local cache; its server's `stop` also takes interface and rules down, where that is wanted.
 *
 * @throws {CorefileError} for a Corefile that cannot be used
 * @throws {UsageError} for a template that cannot be filled in
 * @throws {ListenError} for an address that cannot be listened on
 */
export async function startNodeCache(options: NodeCacheOptions): Promise<Server> {
  const { flags, environment, write, clock = systemClock, node = systemNode } = options
  const { files, network } = node
  const say = (line: string): void => write(`${line}\n`)
  const metrics = createMetrics()
  const count = createSetupErrors(metrics)
  const setup = createNodeSetup({ flags, run: node.run, lacks: node.lacks, clock, say, count })
  const corefile = createCorefileWriter({ flags, files, environment, say, count })
  let state: 'starting' | 'serving' | 'stopping' = 'starting'
  const status = createStatusEndpoint(flags.metricsAddress, {
    network,
    metrics,
    say,
    missing: () => (state === 'serving' ? setup.missing() : [state]),
  })
  const timers = new Set<() => void>()
  const marker = await node.mark(flags.localAddresses, flags.dnsPort)

  await status.ensureOpen()
  let server: Server
  try {
    corefile.write()
    await setup.ensureInterface()
    server = await startServing()
  } catch (error) {
    marker.withdraw()
    await status.close()
    if (options.keepAddressesOnFailure !== true) await undo()
    throw error
  }
  state = 'serving'
  if (flags.pidfile !== undefined) writePidfile(flags.pidfile)
  await setup.ensureRules()
  // Soon for once: an instance that ended just now may have taken things along that were there before.
  once(SECOND_LOOK_MS, repair)
  every(() => (setup.missing().length === 0 ? flags.syncIntervalMs : Math.min(flags.syncIntervalMs, RETRY_MS)), repair)
  every(() => POLL_MS, lookForNews)
  const upstream = environment[serviceHostVariable(flags.upstreamService)]
  if (upstream !== undefined && flags.selfTestIntervalMs > 0) {
    const test = startSelfTest({
      server: () => network.callTo({ address: upstream, port: 53 }),
      service: upstream,
      name: flags.selfTestName,
      intervalMs: flags.selfTestIntervalMs,
      clock,
      metrics,
      say,
    })
    timers.add(() => test.stop())
  }
  let stopping: Promise<void> | undefined
  return { ...server, stop: (how) => (stopping ??= stop(how)) }

  async function startServing(): Promise<Server> {
    const renewing = withRenewedConnections(PLUGINS)
    const plugins = flags.serveStaleMs === undefined ? renewing : withServeStale(renewing, flags.serveStaleMs)
    const serverOptions: ServerOptions = {
      plugins,
      corefile: { path: flags.corefile },
      defaultPort: flags.dnsPort,
      quiet: flags.quiet,
      environment,
      write,
      onFatal: options.onFatal,
      files,
      network,
      clock,
      threads: options.threadProgram && { program: options.threadProgram, count: flags.workers },
    }
    let waiting = false
    let asked = false
    if (isHeld()) say('[INFO] Another instance serves these addresses too; both answer until one ends')
    for (let failures = 0; ;) {
      try {
        return await startServer(serverOptions)
      } catch (error) {
        // Another instance serves here and does not share: it ends sometime, and may take the address along.
        if (!(error instanceof ListenError) || !WAIT_FOR.includes(error.code)) throw error
        if (!asked && options.freeAddresses !== undefined) {
          asked = true
          await options.freeAddresses()
          continue
        }
        failures = isHeld() ? 1 : failures + (failures > 0 ? 1 : 0)
        if (failures === 0 || failures > MAX_FAILURES_ALONE) throw error
        if (!waiting) {
          const who = marker.hasOthers() ? 'another instance still serves' : 'a program that does not share has it'
          say(`[WARNING] ${error.message}: ${who}; this one takes over when it ends`)
        }
        waiting = true
        // Looked at without starting anything: an attempt sets the whole configuration up.
        do await pause(TAKE_OVER_PAUSE_MS)
        while (isServed())
        await setup.ensureInterface()
      }
    }
  }

  async function stop(how: { readonly atOnce?: boolean } | undefined): Promise<void> {
    state = 'stopping'
    for (const clear of timers) clear()
    marker.withdraw()
    // The readiness of another instance is not to be mixed with this one's.
    if (marker.hasOthers()) await status.close()
    await server.stop(how)
    if (flags.pidfile !== undefined) removePidfile(flags.pidfile)
    await tearDown()
    await status.close()
  }

  /** A node that was set up before stays so: another program, or the next attempt, may serve there. */
  async function undo(): Promise<void> {
    if (flags.skipTeardown || !setup.hasMade() || marker.hasOthers()) return
    say(`[INFO] Taking back what this start made of interface ${flags.interfaceName}`)
    await setup.undo()
  }

  async function tearDown(): Promise<void> {
    if (flags.skipTeardown) return
    if (isHeld()) {
      say('[INFO] Not tearing down: another instance serves these addresses')
      return
    }
    say('[INFO] Tearing down')
    await setup.tearDown()
  }

  /** Somebody has a socket at the addresses. */
  function isServed(): boolean {
    return node.isHeld(flags.localAddresses, flags.dnsPort)
  }

  /** Somebody serves the addresses, or is about to. */
  function isHeld(): boolean {
    return marker.hasOthers() || isServed()
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      clock.setTimeout(resolve, ms)
    })
  }

  async function repair(): Promise<void> {
    await status.ensureOpen()
    await setup.ensureInterface()
    await setup.ensureRules()
  }

  async function lookForNews(): Promise<void> {
    if (!corefile.hasNews()) return
    try {
      if (corefile.write() && flags.reloadWithSignal) await server.reload()
    } catch (error) {
      count('configmap')
      say(`[ERROR] ${describeError(error)}; the running configuration goes on`)
    }
  }

  function writePidfile(path: string): void {
    try {
      files.writeText(path, `${process.pid}\n`)
    } catch (error) {
      say(`[ERROR] Cannot write the pidfile: ${describeError(error)}`)
    }
  }

  /** Another instance may have written its own by now. */
  function removePidfile(path: string): void {
    try {
      if (files.readText(path).trim() === String(process.pid)) files.remove(path)
    } catch {
      // Gone already.
    }
  }

  function once(ms: number, work: () => Promise<void>): void {
    const timer = clock.setTimeout(() => void attempt(work), ms)
    timer.unref()
    timers.add(() => timer.clear())
  }

  async function attempt(work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => say(`[ERROR] ${describeError(error)}`))
  }

  /** Runs `work` again and again, the next time counted from its end. */
  function every(ms: () => number, work: () => Promise<void>): void {
    let timer: Timer | undefined
    let cleared = false
    const plan = (): void => {
      timer = clock.setTimeout(() => {
        void attempt(work).then(() => {
          if (!cleared) plan()
        })
      }, ms())
      timer.unref()
    }
    timers.add(() => {
      cleared = true
      timer?.clear()
    })
    plan()
  }
}
