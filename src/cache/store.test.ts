import { describe, expect, it } from 'vitest'
import { parseRecord, query, response } from '../dns/index.ts'
import { createEntry, type CacheEntry } from './entry.ts'
import { CacheStore } from './store.ts'

function entry(key: string, text = 'x'): CacheEntry {
  const asked = query({ name: 'example.org', type: 'TXT' })
  const message = response(asked, { answer: [parseRecord(`example.org. 60 IN TXT "${text}"`)] })
  return createEntry({
    key,
    kind: 'success',
    kept: message,
    answersQuestion: true,
    reason: undefined,
    storedAtMs: 0,
    ttl: 60,
  })
}

describe('CacheStore', () => {
  it('keeps at most its capacity and tells how many it evicted', () => {
    const store = new CacheStore({ capacity: 3 })
    const evicted = ['a', 'b', 'c', 'd', 'e'].map((key) => store.set(entry(key)))
    expect(evicted).toEqual([0, 0, 0, 1, 1])
    expect(store.size).toBe(3)
    expect(store.get('a')).toBeUndefined()
  })

  it('keeps what was asked for when names pass that nobody asks for again', () => {
    const store = new CacheStore({ capacity: 10 })
    store.set(entry('popular'))
    for (let index = 0; index < 100; index += 1) {
      const popular = store.get('popular')
      if (popular !== undefined) popular.visited = true
      store.set(entry(`scan${index}`))
    }
    expect(store.get('popular')).toBeDefined()
    expect(store.size).toBe(10)
  })

  it('evicts although everything was asked for', () => {
    const store = new CacheStore({ capacity: 40 })
    for (let index = 0; index < 40; index += 1) {
      const one = entry(`k${index}`)
      one.visited = true
      store.set(one)
    }
    expect(store.set(entry('new'))).toBe(1)
    expect(store.get('new')).toBeDefined()
  })

  it('does not count an entry that replaces its predecessor as an eviction', () => {
    const store = new CacheStore({ capacity: 1 })
    store.set(entry('a'))
    expect(store.set(entry('a', 'second'))).toBe(0)
    expect(store.size).toBe(1)
  })

  it('evicts until large entries fit its budget, and refuses what is larger than all of it', () => {
    const large = entry('large', 'y'.repeat(250))
    const store = new CacheStore({ capacity: 100, budgetBytes: large.sizeBytes + entry('a').sizeBytes })
    for (const key of ['a', 'b', 'c']) store.set(entry(key))
    store.set(large)
    expect(store.get('large')).toBe(large)
    expect(store.sizeBytes).toBeLessThanOrEqual(store.budgetBytes)
    const tiny = new CacheStore({ capacity: 100, budgetBytes: 10 })
    expect(tiny.set(large)).toBe(0)
    expect(tiny.size).toBe(0)
  })

  it('is empty again after its entries were deleted or cleared', () => {
    const store = new CacheStore({ capacity: 10 })
    store.set(entry('a'))
    store.set(entry('b'))
    expect([store.delete('a'), store.delete('a')]).toEqual([true, false])
    store.clear()
    expect([store.size, store.sizeBytes]).toEqual([0, 0])
  })
})
