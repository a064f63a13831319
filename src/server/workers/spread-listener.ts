// A UDP listener whose queries are answered by several threads: the main one and some of the pool's.
import type { Endpoint } from '../../net/exchange-result.ts'
import type { DatagramListener, Listener, Responder } from '../../net/listen/index.ts'
import { HotAnswers } from '../hot/index.ts'
import type { ThreadPool } from './thread-pool.ts'

let listeners = 0

/** What a listener is spread with. */
export interface SpreadOptions {
  readonly responder: Responder
  /** Told for each response that the system did not take, with the error's name. */
  readonly onDropped: (code: string) => void
}

/** The main thread's listener, and its twins in other threads. */
export class SpreadListener implements Listener {
  readonly #udp: DatagramListener
  readonly #pool: ThreadPool
  readonly #id: number
  readonly #options: SpreadOptions
  #responder: Responder
  /** Threads beside the main one. */
  #twins = 0

  constructor(udp: DatagramListener, pool: ThreadPool, options: SpreadOptions) {
    this.#udp = udp
    this.#pool = pool
    this.#options = options
    this.#responder = options.responder
    listeners += 1
    this.#id = listeners
  }

  get local(): Endpoint {
    return this.#udp.local
  }

  /** Has so many threads answer, this one counted; never fewer than before. */
  grow(threads: number): void {
    if (this.#udp.sockets.length === 0) return
    this.#pool.grow(threads - 1)
    while (this.#twins < threads - 1) {
      const thread = this.#twins
      this.#twins += 1
      this.#share(thread)
      this.#pool.open(thread, this.#id, { udp: this.#udp, onDropped: this.#options.onDropped })
    }
  }

  setResponder(next: Responder): void {
    const old = answersOf(this.#responder)
    this.#responder = next
    this.#udp.setResponder(next)
    if (old === answersOf(next)) return
    // Before anything is answered from the new configuration, nothing is from the old one any more.
    old?.close()
    for (let thread = 0; thread < this.#twins; thread += 1) this.#share(thread)
  }

  async close(graceMs: number): Promise<void> {
    // The twins first: the main thread's sockets answer what they pass on.
    await this.#pool.closeListener(this.#id)
    await this.#udp.close(graceMs)
  }

  #share(thread: number): void {
    this.#pool.share(thread, this.#id, answersOf(this.#responder)?.sharedWith(thread))
  }
}

function answersOf({ inPlace }: Responder): HotAnswers | undefined {
  return inPlace instanceof HotAnswers ? inPlace : undefined
}
