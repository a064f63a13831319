import { describe, expect, it } from 'vitest'
import { createMetrics } from './metrics-registry.ts'

describe('createMetrics()', () => {
  it('counts the same series through inc() and labeled()', () => {
    const metrics = createMetrics()
    const counter = metrics.counter({ name: 'a_total', help: 'A.', labels: ['server', 'zone'] })
    const series = counter.labeled(['dns://:53', '.'])
    series.inc()
    counter.inc(['dns://:53', '.'], 2)
    expect(metrics.render()).toBe('# HELP a_total A.\n# TYPE a_total counter\na_total{server="dns://:53",zone="."} 3\n')
  })

  it('gives the same series to who asks twice for one name, as a reloaded configuration does', () => {
    const metrics = createMetrics()
    metrics.counter({ name: 'a_total', help: 'A.' }).inc()
    metrics.counter({ name: 'a_total', help: 'A.' }).inc()
    expect(metrics.render()).toContain('\na_total 2\n')
  })

  it('refuses a name with other labels', () => {
    const metrics = createMetrics()
    metrics.counter({ name: 'a_total', help: 'A.' })
    expect(() => metrics.counter({ name: 'a_total', help: 'A.', labels: ['x'] })).toThrow(/a_total/)
    expect(() => metrics.gauge({ name: 'a_total', help: 'A.' })).toThrow(/a_total/)
  })

  it('writes histograms cumulatively, a value on a bound counting in its bucket', () => {
    const metrics = createMetrics()
    const histogram = metrics.histogram({ name: 'h', help: 'H.', labels: ['l'], buckets: [0.00025, 1] })
    const series = histogram.labeled(['x'])
    for (const value of [0.00025, 0.5, 1, 7]) series.observe(value)
    expect(metrics.render().split('\n').slice(2, -1)).toEqual([
      'h_bucket{l="x",le="0.00025"} 1',
      'h_bucket{l="x",le="1"} 3',
      'h_bucket{l="x",le="+Inf"} 4',
      'h_sum{l="x"} 8.50025',
      'h_count{l="x"} 4',
    ])
  })

  it('keeps counts when many label sets make its arrays grow', () => {
    const metrics = createMetrics()
    const gauge = metrics.gauge({ name: 'g', help: 'G.', labels: ['n'] })
    const first = gauge.labeled(['0'])
    for (let n = 1; n < 100; n += 1) gauge.set(n, [String(n)])
    first.add(5)
    expect(metrics.render()).toContain('g{n="0"} 5\n')
    expect(metrics.render()).toContain('g{n="99"} 99\n')
  })

  it('escapes label values and forgets removed series', () => {
    const metrics = createMetrics()
    const gauge = metrics.gauge({ name: 'g', help: 'G.', labels: ['n'] })
    gauge.set(1, ['a"b\\c\nd'])
    gauge.set(1, ['gone'])
    gauge.remove(['gone'])
    expect(metrics.render()).toBe('# HELP g G.\n# TYPE g gauge\ng{n="a\\"b\\\\c\\nd"} 1\n')
  })

  it('asks collectors before each exposition until they are removed', () => {
    const metrics = createMetrics()
    const gauge = metrics.gauge({ name: 'g', help: 'G.' })
    let asked = 0
    const remove = metrics.onCollect(() => gauge.set((asked += 1)))
    expect(metrics.render()).toContain('\ng 1\n')
    remove()
    expect(metrics.render()).toContain('\ng 1\n')
  })
})
