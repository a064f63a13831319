import { describe, expect, it } from 'vitest'
import { wilsonInterval } from './wilson.ts'

describe('wilsonInterval()', () => {
  // Computed by hand from Wilson's formula with z = 1.959964; the second line is Newcombe's example (1998, table I).
  it.each([
    { count: 0, all: 20, low: 0, high: 0.1611 },
    { count: 15, all: 148, low: 0.0624, high: 0.1605 },
    { count: 81, all: 263, low: 0.2553, high: 0.3662 },
    { count: 1, all: 29, low: 0.0061, high: 0.1718 },
    { count: 5, all: 5, low: 0.5655, high: 1 },
  ])('$count of $all: $low to $high', ({ count, all, low, high }) => {
    const interval = wilsonInterval(count, all)
    expect(interval.rate).toBeCloseTo(count / all, 10)
    expect(interval.low).toBeCloseTo(low, 4)
    expect(interval.high).toBeCloseTo(high, 4)
  })

  it('has no interval without a sample', () => {
    expect(() => wilsonInterval(0, 0)).toThrow(RangeError)
  })
})
