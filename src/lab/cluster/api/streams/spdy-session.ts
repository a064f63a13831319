// The server's side of SPDY/3.1 as Kubernetes clients use it: streams that the client opens, without flow control and
// without requests of HTTP. It runs over a TCP connection, or inside a WebSocket (KEP-4006).
//
//   control frame: 1 version(15) type(16) | flags(8) length(24) | payload        (SPDY/3.1 §2.2)
//   data frame:    0 stream-id(31)        | flags(8) length(24) | payload
import { Duplex } from 'node:stream'
import { constants, createDeflate, createInflate } from 'node:zlib'
import type { Deflate, Inflate } from 'node:zlib'
import { SPDY_DICTIONARY } from './spdy-dictionary.ts'

const VERSION = 3
const TYPE = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const
const FLAG_FIN = 1
const HEAD_OCTETS = 8
const CANCEL = 5
/** Far above what clients send in one frame. */
const MAX_CONTROL_OCTETS = 64 * 1024
/** Far above what one `kubectl port-forward` has open. */
const MAX_STREAMS = 1024
const MAX_HEADERS = 64

/** One stream of a session; ends of both directions are apart. */
export class SpdyStream extends Duplex {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly #send: (payload: Uint8Array, isLast: boolean, done: () => void) => void
  readonly #left: (finished: boolean) => void
  #drained: (() => void) | undefined

  constructor(
    headers: ReadonlyMap<string, string>,
    send: (payload: Uint8Array, isLast: boolean, done: () => void) => void,
    left: (finished: boolean) => void,
  ) {
    super({ allowHalfOpen: true })
    this.headers = headers
    this.#send = send
    this.#left = left
  }

  /** Takes what the peer sent; resolves when more may come. */
  deliver(payload: Buffer, isLast: boolean): Promise<void> | undefined {
    if (this.destroyed) return undefined
    const hasRoom = payload.length === 0 || this.push(payload)
    if (isLast) this.push(null)
    if (hasRoom) return undefined
    return new Promise((resolve) => {
      this.#drained = resolve
    })
  }

  override _read(): void {
    this.#drained?.()
    this.#drained = undefined
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#send(chunk, false, done)
  }

  override _final(done: () => void): void {
    this.#send(new Uint8Array(0), true, done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#drained?.()
    this.#left(this.writableFinished && this.readableEnded)
    done(error)
  }
}

/**
 * Serves one connection until it ends; resolves then. What the peer does against the protocol ends it.
 *
 * @param onStream called for every stream that the client opens, in the order of their opening
 */
export async function serveSpdy(transport: Duplex, onStream: (stream: SpdyStream) => void): Promise<void> {
  const session = new SpdySession(transport, onStream)
  try {
    for await (const chunk of transport) await session.take(chunk as Buffer)
  } catch {
    // A connection that breaks off, or a peer that speaks something else: nothing to tell it.
  } finally {
    session.end()
  }
}

class SpdySession {
  readonly #transport: Duplex
  readonly #onStream: (stream: SpdyStream) => void
  readonly #streams = new Map<number, SpdyStream>()
  readonly #inflate: Inflate = createInflate({ dictionary: SPDY_DICTIONARY })
  readonly #deflate: Deflate = createDeflate({ dictionary: SPDY_DICTIONARY, flush: constants.Z_SYNC_FLUSH })
  #pending: Buffer = Buffer.alloc(0)

  constructor(transport: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#transport = transport
    this.#onStream = onStream
    transport.on('error', () => undefined)
  }

