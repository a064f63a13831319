import { describe, expect, it } from 'vitest'
import { query, response } from '../dns/index.ts'
import { AnswerCache, type AnswerCacheOptions } from './answer-cache.ts'
import { cacheKey, formatCacheKey } from './key.ts'
import type { EntryKind } from './classify.ts'
import { remainingTtl } from './entry.ts'

const SEED = 7
const KEY = cacheKey(
  { name: 'www.example.org.', type: 'A', class: 'IN', dnssecOk: false, checkingDisabled: false },
  SEED,
)

/** Stores entries `KIND@SECOND:TTL`, looks up at a second, and tells what answers. */
function answerAt(
  second: number,
  stored: readonly string[],
  options: Partial<AnswerCacheOptions> & { readonly answersQuestion?: boolean } = {},
): string {
  const cache = new AnswerCache({
    successCapacity: 10,
    denialCapacity: 10,
    staleMs: 0,
    preferPositive: false,
    ...options,
  })
  for (const text of stored) {
    const [, kind = '', at = '', ttl = ''] = /^(\w+)@([\d.]+):(\d+)$/.exec(text) ?? []
    const message = response(query({ name: 'www.example.org' }))
    cache.store({
      key: KEY,
      kind: kind === 'empty' ? 'success' : (kind as EntryKind),
      kept: message,
      answersQuestion: kind === 'success',
      reason: undefined,
      storedAtMs: Number(at) * 1000,
      ttl: Number(ttl),
    })
  }
  const found = cache.lookup(KEY, second * 1000)
  if (found.kind === 'miss') return 'miss'
  return `${found.kind} ${found.entry.kind} ${remainingTtl(found.entry, second * 1000)}`
}

const HOUR = { staleMs: 3_600_000 }
const PREFER = { staleMs: 3_600_000, preferPositive: true }

describe('AnswerCache', () => {
  it.each([
    { title: 'nothing stored', at: 0, stored: [], expected: 'miss' },
    { title: 'a live answer', at: 4.9, stored: ['success@0:5'], expected: 'fresh success 1' },
    { title: 'an answer at the end of its TTL', at: 5, stored: ['success@0:5'], expected: 'miss' },
    { title: 'a live denial', at: 1, stored: ['denial@0:5'], expected: 'fresh denial 4' },
    { title: 'a denial after an answer', at: 2, stored: ['success@0:60', 'denial@1:5'], expected: 'fresh denial 4' },
    {
      title: 'a denial that replaced an answer and ended',
      at: 9,
      stored: ['success@0:60', 'denial@1:5'],
      expected: 'miss',
    },
    { title: 'an answer after a denial', at: 2, stored: ['denial@0:60', 'success@1:60'], expected: 'fresh success 59' },
    { title: 'a failure alone', at: 1, stored: ['servfail@0:5'], expected: 'fresh servfail 4' },
    {
      title: 'a failure beside a live answer',
      at: 2,
      stored: ['success@0:60', 'servfail@1:5'],
      expected: 'fresh success 58',
    },
    { title: 'a failure that ended', at: 6, stored: ['servfail@0:5'], options: HOUR, expected: 'miss' },
    { title: 'an expired answer', at: 65, stored: ['success@0:60'], options: HOUR, expected: 'stale success -5' },
    { title: 'an answer too stale', at: 3660, stored: ['success@0:60'], options: HOUR, expected: 'miss' },
    {
      title: 'an answer nearly too stale',
      at: 3659,
      stored: ['success@0:60'],
      options: HOUR,
      expected: 'stale success -3599',
    },
    { title: 'an expired denial', at: 65, stored: ['denial@0:60'], options: HOUR, expected: 'stale denial -5' },
    {
      title: 'a live failure beside an expired answer',
      at: 62,
      stored: ['success@0:60', 'servfail@61:5'],
      options: HOUR,
      expected: 'stale success -2',
    },
    {
      title: 'a live denial after an expired answer',
      at: 62,
      stored: ['success@0:60', 'denial@61:5'],
      options: HOUR,
      expected: 'fresh denial 4',
    },
    {
      title: 'an expired answer preferred to a live denial',
      at: 62,
      stored: ['success@0:60', 'denial@61:5'],
      options: PREFER,
      expected: 'stale success -2',
    },
    {
      title: 'a live answer preferred to a live denial',
      at: 2,
      stored: ['success@0:60', 'denial@1:5'],
      options: PREFER,
      expected: 'fresh success 58',
    },
    {
      title: 'an answer kept although an empty one followed',
      at: 62,
      stored: ['success@0:60', 'empty@61:5'],
      options: PREFER,
      expected: 'stale success -2',
    },
    {
      title: 'an empty answer that nothing stands against',
      at: 2,
      stored: ['empty@1:5'],
      options: PREFER,
      expected: 'fresh success 4',
    },
  ])('gives $expected for $title', ({ at, stored, options, expected }) => {
    expect(answerAt(at, stored, options)).toBe(expected)
  })

  it('keeps answers with other names, types, classes, DO and CD apart', () => {
    const parts = { name: 'a.', type: 'A', class: 'IN', dnssecOk: false, checkingDisabled: false }
    const keys = [
      parts,
      { ...parts, name: 'b.' },
      { ...parts, type: 'AAAA' },
      { ...parts, class: 'CH' },
      { ...parts, dnssecOk: true },
      { ...parts, checkingDisabled: true },
      { ...parts, dnssecOk: true, checkingDisabled: true },
    ].map((part) => cacheKey(part, SEED))
    expect(new Set(keys.map((key) => formatCacheKey(key))).size).toBe(keys.length)
  })

  it('does not take a response for older than the question that finds it', () => {
    expect(answerAt(0.5, ['success@1:5'])).toBe('fresh success 5')
  })
})
