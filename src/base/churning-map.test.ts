import { describe, expect, it } from 'vitest'
import { ChurningMap } from './churning-map.ts'

describe('ChurningMap', () => {
  it('holds what is in it through thousands of entries that come and go', () => {
    const map = new ChurningMap<number, string>()
    map.set(-1, 'stays')
    for (let index = 0; index < 5000; index += 1) {
      map.set(index, `n${index}`)
      if (index >= 10) map.delete(index - 10)
    }
    expect(map.size).toBe(11)
    expect(map.first()).toBe('stays')
    expect([...map.entries()].map(([key]) => key)).toEqual([-1, ...Array.from({ length: 10 }, (_, at) => 4990 + at)])
    expect([map.get(4989), map.get(4990), map.has(4989)]).toEqual([undefined, 'n4990', false])
  })

  it('goes through its entries once each, although they are deleted and set meanwhile', () => {
    const map = new ChurningMap<number, number>()
    for (let index = 0; index < 1000; index += 1) map.set(index, index)
    const seen: number[] = []
    for (const [key] of map.entries()) {
      seen.push(key)
      map.delete(key)
      map.delete(key + 1)
      map.set(key + 5000, 0)
    }
    expect(seen).toEqual(Array.from({ length: 500 }, (_, at) => at * 2))
  })
})
