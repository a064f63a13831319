// Latencies in buckets whose width is at most a thirty-second of their octave; the borders that reports draw are borders of buckets
// too, so that no latency is counted on the wrong side of one. Hot path.

/** Borders of a drawn histogram, in microseconds; each a whole number, so that buckets can end at it. */
export const BORDERS_MICROS: readonly number[] = [
  0, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3, 200e3, 500e3, 1e6, 2e6, 5e6,
]

const BITS = 5
const PER_OCTAVE = 1 << BITS
const MAX_MICROS = 0x7fffffff
const OCTAVES = 31 - BITS + 1
/** The lowest latency of each bucket, ascending, with one beyond all. */
const LOWS: Float64Array = lowsOf()
const BUCKETS = LOWS.length - 1
/** By part of an octave: its first bucket. A border within it makes a second one. */
const FIRST_BUCKET: Uint16Array = Uint16Array.from({ length: OCTAVES * PER_OCTAVE }, (_, part) =>
  LOWS.indexOf(lowOfPart(part)),
)

/** Counts latencies. */
export class LatencyHistogram {
  readonly #counts: Uint32Array = new Uint32Array(BUCKETS)
  count = 0
  maxMicros = 0

  add(micros: number): void {
    const value = micros < 0 ? 0 : micros > MAX_MICROS ? MAX_MICROS : Math.trunc(micros)
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

  /**
   * The latency that this share (0 to 1) of all does not exceed, in microseconds (nearest rank); 0 when there are none.
   *
   * Never below the latency of that rank, and at most a thirty-second above it.
   */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.count))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      seen += this.#counts[bucket] ?? 0
      if (seen >= wanted) return Math.min(this.maxMicros, (LOWS[bucket + 1] ?? 0) - 1)
    }
    return this.maxMicros
  }

  /** How many lie from one latency up to, not including, another, in microseconds; exact for {@link BORDERS_MICROS}. */
  between(fromMicros: number, toMicros: number): number {
    let sum = 0
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const low = LOWS[bucket] ?? 0
      if (low >= fromMicros && low < toMicros) sum += this.#counts[bucket] ?? 0
    }
    return sum
  }
}

function bucketOf(value: number): number {
  const bucket = FIRST_BUCKET[partOf(value)] ?? 0
  return value < (LOWS[bucket + 1] ?? 0) ? bucket : bucket + 1
}

function partOf(value: number): number {
  if (value < PER_OCTAVE) return value
  const exponent = 31 - Math.clz32(value)
  return (exponent - BITS + 1) * PER_OCTAVE + ((value >>> (exponent - BITS)) & (PER_OCTAVE - 1))
}

function lowOfPart(part: number): number {
  if (part < PER_OCTAVE) return part
  return (PER_OCTAVE + (part % PER_OCTAVE)) * 2 ** (Math.trunc(part / PER_OCTAVE) - 1)
}

function lowsOf(): Float64Array {
  const lows = new Set(BORDERS_MICROS)
  for (let part = 0; part <= OCTAVES * PER_OCTAVE; part += 1) lows.add(lowOfPart(part))
  return Float64Array.from(lows).sort()
}
