// Several threads that answer, in a real server: the same answers as one thread, never an old one, none lost.
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BroadcastChannel } from 'node:worker_threads'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { namespace, service, slice } from '../../../test/support/cluster.ts'
import { startFakeApi } from '../../../test/support/fake-api.ts'
import type { FakeApi, FakeObject } from '../../../test/support/fake-api.ts'
import { startQueryClients } from '../../../test/support/query-clients.ts'
import { startRig } from '../../../test/support/server-rig.ts'
import type { ServerRig } from '../../../test/support/server-rig.ts'
import { Stamp } from '../../base/index.ts'
import { encodeMessage, query } from '../../dns/index.ts'
import { whyNoBatches } from '../../net/listen/index.ts'
import { PLUGINS } from '../../plugins/index.ts'
import type { Plugin, PluginRegistry } from '../index.ts'
import { respond } from '../respond.ts'

const ROOT = join(import.meta.dirname, '../../..')
const SERVICES = '/api/v1/services'
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices'
const COUNTED = [
  'coredns_dns_requests_total',
  'coredns_dns_responses_total',
  'coredns_dns_request_duration_seconds_count',
  'coredns_dns_response_size_bytes_count',
]
const CRASH = 'crash of an answering thread'

let folder: string
let program: URL
let api: FakeApi
let rig: ServerRig
let corefile: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fathom-answer-thread-'))
  // The thread finds the addon there.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const outfile = join(folder, 'answer-thread.mjs')
  const contents = `
    import './answer-thread.ts'
    import { BroadcastChannel } from 'node:worker_threads'
    const channel = new BroadcastChannel('${CRASH}')
    channel.onmessage = () => { throw new Error('told to die') }
    channel.unref()
  `
  const options = { bundle: true, format: 'esm', platform: 'node', target: 'node20.19', packages: 'external' } as const
  await build({ ...options, stdin: { contents, resolveDir: import.meta.dirname }, outfile })
  program = pathToFileURL(outfile)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeEach(async () => {
  api = await startFakeApi()
  put('/api/v1/namespaces', namespace('shop'))
  put(SERVICES, service('shop/web', { clusterIP: '10.0.0.1' }))
  put(SERVICES, service('shop/db', { clusterIP: 'None' }))
  put(
    SLICES,
    slice(
      'shop/db',
      Array.from({ length: 10 }, (_, index) => ({ ip: `10.1.0.${index + 1}` })),
    ),
  )
})

afterEach(async () => {
  await rig.server.stop({ atOnce: true })
  await api.close()
})

function put(path: string, object: unknown): void {
  api.put(path, object as FakeObject)
}

async function start(count: number | undefined, directives = ''): Promise<void> {
  corefile = `.:53 {
    errors
    prometheus 127.0.0.1:0
    ${directives}
    loadbalance
    kubernetes cluster.local in-addr.arpa {
      endpoint ${api.url}
    }
  }`
  rig = await startRig(() => corefile, { plugins: PLUGINS, threads: { program, count } })
}

function messageFor(name: string, type = 'A'): Uint8Array {
  return encodeMessage(query({ name, type }))
}

const WEB = messageFor('web.shop.svc.cluster.local.')
const NONE = messageFor('no.shop.svc.cluster.local.')

/** Asks from many ports until everybody is answered from what is kept. */
async function warm(messages: readonly Uint8Array[]): Promise<readonly (readonly string[])[]> {
  const clients = startQueryClients({ port: rig.endpoint().port, messages, times: 4 * messages.length })
  const seen = await clients.done
  expect(clients.lost()).toBe(0)
  return seen
}

/** More answers than can be on their way: so many clients have one query each. */
const MANY = 100

/** Whether many queries are answered while this thread, the server's main one, is held for `limitMs` at most. */
function isAnsweredWhileBusy(answered: () => number, limitMs = 2500): boolean {
  const before = answered()
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  for (let left = limitMs; left > 0 && answered() - before < MANY; left -= 10) Atomics.wait(sleeper, 0, 0, 10)
  return answered() - before >= MANY
}

