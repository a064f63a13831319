// One client's TCP or TLS connection (RFC 7766): frames of two length octets and a message, in and out. Queries are
// answered as soon as their answers are there, in any order; what one client may hold is bounded.
import type { Socket } from 'node:net'
import { isEventual, takeEventual } from '../../base/index.ts'
import { NEVER_FAILS, viaOf } from './responder.ts'
import type { InPlaceResponder, Peer, Responder } from './responder.ts'
import { answerInPlace, encodeClient, takeGathered } from './in-place.ts'

/** Bounds of one connection. */
export interface StreamLimits {
  /** For the first message to come in whole, and for the rest of any message once it began. */
  readonly readTimeoutMs: number
  /** Between two messages. */
  readonly idleTimeoutMs: number
  /** For the client to take what was written. */
  readonly writeTimeoutMs: number
  /** Queries per connection, after which it is closed; -1 means no limit. */
  readonly maxQueries: number
  /** Queries of one connection being answered; more wait in the client's socket. */
  readonly maxInFlight: number
}

/** What a connection needs from the listener it belongs to. */
export interface StreamOwner {
  readonly responder: () => Responder
  readonly limits: () => StreamLimits
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** A message came in: the connection is of use. */
  readonly active: (connection: StreamConnection) => void
  readonly closed: (connection: StreamConnection) => void
}

/** Written but not taken by the client: above this no more queries are read. */
const MAX_UNSENT_BYTES = 256 * 1024

/** Between connecting and asking: of a connection that closes, one that takes longer did not mean to ask now. */
const FIRST_QUERY_MS = 500

/** A connection from accept to close. */
export class StreamConnection {
  readonly peer: Peer
  readonly #socket: Socket
  readonly #owner: StreamOwner
  readonly #via: number
  readonly #client: Int32Array
  /** Octets of the message being received, its length prefix included. */
  #partial: Buffer | undefined
  #outgoing: Uint8Array[] = []
  #outgoingBytes = 0
  #flushPlanned = false
  #inFlight = 0
  #queries = 0
  #paused = false
  #ending = false
  #finishing = false
  readonly #openedAt: number
  /** When the wait for octets, or for the client to take octets, is over. */
  #readBefore: number
  #writeBefore = Number.POSITIVE_INFINITY

