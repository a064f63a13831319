import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { decodeMessage, encodeMessage, parseRecord, query, response, type Message } from '../../dns/index.ts'
import {
  startScriptedServer,
  type Reaction,
  type ScriptedQuery,
  type ScriptedServer,
} from '../../../test/support/scripted-server.ts'
import type { UpstreamClient, UpstreamResult, UpstreamSettings } from './client.ts'
import type { Endpoint } from '../exchange-result.ts'
import { UdpClient } from './udp-client.ts'
import type { UdpPath } from './open-udp-port.ts'

const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close()
})

const QUERY = query({ name: 'www.example.org' })
const PATHS = ['batches', 'dgram'] as const satisfies readonly UdpPath[]
let path: UdpPath = 'batches'
const OPTIONS = { transport: 'udp', readTimeoutMs: 2000, timeoutMs: 5000 } as const

function answer(to: Message): Message {
  return response(to, { answer: [parseRecord('www.example.org. 60 IN A 192.0.2.1')] })
}

async function start(
  script: (query: ScriptedQuery) => readonly Reaction[],
  settings: Partial<UpstreamSettings> = {},
): Promise<{ client: UpstreamClient; server: ScriptedServer }> {
  const server = await startScriptedServer(script)
  const client = clientOf({ address: server.address, port: server.port }, settings)
  closing.push(client, server)
  return { client, server }
}

function clientOf(to: Endpoint, settings: Partial<UpstreamSettings> = {}): UpstreamClient {
  const defaults = { tls: {}, httpMethod: 'POST', expireMs: 10_000, maxAgeMs: 0, maxIdle: 0 } as const
  return new UdpClient({ scheme: 'dns', to, connectTo: to, ...defaults, ...settings }, path)
}

function kindOf(result: UpstreamResult): string {
  return result.kind === 'failed' ? result.error.code : result.kind
}

