// When an entry that people keep asking for is renewed before it expires.
import { remainingTtl, type CacheEntry } from './entry.ts'

export interface PrefetchRule {
  /** Hits that make a name popular; 0 switches prefetching off. */
  readonly amount: number
  /** A pause between hits longer than this starts the count again. */
  readonly durationMs: number
  /** Part of the TTL, in percent, below which a popular entry is renewed. */
  readonly percent: number
}

/** Counts a hit, or several at once; a pause longer than `durationMs` forgets the earlier ones. */
export function countHit(
  entry: CacheEntry,
  hit: { readonly durationMs: number; readonly nowMs: number; readonly times?: number },
): void {
  const { durationMs, nowMs, times = 1 } = hit
  entry.hits = nowMs - entry.lastHitAtMs > durationMs ? times : entry.hits + times
  entry.lastHitAtMs = nowMs
}

/** Whether a popular entry is near enough to its end to be renewed now. */
export function shouldPrefetch(entry: CacheEntry, rule: PrefetchRule, nowMs: number): boolean {
  if (rule.amount <= 0 || entry.hits < rule.amount) return false
  return remainingTtl(entry, nowMs) <= Math.ceil((rule.percent * entry.ttl) / 100)
}
