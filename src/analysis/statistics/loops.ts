// Questions that go round between servers: one server asks another what that one asks it.
import type { AddressId } from '../../capture/index.ts'
import type { NameId } from '../messages/name-table.ts'

const MAX_QUESTIONS = 8192
const WINDOW_MICROS = 10e6
const MAX_FRAMES = 6

export interface LoopQuestion {
  readonly name: NameId
  readonly type: number
  readonly atMicros: number
  readonly frame: number
  /** How often it was sent: forwarders send again what does not come back. */
  readonly sends: number
  /** A response other than SERVFAIL came. */
  readonly isGood: boolean
}

/** One question between two servers, counted in both directions. */
export interface Loop {
  readonly low: AddressId
  readonly high: AddressId
  readonly name: NameId
  readonly type: number
  firstAtMicros: number
  /** From the lower number to the higher, and back; of a server that asks itself only the first. */
  there: number
  back: number
  good: number
  readonly frames: number[]
}

/** Counts questions among servers. */
export class Loops {
  readonly questions: Map<string, Loop> = new Map()
  #servers: Uint8Array = new Uint8Array(1024)

  takeServer(server: AddressId, endpoint: AddressId): void {
    if (server >= this.#servers.length || endpoint >= this.#servers.length) {
      const larger = new Uint8Array(2 * Math.max(server, endpoint))
      larger.set(this.#servers)
      this.#servers = larger
    }
    this.#servers[server] = 1
    if (endpoint !== 0) this.#servers[endpoint] = 1
  }

  /** Whether anybody asked this address before. */
  isServer(address: AddressId): boolean {
    return this.#servers[address] === 1
  }

  take(client: AddressId, server: AddressId, { name, type, atMicros, frame, sends, isGood }: LoopQuestion): void {
    const [low, high] = client < server ? [client, server] : [server, client]
    const key = `${low} ${high} ${name} ${type}`
    let loop = this.questions.get(key)
    if (loop === undefined || atMicros - loop.firstAtMicros > WINDOW_MICROS) {
      if (loop !== undefined && isLoop(loop)) return
      if (this.questions.size >= MAX_QUESTIONS) this.#forget()
      loop = { low, high, name, type, firstAtMicros: atMicros, there: 0, back: 0, good: 0, frames: [] }
      this.questions.set(key, loop)
    }
    // A server that asks itself may send again for many reasons: there each question counts once.
    if (low === high) loop.there += 1
    else if (client === low) loop.there += sends
    else loop.back += sends
    if (isGood) loop.good += 1
    if (loop.frames.length < MAX_FRAMES) loop.frames.push(frame)
  }

  #forget(): void {
    for (const [key, loop] of this.questions) {
      if (isLoop(loop)) continue
      this.questions.delete(key)
      return
    }
  }
}

/**
 * Whether a question goes round: three times in each direction, or, for a server that asks itself, ten times within ten seconds
 * with no answer but SERVFAIL.
 */
export function isLoop({ low, high, there, back, good }: Loop): boolean {
  return low === high ? there >= 10 && good === 0 : there >= 3 && back >= 3
}
