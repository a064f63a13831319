// The cache between pods and a cluster DNS that fails in every way it can.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startNodeCacheRig } from '../../test/support/node-cache-rig.ts'
import type { NodeCacheRig } from '../../test/support/node-cache-rig.ts'
import { startRig } from '../../test/support/server-rig.ts'
import { decodeMessage, encodeMessage, response } from '../dns/index.ts'
import type { Endpoint } from '../net/exchange-result.ts'
import { createFrameSplitter, frameMessage } from '../net/index.ts'
import { PLUGINS } from '../plugins/index.ts'

/** As kubespray writes it: TCP to the cluster DNS. */
const COREFILE = `cluster.local:53 {
    errors
    cache {
        success 9984 30
        denial 9984 5
    }
    reload
    loop
    bind 169.254.25.10
    forward . 10.233.0.3 {
        force_tcp
    }
    health 169.254.25.10:9254
}
`
const CLUSTER_DNS = `. {
  hosts {
    10.1.2.3 a.cluster.local b.cluster.local
    10.233.0.1 kubernetes.default.svc.cluster.local
    ttl 30
    no_reverse
  }
}
`
/** Longer than any TTL of the Corefile. */
const EXPIRY_MS = 40_000

const closers: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function startCache(service: Endpoint, ...flags: readonly string[]): Promise<NodeCacheRig> {
  const rig = await startNodeCacheRig(COREFILE, { service, flags })
  closers.push(() => rig.server.stop({ atOnce: true }))
  return rig
}

async function clusterDns(): Promise<{ readonly endpoint: Endpoint; readonly stop: () => Promise<void> }> {
  const rig = await startRig(CLUSTER_DNS, { plugins: PLUGINS })
  const stop = (): Promise<void> => rig.server.stop({ atOnce: true })
  closers.push(stop)
  return { endpoint: rig.endpoint(), stop }
}

/** A port where nobody listens. */
async function refusing(): Promise<Endpoint> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server's address is this
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return { address: '127.0.0.1', port }
}

/** Takes connections and datagrams, and never says anything. */
async function silent(): Promise<Endpoint> {
  const sockets = new Set<Socket>()
  const tcp = createServer((socket) => sockets.add(socket.on('error', () => {}).resume())).listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server's address is this
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4').bind(port, '127.0.0.1')
  await once(udp, 'listening')
  closers.push(async () => {
    for (const socket of sockets) socket.destroy()
    udp.close()
    tcp.close()
    await once(tcp, 'close')
  })
  return { address: '127.0.0.1', port }
}

/** What a pod sees: an rcode and how many records, or why there was no response. */
async function seen(rig: NodeCacheRig, name: string): Promise<string> {
  const result = await rig.ask(name)
  return result.kind === 'response' ? `${result.message.rcode} ${result.message.answer.length}` : result.kind
}

describe.each([
  { how: 'refuses', gone: refusing },
  { how: 'is silent', gone: silent },
])('startNodeCache() when the cluster DNS $how', ({ gone }) => {
  it('answers from the cache, SERVFAIL for the rest, and all is well when it comes back', async () => {
    const working = await clusterDns()
    const rig = await startCache(working.endpoint)
    expect(await seen(rig, 'a.cluster.local')).toBe('NOERROR 1')
    rig.moveService(await gone())
    await working.stop()
    rig.pass(EXPIRY_MS / 4)
    expect(await seen(rig, 'a.cluster.local')).toBe('NOERROR 1')
    rig.pass(EXPIRY_MS)
    const both = Promise.all([seen(rig, 'a.cluster.local'), seen(rig, 'b.cluster.local')])
    expect(await both).toEqual(['SERVFAIL 0', 'SERVFAIL 0'])
    rig.moveService((await clusterDns()).endpoint)
    // Failures are remembered for 5 s.
    rig.pass(EXPIRY_MS)
    await expect.poll(() => seen(rig, 'a.cluster.local'), { timeout: 10_000 }).toBe('NOERROR 1')
  })

  it('answers with what has expired, with -serve-stale', async () => {
    const working = await clusterDns()
    const rig = await startCache(working.endpoint, '-serve-stale', '1h')
    expect(await seen(rig, 'a.cluster.local')).toBe('NOERROR 1')
    rig.moveService(await gone())
    await working.stop()
    rig.pass(EXPIRY_MS)
    expect(await Promise.all([seen(rig, 'a.cluster.local'), seen(rig, 'b.cluster.local')])).toEqual([
      'NOERROR 1',
      'SERVFAIL 0',
    ])
  })
})

interface Replica {
  readonly endpoint: Endpoint
  connections: number
  readonly queries: Set<Socket>
}

/** Answers over TCP; a replica that vanished answers nothing on the connections it has, and does not end them. */
async function startReplica(state: { vanished: ReadonlySet<Socket> }): Promise<Replica> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    replica.connections += 1
    sockets.add(socket)
    const splitter = createFrameSplitter((octets) => {
      replica.queries.add(socket)
      if (state.vanished.has(socket)) return
      socket.write(frameMessage(encodeMessage(response(decodeMessage(octets)))))
    })
    socket.on('data', (octets: Buffer) => splitter.push(octets)).on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server's address is this
  const { port } = server.address() as AddressInfo
  const replica: Replica = { endpoint: { address: '127.0.0.1', port }, connections: 0, queries: sockets }
  closers.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return replica
}

describe('startNodeCache() when a replica of the cluster DNS vanishes', () => {
  it('answers every query although its connections there stay silent for ever', async () => {
    const state = { vanished: new Set<Socket>() as ReadonlySet<Socket> }
    const replica = await startReplica(state)
    const rig = await startCache(replica.endpoint)
    const names = (round: string): string[] => Array.from({ length: 5 }, (_, at) => `${round}${at}.cluster.local`)
    expect(new Set(await Promise.all(names('before').map((name) => seen(rig, name))))).toEqual(new Set(['NOERROR 0']))
    state.vanished = new Set(replica.queries)
    expect(new Set(await Promise.all(names('after').map((name) => seen(rig, name))))).toEqual(new Set(['NOERROR 0']))
  })
})
