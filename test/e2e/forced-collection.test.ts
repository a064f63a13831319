// The server under load while the garbage collector runs at every turn of its event loop, moves what it can and what it frees is written
// over at once. The kernel knows the addresses of the server's buffers: one that is collected or moved shows up as an answer that is
// lost or wrong.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleProgram } from '../support/program.ts'
import { decodeMessage, encodeMessage, query } from '../../src/dns/index.ts'
import { whyNoBatches } from '../../src/net/listen/datagram.ts'

const whyNot = whyNoBatches({})
const QUERIES = 12_000
/** Outstanding at a time: several batches. */
const WINDOW = 300

/** Collects everything at every turn, then fills memory of the sizes that the kernel's structures have. */
const PRESSURE = `
  const sizes = [512, 1024, 1792, 2048, 4096, 262144]
  const turn = () => {
    for (const size of sizes) for (let n = 0; n < 8; n += 1) new Uint8Array(new ArrayBuffer(size)).fill(0xee)
    gc()
    for (const size of sizes) for (let n = 0; n < 8; n += 1) new Uint8Array(new ArrayBuffer(size)).fill(0xee)
    process.stderr.write('.')
    setImmediate(turn)
  }
  setImmediate(turn)
`

let folder: string
let program: string
let server: ChildProcess | undefined

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fathom-collection-'))
  program = await bundleProgram(folder)
})

afterAll(() => {
  server?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(whyNot !== undefined)(`fathom serve${whyNot === undefined ? '' : ` (${whyNot})`}`, () => {
  it('loses no answer and gives no wrong one while memory is collected and written over at every turn', async () => {
    const port = await freePort()
    const { output } = await start(port)
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const wrong = await askAll(socket, port)
    socket.close()
    expect(wrong).toEqual([])
    // A point for each collection.
    expect(output().length).toBeGreaterThan(QUERIES / WINDOW / 10)
  }, 60_000)
})

async function start(port: number): Promise<{ readonly output: () => string }> {
  const corefile = join(folder, 'Corefile')
  writeFileSync(
    corefile,
    `.:${port} {
      bind 127.0.0.1
      errors
      template IN A {
        match ^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)-
        answer "{{ .Name }} 60 IN A 10.7.{{ .Group.a }}.{{ .Group.b }}"
      }
    }`,
  )
  const pressure = `data:text/javascript,${encodeURIComponent(PRESSURE)}`
  const flags = ['--expose-gc', '--stress-compaction', '--import', pressure]
  server = spawn(process.execPath, [...flags, program, 'serve', '-conf', corefile], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  server.stderr?.on('data', (part: Buffer) => (output += part.toString()))
  await answered(port)
  return { output: () => output }
}

/** Keeps {@link WINDOW} queries outstanding until all were asked; what went wrong, by name. */
async function askAll(socket: Socket, port: number): Promise<readonly string[]> {
  const wrong: string[] = []
  const waiting = new Map<number, number>()
  let asked = 0
  let received = 0
  const ask = (): void => {
    const id = asked & 0xffff
    waiting.set(id, asked)
    socket.send(encodeMessage({ ...query({ name: nameOf(asked), type: 'A' }), id }), port, '127.0.0.1')
    asked += 1
  }
  const lost = new Promise<void>((resolve) => {
    let before = -1
    const timer = setInterval(() => {
      // Nothing came for so long: what is still waited for is lost.
      if (received !== before) before = received
      else {
        clearInterval(timer)
        resolve()
      }
    }, 5000)
    timer.unref()
  })
  const all = new Promise<void>((resolve) => {
    socket.on('message', (octets) => {
      received += 1
      const message = decodeMessage(octets)
      const number = waiting.get(message.id)
      waiting.delete(message.id)
      const [record] = message.answer
      const address = record?.rdata.type === 'A' ? record.rdata.address : 'none'
      if (number === undefined || record?.name !== nameOf(number) || address !== addressOf(number)) {
        wrong.push(`${number} ${record?.name} ${address}`)
      }
      if (asked < QUERIES) ask()
      else if (waiting.size === 0) resolve()
    })
  })
  for (let count = 0; count < WINDOW; count += 1) ask()
  await Promise.race([all, lost])
  return [...wrong, ...[...waiting.values()].map((number) => `lost: ${nameOf(number)}`)]
}

/** Every second one comes again and again, so that it is answered in place; the others are new. */
function nameOf(number: number): string {
  const [a, b] = octetsOf(number)
  return `ip-${a}-${b}-${number % 2 === 0 ? 'again' : `new${number}`}.example.org.`
}

function addressOf(number: number): string {
  const [a, b] = octetsOf(number)
  return `10.7.${a}.${b}`
}

function octetsOf(number: number): readonly [number, number] {
  return number % 2 === 0 ? [number % 200, 1] : [(number >> 8) & 0x7f, number & 0xff]
}

async function answered(port: number): Promise<void> {
  const socket = createSocket('udp4')
  const response = once(socket, 'message')
  const ask = (): void => socket.send(encodeMessage(query({ name: nameOf(0), type: 'A' })), port, '127.0.0.1')
  const timer = setInterval(ask, 50)
  await response
  clearInterval(timer)
  socket.close()
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  listener.close()
  return port
}
