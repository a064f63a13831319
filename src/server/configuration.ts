// One running configuration: blocks that were set up, the listeners they want, their hooks, their queries in flight.
import { endianness } from 'node:os'
import { describeError, type Eventual } from '../base/index.ts'
import { ListenError } from '../net/listen/index.ts'
import { DURATION_BUCKETS } from './dns-metrics.ts'
import { HotAnswers } from './hot/index.ts'
import type { ConfiguredBlock } from './setup.ts'
import { serverLabel } from './setup.ts'
import { createResponder, lookup } from './query.ts'
import type { QueryContext } from './query.ts'
import { createZoneTable } from './zone-table.ts'
import type { Site } from './zone-table.ts'
import type { WantedListener } from './listener-set.ts'
import type { ThreadCount } from './workers/index.ts'
import type { BlockInfo, BoundListener, PluginInstance } from './plugin.ts'
import type { Outcome, Request } from './handler.ts'

/** What a configuration needs from the server. */
export type ConfigurationDeps = Pick<QueryContext, 'clock' | 'log' | 'metrics' | 'render'> & {
  readonly randomId: () => number
  readonly onCollect: (update: () => void) => () => void
  /** How many threads answer the queries of a listener whose blocks want so many sockets, and how many there are then. */
  readonly threads: (sockets: number | undefined) => ThreadCount
}

/** From set up to closed. */
export interface Configuration {
  readonly blocks: readonly ConfiguredBlock[]
  readonly wanted: readonly WantedListener[]
  lookup(request: Request): Outcome | Eventual<Outcome>
  /** Runs the start hooks. Rejects with the first failure, once all have ended. */
  start(): Promise<void>
  /** Told once the listeners are open. */
  started(bound: readonly BoundListener[]): void
  /** The listeners of one block. */
  listenersOf(block: BlockInfo): readonly BoundListener[]
  /** Runs the shutdown hooks, lameduck among them. */
  shutdown(): Promise<void>
  /** Waits until no query is in flight, `graceMs` at most, then runs the close hooks. */
  close(graceMs: number): Promise<void>
}

const DEFAULT_LIMITS = {
  readTimeoutMs: 3000,
  writeTimeoutMs: 5000,
  idleTimeoutMs: 10_000,
  maxQueries: -1,
  maxInFlight: 256,
} as const
const DEFAULT_HTTPS_CONNECTIONS = 200

/** Makes a configuration of the blocks; it listens nowhere by itself. */
export function createConfiguration(blocks: readonly ConfiguredBlock[], deps: ConfigurationDeps): Configuration {
  const flight = createFlightCounter()
  const contexts = new Map<string, QueryContext>()
  const wanted: WantedListener[] = []
  for (const group of groupByListener(blocks)) {
    const context = contextOf(group, { ...deps, waiting: flight.change, waitingCount: flight.count })
    contexts.set(context.server, context)
    wanted.push(listenerOf(group, context, deps))
  }
  const tellCounts = (): void => {
    for (const { hot } of contexts.values()) hot?.tellAll()
  }
  let stopTelling = (): void => {}
  const instances = blocks.flatMap((block) => [...block.instances.values()])
  let bound: readonly BoundListener[] = []

  return {
    blocks,
    wanted,
    lookup(request) {
      const context = contexts.get(request.server)
      if (context !== undefined) return lookup(context, request)
      return { kind: 'status', rcode: 'SERVFAIL', by: '', error: new Error(`no server ${request.server}`) }
    },
    start: () => startAll(blocks),
    started(listeners) {
      bound = listeners
      stopTelling = deps.onCollect(tellCounts)
      for (const { started } of instances) {
        // The sockets have changed hands: there is no way back for the sake of one plugin.
        try {
          started?.()
        } catch (error) {
          deps.log.error(describeError(error))
        }
      }
    },
    listenersOf: (block) =>
      bound.filter(({ transport, wanted: { address, port } }) =>
        block.servers.includes(serverLabel({ transport, address: address === '::' ? '' : address, port })),
      ),
    shutdown: () => runAll(instances, ({ shutdown }) => shutdown?.()),
    async close(graceMs) {
      await flight.landed(deps.clock, graceMs)
      tellCounts()
      stopTelling()
      await runAll(instances, ({ close }) => close?.())
    },
  }
}

/** Plugins that listen say where, not in which line. */
async function startAll(blocks: readonly ConfiguredBlock[]): Promise<void> {
  const starting = blocks.flatMap(({ instances, places }) =>
    [...instances].map(([name, instance]) => ({ name, instance, at: places.get(name) })),
  )
  await runAll(
    starting.map(({ instance, name, at }) => ({
      start: async () => {
        try {
          await instance.start?.()
        } catch (error) {
          throw error instanceof ListenError && at ? error.for(`"${name}" at ${at.file}:${at.line}`) : error
        }
      },
    })),
    ({ start }) => start?.(),
  )
}

