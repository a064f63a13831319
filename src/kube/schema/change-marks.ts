// Which answers a change to the cluster's objects may have touched, told without a list of answers: what a question reads and
// what a change touches are hashed into the same row of counters. Two keys that fall together make an answer look changed
// that is not, never the other way round.

import { Stamp } from '../../base/index.ts'

/** A power of two. */
const MARKS = 1 << 14

/** Counters of changes, by what was changed: a namespace, a Service, an address. */
export class ChangeMarks {
  /** Another one after each change to anything. */
  readonly stamp: Stamp = new Stamp()
  readonly #marks = new Uint32Array(MARKS)
  #reads: number[] | undefined
  #readAll = false

  /** A change begins. */
  next(): void {
    this.stamp.change()
  }

  /** A change touches this. */
  touch(first: string, second?: string): void {
    const mark = markOf(first, second)
    this.#marks[mark] = (this.#marks[mark] ?? 0) + 1
  }

  /** A question reads this. */
  read(first: string, second?: string): void {
    this.#reads?.push(markOf(first, second))
  }

  /** A question reads everything. */
  readAll(): void {
    this.#readAll = true
  }

  /**
   * Does `work` and notes what it reads.
   *
   * @returns whether what it read is still untouched, to be asked later as often as wanted
   */
  track(work: () => void): () => boolean {
    const reads: number[] = []
    this.#reads = reads
    this.#readAll = false
    try {
      work()
    } finally {
      this.#reads = undefined
    }
    if (this.#readAll) {
      const { value } = this.stamp
      return () => this.stamp.value === value
    }
    // Pairs of a mark and its value.
    const seen = [...new Set(reads)].flatMap((mark) => [mark, this.#marks[mark] ?? 0])
    return () => this.#isUntouched(seen)
  }

  #isUntouched(seen: readonly number[]): boolean {
    for (let index = 0; index < seen.length; index += 2) {
      if (this.#marks[seen[index] ?? 0] !== seen[index + 1]) return false
    }
    return true
  }
}

/** FNV-1a over UTF-16 units; the pair is kept apart by a unit that is in no name. */
function markOf(first: string, second: string | undefined): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < first.length; index += 1) hash = Math.imul(hash ^ first.charCodeAt(index), 0x01000193)
  if (second !== undefined) {
    hash = Math.imul(hash ^ 0xffff, 0x01000193)
    for (let index = 0; index < second.length; index += 1) hash = Math.imul(hash ^ second.charCodeAt(index), 0x01000193)
  }
  return (hash ^ (hash >>> 15)) & (MARKS - 1)
}
