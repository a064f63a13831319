// Many short lines on a stream: written in large parts, and waiting for a reader that is slower.
import { once } from 'node:events'

const PART_CHARACTERS = 1 << 16

/** Collects text for a stream. */
export class BufferedOutput {
  readonly #stream: NodeJS.WritableStream
  #parts = ''
  #isFull = false

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream
  }

  write(text: string): void {
    this.#parts += text
    if (this.#parts.length < PART_CHARACTERS) return
    if (!this.#stream.write(this.#parts)) this.#isFull = true
    this.#parts = ''
  }

  /** The chunks of a source, each asked for only when the reader has taken what was written. */
  async *paced(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      // Text is many times the packets' size: small parts keep what waits small.
      for (let at = 0; at < chunk.length; at += PART_CHARACTERS) {
        yield chunk.subarray(at, at + PART_CHARACTERS)
        if (this.#isFull) await once(this.#stream, 'drain')
        this.#isFull = false
      }
    }
  }

  async end(): Promise<void> {
    if (this.#parts !== '' && !this.#stream.write(this.#parts)) await once(this.#stream, 'drain')
    this.#parts = ''
  }
}
