// Renewals of entries: one at a time for each key, a bounded number altogether, none right after one that failed.
import { formatCacheKey } from '../../cache/index.ts'
import type { Outcome } from '../../server/index.ts'
import type { AnswerEntry } from './answers.ts'

/** What a renewal brought. */
export interface Renewal {
  readonly outcome: Outcome
  /** A complete NOERROR or NXDOMAIN response to this question. */
  readonly complete: boolean
  /** It leads to records of the asked type. */
  readonly answersQuestion: boolean
}

export interface RenewalOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Most renewals at a time. */
  readonly limit: number
}

/** A failure in the background is not tried again sooner, so that a dead upstream is left alone. */
const LEAST_PAUSE_MS = 1000

/** The renewals under way. Each is a promise that never rejects. */
export class Renewals {
  readonly #running = new Map<string, Promise<Renewal | undefined>>()
  readonly #options: RenewalOptions

  constructor(options: RenewalOptions) {
    this.#options = options
  }

  /** Whether a renewal of the entry failed less than `recheckMs` ago. */
  isResting(entry: AnswerEntry, recheckMs: number): boolean {
    return entry.refreshFailedAtMs !== undefined && this.#options.now() - entry.refreshFailedAtMs < recheckMs
  }

  /** Renews in the background if nothing speaks against it; says whether it did. */
  startInBackground(entry: AnswerEntry, renew: () => Promise<Renewal>, recheckMs = 0): boolean {
    if (this.#running.has(formatCacheKey(entry.key)) || this.#running.size >= this.#options.limit) return false
    if (this.isResting(entry, Math.max(recheckMs, LEAST_PAUSE_MS))) return false
    void this.join(entry, renew)
    return true
  }

  /** Renews, or waits for the renewal of this entry that is under way; undefined when it broke down. */
  join(entry: AnswerEntry, renew: () => Promise<Renewal>): Promise<Renewal | undefined> {
    const key = formatCacheKey(entry.key)
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const renewal = renew()
      .catch(() => undefined)
      .then((result) => {
        this.#running.delete(key)
        entry.refreshFailedAtMs = result?.complete === true ? undefined : this.#options.now()
        return result
      })
    this.#running.set(key, renewal)
    return renewal
  }
}
