import { describe, expect, it } from 'vitest'
import { createPolicy } from './policy.ts'

const UPSTREAMS = ['a', 'b', 'c']

describe('createPolicy()', () => {
  it('keeps the order of the text when sequential', () => {
    const order = createPolicy<string>('sequential')
    expect([order(UPSTREAMS), order(UPSTREAMS)]).toEqual([UPSTREAMS, UPSTREAMS])
  })

  it('begins with the next one each time when round_robin', () => {
    const order = createPolicy<string>('round_robin')
    expect(Array.from({ length: 4 }, () => order(UPSTREAMS).join(''))).toEqual(['abc', 'bca', 'cab', 'abc'])
  })

  it('begins with each about as often when random, and leaves none out', () => {
    const order = createPolicy<string>('random')
    const first = new Map<string, number>()
    for (let count = 0; count < 3000; count += 1) {
      const list = order(UPSTREAMS)
      expect(list.toSorted()).toEqual(UPSTREAMS)
      first.set(list[0] ?? '', (first.get(list[0] ?? '') ?? 0) + 1)
    }
    // Each is expected 1000 times with a deviation of 26; eight deviations never happen.
    for (const name of UPSTREAMS) expect(Math.abs((first.get(name) ?? 0) - 1000)).toBeLessThan(210)
  })

  it('has nothing to order without upstreams', () => {
    for (const policy of ['random', 'round_robin', 'sequential'] as const) expect(createPolicy(policy)([])).toEqual([])
  })
})
