// Sends a million mutated DNS messages to a running `fathom serve`, over UDP and TCP, and looks at what is left of it:
// it must still answer, and its memory must have stayed flat. Loopback only; bounded in count and time.
// With FATHOM_SHARED (or the shared material beside the checkout) its corpus is mutated too.
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { FATHOM, freePort, pause } from './support/loopback.mjs'
import { readOptions } from './support/options.mjs'
import { memoryMb } from './support/process-figures.mjs'

const ROOT = new URL('..', import.meta.url).pathname
const HELP = `usage: npm run fuzz -- [options]

  --messages N   (default 1000000)
  --seed N       of the mutations (default: another one each time; it is printed)
  --server TEXT  how a server is started (default this one: 'CMD -conf {corefile}')
  --help         print this`

const values = readOptions(HELP, { messages: 1_000_000, seed: randomInt(2 ** 31), server: FATHOM })
/** Datagrams between two looks at whether the server keeps up: more would only fill the socket's buffer. */
const BURST = 500
/**
 * How much the least memory seen in the last third may exceed the most seen in the first: the caches are full early, and the
 * collector lets the figure swing.
 */
const GROWTH_LIMIT = 1.15
const random = generator(values.seed)
const total = values.messages

const directory = mkdtempSync(join(tmpdir(), 'fathom-fuzz-'))
const port = await freePort()
const server = startServer()
let failed = true
try {
  await until(() => answers(5000), 'the server to answer')
  failed = !(await fuzz())
} finally {
  server.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}
process.exit(failed ? 1 : 0)

async function fuzz() {
  const seeds = seedMessages()
  const socket = createSocket('udp4')
  let replies = 0
  socket.on('message', () => (replies += 1))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  process.stdout.write(`seed ${values.seed}, ${seeds.length} messages to start from, ${total} to send\n`)
  let early = 0
  let late = Number.POSITIVE_INFINITY
  let sentTcp = 0
  for (let sent = 0; sent < total; sent += BURST) {
    for (let index = 0; index < BURST; index += 1) {
      const message = mutate(seeds[below(seeds.length)], seeds)
      if (index % 50 === 0) {
        sentTcp += 1
        sendOverTcp(message)
      } else socket.send(message, port, '127.0.0.1')
    }
    if (!(await answers(2000))) {
      process.stdout.write(`FAILED: no answer after ${sent + BURST} messages (seed ${values.seed})\n`)
      return false
    }
    if (server.exitCode !== null) {
      process.stdout.write(`FAILED: the server ended with ${server.exitCode} after ${sent + BURST} messages\n`)
      return false
    }
    if (sent < total / 3) early = Math.max(early, memoryMb(server.pid))
    else if (sent > (total * 2) / 3) late = Math.min(late, memoryMb(server.pid))
    if ((sent + BURST) % 100_000 === 0) {
      process.stdout.write(`${sent + BURST} sent, ${replies} replies, ${memoryMb(server.pid).toFixed(0)} MB\n`)
    }
  }
  socket.close()
  const flat = late <= early * GROWTH_LIMIT
  process.stdout.write(
    `${total} sent (${sentTcp} over TCP), ${replies} replies over UDP; alive; ` +
      `memory at most ${early.toFixed(0)} MB in the first third, at least ${late.toFixed(0)} MB in the last: ${flat ? 'flat' : 'GROWN'}\n`,
  )
  return flat
}

function startServer() {
  const corefile = join(directory, 'Corefile')
  const hosts = '192.0.2.1 www.example.org\n2001:db8::1 www.example.org\n'
  writeFileSync(join(directory, 'hosts'), hosts)
  writeFileSync(
    corefile,
    `.:${port} {\n  bind 127.0.0.1\n  errors\n  prometheus 127.0.0.1:0\n  cache 30\n` +
      `  template IN TXT example.net {\n    answer "{{ .Name }} 60 IN TXT hello"\n  }\n  hosts ${join(directory, 'hosts')}\n  whoami\n}\n`,
  )
  const [command, ...args] = values.server.split(' ').map((word) => word.replace('{corefile}', corefile))
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  return child
}

// --- Messages ---

function seedMessages() {
  const corpus = join(process.env.FATHOM_SHARED ?? join(ROOT, '..', 'shared'), 'corpus', 'messages.base64.gz')
  const own = ['www.example.org', 'alias.example.org', 'a.b.c.example.net', ''].flatMap((name) =>
    [1, 28, 16, 12, 33, 255, 65_280].flatMap((type) => [query(name, type, false), query(name, type, true)]),
  )
  if (!existsSync(corpus)) return own
  const lines = gunzipSync(readFileSync(corpus)).toString('latin1').split('\n')
  return [...own, ...lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'))]
}

function query(name, type, edns) {
  const labels = name === '' ? [] : name.split('.')
  const question = Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0, type >> 8, type & 255, 0, 1]),
  ])
  const header = Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, edns ? 1 : 0])
  const opt = edns ? Buffer.from([0, 0, 41, 16, 0, 0, 0, 0x80, 0, 0, 0]) : Buffer.alloc(0)
  return Buffer.concat([header, question, opt])
}

/** One to four small damages: what a fuzzer without coverage can do well is lie about lengths, counts and pointers. */
function mutate(seed, seeds) {
  let message = Buffer.from(seed)
  for (let times = 1 + below(4); times > 0; times -= 1) {
    const at = message.length === 0 ? 0 : below(message.length)
    switch (below(8)) {
      case 0:
        message[at] = below(256)
        break
      case 1:
        message[at] ^= 1 << below(8)
        break
      case 2:
        message = message.subarray(0, at)
        break
      case 3:
        message = Buffer.concat([message, Buffer.from(Array.from({ length: below(64) }, () => below(256)))])
        break
      case 4:
        if (message.length >= 12) message[4 + below(8)] = below(4)
        break
      case 5:
        if (message.length >= 14)
          message.writeUInt16BE(0xc000 | below(message.length), Math.min(at, message.length - 2))
        break
      case 6: {
        const other = seeds[below(seeds.length)]
        message = Buffer.concat([message.subarray(0, at), other.subarray(below(other.length + 1))])
        break
      }
      default:
        // Most damages make a response of a query, which is silence: turn it into a query again.
        if (message.length >= 4) message[2] &= 0x07
    }
  }
  return message.subarray(0, 4000)
}

function sendOverTcp(message) {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.setTimeout(2000, () => socket.destroy())
  socket.on('data', () => socket.end())
  const lie = below(4) === 0 ? below(65_536) : message.length
  socket.write(Buffer.concat([Buffer.from([lie >> 8, lie & 255]), message]))
  if (below(2) === 0) socket.end()
}

// --- The server seen from outside ---

async function answers(withinMs) {
  const socket = createSocket('udp4')
  socket.on('error', () => {})
  try {
    const asked = query('www.example.org', 1, false)
    const id = below(65_536)
    asked.writeUInt16BE(id, 0)
    for (let waited = 0; waited < withinMs; waited += 500) {
      socket.send(asked, port, '127.0.0.1')
      const reply = await Promise.race([once(socket, 'message'), pause(500)])
      if (Array.isArray(reply) && reply[0].readUInt16BE(0) === id) return true
    }
    return false
  } finally {
    socket.close()
  }
}

async function until(holds, what) {
  for (let tries = 0; tries < 20; tries += 1) if (await holds()) return
  throw new Error(`waited in vain for ${what}`)
}

/** mulberry32: repeatable from its seed. */
function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function below(limit) {
  return Math.floor(random() * limit)
}