  constructor(socket: Socket, peer: Peer, owner: StreamOwner) {
    this.#socket = socket
    this.peer = peer
    this.#owner = owner
    this.#via = viaOf(peer.transport === 'tls' ? 'tls' : 'tcp', peer.client.address.includes(':'))
    this.#client = encodeClient(peer.client)
    this.#openedAt = owner.now()
    this.#readBefore = this.#openedAt + owner.limits().readTimeoutMs
    socket.setNoDelay(true)
    socket.on('data', (octets: Buffer) => this.#receive(octets))
    socket.on('end', () => this.end())
    socket.on('drain', () => this.#drained())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#ending = true
      owner.closed(this)
    })
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Ends the connection if a wait of its is over. */
  sweep(now: number): void {
    if (now >= this.#writeBefore) this.#socket.destroy()
    else if (now < this.#readBefore || this.#inFlight > 0) return
    else if (this.#ending) this.#socket.destroy()
    else this.end()
  }

  /**
   * Ends the connection as soon as that costs no query: one that was just opened is about to ask, and a message that came in part
   * is waited for.
   */
  finish(): void {
    const now = this.#owner.now()
    const isNew = this.#queries === 0 && now - this.#openedAt < FIRST_QUERY_MS
    if (!isNew && this.#partial === undefined) {
      this.end()
      return
    }
    this.#finishing = true
    this.#readBefore = Math.min(this.#readBefore, now + FIRST_QUERY_MS)
  }

  /** Reads no more; closes once every query read so far is answered. */
  end(): void {
    if (this.#ending) return
    this.#gather()
    this.#ending = true
    this.#partial = undefined
    // The client has this long to close its side too.
    this.#readBefore = this.#owner.now() + this.#owner.limits().readTimeoutMs
    // Octets that come now are read and dropped: unread ones would turn our FIN into a RST, which can take answers along.
    if (this.#paused) this.#resume()
    this.#finishIfDone()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #receive(octets: Buffer): void {
    if (this.#ending) return
    const all = this.#partial === undefined ? octets : Buffer.concat([this.#partial, octets])
    this.#partial = undefined
    const { inPlace } = this.#owner.responder()
    inPlace?.begin()
    let at = 0
    while (all.length - at >= 2 && !this.#ending) {
      if (this.#outgoingBytes > MAX_UNSENT_BYTES) this.#flush()
      if (this.#inFlight >= this.#owner.limits().maxInFlight || this.#socket.writableLength > MAX_UNSENT_BYTES) {
        this.#pause()
        break
      }
      const length = all.readUInt16BE(at)
      const end = at + 2 + length
      if (all.length < end) break
      if (inPlace === undefined || !this.#answerInPlace(inPlace, all, at + 2, length)) {
        this.#accept(all.subarray(at + 2, end))
      }
      at = end
    }
    inPlace?.end()
    const left = all.length - at
    // A copy, so that a slow client does not keep a whole read buffer alive for a few octets.
    if (left > 0 && !this.#ending) this.#partial = Buffer.from(all.subarray(at))
    this.#setReadDeadline(left > 0)
    if (this.#finishing && left === 0) this.end()
    this.#flush()
  }

  #answerInPlace(inPlace: InPlaceResponder, octets: Buffer, start: number, length: number): boolean {
    const written = answerInPlace(inPlace, octets, start, length, this.#via, this.#client)
    if (written === 0) return false
    this.#outgoingBytes += written
    this.#countQuery()
    return true
  }

  #accept(message: Uint8Array): void {
    this.#inFlight += 1
    const response = this.#owner.responder()(message, this.peer)
    if (isEventual(response)) takeEventual(response, (late) => this.#answered(late), NEVER_FAILS)
    else this.#settle(response)
    this.#countQuery()
  }

  #countQuery(): void {
    const { maxQueries } = this.#owner.limits()
    this.#queries += 1
    this.#owner.active(this)
    if (maxQueries >= 0 && this.#queries >= maxQueries) this.end()
  }

  /** An answer that came later than its query's turn of the event loop. */
  #answered(response: Uint8Array | undefined): void {
    this.#settle(response)
    if (this.#inFlight === 0) this.#setReadDeadline(this.#partial !== undefined)
    if (!this.#flushPlanned) {
      this.#flushPlanned = true
      setImmediate(() => {
        this.#flushPlanned = false
        this.#flush()
        if (this.#paused) this.#resume()
      })
    }
  }

  #settle(response: Uint8Array | undefined): void {
    this.#inFlight -= 1
    if (response === undefined || this.#socket.destroyed) return
    const prefix = new Uint8Array(2)
    prefix[0] = response.length >> 8
    prefix[1] = response.length & 0xff
    this.#outgoing.push(prefix, response)
    this.#outgoingBytes += response.length + 2
  }

  /** Everything that is ready, in one write. */
  #flush(): void {
    this.#gather()
    if (this.#outgoing.length > 0 && !this.#socket.destroyed) {
      const taken = this.#socket.write(Buffer.concat(this.#outgoing))
      this.#outgoing = []
      this.#outgoingBytes = 0
      if (!taken && this.#writeBefore === Number.POSITIVE_INFINITY) {
        this.#writeBefore = this.#owner.now() + this.#owner.limits().writeTimeoutMs
      }
    }
    this.#finishIfDone()
  }

  /** Takes over what was answered in place: the buffer behind it is every connection's. */
  #gather(): void {
    const octets = takeGathered()
    if (octets !== undefined) this.#outgoing.push(octets)
  }

  #drained(): void {
    this.#writeBefore = Number.POSITIVE_INFINITY
    if (this.#paused) this.#resume()
  }

  #setReadDeadline(inMessage: boolean): void {
    const { readTimeoutMs, idleTimeoutMs } = this.#owner.limits()
    const now = this.#owner.now()
    if (!inMessage) this.#readBefore = now + (this.#queries === 0 ? readTimeoutMs : idleTimeoutMs)
    // The first octets of a message start its time; further ones do not prolong it (a slow-loris sends one by one).
    else if (this.#readBefore > now + readTimeoutMs) this.#readBefore = now + readTimeoutMs
  }

  #pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  #resume(): void {
    this.#paused = false
    this.#socket.resume()
    const waiting = this.#partial
    this.#partial = undefined
    if (waiting !== undefined) this.#receive(waiting)
  }

  #finishIfDone(): void {
    if (this.#ending && this.#inFlight === 0 && this.#outgoing.length === 0) this.#socket.end()
  }
}
