// The two stores as one cache of answers: which entry answers a question now, and what a new response replaces.
import { remainingTtl, type CacheEntry, type EntryCounts, type NewEntry } from './entry.ts'
import type { CacheKey } from './key.ts'
import { CacheStore } from './store.ts'

export interface AnswerCacheOptions {
  readonly successCapacity: number
  readonly denialCapacity: number
  /** How long an entry is kept past its TTL (RFC 8767); 0 keeps none. */
  readonly staleMs: number
  /** A positive answer is preferred to a denial for as long as it is kept. */
  readonly preferPositive: boolean
}

export type CacheLookup<Prepared = unknown> =
  | { readonly kind: 'fresh' | 'stale'; readonly entry: CacheEntry<Prepared> }
  | { readonly kind: 'miss' }

const MISS = { kind: 'miss' } as const

/** Positive answers, and apart from them denials and failures, so that neither kind can push out the other. */
export class AnswerCache<Prepared = unknown> {
  readonly success: CacheStore<Prepared>
  readonly denial: CacheStore<Prepared>
  readonly #staleMs: number
  readonly #preferPositive: boolean

  constructor(options: AnswerCacheOptions) {
    this.success = new CacheStore({ capacity: options.successCapacity })
    this.denial = new CacheStore({ capacity: options.denialCapacity })
    this.#staleMs = options.staleMs
    this.#preferPositive = options.preferPositive
  }

  /**
   * Finds what answers `key` now and marks it as used; drops what is past keeping.
   *
   * A live denial goes before a live positive answer, a live failure after it. Of two stale ones the younger counts; a
   * stale failure is never served, and a positive answer that is still kept is better than a live failure.
   */
  lookup(key: CacheKey, nowMs: number): CacheLookup<Prepared> {
    const denial = this.#kept(this.denial, key, nowMs)
    const success = this.#kept(this.success, key, nowMs)
    if (denial === undefined && success === undefined) return MISS
    const found = this.#choose(denial, success, nowMs)
    if (found.kind !== 'miss') found.entry.visited = true
    return found
  }

  /**
   * Stores an entry; what says the opposite under the same key goes, except that a failure changes nothing else.
   *
   * @param counts of the entry that it renews
   * @returns evictions made to find room
   */
  store(fields: NewEntry, counts?: EntryCounts): number {
    const { key, kind } = fields
    if (kind === 'success') {
      if (this.#preferPositive && !fields.answersQuestion && this.#keepsAnswer(fields)) return 0
      this.denial.delete(key)
      return this.success.set(fields, counts)
    }
    if (kind === 'denial') this.forgetPositive(key)
    return this.denial.set(fields, counts)
  }

  /** A denial arrived that is not to be stored: the positive answer it contradicts must not live on. */
  forgetPositive(key: CacheKey): void {
    if (!this.#preferPositive) this.success.delete(key)
  }

  /** A positive answer arrived that is not to be stored. */
  forgetNegative(key: CacheKey): void {
    this.denial.delete(key)
  }

  clear(): void {
    this.success.clear()
    this.denial.clear()
  }

  #choose(
    denial: CacheEntry<Prepared> | undefined,
    success: CacheEntry<Prepared> | undefined,
    nowMs: number,
  ): CacheLookup<Prepared> {
    if (this.#preferPositive && success?.answersQuestion === true) {
      return { kind: isFresh(success, nowMs) ? 'fresh' : 'stale', entry: success }
    }
    if (denial !== undefined && denial.kind === 'denial' && isFresh(denial, nowMs))
      return { kind: 'fresh', entry: denial }
    if (success !== undefined && isFresh(success, nowMs)) return { kind: 'fresh', entry: success }
    const failed = denial?.kind === 'servfail'
    const stale = youngest(failed ? undefined : denial, success)
    if (stale !== undefined) return { kind: 'stale', entry: stale }
    return denial !== undefined && isFresh(denial, nowMs) ? { kind: 'fresh', entry: denial } : MISS
  }

  #kept(store: CacheStore<Prepared>, key: CacheKey, nowMs: number): CacheEntry<Prepared> | undefined {
    const entry = store.get(key)
    if (entry === undefined) return undefined
    const overdueMs = -remainingTtl(entry, nowMs) * 1000
    if (overdueMs < 0 || (entry.kind !== 'servfail' && overdueMs < this.#staleMs)) return entry
    store.delete(key)
    return undefined
  }

  /** The last answer that led somewhere stays visible when a referral or an empty answer comes after it. */
  #keepsAnswer(next: NewEntry): boolean {
    return this.#kept(this.success, next.key, next.storedAtMs)?.answersQuestion === true
  }
}

function isFresh(entry: CacheEntry, nowMs: number): boolean {
  return remainingTtl(entry, nowMs) > 0
}

function youngest<Prepared>(
  one: CacheEntry<Prepared> | undefined,
  other: CacheEntry<Prepared> | undefined,
): CacheEntry<Prepared> | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one.storedAtMs > other.storedAtMs ? one : other
}
