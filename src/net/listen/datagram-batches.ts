// UDP listeners that move datagrams in batches: up to 64 with one system call, their responses with another. Hot path:
// per datagram no object is made unless the responder itself has to be asked. All batches of a thread pass through the same two
// vectors, one after the other: a batch is received, answered and sent before anything else runs.
//
// Node owns the descriptor and says when there is something to read, by reading the first datagram itself.
import { createSocket } from 'node:dgram'
import type { RemoteInfo, Socket } from 'node:dgram'
import { once } from 'node:events'
import {
  BATCH_SIZE,
  DatagramVector,
  NAME_WORDS,
  SLOT_BYTES,
  SOCKADDR_BYTES,
  SOCKADDR_IN_BYTES,
  allowTwins,
  detachDatagramSocket,
  errorName,
  openDatagramSocket,
  readSocketAddress,
} from '../../sys/index.ts'
import type { Libc } from '../../sys/index.ts'
import { isEventual, takeEventual } from '../../base/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import { AF_INET, isMapped, writeFrom } from './client-names.ts'
import { NEVER_FAILS, viaOf } from './responder.ts'
import type { InPlaceResponder, Responder } from './responder.ts'
import { ListenError } from './listen-error.ts'

const SLOT_WORDS = SLOT_BYTES / 4
/**
 * Batches per datagram that Node reads itself. Node reads up to 32 of them before timers, connections and the rest get
 * their turn, so this bounds the wait of those to some 4000 queries.
 */
const ROUNDS = 2
/**
 * After so many wake-ups for one datagram each nothing more is looked for at the next one: at low rates that is one system call in
 * six. If there is more, Node reads it at once, and so soon after the last one it is looked for again.
 */
const LONELY = 8
const SOON_MS = 0.2
/** A queue is never longer than this many batches; a flood at a socket that cannot give its address away must end. */
const MAX_DRAIN_ROUNDS = 1024
/** ENOTSOCK to ENOBUFS and the like concern one datagram; these two concern all that follow. */
const EAGAIN = 11
const EINTR = 4
/** Responses that may wait for room in their socket's buffer: two batches. More are lost, as UDP may; memory is bounded. */
const MAX_QUEUED = 2 * BATCH_SIZE
const VIA_IPV4 = viaOf('udp', false)
const VIA_IPV6 = viaOf('udp', true)

/** What the sockets of one listener share. */
export interface BatchState {
  responder: Responder
  /** Responses that could not be sent: the socket stayed full, or the system refused the address. */
  dropped: number
  /** Told for each of them, with the error's name: `EAGAIN` for a full socket. */
  readonly onDropped?: ((code: string) => void) | undefined
}

export interface BatchSocketOptions {
  readonly endpoint: Endpoint
  readonly reuseAddr: boolean
  readonly reusePort: boolean
  readonly bufferBytes: number
  /** Takes over this descriptor, bound at the endpoint, instead of opening one. */
  readonly fd?: number | undefined
}

interface Opened {
  readonly socket: Socket
  readonly fd: number
  readonly local: Endpoint
  readonly options: BatchSocketOptions
}

/** Puts one datagram and the address it came from into a slot; octets written, or -1 when there is none. */
export type FillSlot = (incoming: DatagramVector, slot: number) => number

/** One UDP socket; answers from the moment it is made. */
export class BatchSocket {
  readonly local: Endpoint
  readonly #socket: Socket
  readonly #fd: number
  readonly #libc: Libc
  readonly #state: BatchState
  readonly #vectors: Vectors
  readonly #options: Pick<BatchSocketOptions, 'bufferBytes' | 'reuseAddr'>
  /** Slots filled for the next send. */
  #ready = 0
  #late: Late[] = []
  #latePlanned = false
  #inFlight = 0
  /** Told when nothing is in flight anymore, while closing. */
  #answered: (() => void) | undefined
  #closed = false
  /** Wake-ups in a row that brought one datagram. */
  #lonely = 0
  #wokenAt = 0