describe.each(PATHS)('UdpClient over %s', (tested) => {
  beforeAll(() => {
    path = tested
  })

  it('gives the response with its records', async () => {
    const { client } = await start(({ message }) => [{ kind: 'send', message: answer(message) }])
    const result = await client.exchange(QUERY, OPTIONS)
    expect(result).toMatchObject({ kind: 'response', protocol: 'udp', reused: false })
    expect(result.kind === 'response' && result.message.answer).toHaveLength(1)
  })

  it('keeps waiting after datagrams that are not the response', async () => {
    const { client } = await start(({ message }) => {
      const right = answer(message)
      return [
        { kind: 'send', message: { ...right, id: right.id ^ 1 } },
        { kind: 'send-octets', octets: encodeMessage(right).subarray(0, 20) },
        { kind: 'send', message: { ...right, question: [{ name: 'evil.example.', type: 'A', class: 'IN' }] } },
        { kind: 'send', message: { ...right, flags: { ...right.flags, qr: false } } },
        { kind: 'send-from-elsewhere', octets: encodeMessage({ ...right, rcode: 'NXDOMAIN' }) },
        { kind: 'send', message: right },
      ]
    })
    const result = await client.exchange(QUERY, OPTIONS)
    expect(result.kind === 'response' && result.message.rcode).toBe('NOERROR')
  })

  it('takes a response whose question has other case', async () => {
    const { client } = await start(({ message }) => [
      {
        kind: 'send',
        message: { ...answer(message), question: [{ name: 'WWW.EXAMPLE.org.', type: 'A', class: 'IN' }] },
      },
    ])
    expect(kindOf(await client.exchange(QUERY, OPTIONS))).toBe('response')
  })

  it('takes an error without a question and gives it the question', async () => {
    const { client } = await start(({ message }) => [
      { kind: 'send', message: { ...response(message, { rcode: 'FORMERR' }), question: [] } },
    ])
    const result = await client.exchange(QUERY, OPTIONS)
    expect(result.kind === 'response' && result.message.question).toEqual(QUERY.question)
  })

  it('says that the upstream answers another question when nothing else came', async () => {
    const { client } = await start(({ message }) => [
      { kind: 'send', message: { ...answer(message), question: [{ name: 'evil.example.', type: 'A', class: 'IN' }] } },
    ])
    expect(kindOf(await client.exchange(QUERY, { ...OPTIONS, readTimeoutMs: 50 }))).toBe('other-question')
  })

  it('names both ends when the upstream is silent', async () => {
    const { client, server } = await start(() => [])
    const result = await client.exchange(QUERY, { ...OPTIONS, readTimeoutMs: 30 })
    expect(result.kind === 'failed' && result.error.message).toMatch(
      new RegExp(String.raw`^read udp 127\.0\.0\.1:\d+->127\.0\.0\.1:${server.port}: i/o timeout$`),
    )
  })

  it('hears at once that nobody listens', async () => {
    const { client, server } = await start(() => [])
    await server.close()
    closing.pop()
    const result = await client.exchange(QUERY, OPTIONS)
    expect(result).toMatchObject({ kind: 'failed', error: { code: 'refused' } })
    expect(result.kind === 'failed' && result.error.message).toMatch(/^(?:read|write) udp .*: connection refused$/)
  })

  it('sends queries under ids that do not repeat, and leaves a port after 64 of them', async () => {
    const ids = new Set<number>()
    const { client, server } = await start(({ message }) => {
      ids.add(message.id)
      return [{ kind: 'send', message: answer(message) }]
    })
    let since = 0
    const uses: number[] = []
    for (let count = 0; count < 200; count += 1) {
      const { reused } = await client.exchange(QUERY, OPTIONS)
      since = reused ? since + 1 : 1
      uses.push(since)
    }
    expect(server.queries).toHaveLength(200)
    expect(ids.size).toBeGreaterThan(190)
    expect(Math.max(...uses)).toBeLessThanOrEqual(64)
  })

  it('leaves a port after a tenth of a second', async () => {
    const { client } = await start(({ message }) => [{ kind: 'send', message: answer(message) }])
    const now = vi.spyOn(performance, 'now')
    const reused: boolean[] = []
    for (const at of [1000, 1050, 1099, 1101]) {
      now.mockReturnValue(at)
      reused.push((await client.exchange(QUERY, OPTIONS)).reused)
    }
    now.mockRestore()
    expect(reused).toEqual([false, true, true, false])
  })

  it('gives an empty response with TC where a datagram is longer than its buffer', async () => {
    const { client } = await start(({ message }) => {
      const records = Array.from({ length: 30 }, () => parseRecord(`www.example.org. 60 IN TXT "${'x'.repeat(250)}"`))
      return [{ kind: 'send', message: response(message, { answer: records }) }]
    })
    // The first datagram of a batch comes through Node, which has room for all of it.
    const results = await Promise.all([client.exchange(QUERY, OPTIONS), client.exchange(QUERY, OPTIONS)])
    for (const result of results) {
      expect(result).toMatchObject({ kind: 'response', message: { rcode: 'NOERROR', question: QUERY.question } })
      if (result.kind !== 'response') return expect.unreachable()
      const { answer: records, flags } = result.message
      expect(records).toHaveLength(flags.tc ? 0 : 30)
    }
  })

  it('refuses a query that is longer than its buffer', async () => {
    const { client } = await start(() => [])
    const additional = Array.from({ length: 20 }, () => parseRecord(`. 60 IN TXT "${'x'.repeat(250)}"`))
    expect(kindOf(await client.exchange({ ...QUERY, additional }, OPTIONS))).toBe('too-large')
  })

  it('carries more queries at a time than it opens sockets, each with its own answer', async () => {
    const total = 400
    const held: { readonly message: Message; readonly port: number }[] = []
    const server = createSocket('udp4')
    server.on('message', (octets, from) => {
      held.push({ message: decodeMessage(octets), port: from.port })
      if (held.length < total) return
      for (const { message, port } of held) server.send(encodeMessage(response(message)), port, from.address)
    })
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address()
    const client = clientOf({ address: '127.0.0.1', port })
    closing.push(client, { close: () => new Promise<void>((resolve) => server.close(() => resolve())) })

    const results: PromiseLike<UpstreamResult>[] = []
    while (results.length < total) {
      const name = `n${results.length}.example.org`
      results.push(client.exchange(query({ name }), OPTIONS))
      // The server's receive buffer holds a few hundred datagrams only.
      if (results.length % 50 === 0) await vi.waitUntil(() => held.length === results.length || held.length === total)
    }
    const names = (await Promise.all(results)).map(
      (result) => result.kind === 'response' && result.message.question[0]?.name,
    )
    expect(names).toEqual(Array.from({ length: total }, (_, index) => `n${index}.example.org.`))
    expect(new Set(held.map((one) => one.port)).size).toBeGreaterThanOrEqual(total / 64)
  })

  it('opens no more sockets when none of them ever gets an answer', async () => {
    const ports = new Set<number>()
    const server = createSocket('udp4')
    server.on('message', (_octets, from) => ports.add(from.port))
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address()
    const client = clientOf({ address: '127.0.0.1', port })
    closing.push(client, { close: () => new Promise<void>((resolve) => server.close(() => resolve())) })
    // Each wave begins while the one before it times out.
    const waves = Array.from({ length: 4 }, (_, wave) =>
      Array.from({ length: 300 }, () => client.exchange(QUERY, { ...OPTIONS, readTimeoutMs: 100 + 30 * wave })),
    )
    const results = await Promise.all(waves.flat())
    expect(new Set(results.map(kindOf))).toEqual(new Set(['timeout']))
    expect(ports.size).toBeLessThanOrEqual(256)
  })

  it('ends what waits when it is closed', async () => {
    const { client } = await start(() => [])
    const result = client.exchange(QUERY, OPTIONS)
    await client.close()
    expect(kindOf(await result)).toBe('shut-down')
    expect(kindOf(await client.exchange(QUERY, OPTIONS))).toBe('shut-down')
  })

  it('says why it cannot send from a foreign source address', async () => {
    const { client } = await start(() => [], { sourceAddress: '192.0.2.77' })
    const result = await client.exchange(QUERY, OPTIONS)
    expect(result.kind === 'failed' && result.error.message).toMatch(
      /^dial udp .*: connect: cannot assign requested address$/,
    )
  })
})
