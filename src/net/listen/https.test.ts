import { connect as connectHttp2, constants } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import type { RequestOptions } from 'node:https'
import { afterEach, describe, expect, it } from 'vitest'
import { createSelfSigned } from '../../lab/cluster/self-signed.ts'
import { encodeMessage, parseRecord, query } from '../../dns/index.ts'
import { decodeMessage } from '../../dns/index.ts'
import { openHttpsListener } from './https.ts'
import type { HttpsListener } from './https.ts'
import type { Responder } from './responder.ts'

const CERTIFICATE = createSelfSigned(['localhost', '127.0.0.1'], Date.now)
const MEDIA_TYPE = 'application/dns-message'
const QUERY = encodeMessage(query({ name: 'www.example.org' }))

/** Answers with two addresses; what is not a query gets silence. */
const answering: Responder = (octets) => {
  if (octets.length < 12) return undefined
  const message = decodeMessage(octets)
  const answer = ['www.example.org. 300 IN A 192.0.2.1', 'www.example.org. 60 IN A 192.0.2.2'].map((text) =>
    parseRecord(text),
  )
  return encodeMessage({ ...message, flags: { ...message.flags, qr: true }, answer })
}

let listener: HttpsListener | undefined
const statuses: number[] = []

afterEach(async () => {
  await listener?.close(0)
  listener = undefined
  statuses.length = 0
})

async function open(): Promise<HttpsListener> {
  listener = await openHttpsListener({ address: '127.0.0.1', port: 0 }, answering, {
    maxConnections: 200,
    idleTimeoutMs: 10_000,
    readTimeoutMs: 3000,
    tls: { ...CERTIFICATE, clientAuth: 'nocert' },
    onStatus: (status) => statuses.push(status),
  })
  return listener
}

interface Reply {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: Buffer
}

async function ask(options: RequestOptions, body?: Uint8Array): Promise<Reply> {
  const { local } = listener ?? (await open())
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      { host: local.address, port: local.port, ca: CERTIFICATE.cert, agent: false, ...options },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
        )
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

const get = (parameter: string): RequestOptions => ({ path: `/dns-query?dns=${parameter}` })
const post = (contentType = MEDIA_TYPE): RequestOptions => ({
  method: 'POST',
  path: '/dns-query',
  headers: { 'content-type': contentType },
})

describe('openHttpsListener()', () => {
  it('answers GET with the message in base64url, and says how long it stays fresh', async () => {
    const { status, headers, body } = await ask(get(Buffer.from(QUERY).toString('base64url')))
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'content-type': MEDIA_TYPE, 'cache-control': 'max-age=60' })
    expect(decodeMessage(body).answer).toHaveLength(2)
    expect(statuses).toEqual([200])
  })

  it('answers GET with padding at the end of the parameter', async () => {
    const padded = Buffer.from(QUERY).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
    expect((await ask(get(encodeURIComponent(padded)))).status).toBe(200)
  })

  it('answers POST', async () => {
    const { status, body } = await ask(post(), QUERY)
    expect(status).toBe(200)
    expect(decodeMessage(body).answer).toHaveLength(2)
  })

  it.each<{ what: string; options: RequestOptions; body?: Uint8Array; status: number }>([
    { what: 'another path', options: { path: '/' }, status: 404 },
    { what: 'a path that only begins right', options: { path: '/dns-query/x' }, status: 404 },
    { what: 'GET without the parameter', options: { path: '/dns-query' }, status: 400 },
    { what: 'GET with an empty parameter', options: get(''), status: 400 },
    { what: 'GET with what is no base64url', options: get('!!!'), status: 400 },
    { what: 'GET with what is no message', options: get('AAAA'), status: 400 },
    { what: 'GET with 10 kB', options: get('A'.repeat(10_000)), status: 414 },
    { what: 'another method', options: { method: 'PUT', path: '/dns-query' }, status: 405 },
    { what: 'POST of another content type', options: post('text/plain'), body: QUERY, status: 415 },
    { what: 'POST of an empty body', options: post(), body: new Uint8Array(0), status: 400 },
    { what: 'POST of more than a message', options: post(), body: new Uint8Array(70_000), status: 413 },
  ])('answers $status to $what', async ({ options, body, status }) => {
    expect((await ask(options, body)).status).toBe(status)
    expect(statuses).toEqual([status])
  })

  it('refuses GET with 100 kB before it is a request', async () => {
    expect((await ask(get('A'.repeat(100_000)))).status).toBe(431)
    expect(statuses).toEqual([])
  })

  it('speaks HTTP/2', async () => {
    const { local } = await open()
    const session = connectHttp2(`https://${local.address}:${local.port}`, { ca: CERTIFICATE.cert })
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/dns-query',
      'content-type': MEDIA_TYPE,
    })
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.end(QUERY)
    await new Promise((resolve) => stream.on('end', resolve))
    session.close()
    expect(decodeMessage(Buffer.concat(parts)).answer).toHaveLength(2)
  })
})
