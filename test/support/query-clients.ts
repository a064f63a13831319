// Clients in a thread of their own, each at a port of its own, that ask over UDP one query after the other: so many that every
// answering thread gets some, and still there while the test's own thread is busy.
import { Worker } from 'node:worker_threads'

export interface QueryClientsOptions {
  readonly port: number
  /** One message or several, asked in turn; each client puts in ids of its own. */
  readonly messages: readonly Uint8Array[]
  /** Default 24. */
  readonly clients?: number
  /** Each client asks so often; absent: until `stop`. */
  readonly times?: number
  /** See {@link QueryClients.violations}. */
  readonly version?: Int32Array
}

export interface QueryClients {
  readonly answered: () => number
  /** Queries without an answer within 3 s. */
  readonly lost: () => number
  /** Answers whose last four octets, read as a number, are less than `version` was when the query was sent. */
  readonly violations: () => number
  /** Resolves when all clients have asked `times` times: the responses by message and then by text, without their ids. */
  readonly done: Promise<readonly (readonly string[])[]>
  stop(): Promise<void>
}

const ANSWERED = 0
const LOST = 1
const VIOLATIONS = 2
const STOP = 3

/** Starts the clients. */
export function startQueryClients(options: QueryClientsOptions): QueryClients {
  const { port, messages, clients = 24, times = Number.POSITIVE_INFINITY } = options
  const counts = new Int32Array(new SharedArrayBuffer(16))
  const version = options.version ?? new Int32Array(new SharedArrayBuffer(4))
  const workerData = { port, messages, clients, times, counts, version }
  const worker = new Worker(PROGRAM, { eval: true, workerData })
  const done = new Promise<readonly (readonly string[])[]>((resolve, reject) => {
    worker.once('message', (seen: readonly (readonly string[])[]) => resolve(seen))
    worker.once('error', reject)
  })
  const ended = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve())
  })
  return {
    answered: () => Atomics.load(counts, ANSWERED),
    lost: () => Atomics.load(counts, LOST),
    violations: () => Atomics.load(counts, VIOLATIONS),
    done,
    async stop() {
      Atomics.store(counts, STOP, 1)
      await ended
    },
  }
}

const PROGRAM = `
const { createSocket } = require('node:dgram')
const { parentPort, workerData } = require('node:worker_threads')
const { port, messages, clients, times, counts, version } = workerData
const seen = messages.map(() => new Set())
let running = clients

function client(number) {
  const socket = createSocket('udp4')
  let asked = 0, sentAt = 0, visible = 0, id = 0, message = number % messages.length, timer
  function ask() {
    if (asked >= times || Atomics.load(counts, 3) === 1) return end()
    asked += 1
    message = (message + 1) % messages.length
    id = (id + 1 + number * 97) & 0xffff
    const octets = Buffer.from(messages[message])
    octets.writeUInt16BE(id)
    visible = Atomics.load(version, 0)
    timer = setTimeout(() => { Atomics.add(counts, 1, 1); ask() }, 3000)
    socket.send(octets, port, '127.0.0.1')
  }
  function end() {
    socket.close()
    running -= 1
    if (running === 0) parentPort.postMessage(seen.map((texts) => [...texts].sort()))
  }
  socket.on('message', (response) => {
    if (response.readUInt16BE(0) !== id) return
    clearTimeout(timer)
    Atomics.add(counts, 0, 1)
    if (response.readInt32BE(response.length - 4) < visible) Atomics.add(counts, 2, 1)
    seen[message].add(response.toString('hex', 2))
    ask()
  })
  socket.bind(0, '127.0.0.1', ask)
}
for (let number = 0; number < clients; number += 1) client(number)
`
