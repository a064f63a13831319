// DoT listeners (RFC 7858) with clients that show certificates, or none.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createSelfSigned } from '../../lab/cluster/self-signed.ts'
import { createFrameSplitter, frameMessage } from '../tcp-frames.ts'
import { openStreamListener } from './stream.ts'
import type { ListenTls, StreamListener } from './index.ts'

const SERVER = createSelfSigned(['localhost', '127.0.0.1'], Date.now)
const KNOWN = createSelfSigned(['client.example.org'], Date.now)
const STRANGER = createSelfSigned(['stranger.example.org'], Date.now)
const LIMITS = { readTimeoutMs: 3000, writeTimeoutMs: 5000, idleTimeoutMs: 10_000, maxQueries: -1, maxInFlight: 4 }

let listener: StreamListener | undefined
let folder = ''

afterEach(async () => {
  await listener?.close(0)
  listener = undefined
  if (folder !== '') rmSync(folder, { recursive: true })
  folder = ''
})

async function open(tls: Partial<ListenTls> = {}): Promise<StreamListener> {
  listener = await openStreamListener({ address: '127.0.0.1', port: 0 }, (query) => Uint8Array.from(query), {
    clock: createFakeClock(),
    limits: LIMITS,
    maxConnections: 10,
    tls: { ...SERVER, clientAuth: 'nocert', ...tls },
  })
  return listener
}

interface Answered {
  readonly text: string
  readonly protocol: string | null
  readonly alpn: string | false | null
}

/** One message there and back; undefined when the listener ends the connection instead. */
function ask({ local }: StreamListener, options: ConnectionOptions = {}): Promise<Answered | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: local.address, port: local.port, ca: SERVER.cert, ...options })
    const splitter = createFrameSplitter((message) => {
      resolve({
        text: Buffer.from(message).toString(),
        protocol: socket.getProtocol(),
        alpn: socket.alpnProtocol,
      })
      socket.destroy()
    })
    socket.on('data', (octets: Buffer) => splitter.push(octets))
    socket.on('error', () => resolve(undefined))
    socket.on('close', () => resolve(undefined))
    socket.write(frameMessage(Buffer.from('hello')))
  })
}

describe('openStreamListener() with TLS', () => {
  it('answers over TLS 1.2 and 1.3, with the protocol name "dot"', async () => {
    const { text, protocol, alpn } = (await ask(await open(), { ALPNProtocols: ['dot'] })) ?? {}
    expect({ text, protocol, alpn }).toEqual({ text: 'hello', protocol: 'TLSv1.3', alpn: 'dot' })
    const older = listener && (await ask(listener, { maxVersion: 'TLSv1.2' }))
    expect(older).toEqual({ text: 'hello', protocol: 'TLSv1.2', alpn: false })
  })

  it('ends connections in the clear', async () => {
    const opened = await open()
    const { connect: connectInTheClear } = await import('node:net')
    const socket = connectInTheClear(opened.local.port, opened.local.address)
    socket.write(frameMessage(Buffer.from('hello')))
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.on('error', () => {})
    socket.resume()
    await closed
    expect((await ask(opened))?.text).toBe('hello')
  })

  it.each([
    { clientAuth: 'nocert', none: true, stranger: true, known: true },
    { clientAuth: 'request', none: true, stranger: true, known: true },
    { clientAuth: 'require', none: false, stranger: true, known: true },
    { clientAuth: 'verify_if_given', none: true, stranger: false, known: true },
    { clientAuth: 'require_and_verify', none: false, stranger: false, known: true },
  ] as const)('admits with $clientAuth: no certificate $none, a strange one $stranger', async (row) => {
    const opened = await open({ clientAuth: row.clientAuth, ca: KNOWN.cert })
    const admits = async (own: { cert?: string; key?: string }): Promise<boolean> =>
      (await ask(opened, own))?.text === 'hello'
    expect({ none: await admits({}), stranger: await admits(STRANGER), known: await admits(KNOWN) }).toEqual({
      none: row.none,
      stranger: row.stranger,
      known: row.known,
    })
  })

  it('shows a new certificate after an update, without closing', async () => {
    const opened = await open()
    opened.update({ limits: LIMITS, tls: { ...STRANGER, clientAuth: 'nocert' } })
    expect(await ask(opened)).toBeUndefined()
    const trusting = { ca: STRANGER.cert, checkServerIdentity: () => undefined }
    expect((await ask(opened, trusting))?.text).toBe('hello')
  })

  it('writes the session keys that a capture needs', async () => {
    folder = mkdtempSync(join(tmpdir(), 'fathom-keylog-'))
    const keylog = join(folder, 'keys')
    await ask(await open({ keylog }))
    await expect
      .poll(() => (existsSync(keylog) ? readFileSync(keylog, 'utf8') : ''))
      .toMatch(/^CLIENT_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]+$/m)
  })
})
