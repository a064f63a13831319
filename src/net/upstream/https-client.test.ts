import { once } from 'node:events'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { decodeMessage, encodeMessage, query, response } from '../../dns/index.ts'
import { createSelfSigned } from '../../lab/cluster/self-signed.ts'
import type { UpstreamResult, UpstreamSettings } from './client.ts'
import { HttpsClient } from './https-client.ts'

const closing: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close()
})

const { cert, key } = createSelfSigned(['dns.example.org', '127.0.0.1'], Date.now)
const QUERY = query({ name: 'www.example.org', id: 77 })
const OPTIONS = { transport: 'udp', readTimeoutMs: 2000, timeoutMs: 5000 } as const

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly authority: string | undefined
  readonly id: number
}

type Respond = (octets: Uint8Array, reply: ServerResponse | Http2ServerResponse) => void

async function listen(
  version: 1 | 2,
  respond: Respond,
): Promise<{ readonly port: number; readonly seen: readonly Seen[] }> {
  const seen: Seen[] = []
  const handle = async (
    request: Http2ServerRequest | IncomingMessage,
    reply: ServerResponse | Http2ServerResponse,
  ): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = /[?&]dns=([^&]*)/.exec(request.url ?? '')?.[1]
    const octets = text === undefined ? Buffer.concat(chunks) : Buffer.from(text, 'base64url')
    const authority = request.headers[':authority']
    seen.push({
      method: request.method,
      url: request.url?.replace(/\?.*/, ''),
      authority: typeof authority === 'string' ? authority : request.headers.host,
      id: decodeMessage(octets).id,
    })
    respond(octets, reply)
  }
  const listener = (
    request: Http2ServerRequest | IncomingMessage,
    reply: ServerResponse | Http2ServerResponse,
  ): void => {
    void handle(request, reply)
  }
  const server: Server =
    version === 2 ? createSecureServer({ cert, key }, listener) : createServer({ cert, key }, listener)
  const sockets = new Set<{ destroy(): unknown }>()
  server.on('connection', (socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push({
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

function connect(port: number, settings: Partial<UpstreamSettings> = {}): HttpsClient {
  const to = { address: '127.0.0.1', port }
  const client = new HttpsClient({
    scheme: 'https',
    to,
    connectTo: to,
    tls: { ca: cert, serverName: 'dns.example.org' },
    httpMethod: 'POST',
    expireMs: 10_000,
    maxAgeMs: 0,
    maxIdle: 0,
    ...settings,
  })
  closing.push(client)
  return client
}

const answer: Respond = (octets, reply) => {
  reply.setHeader('content-type', 'application/dns-message')
  reply.end(encodeMessage(response(decodeMessage(octets))))
}

function kindOf(result: UpstreamResult): string {
  return result.kind === 'failed' ? result.error.code : result.kind
}

describe.each([1, 2] as const)('HttpsClient over HTTP/%d', (version) => {
  it.each(['GET', 'POST'] as const)('sends queries by %s under id 0 to /dns-query', async (httpMethod) => {
    const server = await listen(version, answer)
    const client = connect(server.port, { httpMethod })
    const results = [await client.exchange(QUERY, OPTIONS), await client.exchange(QUERY, OPTIONS)]
    expect(results).toMatchObject([
      { kind: 'response', protocol: 'https', reused: false },
      { kind: 'response', protocol: 'https', reused: true },
    ])
    const authority = `dns.example.org:${server.port}`
    expect(server.seen).toEqual([
      { method: httpMethod, url: '/dns-query', authority, id: 0 },
      { method: httpMethod, url: '/dns-query', authority, id: 0 },
    ])
  })

  it('carries many queries at a time', async () => {
    const server = await listen(version, answer)
    const client = connect(server.port)
    const results = await Promise.all(Array.from({ length: 50 }, () => client.exchange(QUERY, OPTIONS)))
    expect(new Set(results.map(kindOf))).toEqual(new Set(['response']))
  })

  it('says which status it got', async () => {
    const server = await listen(version, (_octets, reply) => {
      reply.statusCode = 503
      reply.end()
    })
    const result = await connect(server.port).exchange(QUERY, OPTIONS)
    expect(result.kind === 'failed' && result.error.message).toBe(`https 127.0.0.1:${server.port}: HTTP status 503`)
  })

  it('refuses a body that is no message, too long a one, and an answer to another question', async () => {
    const bodies = [
      Buffer.from('<html>'),
      Buffer.alloc(70_000),
      encodeMessage(response(query({ name: 'evil.example' }))),
    ]
    const server = await listen(version, (_octets, reply) => reply.end(bodies.shift() ?? ''))
    const client = connect(server.port)
    const kinds: string[] = []
    for (let count = 0; count < 3; count += 1) kinds.push(kindOf(await client.exchange(QUERY, OPTIONS)))
    expect(kinds).toEqual(['malformed', 'too-large', 'other-question'])
  })

  it('gives up on silence and on a certificate with another name', async () => {
    const server = await listen(version, () => {})
    expect(kindOf(await connect(server.port).exchange(QUERY, { ...OPTIONS, readTimeoutMs: 50 }))).toBe('timeout')
    const wrong = connect(server.port, { tls: { ca: cert, serverName: 'other.example.org' } })
    expect(kindOf(await wrong.exchange(QUERY, OPTIONS))).toBe('tls')
  })
})

describe('HttpsClient', () => {
  it('opens a new connection when the server closed the old one', async () => {
    const first = await listen(2, answer)
    const client = connect(first.port)
    expect(kindOf(await client.exchange(QUERY, OPTIONS))).toBe('response')
    const restarted = closing.splice(0, 1)
    await restarted[0]?.close()
    expect(kindOf(await client.exchange(QUERY, OPTIONS))).toBe('refused')
  })

  it('ends when it is closed', async () => {
    const server = await listen(2, () => {})
    const client = connect(server.port)
    const waiting = client.exchange(QUERY, OPTIONS)
    while (server.seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await client.close()
    expect((await waiting).kind).toBe('failed')
    expect(kindOf(await client.exchange(QUERY, OPTIONS))).toBe('shut-down')
  })
})