async function runAll(
  instances: readonly PluginInstance[],
  hook: (instance: PluginInstance) => Promise<void> | undefined,
): Promise<void> {
  // An async callback, so that a hook that throws at once fails like one that rejects.
  const results = await Promise.allSettled(instances.map(async (instance) => hook(instance)))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

// --- Listeners ---

/** What shares one socket: scheme, address and port. */
interface ListenerGroup {
  readonly transport: WantedListener['transport']
  /** Empty for the wildcard. */
  readonly address: string
  readonly port: number
  readonly members: { readonly zone: string; readonly block: ConfiguredBlock }[]
}

function groupByListener(blocks: readonly ConfiguredBlock[]): ListenerGroup[] {
  const groups = new Map<string, ListenerGroup>()
  for (const block of blocks) {
    const { addresses } = block.block
    for (const address of addresses.length === 0 ? [''] : addresses) {
      for (const { zone, transport, port } of block.zones) {
        const label = serverLabel({ transport, address, port })
        const group = groups.get(label) ?? { transport, address, port, members: [] }
        group.members.push({ zone, block })
        groups.set(label, group)
      }
    }
  }
  return [...groups.values()]
}

function contextOf(
  group: ListenerGroup,
  deps: ConfigurationDeps & Pick<QueryContext, 'waiting' | 'waitingCount'>,
): QueryContext {
  const sites = group.members.map(({ zone, block }): Site => ({
    zone,
    chain: block.chain,
    anyClass: block.anyClass,
    debug: block.settings.debug === true,
    stackTraces: block.settings.stackTraces === true,
    hot: block.hot,
  }))
  const { clock, log, metrics, render, waiting, waitingCount } = deps
  return {
    server: serverLabel(group),
    zones: createZoneTable(sites),
    clock,
    log,
    metrics,
    render,
    waiting,
    waitingCount,
    hot: hotOf(group, deps),
  }
}

/** Kept answers, unless no plugin of any block could give one. The table's layout is little-endian. */
function hotOf(group: ListenerGroup, { clock, randomId, threads }: ConfigurationDeps): HotAnswers | undefined {
  const { members } = group
  const chains = members.map(({ block }) => block.hot)
  const isPossible = members.some(({ block }) => block.settings.debug !== true) && endianness() === 'LE'
  return isPossible && process.env['FATHOM_HOT'] !== 'off'
    ? new HotAnswers({
        clock,
        random: randomId,
        chains,
        readers: threads(socketsOf(group)).all - 1,
        durationBounds: DURATION_BUCKETS,
      })
    : undefined
}

function describeBlocks({ members }: ListenerGroup): string {
  const [first] = members
  return first === undefined
    ? 'A server block'
    : `The server block at ${first.block.block.file}:${first.block.block.line}`
}

/** What `multisocket` says; the largest of its blocks. */
function socketsOf({ members }: ListenerGroup): number | undefined {
  const all = members.flatMap(({ block }) => block.settings.sockets ?? [])
  return all.length === 0 ? undefined : Math.max(...all)
}

/** The settings of all its blocks, the first that says something wins. */
function listenerOf(
  group: ListenerGroup,
  context: QueryContext,
  { threads }: Pick<ConfigurationDeps, 'threads'>,
): WantedListener {
  const all = group.members.map(({ block }) => block.settings)
  const { readTimeoutMs, writeTimeoutMs, idleTimeoutMs, maxQueries, maxInFlight } = DEFAULT_LIMITS
  const { server, metrics } = context
  return {
    transport: group.transport,
    wanted: { address: group.address === '' ? '::' : group.address, port: group.port },
    wantedBy: describeBlocks(group),
    responder: createResponder(context),
    limits: {
      readTimeoutMs: all.find((settings) => settings.readTimeoutMs !== undefined)?.readTimeoutMs ?? readTimeoutMs,
      writeTimeoutMs: all.find((settings) => settings.writeTimeoutMs !== undefined)?.writeTimeoutMs ?? writeTimeoutMs,
      idleTimeoutMs: all.find((settings) => settings.idleTimeoutMs !== undefined)?.idleTimeoutMs ?? idleTimeoutMs,
      maxQueries: all.find((settings) => settings.maxTcpQueries !== undefined)?.maxTcpQueries ?? maxQueries,
      maxInFlight,
    },
    maxHttpsConnections:
      all.find((settings) => settings.maxHttpsConnections !== undefined)?.maxHttpsConnections ??
      DEFAULT_HTTPS_CONNECTIONS,
    threads: threads(socketsOf(group)).wanted,
    tls: group.transport === 'dns' ? undefined : all.find((settings) => settings.tls !== undefined)?.tls,
    onHttpsStatus: (status) => metrics.httpsResponses.inc([server, String(status)]),
    onDropped: (code) => metrics.droppedResponses.inc([server, code]),
  }
}

// --- Queries in flight ---

interface FlightCounter {
  readonly change: (by: -1 | 1) => void
  readonly count: () => number
  /** Resolves when none is left, or after `graceMs`. */
  readonly landed: (clock: ConfigurationDeps['clock'], graceMs: number) => Promise<void>
}

function createFlightCounter(): FlightCounter {
  let count = 0
  let idle: (() => void) | undefined
  return {
    count: () => count,
    change(by) {
      count += by
      if (count === 0) idle?.()
    },
    async landed(clock, graceMs) {
      if (count === 0) return
      await new Promise<void>((resolve) => {
        const timer = clock.setTimeout(resolve, graceMs)
        idle = () => {
          timer.clear()
          resolve()
        }
      })
    },
  }
}
