// A node cache in the test's process, on a node that is the test's: its addresses are loopback ports, its clock can be set forward, and
// its cluster DNS comes and goes.
import { systemClock } from '../../src/base/index.ts'
import type { Clock } from '../../src/base/index.ts'
import { query } from '../../src/dns/index.ts'
import type { Endpoint } from '../../src/net/exchange-result.ts'
import { exchange } from '../../src/net/index.ts'
import type { ExchangeResult, Transport } from '../../src/net/index.ts'
import { parseNodeCacheFlags, startNodeCache } from '../../src/node-cache/index.ts'
import type { NodeAccess } from '../../src/node-cache/index.ts'
import type { Server } from '../../src/server/index.ts'

const LOCAL_IP = '169.254.25.10'
const SERVICE_IP = '10.233.0.3'

export interface NodeCacheRig {
  readonly server: Server
  readonly output: () => string
  /** Lets time pass for caches and deadlines; timers are not moved. */
  readonly pass: (ms: number) => void
  /** Where the Service IP leads from now on. */
  readonly moveService: (to: Endpoint) => void
  /** Asks at the local address as a pod does, which gives up after 5 s. */
  readonly ask: (name: string, transport?: Transport) => Promise<ExchangeResult>
  /** Status and text of a page at an HTTP address of the cache. */
  readonly get: (port: number, path: string) => Promise<{ readonly status: number; readonly text: string }>
}

const CONF = '/etc/coredns/Corefile'
/** What a pod's resolver waits. */
const PATIENCE_MS = 5000

export interface NodeCacheRigOptions {
  /** Where the Service IP leads, and every other address that the cache calls. */
  readonly service: Endpoint
  /** Beside `-localip`, `-conf` and `-upstreamsvc`. */
  readonly flags?: readonly string[]
  readonly localAddresses?: readonly string[]
  /** Further files by path. */
  readonly files?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
}

/** Starts the cache; stop it with `rig.server.stop`. */
export async function startNodeCacheRig(corefile: string, options: NodeCacheRigOptions): Promise<NodeCacheRig> {
  let output = ''
  let service = options.service
  let passedMs = 0
  const bound: { readonly wanted: Endpoint; readonly actual: Endpoint }[] = []
  const clock: Clock = {
    now: () => systemClock.now() + passedMs,
    monotonic: () => systemClock.monotonic() + passedMs,
    setTimeout: (callback, delayMs) => systemClock.setTimeout(callback, delayMs),
  }
  const texts = new Map([[CONF, corefile], ...Object.entries(options.files ?? {})])
  const node: NodeAccess = {
    files: {
      readText(path) {
        const text = texts.get(path)
        if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
        return text
      },
      stat: (path) => (texts.has(path) ? { mtimeMs: 0, sizeBytes: 0, isDirectory: false } : undefined),
      list: () => [],
      writeText: (path, text) => void texts.set(path, text),
      remove: (path) => void texts.delete(path),
    },
    network: {
      listenAt: () => ({ address: '127.0.0.1', port: 0 }),
      callTo: () => service,
      bound: (wanted, actual) => void bound.push({ wanted, actual }),
    },
    run: async () => ({ status: 0, stdout: '', complaint: '' }),
    lacks: () => [],
    mark: async () => ({ hasOthers: () => false, withdraw: () => {} }),
    isHeld: () => false,
  }
  const localIps = (options.localAddresses ?? [LOCAL_IP]).join(',')
  const base = ['-localip', localIps, '-conf', CONF, '-upstreamsvc', 'coredns']
  const server = await startNodeCache({
    flags: parseNodeCacheFlags([...base, ...(options.flags ?? [])]),
    environment: { COREDNS_SERVICE_HOST: SERVICE_IP, ...options.environment },
    write: (text) => (output += text),
    onFatal: (message) => (output += `[FATAL] ${message}\n`),
    clock,
    node,
  })
  const find = (port: number): Endpoint => {
    const found = bound.find(({ wanted }) => wanted.port === port)
    if (found === undefined) throw new Error(`nothing listens at port ${port}`)
    return found.actual
  }
  return {
    server,
    output: () => output,
    pass: (ms) => void (passedMs += ms),
    moveService: (to) => void (service = to),
    ask: (name, transport = 'udp') =>
      exchange({ server: find(53), transport, message: query({ name }), timeoutMs: PATIENCE_MS }),
    async get(port, path) {
      const { address, port: actual } = find(port)
      const response = await fetch(`http://${address}:${actual}${path}`)
      return { status: response.status, text: await response.text() }
    },
  }
}
