import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BORDERS_MICROS, LatencyHistogram } from './latency-histogram.ts'

function histogramOf(micros: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const value of micros) histogram.add(value)
  return histogram
}

/** Each border's count, as a report draws it. */
function drawn(histogram: LatencyHistogram): number[] {
  return BORDERS_MICROS.map((from, index) => histogram.between(from, BORDERS_MICROS[index + 1] ?? Infinity))
}

const latency = fc.integer({ min: 0, max: 0x7fffffff })
const latencies = fc.array(latency, { minLength: 1, maxLength: 50 })

describe('LatencyHistogram', () => {
  it('counts latencies just above a border above it', () => {
    const histogram = histogramOf([5100, 10_100, 20_100, 50_500, 100_500, 200_500, 501_000, 1_001_000, 2_010_000, 3e6])
    const counts = new Map(drawn(histogram).map((count, index) => [(BORDERS_MICROS[index] ?? 0) / 1000, count]))
    expect([...counts].filter(([, count]) => count > 0)).toEqual([
      [5, 1],
      [10, 1],
      [20, 1],
      [50, 1],
      [100, 1],
      [200, 1],
      [500, 1],
      [1000, 1],
      [2000, 2],
    ])
    expect(histogram.quantile(0.9)).toBeGreaterThanOrEqual(2_010_000)
    expect(histogram.quantile(0.9)).toBeLessThan(2_080_000)
    expect(histogram.quantile(0.99)).toBe(3e6)
  })

  it('counts each latency between the borders it lies between', () => {
    const nearBorder = fc
      .tuple(fc.constantFrom(...BORDERS_MICROS), fc.integer({ min: -3, max: 3 }))
      .map(([border, off]) => Math.max(0, border + off))
    fc.assert(
      fc.property(fc.array(fc.oneof(latency, nearBorder), { maxLength: 50 }), (values) => {
        const wanted = BORDERS_MICROS.map(
          (from, index) =>
            values.filter((value) => value >= from && value < (BORDERS_MICROS[index + 1] ?? Infinity)).length,
        )
        expect(drawn(histogramOf(values))).toEqual(wanted)
      }),
    )
  })

  it('quantile() is never below the latency of its rank, and at most a thirty-second above', () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const sorted = values.toSorted((a, b) => a - b)
        const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? 0
        const found = histogramOf(values).quantile(share)
        expect(found).toBeGreaterThanOrEqual(exact)
        expect(found).toBeLessThanOrEqual(exact * (1 + 1 / 32))
      }),
    )
  })

  it('quantile() of one latency is that latency, of none is 0', () => {
    expect([0.5, 0.9, 0.99].map((share) => histogramOf([3_002_000]).quantile(share))).toEqual([
      3_002_000, 3_002_000, 3_002_000,
    ])
    expect(histogramOf([]).quantile(0.5)).toBe(0)
  })
})