describe.skipIf(whyNoBatches() !== undefined)('several threads', () => {
  it('give the answers that one thread gives, and count each once', async () => {
    const questions = [
      ['web.shop.svc.cluster.local.', 'A'],
      ['WEB.shop.svc.Cluster.local.', 'AAAA'],
      ['_http._tcp.web.shop.svc.cluster.local.', 'SRV'],
      ['no.shop.svc.cluster.local.', 'A'],
      ['1.0.0.10.in-addr.arpa.', 'PTR'],
      ['10-1-0-1.shop.pod.cluster.local.', 'A'],
      ['cluster.local.', 'SOA'],
    ] as const
    const messages = questions.map(([name, type]) => messageFor(name, type))
    const seen: unknown[] = []
    for (const count of [1, 2, 4]) {
      await start(count)
      seen.push(await warm(messages))
      const asked = 24 * 4 * messages.length
      const sums = (): number[] => COUNTED.map((metric) => sumOf(rig.server.metrics.render(), metric))
      // A thread counts the time of a batch after it has sent it.
      await vi.waitFor(() => expect(sums(), `${count} threads`).toEqual(COUNTED.map(() => asked)))
      await rig.server.stop()
    }
    // SOA serials differ from start to start.
    const withoutSerials = seen.map((one) => JSON.stringify(one).replaceAll(/[0-9a-f]{8}00001c20/g, ''))
    expect(new Set(withoutSerials).size).toBe(1)
  })

  it('shuffle the addresses of a headless Service too', async () => {
    await start(2)
    const [orders = []] = await warm([messageFor('db.shop.svc.cluster.local.')])
    expect(orders.length).toBeGreaterThan(20)
    expect(new Set(orders.map((hex) => (hex.match(/../g) ?? []).toSorted().join(''))).size).toBe(1)
  })

  it.each([
    { how: '-workers 2', count: 2, directive: '' },
    // Never more threads than processors.
    ...(availableParallelism() < 2 ? [] : [{ how: 'multisocket 2', count: undefined, directive: 'multisocket 2' }]),
  ])('answer from what is kept while the main thread is busy: $how', async ({ count, directive }) => {
    await start(count, directive)
    await warm([WEB])
    const clients = startQueryClients({ port: rig.endpoint().port, messages: [WEB] })
    await vi.waitFor(() => expect(clients.answered()).toBeGreaterThan(100))
    expect(isAnsweredWhileBusy(clients.answered)).toBe(true)
    await clients.stop()
    expect(clients.lost()).toBe(0)
  })

  it('never give an answer that is older than what was visible when the query was sent', async () => {
    const version = new Int32Array(new SharedArrayBuffer(4))
    const stamp = new Stamp()
    rig = await startRig('. {\n whoami\n}', { plugins: counter(version, stamp), threads: { program, count: 3 } })
    const clients = startQueryClients({ port: rig.endpoint().port, messages: [WEB, messageFor('b.')], version })
    let changes = 0
    for (const before = performance.now(); performance.now() - before < 1000;) {
      for (let burst = 0; burst < 3; burst += 1) {
        stamp.change()
        Atomics.add(version, 0, 1)
        changes += 1
      }
      await new Promise(setImmediate)
    }
    await clients.stop()
    expect(clients.lost()).toBe(0)
    expect(clients.violations()).toBe(0)
    expect(clients.answered()).toBeGreaterThan(100)
    expect(changes).toBeGreaterThan(100)
  })

  it('all show a change of the cluster as soon as one does', async () => {
    await start(3)
    await warm([WEB])
    for (let change = 1; change <= 5; change += 1) {
      const address = `10.0.7.${change}`
      put(SERVICES, service('shop/web', { clusterIP: address }))
      await vi.waitFor(async () => {
        const { answer } = await rig.ask({ name: 'web.shop.svc.cluster.local.', type: 'A' })
        expect(answer).toMatchObject([{ rdata: { address } }])
      })
      const [texts = []] = await warm([WEB])
      expect(texts).toEqual([expect.stringMatching(new RegExp(`0a0007${change.toString(16).padStart(2, '0')}$`))])
    }
  })

  it('lose no query when the Corefile is read again, and serve its new listeners', async () => {
    await start(3)
    await warm([WEB])
    const clients = startQueryClients({
      port: rig.endpoint().port,
      messages: [WEB, NONE],
    })
    for (let reload = 0; reload < 5; reload += 1) {
      await rig.server.reload()
      const before = clients.answered()
      await vi.waitFor(() => expect(clients.answered()).toBeGreaterThan(before + 200))
    }
    corefile += '\nexample.org:54 {\n hosts {\n 192.0.2.1 a.example.org\n }\n}'
    await rig.server.reload()
    const { port } = rig.endpoint('dns://:54')
    const fresh = startQueryClients({ port, messages: [messageFor('a.example.org.')] })
    await vi.waitFor(() => expect(fresh.answered()).toBeGreaterThan(200))
    expect(isAnsweredWhileBusy(fresh.answered)).toBe(true)
    await Promise.all([clients.stop(), fresh.stop()])
    expect(clients.lost() + fresh.lost()).toBe(0)
  })

  it.skipIf(availableParallelism() < 2)(
    'become more when a reload brings multisocket, without a lost query',
    async () => {
      await start(undefined)
      await warm([WEB])
      const clients = startQueryClients({ port: rig.endpoint().port, messages: [WEB] })
      await vi.waitFor(() => expect(clients.answered()).toBeGreaterThan(100))
      corefile = corefile.replace('loadbalance', 'loadbalance\n multisocket 2')
      await rig.server.reload()
      const mostWaits = { timeout: 20_000, interval: 200 }
      await vi.waitFor(() => expect(isAnsweredWhileBusy(clients.answered, 500)).toBe(true), mostWaits)
      await clients.stop()
      expect(clients.lost()).toBe(0)
    },
  )

  it('lose no query when one of them dies, and are as many as before soon after', async () => {
    await start(2)
    await warm([WEB])
    const clients = startQueryClients({
      port: rig.endpoint().port,
      messages: [WEB, NONE],
    })
    await vi.waitFor(() => expect(clients.answered()).toBeGreaterThan(200))
    const channel = new BroadcastChannel(CRASH)
    for (let death = 1; death <= 3; death += 1) {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel, not a window
      channel.postMessage('die')
      await vi.waitFor(() => expect(rig.output().match(/told to die/g)).toHaveLength(death), { timeout: 5000 })
      const before = clients.answered()
      await vi.waitFor(() => expect(clients.answered()).toBeGreaterThan(before + 200))
      const mostWaits = { timeout: 20_000, interval: 200 }
      await vi.waitFor(() => expect(isAnsweredWhileBusy(clients.answered, 500)).toBe(true), mostWaits)
    }
    channel.close()
    await clients.stop()
    expect(clients.lost()).toBe(0)
    expect(rig.output()).toContain(
      '[ERROR] Thread 2 died and is started again, the main thread answers meanwhile: told to die',
    )
  })

  it('answer on through the lameduck time, and what has come when it is over', async () => {
    await start(2, 'health 127.0.0.1:0 {\n lameduck 1s\n }')
    await warm([WEB])
    const { port } = rig.endpoint()
    const clients = startQueryClients({ port, messages: [WEB, NONE] })
    const stopped = rig.server.stop()
    await vi.waitFor(() => expect(clients.answered()).toBeGreaterThan(500))
    await clients.stop()
    expect(clients.lost()).toBe(0)
    await stopped
  })

  it('answer what is queued at their sockets when the server stops', async () => {
    await start(3)
    await warm([WEB])
    const { port } = rig.endpoint()
    const sockets = await Promise.all(Array.from({ length: 60 }, openClient))
    const answers = sockets.map((socket) => once(socket, 'message'))
    const names = ['web', 'no', 'db'].map((name) => messageFor(`${name}.shop.svc.cluster.local.`))
    // Sent in this turn of the loop, so that it is in the kernel before anything is closed.
    for (const [index, socket] of sockets.entries()) socket.send(names[index % 3] ?? WEB, port, '127.0.0.1')
    await new Promise(setImmediate)
    await rig.server.stop()
    expect(await Promise.all(answers)).toHaveLength(60)
    for (const socket of sockets) socket.close()
  })

  it('leave the port free when the server stops', async () => {
    await start(4)
    await warm([WEB])
    const { port } = rig.endpoint()
    await rig.server.stop()
    const socket = createSocket('udp4')
    socket.bind(port, '127.0.0.1')
    await once(socket, 'listening')
    expect(socket.address().port).toBe(port)
    socket.close()
  })
})

/** Answers with the version as an address; kept while the stamp stays. */
function counter(version: Int32Array, stamp: Stamp): PluginRegistry {
  const plugin: Plugin<void> = {
    name: 'whoami',
    parse: () => {},
    create: () => ({
      handler(request) {
        const now = Atomics.load(version, 0)
        const address = [24, 16, 8, 0].map((shift) => (now >>> shift) & 255).join('.')
        const { name } = request.question
        const record = { name, class: 'IN', type: 'A', ttl: 5, rdata: { type: 'A', address } } as const
        return respond(request, { by: 'whoami', answer: [record], keep: () => ({ stamp }) })
      },
    }),
  }
  return { whoami: async () => plugin }
}

async function openClient(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

function sumOf(text: string, metric: string): number {
  const values = text.split('\n').filter((line) => line.startsWith(`${metric}{`))
  return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
