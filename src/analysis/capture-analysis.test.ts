import { describe, expect, it } from 'vitest'
import { QUERY, frameOf } from '../../test/support/captures.ts'
import { createFrame } from '../capture/index.ts'
import { CaptureAnalysis } from './capture-analysis.ts'
import { createReport } from './report.ts'
import type { CaptureReport } from './report.ts'

const SECOND_MICROS = 1e6
/** Of one stretch: a minute with three queries a second. */
const QUERIES = 180

/** Queries that are answered after a millisecond, from a time on; `skew` is added to some queries' times. */
function take(analysis: CaptureAnalysis, startMicros: number, skew: (query: number) => number = () => 0): void {
  for (let query = 0; query < QUERIES; query += 1) {
    const message = { ...QUERY, id: query, port: 40_000 + query }
    for (const isResponse of [false, true]) {
      const octets = frameOf({ ...message, isResponse }, 1)
      const atMicros = startMicros + (query * SECOND_MICROS) / 3 + (isResponse ? 1000 : 0) + skew(query)
      const size = { start: 0, end: octets.length, wireBytes: octets.length, linkType: 1 }
      analysis.frame({ ...createFrame(), ...size, octets, atMicros, number: analysis.frames + 1 })
    }
  }
}

function reportOf(fill: (analysis: CaptureAnalysis) => void): CaptureReport {
  const analysis = new CaptureAnalysis()
  fill(analysis)
  analysis.finish()
  return createReport(analysis, undefined)
}

describe('CaptureAnalysis', () => {
  it('pairs messages after the times of a capture jumped back, as those of joined files do', () => {
    const { dns, file, patterns } = reportOf((analysis) => {
      for (let copy = 0; copy < 4; copy += 1) take(analysis, 1.7e15)
    })
    expect(dns).toMatchObject({ transactions: 4 * QUERIES, answered: 4 * QUERIES, unanswered: 0, resent: 0 })
    expect([file.jumpsBack, patterns]).toEqual([3, []])
  })

  it('takes one message from long ago for a straggler', () => {
    const { dns, file } = reportOf((analysis) =>
      take(analysis, 1.7e15, (query) => (query === 120 ? -30 * SECOND_MICROS : 0)),
    )
    expect([dns.answered, file.jumpsBack]).toEqual([QUERIES, 0])
  })

  it('goes on in time after a message from the future', () => {
    const { dns, file } = reportOf((analysis) =>
      take(analysis, 1.7e15, (query) => (query === 20 ? 3600 * SECOND_MICROS : 0)),
    )
    expect([dns.answered, file.jumpsBack]).toEqual([QUERIES, 1])
  })
})