  private constructor(libc: Libc, opened: Opened, state: BatchState) {
    this.#libc = libc
    this.#options = opened.options
    this.#state = state
    this.#socket = opened.socket
    this.#fd = opened.fd
    this.local = opened.local
    this.#vectors = vectorsOf(libc)
    opened.socket.on('message', (octets, from) => this.#readable(octets, from))
    // Errors of earlier responses surface here; there is nobody to tell.
    opened.socket.on('error', () => {})
  }

  /** @throws {ListenError} */
  static async open(libc: Libc, state: BatchState, options: BatchSocketOptions): Promise<BatchSocket> {
    const { endpoint, fd: taken, ...rest } = options
    const v6 = endpoint.address.includes(':')
    const socket = createSocket({
      type: v6 ? 'udp6' : 'udp4',
      // Addresses are given as numbers: without this each send would pass through the resolver's queue.
      lookup: (address, _options, callback) => callback(null, address, v6 ? 6 : 4),
    })
    try {
      const fd = taken ?? openDatagramSocket(libc, { ...endpoint, ...rest })
      // The event may come before bind returns.
      const listening = once(socket, 'listening')
      socket.bind({ fd })
      const local = { address: endpoint.address, port: 0 }
      const opened = new BatchSocket(libc, { socket, fd, local, options }, state)
      await listening
      local.port = socket.address().port
      return opened
    } catch (error) {
      socket.close()
      throw new ListenError('udp', endpoint, error)
    }
  }

  /**
   * Takes no new datagrams, answers those that are queued, waits for answers that are under way, then closes.
   *
   * @param graceMs how long answers are waited for
   */
  async close(graceMs: number): Promise<void> {
    const { address, port } = this.local
    // From here on datagrams go to whoever else has the address. A socket at the wildcard cannot give them away.
    if (address !== '::' && address !== '0.0.0.0') detachDatagramSocket(this.#libc, this.#fd, { address, port })
    this.#drain()
    if (this.#inFlight > 0 && graceMs > 0) await this.#allAnswered(graceMs)
    this.#drain()
    this.#sendLate()
    this.#closed = true
    await new Promise<void>((resolve) => {
      this.#socket.close(() => resolve())
    })
  }

  /** Leaves the socket to whoever else has a descriptor of it: nothing that is queued is taken, nothing is lost. */
  async release(graceMs: number): Promise<void> {
    if (this.#inFlight > 0 && graceMs > 0) await this.#allAnswered(graceMs)
    this.#sendLate()
    this.#closed = true
    await new Promise<void>((resolve) => {
      this.#socket.close(() => resolve())
    })
  }

  #allAnswered(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs)
      this.#answered = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /**
   * Opens another socket at this one's address (SO_REUSEPORT): from then on the kernel spreads the clients over both.
   *
   * @returns its descriptor, which the caller owns
   * @throws {ListenError}
   */
  openTwin(): number {
    const { local } = this
    try {
      allowTwins(this.#libc, this.#fd)
      return openDatagramSocket(this.#libc, { ...this.#options, ...local, reusePort: true })
    } catch (error) {
      throw new ListenError('udp', local, error)
    }
  }

  /** Answers datagrams that a twin received, as many as a batch holds at most; how many. */
  answerBatch(fill: FillSlot): number {
    const { incoming } = this.#vectors
    const { inPlace } = this.#state.responder
    inPlace?.begin()
    let slot = 0
    while (slot < BATCH_SIZE) {
      const bytes = fill(incoming, slot)
      if (bytes < 0) break
      this.#answer(slot, bytes, inPlace)
      slot += 1
    }
    this.#flush()
    inPlace?.end()
    return slot
  }

  // --- Receiving ---

  #readable(octets: Uint8Array, from: RemoteInfo): void {
    const { incoming } = this.#vectors
    const { inPlace } = this.#state.responder
    inPlace?.begin()
    // The first datagram goes where the kernel would have put it, then all are the same.
    const bytes = Math.min(octets.length, SLOT_BYTES)
    incoming.octets.set(bytes === octets.length ? octets : octets.subarray(0, bytes), 0)
    writeFrom(incoming.names, from)
    this.#answer(0, bytes, inPlace)
    const now = performance.now()
    if (this.#lonely < LONELY || now - this.#wokenAt < SOON_MS) this.#receive(1, ROUNDS, inPlace)
    else this.#flush()
    this.#wokenAt = now
    inPlace?.end()
  }

  /** Answers what is queued, until nothing is. */
  #drain(): void {
    const { inPlace } = this.#state.responder
    inPlace?.begin()
    this.#receive(0, MAX_DRAIN_ROUNDS, inPlace)
    inPlace?.end()
  }

  /** Answers batches, the first one behind `used` slots that are answered already. */
  #receive(used: number, rounds: number, inPlace: InPlaceResponder | undefined): void {
    const { incoming } = this.#vectors
    for (let round = 0; round < rounds && !this.#closed; round += 1) {
      const received = incoming.receive(this.#fd, used)
      if (received <= 0 && round === 0) this.#lonely += 1
      else this.#lonely = 0
      if (received > 0) {
        for (let slot = used; slot < used + received; slot += 1) {
          this.#answer(slot, incoming.receivedBytes(slot), inPlace)
        }
        incoming.rearm(used + received)
      }
      this.#flush()
      if (received < BATCH_SIZE - used) break
      used = 0
    }
  }

  #answer(slot: number, bytes: number, inPlace: InPlaceResponder | undefined): void {
    const { incoming, outgoing } = this.#vectors
    const name = slot * NAME_WORDS
    // Nobody can be answered at port 0: the upper half of an address's first word.
    if ((incoming.nameWords[name] ?? 0) >>> 16 === 0) return
    const v6 = incoming.names[slot * SOCKADDR_BYTES] !== AF_INET
    if (!v6) {
      // An IPv4 address is shorter: what stands behind it is of an earlier IPv6 one.
      incoming.nameWords[name + 4] = 0
      incoming.nameWords[name + 5] = 0
    }
    if (inPlace !== undefined) {
      const out = this.#ready
      const via = v6 && !isMapped(incoming.nameWords, name) ? VIA_IPV6 : VIA_IPV4
      const written = inPlace.answer(
        incoming.words,
        slot * SLOT_WORDS,
        bytes,
        outgoing.words,
        outgoing.octets,
        out * SLOT_WORDS,
        via,
        incoming.nameWords,
        name + 1,
      )
      if (written < 0) return
      if (written > 0) {
        this.#address(slot, v6)
        this.#push(written, v6)
        return
      }
    }
    this.#ask(slot, bytes, v6)
  }

  /** The way for everything that has no answer in place. */
  #ask(slot: number, bytes: number, v6: boolean): void {
    const { incoming, outgoing } = this.#vectors
    const query = incoming.octets.subarray(slot * SLOT_BYTES, slot * SLOT_BYTES + bytes)
    const client = readSocketAddress(incoming.names, slot * SOCKADDR_BYTES)
    const response = this.#state.responder(query, { client, local: this.local, transport: 'udp' })
    if (response === undefined) return
    if (isEventual(response)) {
      const name = incoming.names.slice(slot * SOCKADDR_BYTES, (slot + 1) * SOCKADDR_BYTES)
      this.#inFlight += 1
      takeEventual(response, (octets) => this.#answerLater(octets, name), NEVER_FAILS)
    } else if (response.length > SLOT_BYTES) {
      this.#sendOne(response, client)
    } else {
      outgoing.octets.set(response, this.#ready * SLOT_BYTES)
      this.#address(slot, v6)
      this.#push(response.length, v6)
    }
  }

  // --- Sending ---

  /** The next response goes to whom the query in `slot` came from. */
  #address(slot: number, v6: boolean): void {
    const from = this.#vectors.incoming.nameWords
    const to = this.#vectors.outgoing.nameWords
    const source = slot * NAME_WORDS
    const target = this.#ready * NAME_WORDS
    to[target] = from[source] ?? 0
    to[target + 1] = from[source + 1] ?? 0
    to[target + 2] = from[source + 2] ?? 0
    to[target + 3] = from[source + 3] ?? 0
    if (!v6) return
    to[target + 4] = from[source + 4] ?? 0
    to[target + 5] = from[source + 5] ?? 0
    to[target + 6] = from[source + 6] ?? 0
  }

  #push(bytes: number, v6: boolean): void {
    this.#vectors.outgoing.setLengths(this.#ready, bytes, v6 ? SOCKADDR_BYTES : SOCKADDR_IN_BYTES)
    this.#ready += 1
    if (this.#ready === BATCH_SIZE) this.#flush()
  }

  /** Sends what is ready. A datagram that the system refuses is left out and the rest goes on. */
  #flush(): void {
    const end = this.#ready
    this.#ready = 0
    if (this.#closed) return
    let next = 0
    while (next < end) {
      const sent = this.#vectors.outgoing.send(this.#fd, next, end)
      if (sent > 0) {
        next += sent
        continue
      }
      const errno = this.#libc.errno()
      if (errno === EINTR) continue
      if (errno === EAGAIN) {
        this.#queue(next, end)
        return
      }
      // Unreachable, too large, filtered: this one's misfortune.
      this.#drop(errorName(errno))
      next += 1
    }
  }

  /** The socket's buffer is full: what is left waits with Node, outside the vectors, which the next batch needs. */
  #queue(first: number, end: number): void {
    const { outgoing } = this.#vectors
    for (let slot = first; slot < end; slot += 1) {
      const start = slot * SLOT_BYTES
      const octets = outgoing.octets.slice(start, start + outgoing.lengthToSend(slot))
      this.#sendOne(octets, readSocketAddress(outgoing.names, slot * SOCKADDR_BYTES))
    }
  }

  #sendOne(octets: Uint8Array, to: Endpoint): void {
    if (this.#closed) return
    if (this.#socket.getSendQueueCount() >= MAX_QUEUED) {
      this.#drop('EAGAIN')
      return
    }
    try {
      this.#socket.send(octets, to.port, to.address, (error) => {
        if (error !== null) this.#drop(codeOf(error))
      })
    } catch (error) {
      this.#drop(codeOf(error))
    }
  }

  #drop(code: string): void {
    this.#state.dropped += 1
    this.#state.onDropped?.(code)
  }

