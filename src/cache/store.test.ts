import { describe, expect, it } from 'vitest'
import { encodeMessage, parseRecord, query, response } from '../dns/index.ts'
import { messageOf, sizeOfKept, type NewEntry } from './entry.ts'
import { cacheKey, type CacheKey } from './key.ts'
import { CacheStore } from './store.ts'

const SEED = 7

function keyOf(name: string): CacheKey {
  return cacheKey({ name, type: 'TXT', class: 'IN', dnssecOk: false, checkingDisabled: false }, SEED)
}

function entry(name: string, text = 'x'): NewEntry {
  const asked = query({ name: 'example.org', type: 'TXT' })
  const message = response(asked, { answer: [parseRecord(`example.org. 60 IN TXT "${text}"`)] })
  return {
    key: keyOf(name),
    kind: 'success',
    kept: message,
    answersQuestion: true,
    reason: undefined,
    storedAtMs: 0,
    ttl: 60,
  }
}

/** An entry as the octets of its response. */
function octetsEntry(name: string): NewEntry {
  const { kept } = entry(name)
  const octets = typeof kept === 'string' ? kept : Buffer.from(encodeMessage(kept)).toString('latin1')
  return { ...entry(name), kept: octets, kind: 'denial', reason: `why ${name}`, storedAtMs: 1.5, ttl: 30 }
}

describe('CacheStore', () => {
  it('keeps at most its capacity and tells how many it evicted', () => {
    const store = new CacheStore({ capacity: 3 })
    const evicted = ['a', 'b', 'c', 'd', 'e'].map((key) => store.set(entry(key)))
    expect(evicted).toEqual([0, 0, 0, 1, 1])
    expect(store.size).toBe(3)
    expect(store.get(keyOf('a'))).toBeUndefined()
  })

  it('keeps what was asked for when names pass that nobody asks for again', () => {
    const store = new CacheStore({ capacity: 10 })
    store.set(entry('popular'))
    for (let index = 0; index < 100; index += 1) {
      const popular = store.get(keyOf('popular'))
      if (popular !== undefined) popular.visited = true
      store.set(entry(`scan${index}`))
    }
    expect(store.get(keyOf('popular'))).toBeDefined()
    expect(store.size).toBe(10)
  })

  it('evicts although everything was asked for', () => {
    const store = new CacheStore({ capacity: 40 })
    for (let index = 0; index < 40; index += 1) {
      store.set(entry(`k${index}`), { hits: 1, lastHitAtMs: 0, visited: true })
    }
    expect(store.set(entry('new'))).toBe(1)
    expect(store.get(keyOf('new'))).toBeDefined()
  })

  it('does not count an entry that replaces its predecessor as an eviction', () => {
    const store = new CacheStore({ capacity: 1 })
    store.set(entry('a'))
    expect(store.set(entry('a', 'second'))).toBe(0)
    expect(store.size).toBe(1)
  })

  it('evicts until large entries fit its budget, and refuses what is larger than all of it', () => {
    const large = entry('large', 'y'.repeat(250))
    const store = new CacheStore({ capacity: 100, budgetBytes: sizeOfKept(large.kept) + sizeOfKept(entry('a').kept) })
    for (const key of ['a', 'b', 'c']) store.set(entry(key))
    store.set(large)
    expect(store.get(keyOf('large'))?.kept).toBe(large.kept)
    expect(store.sizeBytes).toBeLessThanOrEqual(store.budgetBytes)
    const tiny = new CacheStore({ capacity: 100, budgetBytes: 10 })
    expect(tiny.set(large)).toBe(0)
    expect(tiny.size).toBe(0)
  })

  it('is empty again after its entries were deleted or cleared', () => {
    const store = new CacheStore({ capacity: 10 })
    store.set(entry('a'))
    store.set(entry('b'))
    expect([store.delete(keyOf('a')), store.delete(keyOf('a'))]).toEqual([true, false])
    store.clear()
    expect([store.size, store.sizeBytes]).toEqual([0, 0])
  })

  it('finds each of many entries that are kept as octets, with all that was said of it', () => {
    const store = new CacheStore({ capacity: 5000 })
    const names = Array.from({ length: 6000 }, (_, index) => `n${index}.example.org.`)
    for (const name of names) store.set(octetsEntry(name))
    expect(names.map((name) => store.get(keyOf(name))?.reason)).toEqual(
      names.map((name, index) => (index < 1000 ? undefined : `why ${name}`)),
    )
    const found = store.get(keyOf('n5999.example.org.'))
    expect(found).toMatchObject({ kind: 'denial', answersQuestion: true, storedAtMs: 1.5, ttl: 30, hits: 0 })
    expect(found === undefined ? undefined : messageOf(found).answer).toHaveLength(1)
    expect(store.get(keyOf('n5999.example.org.'))).toBe(found)
  })

  it('tells those who hold an entry that it has gone', () => {
    const store = new CacheStore({ capacity: 10 })
    store.set(octetsEntry('a'))
    const held = store.get(keyOf('a'))
    const before = held?.stamp.value
    store.set(octetsEntry('a'))
    expect(held?.isGone).toBe(true)
    expect(held?.stamp.value).not.toBe(before)
    expect(store.get(keyOf('a'))).not.toBe(held)
  })

  it('takes over the counts of an entry that is renewed', () => {
    const store = new CacheStore({ capacity: 10 })
    store.set(octetsEntry('a'), { hits: 3, lastHitAtMs: 9, visited: true })
    expect(store.get(keyOf('a'))).toMatchObject({ hits: 3, lastHitAtMs: 9, visited: true })
  })

  it('keeps lookups short although all names have one hash', () => {
    const store = new CacheStore({ capacity: 1000 })
    const evicted = Array.from({ length: 100 }, (_, index) =>
      store.set({ ...entry(`k${index}`), key: { ...keyOf(`k${index}`), hash: 1 } }),
    )
    expect(evicted.reduce((sum, one) => sum + one, 0)).toBe(100 - store.size)
    expect(store.size).toBeLessThan(50)
    expect(store.get({ ...keyOf('k99'), hash: 1 })).toBeDefined()
    expect(store.get({ ...keyOf('k0'), hash: 1 })).toBeUndefined()
  })
})
