// The server that a replay talks to: the real one from octets to octets, without its sockets.
import { randomId } from '../../src/base/index.ts'
import { parseCorefile } from '../../src/corefile/index.ts'
import { PLUGINS } from '../../src/plugins/index.ts'
import { createForward, forwardPlugin } from '../../src/plugins/forward/index.ts'
import { createConfiguration } from '../../src/server/configuration.ts'
import { createLog, createMetrics, dnsMetrics, type Files, type PluginRegistry } from '../../src/server/index.ts'
import { createRenderer } from '../../src/server/render.ts'
import { setUpBlocks } from '../../src/server/setup.ts'
import { createSharedStore } from '../../src/server/shared-store.ts'
import type { Responder } from '../../src/net/listen/index.ts'
import type { ConnectUpstream } from '../../src/net/upstream/index.ts'
import type { FakeClock } from '../support/fake-clock.ts'

export interface ReplayServer {
  /** Loads a Corefile, in place of the one before. */
  load(corefile: string): Promise<void>
  /** Puts a text file where plugins find it, in place of what was there. */
  writeFile(path: string, text: string): void
  /** Of the first listener. */
  readonly respond: Responder
  metrics(): string
  log(): readonly string[]
  close(): Promise<void>
}

export function createReplayServer(clock: FakeClock, connect: ConnectUpstream): ReplayServer {
  const lines: string[] = []
  const metrics = createMetrics()
  const counters = dnsMetrics(metrics)
  const log = createLog((text) => void lines.push(...text.split('\n')))
  const store = createSharedStore()
  const plugins: PluginRegistry = {
    ...PLUGINS,
    forward: () =>
      Promise.resolve({
        ...forwardPlugin,
        create: (options, env) => createForward(options as Parameters<typeof createForward>[0], env, connect),
      }),
  }
  const texts = new Map<string, { readonly text: string; readonly mtimeMs: number }>()
  const files: Files = {
    readText: (path) => texts.get(path)?.text ?? noFile(path),
    stat(path) {
      const found = texts.get(path)
      return found && { mtimeMs: found.mtimeMs, sizeBytes: found.text.length, isDirectory: false }
    },
    list: () => [],
  }
  let responder: Responder = () => undefined
  let retire = (): Promise<void> => Promise.resolve()

  return {
    async load(corefile) {
      const scope = store.open()
      const blocks = await setUpBlocks(parseCorefile(corefile).blocks, {
        plugins,
        files,
        environment: {},
        clock,
        network: { listenAt: (endpoint) => endpoint, callTo: (endpoint) => endpoint },
        metrics,
        log,
        randomId,
        features: { debugPages: false, explainErrors: false },
        defaultPort: 53,
        source: { file: 'Corefile', readAt: 0, hash: '', currentHash: () => '', rejected: () => undefined },
        lookup: (request) => configuration.lookup(request),
        render: createRenderer({ explainErrors: false }),
        listeners: () => [],
        fatal: (message) => void lines.push(message),
        reload: () => Promise.resolve(),
        isShuttingDown: () => false,
        shared: (key, make, close) => scope.get(key, make, close),
      })
      const configuration = createConfiguration(blocks, {
        clock,
        log: log.for(),
        metrics: counters,
        render: createRenderer({ explainErrors: false }),
        randomId,
        onCollect: (update) => metrics.onCollect(update),
        threads: () => ({ wanted: 1, all: 1 }),
      })
      await configuration.start()
      configuration.started([])
      const previous = retire
      const [listener] = configuration.wanted
      if (listener !== undefined) responder = listener.responder
      retire = async () => {
        // It waits for its last queries on the clock that stands still.
        const closed = configuration.close(0)
        await clock.advance(0)
        await closed
        await scope.release()
      }
      await previous()
    },
    writeFile: (path, text) => void texts.set(path, { text, mtimeMs: clock.now() }),
    respond: (octets, peer) => responder(octets, peer),
    metrics: () => metrics.render(),
    log: () => {
      log.flush()
      return lines
    },
    close: () => retire(),
  }
}

function noFile(path: string): never {
  throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' })
}