  // --- Responses that came later than their query's turn: all of one turn of the event loop in one call ---

  #answerLater(octets: Uint8Array | undefined, name: Uint8Array): void {
    this.#inFlight -= 1
    if (octets !== undefined && !this.#closed) this.#sendSoon(octets, name)
    if (this.#inFlight === 0) this.#answered?.()
  }

  #sendSoon(octets: Uint8Array, name: Uint8Array): void {
    if (octets.length > SLOT_BYTES) {
      this.#sendOne(octets, readSocketAddress(name, 0))
      return
    }
    this.#late.push({ octets, name })
    if (this.#latePlanned) return
    this.#latePlanned = true
    setImmediate(() => this.#sendLate())
  }

  #sendLate(): void {
    const { outgoing } = this.#vectors
    const late = this.#late
    this.#late = []
    this.#latePlanned = false
    for (const { octets, name } of late) {
      outgoing.octets.set(octets, this.#ready * SLOT_BYTES)
      outgoing.names.set(name, this.#ready * SOCKADDR_BYTES)
      this.#push(octets.length, name[0] !== AF_INET)
    }
    this.#flush()
  }
}

/** The name of a system's or Node's error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}

interface Late {
  readonly octets: Uint8Array
  readonly name: Uint8Array
}

interface Vectors {
  readonly incoming: DatagramVector
  readonly outgoing: DatagramVector
}

let vectors: Vectors | undefined

/** Made once per thread and never let go: the kernel knows their addresses. */
function vectorsOf(libc: Libc): Vectors {
  vectors ??= { incoming: new DatagramVector(libc), outgoing: new DatagramVector(libc) }
  return vectors
}
