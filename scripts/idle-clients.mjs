// Ten thousand TCP connections that ask once and then say nothing, a thousand that say a query one octet at a time, and one client that opens
// more than its share: the server must answer everybody else meanwhile, end those that wait too long, and have its memory
// back afterwards. Loopback only.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FATHOM, encodeQuery, freePort, pause } from './support/loopback.mjs'
import { readOptions } from './support/options.mjs'
import { memoryMb } from './support/process-figures.mjs'

const HELP = `usage: node scripts/idle-clients.mjs [options]

  --idle N       connections that ask once (default 10000)
  --slow N       connections that ask one octet at a time (default 1000)
  --server TEXT  how a server is started (default this one: 'CMD -conf {corefile}')
  --help         print this`

const values = readOptions(HELP, { idle: 10_000, slow: 1000, server: FATHOM })
/** Connections that wait for their handshake at a time. */
const OPENING = 200
/** Until then a connection is open or counts for nothing. */
const OPENING_LIMIT_MS = 10_000
/** The server's idle time-out is 10 s, what a message may take 3 s; both are looked at four times a second. */
const IDLE_LIMIT_MS = 12_000
const SLOW_LIMIT_MS = 5000
/** What a connection may take of the server's memory. */
const MAX_KB_PER_CONNECTION = 16
const FRAMED = frame(encodeQuery(1, 'www.example.org'))
const directory = mkdtempSync(join(tmpdir(), 'fathom-idle-'))
const port = await freePort()
/** A listener whose connections may be idle for as long as the test lasts. */
const patientPort = await freePort()
const server = startServer()
let sound = false
try {
  await untilAnswering()
  sound = await run()
} finally {
  server.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}
process.exit(sound ? 0 : 1)

async function run() {
  await askMany()
  const before = memoryMb(server.pid)
  const idle = await openMany(values.idle, {
    localAddress: (index) => `127.0.${1 + (index % 50)}.1`,
    asks: true,
  })
  const holding = memoryMb(server.pid)
  const kb = ((holding - before) * 1024) / idle.length
  report(
    'idle connections open',
    `${idle.length}; ${before.toFixed(0)} MB before, ${holding.toFixed(0)} MB now: ${kb.toFixed(1)} kB each`,
  )
  const during = await askMany()
  report('answers meanwhile', during.text)
  const idleEnd = await endOf(idle, IDLE_LIMIT_MS)
  report('idle connections closed by the server', idleEnd.text)

  const slow = await openMany(values.slow, { localAddress: () => '127.0.60.1', asks: false })
  const dripping = drip(slow)
  const duringSlow = await askMany()
  report('answers while others send an octet at a time', duringSlow.text)
  const slowEnd = await endOf(slow, SLOW_LIMIT_MS)
  clearInterval(dripping)
  report('slow connections closed by the server', slowEnd.text)

  // More than the 16,384 that a listener holds.
  const quiet = await openMany(50, { localAddress: () => '127.0.70.1', asks: true, to: patientPort })
  const greedy = await openMany(17_000, { localAddress: () => '127.0.80.1', asks: true, to: patientPort })
  const kept = quiet.filter(({ closedAt }) => closedAt === undefined).length
  const greedyKept = greedy.filter(({ closedAt }) => closedAt === undefined).length
  report('one client with 17,000 connections', `keeps ${greedyKept}; 50 connections of another client: ${kept} kept`)
  const duringGreed = await askMany()
  report('answers meanwhile', duringGreed.text)
  for (const { socket } of [...quiet, ...greedy]) socket.destroy()
  await pause(3000)
  await askMany()
  const after = memoryMb(server.pid)
  report('memory afterwards', `${after.toFixed(0)} MB; at most ${memoryMb(server.pid, 'VmHWM').toFixed(0)} MB`)
  const answered = [during, duringSlow, duringGreed].every(({ lost }) => lost === 0)
  const bounded = kb <= MAX_KB_PER_CONNECTION && idleEnd.all && slowEnd.all && kept === quiet.length
  const ok = server.exitCode === null && answered && bounded
  report('result', ok ? 'sound' : 'FAILED')
  return ok
}

function report(what, text) {
  process.stdout.write(`${what}: ${text}\n`)
}

