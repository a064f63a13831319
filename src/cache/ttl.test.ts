import { describe, expect, it } from 'vitest'
import { parseRecord, query, response } from '../dns/index.ts'
import type { Classification } from './classify.ts'
import { clampTtl, lowestTtl, withTtl } from './ttl.ts'

const asked = query({ name: 'www.example.org' })
const SUCCESS: Classification = { kind: 'success', referral: false, answersQuestion: true }
const DENIAL: Classification = { kind: 'denial', referral: false, answersQuestion: false }
const soa = (ttl: number, minimum: number): string =>
  `example.org. ${ttl} IN SOA ns.example.org. admin.example.org. 1 7200 1800 86400 ${minimum}`

describe('lowestTtl()', () => {
  it('is the lowest of all sections', () => {
    const message = response(asked, {
      answer: [parseRecord('www.example.org. 300 IN A 192.0.2.1')],
      authority: [parseRecord('example.org. 200 IN NS ns.example.org.')],
      additional: [parseRecord('ns.example.org. 100 IN A 192.0.2.2')],
    })
    expect(lowestTtl(message, SUCCESS)).toBe(100)
  })

  it('is the TTL of the SOA for a denial, whatever its MINIMUM says', () => {
    expect(lowestTtl(response(asked, { authority: [parseRecord(soa(120, 60))] }), DENIAL)).toBe(120)
    expect(lowestTtl(response(asked, { authority: [parseRecord(soa(30, 600))] }), DENIAL)).toBe(30)
  })

  it('is 5 for failures, referrals and messages without a record', () => {
    const referral = response(asked, { authority: [parseRecord('example.org. 3600 IN NS ns.example.org.')] })
    expect(lowestTtl(referral, { kind: 'success', referral: true, answersQuestion: false })).toBe(5)
    expect(lowestTtl(response(asked), SUCCESS)).toBe(5)
    expect(lowestTtl(referral, { kind: 'servfail', referral: false, answersQuestion: false })).toBe(5)
  })
})

describe('clampTtl()', () => {
  it('moves a TTL into the bounds', () => {
    expect([0, 1, 7, 99].map((ttl) => clampTtl(ttl, { min: 5, max: 30 }))).toEqual([5, 5, 7, 30])
  })

  it('lets the upper bound win where it is below the lower one', () => {
    expect(clampTtl(300, { min: 5, max: 2 })).toBe(2)
  })
})

describe('withTtl()', () => {
  it('changes every record and not the message it was given', () => {
    const message = response(asked, {
      answer: [parseRecord('www.example.org. 300 IN A 192.0.2.1')],
      authority: [parseRecord(soa(7, 7))],
    })
    const changed = withTtl(message, 30)
    expect([...changed.answer, ...changed.authority].map(({ ttl }) => ttl)).toEqual([30, 30])
    expect(message.answer[0]?.ttl).toBe(300)
  })
})
