// The responder of an answering thread's socket: gives kept answers, passes everything else on to the main thread. Hot path.
import type { InPlaceResponder } from '../../net/listen/index.ts'
import { HotReader, HotTally } from '../hot/index.ts'
import type { SharedAnswers } from '../hot/index.ts'
import type { QueryRingWriter } from './query-ring.ts'

/** A DNS header (RFC 1035 §4.1.1): what is shorter gets no response. */
const MIN_QUERY_BYTES = 12

/** What the responders of a thread share. */
export interface ThreadContext {
  readonly ring: QueryRingWriter
  readonly stamps: Int32Array
  /** The main thread's monotonic milliseconds. */
  readonly now: () => number
  /** 32 random bits. */
  readonly random: () => number
  /** Tells the main thread that queries wait for it. */
  readonly wake: () => void
}

/** The kept answers of one listener; exchanged when a configuration takes over. */
export class ThreadAnswers {
  readonly #context: ThreadContext
  reader: HotReader | undefined
  tally: HotTally | undefined

  constructor(context: ThreadContext) {
    this.#context = context
  }

  set(answers: SharedAnswers | undefined): void {
    this.tally = answers && new HotTally(answers.tally)
    const { stamps, random } = this.#context
    this.reader =
      answers && this.tally && new HotReader({ memory: answers.memory, stamps, tally: this.tally, random: random() })
  }
}

/** Answers for one socket. */
export class ThreadResponder implements InPlaceResponder {
  readonly #context: ThreadContext
  readonly #answers: ThreadAnswers
  readonly #socket: number
  #now = 0
  #hasPassedOn = false

  /** @param socket its number for the main thread */
  constructor(context: ThreadContext, answers: ThreadAnswers, socket: number) {
    this.#context = context
    this.#answers = answers
    this.#socket = socket
  }

  begin(): void {
    this.#now = this.#context.now()
  }

  answer(
    query: Int32Array,
    queryWord: number,
    bytes: number,
    response: Int32Array,
    responseOctets: Uint8Array,
    responseWord: number,
    via: number,
    client: Int32Array,
    clientWord: number,
  ): number {
    if (bytes < MIN_QUERY_BYTES) return -1
    const { reader } = this.#answers
    if (reader !== undefined) {
      const written = reader.answer(
        this.#now,
        query,
        queryWord,
        bytes,
        response,
        responseOctets,
        responseWord,
        via,
        client,
        clientWord,
      )
      if (written > 0) return written
    }
    this.#context.ring.put(this.#socket, query, queryWord, bytes, client, clientWord - 1)
    this.#hasPassedOn = true
    return -1
  }

  end(): void {
    const { ring, now, wake } = this.#context
    if (this.#hasPassedOn) {
      this.#hasPassedOn = false
      if (ring.mustWake()) wake()
    }
    this.#answers.tally?.end((now() - this.#now) / 1000)
  }
}