function startServer() {
  const corefile = join(directory, 'Corefile')
  writeFileSync(
    corefile,
    `.:${port} {\n  bind 127.0.0.1\n  errors\n  whoami\n}\n` +
      `.:${patientPort} {\n  bind 127.0.0.1\n  timeouts {\n    idle 5m\n  }\n  whoami\n}\n`,
  )
  const [command, ...args] = values.server.split(' ').map((word) => word.replace('{corefile}', corefile))
  return spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

async function untilAnswering() {
  for (let tries = 0; tries < 50; tries += 1) {
    if ((await askUdp(500)) !== undefined) return
    await pause(100)
  }
  throw new Error('the server does not answer')
}

// --- Connections ---

/** Opens connections; each asks once if `asks` says so, and is open once it has its answer. */
async function openMany(count, { localAddress, asks, to = port }) {
  const clients = []
  for (let from = 0; from < count; from += OPENING) {
    const some = Array.from({ length: Math.min(OPENING, count - from) }, (_, index) =>
      open({ localAddress: localAddress(from + index), asks, to }),
    )
    clients.push(...(await Promise.all(some)))
  }
  return clients.filter((client) => client !== undefined)
}

/** Undefined when the connection is refused. */
function open({ localAddress, asks, to }) {
  return new Promise((resolve) => {
    const socket = connect({ port: to, host: '127.0.0.1', localAddress })
    const client = { socket, openedAt: performance.now(), closedAt: undefined }
    socket.on('error', () => resolve(undefined))
    setTimeout(() => resolve(undefined), OPENING_LIMIT_MS).unref()
    socket.on('close', () => {
      client.closedAt = performance.now()
      resolve(client)
    })
    socket.on('connect', () => (asks ? socket.write(FRAMED) : resolve(client)))
    // Read in any case, so that the server's end is seen.
    socket.on('data', () => resolve(client))
  })
}

function frame(message) {
  return Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message])
}

/** A query of which an octet goes out every 300 ms: never silent, never complete. */
function drip(clients) {
  let at = 0
  return setInterval(() => {
    for (const { socket } of clients) if (!socket.destroyed) socket.write(FRAMED.subarray(at, at + 1))
    at += 1
  }, 300)
}

/** Waits until the server has closed all. */
async function endOf(clients, limitMs) {
  const until = performance.now() + limitMs
  while (performance.now() < until && clients.some(({ closedAt }) => closedAt === undefined)) await pause(100)
  const closed = clients.filter(({ closedAt }) => closedAt !== undefined)
  const times = closed.map(({ openedAt, closedAt }) => (closedAt - openedAt) / 1000)
  for (const { socket } of clients) socket.destroy()
  const [least, most] = [times.reduce((a, b) => Math.min(a, b), Infinity), times.reduce((a, b) => Math.max(a, b), 0)]
  const text = `${closed.length} of ${clients.length}, after ${least.toFixed(1)} to ${most.toFixed(1)} s`
  return { all: closed.length === clients.length, text }
}

// --- Questions of others, over UDP and TCP ---

async function askMany() {
  const times = []
  let lost = 0
  for (let turn = 0; turn < 200; turn += 1) {
    for (const ask of [askUdp, askTcp]) {
      const time = await ask(2000)
      if (time === undefined) lost += 1
      else times.push(time)
    }
  }
  const sorted = times.toSorted((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? NaN
  const worst = sorted.at(-1) ?? NaN
  const text = `${times.length} of ${times.length + lost} (UDP and TCP), median ${median.toFixed(2)} ms, worst ${worst.toFixed(1)} ms`
  return { lost, text }
}

async function askUdp(withinMs) {
  const socket = createSocket('udp4')
  const askedAt = performance.now()
  socket.send(encodeQuery(7, 'www.example.org'), port, '127.0.0.1')
  const reply = await Promise.race([once(socket, 'message'), pause(withinMs)]).catch(() => undefined)
  socket.close()
  return reply === undefined ? undefined : performance.now() - askedAt
}

async function askTcp(withinMs) {
  const socket = connect({ port, host: '127.0.0.1' })
  const askedAt = performance.now()
  socket.write(FRAMED)
  const reply = await Promise.race([once(socket, 'data'), pause(withinMs)]).catch(() => undefined)
  socket.destroy()
  return reply === undefined ? undefined : performance.now() - askedAt
}
