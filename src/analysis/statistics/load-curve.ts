// How load and latency of a server went over time, in a fixed number of slices that get wider as the capture gets longer.

const SLICES = 64
const FIRST_WIDTH_MICROS = 100_000

export interface LoadSlice {
  readonly queries: number
  readonly answered: number
  readonly meanMicros: number
}

/** Load and latency over time. */
export class LoadCurve {
  readonly #queries: Float64Array = new Float64Array(SLICES)
  readonly #answered: Float64Array = new Float64Array(SLICES)
  readonly #sums: Float64Array = new Float64Array(SLICES)
  #width = FIRST_WIDTH_MICROS
  #start = -1

  get widthMicros(): number {
    return this.#width
  }

  add(atMicros: number, latencyMicros: number): void {
    if (this.#start < 0) this.#start = atMicros
    let slice = Math.max(0, Math.trunc((atMicros - this.#start) / this.#width))
    while (slice >= SLICES) {
      this.#widen()
      slice = Math.trunc((atMicros - this.#start) / this.#width)
    }
    this.#queries[slice] = (this.#queries[slice] ?? 0) + 1
    if (latencyMicros < 0) return
    this.#answered[slice] = (this.#answered[slice] ?? 0) + 1
    this.#sums[slice] = (this.#sums[slice] ?? 0) + latencyMicros
  }

  /** Slices with at least so many answers, in order. */
  slices(atLeast: number): LoadSlice[] {
    const found: LoadSlice[] = []
    for (let slice = 0; slice < SLICES; slice += 1) {
      const answered = this.#answered[slice] ?? 0
      if (answered < atLeast) continue
      found.push({ queries: this.#queries[slice] ?? 0, answered, meanMicros: (this.#sums[slice] ?? 0) / answered })
    }
    return found
  }

  #widen(): void {
    for (const column of [this.#queries, this.#answered, this.#sums]) {
      for (let slice = 0; slice < SLICES / 2; slice += 1) {
        column[slice] = (column[2 * slice] ?? 0) + (column[2 * slice + 1] ?? 0)
      }
      column.fill(0, SLICES / 2)
    }
    this.#width *= 2
  }
}