  async take(chunk: Buffer): Promise<void> {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (this.#pending.length >= HEAD_OCTETS) {
      const first = this.#pending.readUInt32BE(0)
      const flags = this.#pending.readUInt8(4)
      const length = this.#pending.readUIntBE(5, 3)
      const isControl = first >= 0x8000_0000
      if (isControl && length > MAX_CONTROL_OCTETS) throw new Error('frame too long')
      if (this.#pending.length < HEAD_OCTETS + length) return
      const payload = this.#pending.subarray(HEAD_OCTETS, HEAD_OCTETS + length)
      this.#pending = this.#pending.subarray(HEAD_OCTETS + length)
      if (isControl) await this.#control(first & 0xffff, flags, payload)
      else await this.#streams.get(first)?.deliver(Buffer.from(payload), (flags & FLAG_FIN) !== 0)
    }
  }

  end(): void {
    for (const stream of this.#streams.values()) stream.destroy()
    this.#streams.clear()
    this.#inflate.close()
    this.#deflate.close()
    this.#transport.destroy()
  }

  async #control(type: number, flags: number, payload: Buffer): Promise<void> {
    switch (type) {
      case TYPE.synStream:
        return this.#open(payload.readUInt32BE(0) & 0x7fff_ffff, flags, payload.subarray(10))
      case TYPE.rstStream:
        this.#streams.get(payload.readUInt32BE(0) & 0x7fff_ffff)?.destroy()
        return
      case TYPE.ping:
        this.#sendControl(TYPE.ping, payload)
        return
      case TYPE.goAway:
        // The client opens no further stream; those that are open may end.
        return
      default:
      // SETTINGS, WINDOW_UPDATE and HEADERS change nothing here.
    }
  }

  async #open(id: number, flags: number, block: Buffer): Promise<void> {
    const headers = readHeaders(await pass(this.#inflate, block))
    const send = (payload: Uint8Array, isLast: boolean, done: () => void): void => {
      const head = Buffer.alloc(HEAD_OCTETS)
      head.writeUInt32BE(id, 0)
      head.writeUInt8(isLast ? FLAG_FIN : 0, 4)
      head.writeUIntBE(payload.length, 5, 3)
      if (this.#transport.writable) this.#transport.write(Buffer.concat([head, payload]), () => done())
      else done()
    }
    const left = (isFinished: boolean): void => {
      if (!this.#streams.delete(id) || isFinished || !this.#transport.writable) return
      const reset = Buffer.alloc(8)
      reset.writeUInt32BE(id, 0)
      reset.writeUInt32BE(CANCEL, 4)
      this.#sendControl(TYPE.rstStream, reset)
    }
    if (this.#streams.size >= MAX_STREAMS) throw new Error('too many streams')
    const stream = new SpdyStream(headers, send, left)
    stream.on('error', () => undefined)
    this.#streams.set(id, stream)
    // Number and pairs of headers: none.
    const reply = await pass(this.#deflate, Buffer.alloc(4))
    const streamId = Buffer.alloc(4)
    streamId.writeUInt32BE(id)
    this.#sendControl(TYPE.synReply, Buffer.concat([streamId, reply]))
    this.#onStream(stream)
    if ((flags & FLAG_FIN) !== 0) void stream.deliver(Buffer.alloc(0), true)
  }

  #sendControl(type: number, payload: Uint8Array): void {
    if (!this.#transport.writable) return
    const head = Buffer.alloc(HEAD_OCTETS)
    head.writeUInt16BE(0x8000 | VERSION, 0)
    head.writeUInt16BE(type, 2)
    head.writeUIntBE(payload.length, 5, 3)
    this.#transport.write(Buffer.concat([head, payload]))
  }
}

/** Sends one block through a compressor that remembers the ones before. */
function pass(through: Deflate | Inflate, block: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    through.once('error', reject)
    through.write(Buffer.from(block), () => {
      through.off('error', reject)
      const parts: Buffer[] = []
      for (let part = through.read() as Buffer | null; part !== null; part = through.read() as Buffer | null) {
        parts.push(part)
      }
      resolve(Buffer.concat(parts))
    })
  })
}

/** Number of pairs, then each name and value with its length in 32 bits (SPDY/3.1 §2.6.10). */
function readHeaders(block: Buffer): Map<string, string> {
  const headers = new Map<string, string>()
  const count = block.readUInt32BE(0)
  if (count > MAX_HEADERS) throw new Error('too many headers')
  let at = 4
  const text = (): string => {
    const length = block.readUInt32BE(at)
    const found = block.toString('utf8', at + 4, at + 4 + length)
    at += 4 + length
    return found
  }
  for (let index = 0; index < count; index += 1) {
    const name = text().toLowerCase()
    headers.set(name, text())
  }
  return headers
}
