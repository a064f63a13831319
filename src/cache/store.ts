// A bounded set of entries. Looking up never evicts and never reads a clock; expiry is judged by who asks.
import type { CacheEntry } from './entry.ts'

export interface CacheStoreOptions {
  /** Most entries kept at a time. */
  readonly capacity: number
  /** Most memory kept at a time, by the entries' own estimate; default 4 KiB for each entry of the capacity. */
  readonly budgetBytes?: number
}

const BUDGET_PER_ENTRY = 4096
/** The eviction hand passes at most so many recently used entries before it takes one anyway. */
const SECOND_CHANCES = 16

/**
 * Keeps entries by key and evicts, when full, the oldest one that was not asked for since the hand last passed it.
 *
 * A burst of names that are asked once therefore cannot push out those in use, and a hit costs no reordering.
 */
export class CacheStore<Prepared = unknown> {
  readonly capacity: number
  readonly budgetBytes: number
  readonly #entries = new Map<string, CacheEntry<Prepared>>()
  #hand: Iterator<CacheEntry<Prepared>, undefined> | undefined
  #sizeBytes = 0

  constructor(options: CacheStoreOptions) {
    this.capacity = Math.max(1, options.capacity)
    this.budgetBytes = options.budgetBytes ?? this.capacity * BUDGET_PER_ENTRY
  }

  get size(): number {
    return this.#entries.size
  }

  /** What all entries count for, in octets. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Finds the entry whether or not it expired, without marking it as used. */
  get(key: string): CacheEntry<Prepared> | undefined {
    return this.#entries.get(key)
  }

  /**
   * Stores an entry in place of the one with its key.
   *
   * @returns how many others were evicted to make room; an entry over the whole budget is not stored
   */
  set(entry: CacheEntry<Prepared>): number {
    this.delete(entry.key)
    if (entry.sizeBytes > this.budgetBytes) return 0
    let evicted = 0
    while (this.#entries.size >= this.capacity || this.#sizeBytes + entry.sizeBytes > this.budgetBytes) {
      this.#evictOne()
      evicted += 1
    }
    this.#entries.set(entry.key, entry)
    this.#sizeBytes += entry.sizeBytes
    return evicted
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    this.#entries.delete(key)
    this.#sizeBytes -= entry.sizeBytes
    drop(entry)
    return true
  }

  clear(): void {
    for (const entry of this.#entries.values()) drop(entry)
    this.#entries.clear()
    this.#hand = undefined
    this.#sizeBytes = 0
  }

  /**
   * The map's order is the clock face: passing an entry means to put it behind the others. The hand stays where it was: looking
   * for the first entry anew would mean to step over all that were removed before it.
   */
  #evictOne(): void {
    let chances = SECOND_CHANCES
    for (;;) {
      this.#hand ??= this.#entries.values()
      const { value: entry } = this.#hand.next()
      if (entry === undefined) {
        this.#hand = undefined
        if (this.#entries.size === 0) return
        continue
      }
      if (!entry.visited || chances === 0) {
        this.delete(entry.key)
        return
      }
      chances -= 1
      entry.visited = false
      this.#entries.delete(entry.key)
      this.#entries.set(entry.key, entry)
    }
  }
}

function drop(entry: CacheEntry): void {
  entry.isGone = true
  entry.stamp.change()
}
