// Latencies in buckets whose width is a sixteenth of their octave: percentiles are within about 3 percent. Hot path.

const PER_OCTAVE = 16
const BUCKETS = 32 * PER_OCTAVE

/** Counts latencies. */
export class LatencyHistogram {
  readonly #counts: Uint32Array = new Uint32Array(BUCKETS)
  count = 0
  maxMicros = 0

  add(micros: number): void {
    const value = micros < 0 ? 0 : micros > 0x7fffffff ? 0x7fffffff : Math.trunc(micros)
    const bucket = bucketOf(value)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.count += 1
    if (value > this.maxMicros) this.maxMicros = value
  }

  /** Adds what another one counted. */
  addAll(other: LatencyHistogram): void {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1)
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + (other.#counts[bucket] ?? 0)
    this.count += other.count
    this.maxMicros = Math.max(this.maxMicros, other.maxMicros)
  }

  /** The latency that this share (0 to 1) of all does not exceed, in microseconds; 0 when there are none. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.count))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      seen += this.#counts[bucket] ?? 0
      if (this.count > 0 && seen >= wanted) return Math.min(this.maxMicros, middleOf(bucket))
    }
    return this.maxMicros
  }

  /** How many lie from one latency up to, not including, another; borders in microseconds. */
  between(fromMicros: number, toMicros: number): number {
    let sum = 0
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const middle = middleOf(bucket)
      if (middle >= fromMicros && middle < toMicros) sum += this.#counts[bucket] ?? 0
    }
    return sum
  }
}

function bucketOf(value: number): number {
  if (value < PER_OCTAVE) return value
  const exponent = 31 - Math.clz32(value)
  return (exponent - 3) * PER_OCTAVE + ((value >>> (exponent - 4)) & 15)
}

function middleOf(bucket: number): number {
  if (bucket < PER_OCTAVE) return bucket
  const exponent = Math.trunc(bucket / PER_OCTAVE) + 3
  const low = (PER_OCTAVE + (bucket % PER_OCTAVE)) * 2 ** (exponent - 4)
  return low + 2 ** (exponent - 5)
}
