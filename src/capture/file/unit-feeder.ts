// Chunks of any size in, whole units (file headers, records, blocks) out. Hot path: units that lie in one chunk are parsed
// where they are; only one that lies over a border is put together in a buffer of its own.

/** Parses units that follow each other. */
export interface UnitParser {
  /** Octets from the present unit's start that must be there before {@link parse} gets further; always at least 1. */
  readonly needed: number
  /**
   * Parses every whole unit in `octets` from `start` to `end`.
   *
   * @returns where it stopped; `needed` is then more than what is left
   */
  parse(octets: Uint8Array, start: number, end: number): number
}

/** Feeds a parser with chunks. */
export class UnitFeeder {
  readonly #parser: UnitParser
  #kept: Uint8Array = new Uint8Array(4096)
  #length = 0

  constructor(parser: UnitParser) {
    this.#parser = parser
  }

  /** Octets that belong to a unit that is not whole yet. */
  get leftOver(): number {
    return this.#length
  }

  push(chunk: Uint8Array): void {
    let at = 0
    while (this.#length > 0) {
      const take = Math.min(this.#parser.needed - this.#length, chunk.length - at)
      this.#keep(chunk, at, at + take)
      at += take
      if (this.#length < this.#parser.needed) return
      const used = this.#parser.parse(this.#kept, 0, this.#length)
      this.#kept.copyWithin(0, used, this.#length)
      this.#length -= used
    }
    const stop = this.#parser.parse(chunk, at, chunk.length)
    this.#keep(chunk, stop, chunk.length)
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    const wanted = this.#length + end - start
    if (wanted > this.#kept.length) {
      const larger = new Uint8Array(2 * wanted)
      larger.set(this.#kept.subarray(0, this.#length))
      this.#kept = larger
    }
    this.#kept.set(chunk.subarray(start, end), this.#length)
    this.#length = wanted
  }
}
