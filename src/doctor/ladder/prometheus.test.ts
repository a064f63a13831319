import { describe, expect, it } from 'vitest'
import { parseExposition, sumSamples } from './prometheus.ts'

const TEXT = `# HELP coredns_proxy_healthcheck_failures_total Counter of the number of failed healthchecks.
# TYPE coredns_proxy_healthcheck_failures_total counter
coredns_proxy_healthcheck_failures_total{proxy_name="forward",to="1.2.4.8:53"} 17
coredns_proxy_healthcheck_failures_total{proxy_name="forward",to="100.64.11.3:53",} 0 1395066363000
process_open_fds 12
quoted{path="C:\\\\dir \\"x\\" {a,b}",line="one\\ntwo"} 1e3
le_bucket{le="+Inf"} +Inf
nothing NaN
`

describe('parseExposition()', () => {
  it('reads names, labels, values and timestamps', () => {
    const { samples, badLines } = parseExposition(TEXT)
    expect(badLines).toBe(0)
    expect(samples[0]).toEqual({
      name: 'coredns_proxy_healthcheck_failures_total',
      labels: { proxy_name: 'forward', to: '1.2.4.8:53' },
      value: 17,
    })
    expect(samples.map(({ value }) => value)).toEqual([17, 0, 12, 1000, Infinity, Number.NaN])
  })

  it('unescapes label values that hold quotes, braces, commas and line feeds', () => {
    const { samples } = parseExposition(TEXT)
    expect(samples[3]?.labels).toEqual({ path: 'C:\\dir "x" {a,b}', line: 'one\ntwo' })
  })

  it('counts lines it cannot read and keeps the others', () => {
    const { samples, badLines } = parseExposition('<html>\nup 1\nx{a=b} 1\ny{a="b"} one\n')
    expect(badLines).toBe(3)
    expect(samples).toEqual([{ name: 'up', labels: {}, value: 1 }])
  })

  it.each([
    { title: 'ten million letters', text: 'a'.repeat(10_000_000), badLines: 1 },
    { title: 'a million line ends', text: '\n'.repeat(1_000_000), badLines: 0 },
    { title: 'labels without end', text: `a{${'b="" ,'.repeat(1_000_000)}${' '.repeat(1_000_000)}} 1`, badLines: 1 },
    { title: 'a compressed page taken for text', text: '\u001f\ufffd\b\0\0\n\0\ufffd{"=', badLines: 2 },
  ])('gives no sample of $title', ({ text, badLines }) => {
    expect(parseExposition(text)).toEqual({ samples: [], badLines })
  })

  it('keeps only the names that are wanted', () => {
    const { samples } = parseExposition(TEXT, (name) => name.startsWith('process_'))
    expect(samples.map(({ name }) => name)).toEqual(['process_open_fds'])
  })
})

describe('sumSamples()', () => {
  it('tells an absent series from one that is zero', () => {
    const { samples } = parseExposition(TEXT)
    const name = 'coredns_proxy_healthcheck_failures_total'
    expect(sumSamples(samples, name, { to: '100.64.11.3:53' })).toBe(0)
    expect(sumSamples(samples, name, { to: '8.8.8.8:53' })).toBeUndefined()
    expect(sumSamples(samples, name)).toBe(17)
  })
})
