import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { CaptureReport } from '../../analysis/index.ts'
import { QUERY, captureOf, frameOf } from '../../../test/support/captures.ts'
import { reportOf } from '../../../test/support/read-patterns.ts'
import { exitCodeOf, verdictOf, verdictText } from './verdict.ts'

const PATTERNS = resolve(import.meta.dirname, '../../../testdata/patterns')
const folder = mkdtempSync(join(tmpdir(), 'fathom-verdict-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A capture of one query for each rcode, with the response that has it. */
function answered(rcodes: readonly number[]): Promise<CaptureReport> {
  const frames = rcodes.flatMap((rcode, id) => {
    const message = { ...QUERY, port: 40_000 + id, id, name: `n${id}.example.org`, rcode }
    return [frameOf(message, 101), frameOf({ ...message, isResponse: true }, 101)]
  })
  const file = join(folder, `${rcodes.join('-')}.pcap`)
  writeFileSync(file, captureOf(frames, 101))
  return reportOf(file)
}

const NEXT = '; --transactions --unanswered shows which, a capture at the server as well whether they came there'

describe('verdictOf(), verdictText() and exitCodeOf()', () => {
  it.each([
    { rcodes: [0, 3], exit: 0, text: 'No fault: 2 of 2 transactions answered' },
    { rcodes: [1, 0], exit: 0, text: 'No fault: 2 of 2 transactions answered, of them 1 FORMERR' },
    { rcodes: [1, 1, 1, 1], exit: 3, text: 'Nothing proven: 4 of 4 transactions answered, of them 4 FORMERR' },
    { rcodes: [1, 4, 3], exit: 3, text: 'Nothing proven: 3 of 3 transactions answered, of them 1 FORMERR, 1 NOTIMP' },
    { rcodes: [], exit: 3, text: 'No DNS queries in 0 frames' },
  ])('rcodes $rcodes: $text', async ({ rcodes, exit, text }) => {
    const report = await answered(rcodes)
    expect([verdictText(report), exitCodeOf(report)]).toEqual([text, exit])
  })

  it.each([
    [
      'endpoint-unresponsive',
      'Nothing proven: 2 of 5 transactions answered, 2 unanswered, 1 cut off by the end of the capture',
    ],
    [
      'udp-53-blocked',
      'Nothing proven: 0 of 2 transactions answered, 1 unanswered, 1 cut off by the end of the capture',
    ],
    [
      'tunnel-blocked',
      'Nothing proven: 0 of 2 transactions answered, 1 unanswered, 1 cut off by the end of the capture',
    ],
  ])('no fault is not what the near-miss of %s proves', async (code, text) => {
    const report = await reportOf(join(PATTERNS, `${code}.near-miss.pcap`))
    expect([verdictText(report), exitCodeOf(report)]).toEqual([`${text}${NEXT}`, 3])
  })

  it('a race that was seen once is possible, not proven', async () => {
    const race = { code: 'conntrack-race', kind: 'observation', count: 1, subject: 'a -> b', evidence: [] } as const
    const report = { ...(await answered([0, 0])), patterns: [race] }
    expect([verdictText(report), exitCodeOf(report)]).toEqual([
      'Nothing proven: 2 of 2 transactions answered; possible: conntrack-race (a -> b)',
      3,
    ])
  })

  it('most responses after a second or more prove nothing', async () => {
    const report = await answered([0, 0])
    const histogram = report.histogram.map((row) => ({ ...row, count: row.fromMs === 2000 ? 2 : 0 }))
    expect(verdictText({ ...report, histogram })).toBe(
      'Nothing proven: 2 of 2 transactions answered, 2 after a second or more',
    )
  })

  it('a fault pattern is the headline', async () => {
    const report = await reportOf(join(PATTERNS, 'servfail-responses.pcap'))
    expect([verdictOf(report), exitCodeOf(report)]).toEqual(['fault', 1])
    expect(verdictText(report)).toMatch(/^servfail-responses: /)
  })

  it('a server that never answers has no latency', async () => {
    const { servers } = await reportOf(join(PATTERNS, 'udp-53-blocked.near-miss.pcap'))
    expect(servers.filter(({ answered }) => answered === 0).map(({ p50Ms, p99Ms }) => [p50Ms, p99Ms])).toContainEqual([
      null,
      null,
    ])
  })
})
