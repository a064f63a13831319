import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { decodeMessage, encodeMessage, query, response, type Message } from '../../dns/index.ts'
import { createSelfSigned } from '../../lab/cluster/self-signed.ts'
import { createFrameSplitter, frameMessage } from '../tcp-frames.ts'
import type { UpstreamResult, UpstreamSettings } from './client.ts'
import { StreamClient } from './stream-client.ts'

const closing: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close()
})

const QUERY = query({ name: 'www.example.org' })
const OPTIONS = { transport: 'tcp', readTimeoutMs: 2000, timeoutMs: 5000 } as const

interface Upstream {
  readonly port: number
  /** In the order they were accepted. */
  readonly connections: readonly Socket[]
}

/** A TCP server; `script` gets every message with its connection's number. */
async function listen(
  script: (message: Message, connection: Socket, index: number) => void,
  makeServer: (listener: (socket: Socket) => void) => Server = (listener) => createServer(listener),
): Promise<Upstream> {
  const connections: Socket[] = []
  const server = makeServer((socket) => {
    const index = connections.push(socket) - 1
    socket.on('error', () => socket.destroy())
    const splitter = createFrameSplitter((octets) => script(decodeMessage(octets), socket, index))
    socket.on('data', (chunk: Buffer) => splitter.push(chunk))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push({
    close: () => {
      for (const socket of connections) socket.destroy()
      server.close()
    },
  })
  return { port: (server.address() as AddressInfo).port, connections }
}

function connect(port: number, settings: Partial<UpstreamSettings> = {}): StreamClient {
  const to = { address: '127.0.0.1', port }
  const client = new StreamClient({
    scheme: 'dns',
    to,
    connectTo: to,
    tls: {},
    httpMethod: 'POST',
    expireMs: 10_000,
    maxAgeMs: 0,
    maxIdle: 0,
    ...settings,
  })
  closing.push(client)
  return client
}

function answer(message: Message, socket: Socket): void {
  socket.write(frameMessage(encodeMessage(response(message))))
}

function kindOf(result: UpstreamResult): string {
  return result.kind === 'failed' ? result.error.code : result.kind
}

describe('StreamClient', () => {
  it('uses a connection again for the next query', async () => {
    const upstream = await listen(answer)
    const client = connect(upstream.port)
    const results = [await client.exchange(QUERY, OPTIONS), await client.exchange(QUERY, OPTIONS)]
    expect(results).toMatchObject([
      { kind: 'response', protocol: 'tcp', reused: false },
      { kind: 'response', protocol: 'tcp', reused: true },
    ])
    expect(upstream.connections).toHaveLength(1)
  })

  it('gives queries at the same time connections of their own, so that a stuck one holds up no other', async () => {
    const upstream = await listen((message, socket) => {
      if (message.question[0]?.name !== 'stuck.example.org.') answer(message, socket)
    })
    const client = connect(upstream.port)
    const stuck = client.exchange(query({ name: 'stuck.example.org' }), { ...OPTIONS, readTimeoutMs: 200 })
    const others = await Promise.all(Array.from({ length: 5 }, () => client.exchange(QUERY, OPTIONS)))
    expect(others.map(kindOf)).toEqual(['response', 'response', 'response', 'response', 'response'])
    const result = await stuck
    expect(result.kind === 'failed' && result.error.message).toMatch(
      new RegExp(String.raw`^read tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:${upstream.port}: i/o timeout$`),
    )
  })

  it('asks again on a new connection when the upstream closed the kept one', async () => {
    let served = 0
    const upstream = await listen((message, socket) => {
      served += 1
      // The second query on the first connection meets its end.
      if (served === 2) socket.destroy()
      else answer(message, socket)
    })
    const client = connect(upstream.port)
    await client.exchange(QUERY, OPTIONS)
    const result = await client.exchange(QUERY, OPTIONS)
    expect(result).toMatchObject({ kind: 'response', reused: false })
    expect(upstream.connections).toHaveLength(2)
  })

  it('forgets a kept connection that was closed while idle', async () => {
    const upstream = await listen(answer)
    const client = connect(upstream.port)
    await client.exchange(QUERY, OPTIONS)
    const [first] = upstream.connections
    first?.end()
    if (first !== undefined) await once(first, 'close')
    expect(await client.exchange(QUERY, OPTIONS)).toMatchObject({ kind: 'response', reused: false })
  })

  it('finds a kept connection dead without a sign by asking on a new one as well', async () => {
    const upstream = await listen((message, socket, index) => {
      if (index > 0 || message.question[0]?.name === 'first.example.org.') answer(message, socket)
    })
    const client = connect(upstream.port)
    // The clock jumps, timers do not: a short one is needed to notice.
    await client.exchange(query({ name: 'first.example.org' }), { ...OPTIONS, readTimeoutMs: 500 })
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 5000)
    const result = await client.exchange(QUERY, { ...OPTIONS, timeoutMs: 60_000 })
    vi.restoreAllMocks()
    expect(kindOf(result)).toBe('response')
    expect(upstream.connections).toHaveLength(2)
  })

  it('says EOF when the upstream closes without an answer', async () => {
    const upstream = await listen((_message, socket) => socket.end())
    const result = await connect(upstream.port).exchange(QUERY, OPTIONS)
    expect(result.kind === 'failed' && result.error.message).toMatch(/^read tcp .*: EOF$/)
  })

  it('says that nobody listens', async () => {
    const upstream = await listen(answer)
    await closing.pop()?.close()
    const result = await connect(upstream.port).exchange(QUERY, OPTIONS)
    expect(result.kind === 'failed' && result.error.message).toBe(
      `dial tcp 127.0.0.1:${upstream.port}: connect: connection refused`,
    )
  })

  it('takes answers in any order and passes over ids that it did not ask under', async () => {
    const upstream = await listen((message, socket) => {
      socket.write(frameMessage(encodeMessage({ ...response(message), id: message.id ^ 1 })))
      answer(message, socket)
    })
    expect(kindOf(await connect(upstream.port).exchange(QUERY, OPTIONS))).toBe('response')
  })

  it('tells a lie and a malformed message at once', async () => {
    const upstream = await listen((message, socket, index) => {
      const octets = encodeMessage({ ...response(message), question: [{ name: 'evil.', type: 'A', class: 'IN' }] })
      socket.write(frameMessage(index === 0 ? octets : octets.subarray(0, 14)))
    })
    expect(kindOf(await connect(upstream.port).exchange(QUERY, OPTIONS))).toBe('other-question')
    const client = connect(upstream.port)
    expect(kindOf(await client.exchange(QUERY, OPTIONS))).toBe('malformed')
  })

  it('opens a new connection for one that is over its age', async () => {
    const upstream = await listen(answer)
    const client = connect(upstream.port, { maxAgeMs: 0.001 })
    await client.exchange(QUERY, OPTIONS)
    expect(await client.exchange(QUERY, OPTIONS)).toMatchObject({ kind: 'response', reused: false })
    expect(upstream.connections).toHaveLength(2)
  })

  it('keeps no more idle connections than it is told', async () => {
    const upstream = await listen(answer)
    const client = connect(upstream.port, { maxIdle: 1 })
    await Promise.all([
      client.exchange(QUERY, OPTIONS),
      client.exchange(QUERY, OPTIONS),
      client.exchange(QUERY, OPTIONS),
    ])
    await vi.waitUntil(
      () => upstream.connections.filter((socket) => socket.readableEnded || socket.destroyed).length === 2,
      { timeout: 10_000 },
    )
    expect(upstream.connections).toHaveLength(3)
  })

  it('shares connections once there are too many', async () => {
    const upstream = await listen(answer)
    const client = connect(upstream.port)
    const results = await Promise.all(Array.from({ length: 600 }, () => client.exchange(QUERY, OPTIONS)))
    expect(new Set(results.map(kindOf))).toEqual(new Set(['response']))
    expect(upstream.connections.length).toBeLessThanOrEqual(256)
  })

  it('shares connections before it opens many, and writes the queries of a turn together', async () => {
    const chunks: number[] = []
    const upstream = await listen(answer)
    const client = connect(upstream.port)
    const burst = (count: number): Promise<UpstreamResult[]> =>
      Promise.all(Array.from({ length: count }, (_, index) => client.exchange(query({ name: `n${index}.` }), OPTIONS)))
    await burst(8)
    for (const socket of upstream.connections) socket.on('data', (chunk: Buffer) => chunks.push(chunk.length))
    const results = await burst(100)
    expect(results.map((result) => result.kind === 'response' && result.message.question[0]?.name)).toEqual(
      Array.from({ length: 100 }, (_, index) => `n${index}.`),
    )
    expect(upstream.connections).toHaveLength(8)
    expect(chunks).toHaveLength(8)
  })

  it('asks again, once each, when a connection is lost with several queries on it', async () => {
    let isBroken = false
    const upstream = await listen((message, socket, index) => {
      if (isBroken && index < 8) socket.resetAndDestroy()
      else answer(message, socket)
    })
    const client = connect(upstream.port)
    const burst = (count: number): Promise<UpstreamResult[]> =>
      Promise.all(Array.from({ length: count }, () => client.exchange(QUERY, OPTIONS)))
    await burst(8)
    isBroken = true
    const results = await burst(100)
    expect(new Set(results.map(kindOf))).toEqual(new Set(['response']))
    expect(upstream.connections.length).toBeGreaterThan(8)
    expect(upstream.connections.length).toBeLessThanOrEqual(24)
  })

  it('asks on another connection as well when a query in front of others is stuck', async () => {
    const held = new Set<number>()
    // Answers in order: nothing more on a connection once a query on it is stuck.
    const upstream = await listen((message, socket, index) => {
      if (message.question[0]?.name === 'stuck.') held.add(index)
      if (!held.has(index)) answer(message, socket)
    })
    const client = connect(upstream.port)
    await Promise.all(Array.from({ length: 8 }, () => client.exchange(QUERY, OPTIONS)))
    const names = ['stuck.', ...Array.from({ length: 30 }, (_, index) => `n${index}.`)]
    const [stuck, ...others] = names.map((name) =>
      client.exchange(query({ name }), { ...OPTIONS, readTimeoutMs: 1000 }),
    )
    expect(new Set((await Promise.all(others)).map(kindOf))).toEqual(new Set(['response']))
    expect(kindOf((await stuck) ?? expect.unreachable())).toBe('timeout')
  })

  it('ends what waits when it is closed', async () => {
    const upstream = await listen(() => {})
    const client = connect(upstream.port)
    const result = client.exchange(QUERY, OPTIONS)
    await client.close()
    expect(kindOf(await result)).toBe('shut-down')
  })
})

describe('StreamClient over TLS', () => {
  const { cert, key } = createSelfSigned(['dns.example.org', '127.0.0.1'], Date.now)
  const tlsServer = (listener: (socket: Socket) => void): Server =>
    createTlsServer({ cert, key, ALPNProtocols: ['dot'] }, listener)

  it('asks an upstream whose certificate has the name', async () => {
    const upstream = await listen(answer, tlsServer)
    const client = connect(upstream.port, { scheme: 'tls', tls: { ca: cert, serverName: 'dns.example.org' } })
    expect(await client.exchange(QUERY, OPTIONS)).toMatchObject({
      kind: 'response',
      protocol: 'tcp-tls',
      reused: false,
    })
    expect(await client.exchange(QUERY, OPTIONS)).toMatchObject({ kind: 'response', protocol: 'tcp-tls', reused: true })
  })

  it('takes the address for the name when it is told none', async () => {
    const upstream = await listen(answer, tlsServer)
    const client = connect(upstream.port, { scheme: 'tls', tls: { ca: cert } })
    expect(kindOf(await client.exchange(QUERY, OPTIONS))).toBe('response')
  })

  it.each([
    { title: 'an unknown authority', tls: { serverName: 'dns.example.org' } },
    { title: 'another name', tls: { ca: cert, serverName: 'other.example.org' } },
  ])('refuses a certificate with $title', async ({ tls }) => {
    const upstream = await listen(answer, tlsServer)
    const result = await connect(upstream.port, { scheme: 'tls', tls }).exchange(QUERY, OPTIONS)
    expect(kindOf(result)).toBe('tls')
    expect(result.kind === 'failed' && result.error.message).toMatch(/^tls: /)
  })
})
