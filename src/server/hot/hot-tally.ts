// How often another thread gave each kept answer and how long that took, in memory that both see: that thread only adds, the
// keeping thread remembers what it was told already.
import { MAX_ENTRIES } from './layout.ts'

/** Kinds of queries whose durations are told apart; answers of more kinds are not given by other threads. */
export const MAX_GROUPS = 64

/** The memory of one tally. */
export interface HotTallyMemory {
  /** By number of the entry. */
  readonly hits: Int32Array
  /** By group, then by bucket: how many, and their seconds together. */
  readonly durations: Float64Array
  readonly seconds: Float64Array
  /** Upper bounds of the buckets in seconds, ascending; one more bucket takes the rest. */
  readonly bounds: readonly number[]
}

/** Memory for one thread and one table; most of it is never touched. */
export function createTallyMemory(bounds: readonly number[]): HotTallyMemory {
  const buckets = MAX_GROUPS * (bounds.length + 1)
  return {
    hits: new Int32Array(new SharedArrayBuffer(MAX_ENTRIES * 4)),
    durations: new Float64Array(new SharedArrayBuffer(buckets * 8)),
    seconds: new Float64Array(new SharedArrayBuffer(buckets * 8)),
    bounds,
  }
}

/** The side of the thread that answers. */
export class HotTally {
  readonly #memory: HotTallyMemory
  /** Of the batch, by group. */
  readonly #batch = new Int32Array(MAX_GROUPS)
  #isEmpty = true

  constructor(memory: HotTallyMemory) {
    this.#memory = memory
  }

  hit(number: number, group: number): void {
    const { hits } = this.#memory
    Atomics.store(hits, number, ((hits[number] ?? 0) + 1) | 0)
    this.#batch[group] = (this.#batch[group] ?? 0) + 1
    this.#isEmpty = false
  }

  /** Ends a batch that took so long. */
  end(seconds: number): void {
    if (this.#isEmpty) return
    this.#isEmpty = true
    const memory = this.#memory
    const { bounds } = memory
    let bucket = 0
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket += 1
    for (let group = 0; group < MAX_GROUPS; group += 1) {
      const hits = this.#batch[group] ?? 0
      if (hits === 0) continue
      this.#batch[group] = 0
      const at = group * (bounds.length + 1) + bucket
      memory.seconds[at] = (memory.seconds[at] ?? 0) + hits * seconds
      memory.durations[at] = (memory.durations[at] ?? 0) + hits
    }
  }
}

/** The side of the thread that keeps the answers and counts for all. */
export class HotTallyReader {
  readonly memory: HotTallyMemory
  readonly #hits = new Int32Array(MAX_ENTRIES)
  readonly #durations: Float64Array
  readonly #seconds: Float64Array

  constructor(bounds: readonly number[]) {
    this.memory = createTallyMemory(bounds)
    this.#durations = new Float64Array(this.memory.durations.length)
    this.#seconds = new Float64Array(this.memory.seconds.length)
  }

  /** How often the entry of this number answered there since this was asked last. */
  takeHits(number: number): number {
    const hits = Atomics.load(this.memory.hits, number)
    const more = (hits - (this.#hits[number] ?? 0)) | 0
    this.#hits[number] = hits
    return more
  }

  /** Tells the durations of a group since this was asked last: one call per bucket, with the mean of what is in it. */
  takeDurations(group: number, observe: (seconds: number, times: number) => void): void {
    const { bounds, durations, seconds } = this.memory
    const buckets = bounds.length + 1
    for (let at = group * buckets; at < (group + 1) * buckets; at += 1) {
      const times = (durations[at] ?? 0) - (this.#durations[at] ?? 0)
      if (times === 0) continue
      const sum = (seconds[at] ?? 0) - (this.#seconds[at] ?? 0)
      this.#durations[at] = (this.#durations[at] ?? 0) + times
      this.#seconds[at] = (this.#seconds[at] ?? 0) + sum
      observe(sum / times, times)
    }
  }
}
