// Runs as a process of its own in a network namespace: a listener, its clients, and a fault of the kernel between them. Argument: the
// fault. Ends with a line of JSON, a FaultReport.
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { openDatagramListener } from '../../src/net/listen/index.ts'
import { BatchSocket } from '../../src/net/listen/datagram-batches.ts'
import type { BatchState } from '../../src/net/listen/datagram-batches.ts'
import type { Responder } from '../../src/net/listen/index.ts'
import { isLibc, libc, openDatagramSocket } from '../../src/sys/index.ts'

/** What became of the queries of each client, and what the listener counted. */
export interface FaultReport {
  readonly sent: number
  /** Queries that reached the responder. */
  readonly asked: number
  /** By the client's address. */
  readonly received: Readonly<Record<string, number>>
  /** By the error's name. */
  readonly dropped: Readonly<Record<string, number>>
  /** Answers, all alike, that a client got after the fault was over. */
  readonly afterwards: number
}

const EACH = 40
const HERE = '127.0.0.1'
const FILTERED = '127.0.0.2'
const GONE = '192.0.2.9'
const AFTERWARDS = 10
const MANY = 400
/** Nobody else is in the namespace. */
const PORT = 5300
const SOL_SOCKET = 1
const SO_SNDBUF = 7

const dropped: Record<string, number> = {}
const received: Record<string, number> = {}
const onDropped = (code: string): void => {
  dropped[code] = (dropped[code] ?? 0) + 1
}
let asked = 0

async function client(address: string): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
  socket.on('message', () => {
    received[address] = (received[address] ?? 0) + 1
  })
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket
}

function run(command: string): void {
  const [program = '', ...args] = command.split(' ')
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 10_000
  while (!holds() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5))
}

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0)

/** Answers to three clients leave in the same batches; two of the clients cannot be reached anymore. */
async function unreachable(path: 'batches' | 'dgram'): Promise<FaultReport> {
  run(`ip address add ${GONE}/32 dev lo`)
  const release: (() => void)[] = []
  let holds = true
  const responder: Responder = (query) => {
    asked += 1
    const response = Uint8Array.from(query)
    return holds ? new Promise((resolve) => release.push(() => resolve(response))) : response
  }
  const listener = await openDatagramListener({ address: '0.0.0.0', port: 0 }, responder, { path, onDropped })
  const clients = [await client(HERE), await client(FILTERED), await client(GONE)]
  for (let time = 0; time < EACH; time += 1) {
    for (const socket of clients) socket.send(`query ${time}`, listener.local.port, HERE)
  }
  await until(() => asked === EACH * 3)
  clients[2]?.close()
  run(`ip address delete ${GONE}/32 dev lo`)
  run(`iptables -A OUTPUT -p udp -d ${FILTERED} -j DROP`)
  for (const one of release) one()
  await until(() => total(received) + total(dropped) >= EACH * 3)
  const before = received[HERE] ?? 0
  holds = false
  for (let time = 0; time < AFTERWARDS; time += 1) clients[0]?.send('again', listener.local.port, HERE)
  await until(() => (received[HERE] ?? 0) >= before + AFTERWARDS)
  const afterwards = (received[HERE] ?? 0) - before
  return { sent: EACH * 3, asked, received: { ...received, [HERE]: before }, dropped, afterwards }
}

/** The interface is slow and the socket's buffer holds only a few answers: the batch meets EAGAIN in its middle. */
async function full(): Promise<FaultReport> {
  const found = libc()
  if (!isLibc(found)) throw new Error(found.why)
  const responder: Responder = (query) => {
    asked += 1
    return Uint8Array.from(query)
  }
  const state: BatchState = { responder, dropped: 0, onDropped }
  const endpoint = { address: HERE, port: PORT }
  const sharing = { reuseAddr: false, reusePort: false, bufferBytes: 4 << 20 }
  const fd = openDatagramSocket(found, { ...endpoint, ...sharing })
  // The kernel's least is some 4600 octets: a few small datagrams with their bookkeeping.
  const least = Buffer.from([1, 0, 0, 0])
  if (found.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, least, 4) !== 0) throw new Error('the buffer stays large')
  const socket = await client(HERE)
  const sending: Promise<void>[] = []
  for (let time = 0; time < MANY; time += 1) {
    sending.push(new Promise((resolve) => socket.send(Buffer.alloc(100, time), PORT, HERE, () => resolve())))
  }
  await Promise.all(sending)
  // All queries wait at the socket; their answers will find the interface slow.
  run('tc qdisc add dev lo root tbf rate 2mbit burst 2kb latency 10s')
  await BatchSocket.open(found, state, { endpoint, fd, ...sharing })
  await until(() => total(received) + total(dropped) >= MANY)
  const before = received[HERE] ?? 0
  const report = { sent: MANY, asked, received: { ...received }, dropped }
  run('tc qdisc delete dev lo root')
  for (let time = 0; time < AFTERWARDS; time += 1) socket.send('again', PORT, HERE)
  await until(() => (received[HERE] ?? 0) >= before + AFTERWARDS)
  return { ...report, afterwards: (received[HERE] ?? 0) - before }
}

const [fault] = process.argv.slice(2)
const report = await (fault === 'full' ? full() : unreachable(fault === 'unreachable-dgram' ? 'dgram' : 'batches'))
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit(0)
