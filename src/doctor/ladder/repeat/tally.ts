// Counts what came of one question that is asked many times, and what that makes of its rung.
import type { Observation, Repeats, Rung } from '../rung.ts'

/** Kinds of failures that are told apart; more of them are counted as failures and not kept. */
const MAX_FAILURES = 8

/** One question's outcomes, each of a single attempt. Holds counts, so that it does not grow with the samples. */
export class Tally {
  readonly #failures = new Map<string, Repeats['failures'][number]>()
  readonly #rttMs: number[] = []
  #asked = 0
  #ok = 0
  #timeouts = 0
  #last: Rung | undefined

  /** What the rung brought before it was repeated: every attempt that was lost is a sample too. */
  constructor(first: Rung) {
    const lost = first.attempts - 1
    for (let attempt = 0; attempt < lost; attempt += 1) this.add(timedOut(first))
    this.add(first)
  }

  get asked(): number {
    return this.#asked
  }

  /** Failures without a single success. */
  get isHopeless(): boolean {
    return this.#ok === 0 && this.#asked >= HOPELESS_AFTER
  }

  /** Counts one attempt; what could not be asked is no sample. */
  add(rung: Rung): void {
    if (rung.result === 'skipped') return
    this.#asked += 1
    if (rung.rttMs !== undefined) this.#rttMs.push(rung.rttMs)
    if (rung.result === 'ok') {
      this.#ok += 1
      this.#last = rung
      return
    }
    if (rung.observed.kind === 'timeout') this.#timeouts += 1
    const { observed, why } = rung
    if (why === undefined) return
    const key = JSON.stringify(why)
    const known = this.#failures.get(key)
    if (known === undefined && this.#failures.size >= MAX_FAILURES) return
    this.#failures.set(key, { observed, why, count: (known?.count ?? 0) + 1 })
  }

  /**
   * The rung with its counts. It is `intermittent` when it brought what it should at times only, and shows then what it
   * brought at its best.
   */
  conclude(first: Rung): Rung {
    const repeats = this.#repeats()
    const [worst] = repeats.failures
    if (repeats.failed === 0 || worst === undefined) return { ...first, repeats }
    const { observed, rttMs } = this.#last ?? {}
    if (observed === undefined) {
      return { ...first, observed: worst.observed, result: 'failed', why: worst.why, repeats }
    }
    const { rttMs: _, ...rest } = first
    return {
      ...rest,
      observed,
      ...(rttMs === undefined ? {} : { rttMs }),
      result: 'intermittent',
      why: worst.why,
      repeats,
    }
  }

  #repeats(): Repeats {
    const sorted = this.#rttMs.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
    return {
      asked: this.#asked,
      ok: this.#ok,
      failed: this.#asked - this.#ok,
      timeouts: this.#timeouts,
      failures: [...this.#failures.values()].toSorted((a, b) => b.count - a.count),
      ...(sorted.length === 0
        ? {}
        : { rttMs: { least: at(0), median: at(0.5), p95: at(0.95), greatest: sorted.at(-1) ?? 0 } }),
    }
  }
}

/** A server that answers one question in twenty is found out with a probability of 64 %; each attempt may cost seconds. */
const HOPELESS_AFTER = 20

function timedOut(rung: Rung): Rung {
  const { rttMs: _, ...rest } = rung
  const observed: Observation = { kind: 'timeout' }
  return { ...rest, observed, result: 'failed', why: { key: 'failed.timeout', values: {} } }
}
