// A map for entries that come and go all the time, on the hot path of forwarded queries.

/** Deletions after which the rest moves to a new map. */
const LEAST_DELETIONS = 256

/**
 * A map that the garbage collector copes with.
 *
 * When a Map's table is full of deleted entries V8 makes another one, and the old one refers to it. Once a table lies in the
 * old space, every later one is therefore kept and promoted, with every object that was in it, until the old space is
 * collected. A new Map from time to time ends that.
 */
export class ChurningMap<Key, Value> {
  #map = new Map<Key, Value>()
  #deletions = 0

  get size(): number {
    return this.#map.size
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key)
  }

  has(key: Key): boolean {
    return this.#map.has(key)
  }

  set(key: Key, value: Value): void {
    this.#map.set(key, value)
  }

  delete(key: Key): void {
    this.#map.delete(key)
    this.#deletions += 1
    if (this.#deletions < LEAST_DELETIONS || this.#deletions < this.#map.size) return
    this.#deletions = 0
    this.#map = new Map(this.#map)
  }

  /** The value that was set before all others that are left. */
  first(): Value | undefined {
    return this.#map.values().next().value
  }

  /** Those that are there now, in the order in which they were set; what is deleted meanwhile is left out. */
  *entries(): IterableIterator<readonly [Key, Value]> {
    const now = [...this.#map]
    for (const entry of now) if (this.#map.get(entry[0]) === entry[1]) yield entry
  }
}
