import { describe, expect, it } from 'vitest'
import { checkObservation } from './check-response.ts'
import type { ResponseSummary } from './rung.ts'

const NOTHING: ResponseSummary = {
  kind: 'response',
  rcode: 'NXDOMAIN',
  records: [],
  recordCount: 0,
  aa: false,
  tc: false,
}

describe('checkObservation()', () => {
  it('says for how long a denial of an existing name may stay in a cache: the TTL of its SOA record', () => {
    const expected = { kind: 'records', rcode: 'NOERROR', records: ['10.96.0.1'] } as const
    const why = { key: 'failed.denied', values: { rcode: 'NXDOMAIN', seconds: 17 } }
    expect(checkObservation(expected, { ...NOTHING, soaTtl: 17 })).toEqual({ result: 'failed', why })
    expect(checkObservation(expected, { ...NOTHING, rcode: 'NOERROR', soaTtl: 17 })).toMatchObject({ result: 'failed' })
  })

  it('does not speak of a cache where no SOA record tells of one', () => {
    const expected = { kind: 'records', rcode: 'NOERROR', records: ['10.96.0.1'] } as const
    expect(checkObservation(expected, NOTHING)).toMatchObject({ why: { key: 'failed.other-rcode' } })
  })
})
