// Ports that change what they speak when the Corefile changes.
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { basename } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { startRig } from '../../test/support/server-rig.ts'
import type { ServerRig } from '../../test/support/server-rig.ts'
import { encodeMessage, query } from '../dns/index.ts'
import { createSelfSigned } from '../lab/cluster/self-signed.ts'
import { PLUGINS } from '../plugins/index.ts'
import { isLibc, libc } from '../sys/index.ts'
import type { Files } from './index.ts'

const CERTIFICATE = createSelfSigned(['localhost', '127.0.0.1'], Date.now)
const CLIENT = createSelfSigned(['client.example.org'], Date.now)
const PEM = new Map([
  ['cert.pem', CERTIFICATE.cert],
  ['key.pem', CERTIFICATE.key],
  ['client.pem', CLIENT.cert],
])
const FILES: Files = { readText: (path) => PEM.get(basename(path)) ?? '', stat: () => undefined, list: () => [] }
const found = libc()
const WHY_NOT = isLibc(found) ? undefined : found.why

const IN_THE_CLEAR = 'tls://.:853 {\n whoami\n}'
const SECURED = 'tls://.:853 {\n tls cert.pem key.pem\n whoami\n}'
const STRICT = 'tls://.:853 {\n tls cert.pem key.pem client.pem {\n client_auth require_and_verify\n }\n whoami\n}'
const PLAIN_DNS = '.:853 {\n whoami\n}'
const DOH = 'https://.:853 {\n tls cert.pem key.pem\n whoami\n}'

let rig: ServerRig | undefined

afterEach(async () => {
  await rig?.server.stop({ atOnce: true })
  rig = undefined
})

async function start(corefile: () => string): Promise<ServerRig> {
  rig = await startRig(corefile, { plugins: PLUGINS, files: FILES })
  return rig
}

type How = 'client certificate' | 'clear' | 'tls'

/** Whether a query over a stream is answered. */
async function isAnswered({ endpoint }: ServerRig, how: How): Promise<boolean> {
  const { address, port } = endpoint()
  const options = { host: address, port, ca: CERTIFICATE.cert, ...(how === 'tls' ? {} : CLIENT) }
  const socket: Socket = how === 'clear' ? connect(port, address) : connectTls(options)
  const octets = encodeMessage(query({ name: 'example.org' }))
  socket.write(Buffer.concat([Uint8Array.of(0, octets.length), octets]))
  try {
    // The two octets of the length, and a message with QR set.
    const result = await Promise.race([once(socket, 'data'), once(socket, 'close')])
    const [received] = result as readonly unknown[]
    return received instanceof Uint8Array && ((received[4] ?? 0) & 0x80) !== 0
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

describe.skipIf(WHY_NOT !== undefined)(`a port after a reload (${WHY_NOT ?? 'libc'})`, () => {
  it.each([
    { from: IN_THE_CLEAR, to: SECURED, refused: 'clear', answered: 'tls' },
    { from: SECURED, to: IN_THE_CLEAR, refused: 'tls', answered: 'clear' },
    { from: SECURED, to: STRICT, refused: 'tls', answered: 'client certificate' },
    { from: STRICT, to: SECURED, refused: 'clear', answered: 'tls' },
    { from: PLAIN_DNS, to: SECURED, refused: 'clear', answered: 'tls' },
    { from: DOH, to: SECURED, refused: 'clear', answered: 'tls' },
  ] as const)('speaks what the new Corefile says: $to', async ({ from, to, refused, answered }) => {
    let corefile: string = from
    const started = await start(() => corefile)
    const { port } = started.endpoint()
    corefile = to
    await started.server.reload()
    expect(started.endpoint().port).toBe(port)
    // The former listener closes a moment later.
    await expect.poll(() => isAnswered(started, refused)).toBe(false)
    expect(await isAnswered(started, answered)).toBe(true)
  })

  it('goes on as before when the new Corefile cannot be used', async () => {
    let corefile = SECURED
    const started = await start(() => corefile)
    corefile = `${IN_THE_CLEAR}\nquic://.:854 {\n whoami\n}`
    await expect(started.server.reload()).rejects.toThrow('quic')
    expect(await isAnswered(started, 'tls')).toBe(true)
    expect(await isAnswered(started, 'clear')).toBe(false)
  })
})
