import { describe, expect, it } from 'vitest'
import { query, response } from '../dns/index.ts'
import { createEntry } from './entry.ts'
import { cacheKey } from './key.ts'
import { countHit, shouldPrefetch } from './prefetch.ts'

const RULE = { amount: 3, durationMs: 60_000, percent: 10 }

/** Which of the hits at these seconds would renew an entry of TTL 100. */
function renewingHits(seconds: readonly number[], rule = RULE): number[] {
  const message = response(query({ name: 'www.example.org' }))
  const entry = createEntry({
    key: cacheKey({ name: 'k.', type: 'A', class: 'IN', dnssecOk: false, checkingDisabled: false }, 0),
    kind: 'success',
    kept: message,
    answersQuestion: true,
    reason: undefined,
    storedAtMs: 0,
    ttl: 100,
  })
  return seconds.filter((second) => {
    countHit(entry, { durationMs: rule.durationMs, nowMs: second * 1000 })
    return shouldPrefetch(entry, rule, second * 1000)
  })
}

describe('shouldPrefetch()', () => {
  it('renews a popular entry in the last tenth of its TTL', () => {
    expect(renewingHits([10, 50, 89, 90, 95])).toEqual([90, 95])
  })

  it('leaves an entry alone that was asked too seldom', () => {
    expect(renewingHits([90, 95])).toEqual([])
  })

  it('forgets hits before a pause longer than the duration', () => {
    expect(renewingHits([1, 2, 3, 92, 93, 94], { ...RULE, durationMs: 30_000 })).toEqual([94])
  })

  it('is off with amount 0', () => {
    expect(renewingHits([95, 96, 97], { ...RULE, amount: 0 })).toEqual([])
  })
})
