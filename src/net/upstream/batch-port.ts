// Ports whose datagrams pass in batches: the queries of one turn leave with one system call, responses are read up to 64 at
// a time. Hot path: all ports of a thread share two vectors, one batch after the other; nothing is made per query sent.
//
// Node owns the descriptor and says when there is something to read, by reading the first datagram itself.
import { createSocket, type Socket } from 'node:dgram'
import {
  BATCH_SIZE,
  DatagramVector,
  SLOT_BYTES,
  SystemCallError,
  openConnectedSocket,
  type Libc,
} from '../../sys/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import type { UdpPort, UdpPortOptions } from './udp-port.ts'

const EINTR = 4
const EAGAIN = 11
/** Batches read for each datagram that Node reads: others must have their turn. */
const ROUNDS = 4
/** Room for the responses to some hundred queries. */
const RECEIVE_BYTES = 1 << 20
/** A full send buffer is tried again so many times, a millisecond apart; then the queries are lost, as UDP may. */
const MAX_RETRIES = 20

/** Opens a connected port. A refusal of the system is told through `failed`, after the call. */
export function openBatchPort(libc: Libc, options: UdpPortOptions): UdpPort {
  const { connectTo, sourceAddress } = options
  try {
    const fd = openConnectedSocket(libc, { to: connectTo, sourceAddress, receiveBytes: RECEIVE_BYTES })
    return new BatchPort(libc, fd, options)
  } catch (error) {
    queueMicrotask(() => options.failed(error, 'dial'))
    return { local: () => undefined, send: () => {}, close: () => {} }
  }
}

class BatchPort implements UdpPort {
  readonly #libc: Libc
  readonly #fd: number
  readonly #socket: Socket
  readonly #options: UdpPortOptions
  #isClosed = false

  constructor(libc: Libc, fd: number, options: UdpPortOptions) {
    this.#libc = libc
    this.#fd = fd
    this.#options = options
    this.#socket = createSocket(options.connectTo.address.includes(':') ? 'udp6' : 'udp4')
    this.#socket.on('message', (octets) => this.#readable(octets))
    this.#socket.on('error', (error) => this.fail(error, 'read'))
    this.#socket.bind({ fd })
    // Timers of waiting queries keep the process alive, idle ports do not.
    this.#socket.unref()
  }

  get fd(): number {
    return this.#fd
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  local(): Endpoint | undefined {
    if (this.#isClosed) return undefined
    const { address, port } = this.#socket.address()
    return { address, port }
  }

  send(octets: Uint8Array): void {
    if (!this.#isClosed) outboxOf(this.#libc).push(this, octets)
  }

  close(): void {
    if (this.#isClosed) return
    outboxOf(this.#libc).flush()
    this.#isClosed = true
    this.#socket.close()
  }

  fail(error: unknown, during: 'read' | 'write'): void {
    if (!this.#isClosed) this.#options.failed(error, during)
  }

  #readable(first: Uint8Array): void {
    const { received } = this.#options
    received(first, false)
    const incoming = incomingOf(this.#libc)
    for (let round = 0; round < ROUNDS && !this.#isClosed; round += 1) {
      const count = incoming.receive(this.#fd, 0)
      if (count < 0) {
        const errno = this.#libc.errno()
        if (errno !== EAGAIN && errno !== EINTR) this.fail(new SystemCallError('recvmmsg', errno), 'read')
        return
      }
      for (let slot = 0; slot < count && !this.#isClosed; slot += 1) {
        const start = slot * SLOT_BYTES
        received(incoming.octets.subarray(start, start + incoming.receivedBytes(slot)), incoming.wasCut(slot))
      }
      if (count < BATCH_SIZE) return
    }
  }
}

/** Queries on their way out. Those of one port stand together; another port's first query sends them off. */
class Outbox {
  readonly #libc: Libc
  readonly #vector: DatagramVector
  #port: BatchPort | undefined
  #count = 0
  #isPlanned = false
  readonly #flush: () => void

  constructor(libc: Libc) {
    this.#libc = libc
    this.#vector = new DatagramVector(libc)
    this.#flush = () => {
      this.#isPlanned = false
      this.flush()
    }
  }

  push(port: BatchPort, octets: Uint8Array): void {
    if (this.#port !== port || this.#count === BATCH_SIZE) this.flush()
    this.#port = port
    this.#vector.octets.set(octets, this.#count * SLOT_BYTES)
    this.#vector.setLengths(this.#count, octets.length, 0)
    this.#count += 1
    if (this.#isPlanned) return
    this.#isPlanned = true
    // Runs when the listener's batch is through: what it brought leaves together.
    queueMicrotask(this.#flush)
  }

  flush(): void {
    const port = this.#port
    const end = this.#count
    this.#port = undefined
    this.#count = 0
    if (port !== undefined && !port.isClosed) this.#sendAll(port, end)
  }

  #sendAll(port: BatchPort, end: number): void {
    for (let next = 0; next < end;) {
      const sent = this.#vector.send(port.fd, next, end)
      if (sent > 0) {
        next += sent
        continue
      }
      const errno = this.#libc.errno()
      if (errno === EINTR) continue
      if (errno === EAGAIN) this.#sendLater(port, this.#copy(next, end), MAX_RETRIES)
      else port.fail(new SystemCallError('sendmmsg', errno), 'write')
      return
    }
  }

  #copy(first: number, end: number): Uint8Array[] {
    return Array.from({ length: end - first }, (_, index) => {
      const start = (first + index) * SLOT_BYTES
      return this.#vector.octets.slice(start, start + this.#vector.lengthToSend(first + index))
    })
  }

  /** The send buffer is full: outside the vector, which others need, until there is room. */
  #sendLater(port: BatchPort, queries: readonly Uint8Array[], retries: number): void {
    if (retries === 0) return
    setTimeout(() => {
      if (port.isClosed) return
      this.flush()
      for (const [index, octets] of queries.entries()) {
        this.#vector.octets.set(octets, 0)
        this.#vector.setLengths(0, octets.length, 0)
        if (this.#vector.send(port.fd, 0, 1) > 0) continue
        this.#sendLater(port, queries.slice(index), retries - 1)
        return
      }
    }, 1).unref()
  }
}

let outbox: Outbox | undefined
let incoming: DatagramVector | undefined

/** Made once per thread and never let go: the kernel knows the buffers' addresses. */
function outboxOf(libc: Libc): Outbox {
  outbox ??= new Outbox(libc)
  return outbox
}

function incomingOf(libc: Libc): DatagramVector {
  incoming ??= new DatagramVector(libc)
  return incoming
}
