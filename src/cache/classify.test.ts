import { describe, expect, it } from 'vitest'
import { parseRecord, query, response, type ResponseFields } from '../dns/index.ts'
import { classify, type Classification } from './classify.ts'

const SOA = 'example.org. 300 IN SOA ns.example.org. admin.example.org. 1 7200 1800 86400 60'
const NOW_SECONDS = Date.UTC(2026, 0, 1) / 1000

interface Case {
  readonly title: string
  readonly type?: string
  readonly answer?: readonly string[]
  readonly authority?: readonly string[]
  readonly fields?: ResponseFields
  readonly dnssecOk?: boolean
  readonly expected: string
}

const CASES: readonly Case[] = [
  { title: 'an answer', answer: ['www.example.org. 60 IN A 192.0.2.1'], expected: 'success answers' },
  { title: 'nothing at all', expected: 'success' },
  { title: 'NODATA', authority: [SOA], expected: 'denial' },
  { title: 'a referral', authority: ['example.org. 60 IN NS ns.example.org.'], expected: 'success referral' },
  { title: 'NXDOMAIN', authority: [SOA], fields: { rcode: 'NXDOMAIN' }, expected: 'denial' },
  { title: 'NXDOMAIN without SOA', fields: { rcode: 'NXDOMAIN' }, expected: 'nxdomain-without-soa' },
  {
    title: 'NXDOMAIN with an alias',
    answer: ['www.example.org. 60 IN CNAME gone.example.org.'],
    authority: [SOA],
    fields: { rcode: 'NXDOMAIN' },
    expected: 'nxdomain-with-answer',
  },
  { title: 'SERVFAIL', fields: { rcode: 'SERVFAIL' }, expected: 'servfail' },
  { title: 'NOTIMP', fields: { rcode: 'NOTIMP' }, expected: 'servfail' },
  { title: 'REFUSED', fields: { rcode: 'REFUSED' }, expected: 'other-rcode' },
  { title: 'a truncated answer', fields: { tc: true }, expected: 'truncated' },
  { title: 'a transfer', type: 'AXFR', expected: 'transfer' },
  {
    title: 'another question',
    fields: { question: [{ name: 'evil.example.org.', type: 'A', class: 'IN' }] },
    expected: 'other-question',
  },
  {
    title: 'the question in another case',
    fields: { question: [{ name: 'WWW.Example.ORG.', type: 'A', class: 'IN' }] },
    answer: ['Www.example.org. 60 IN A 192.0.2.1'],
    expected: 'success answers',
  },
  {
    title: 'a chain of aliases that ends in the type',
    answer: [
      'www.example.org. 60 IN CNAME a.example.net.',
      'A.example.net. 60 IN CNAME b.example.net.',
      'b.example.net. 60 IN A 192.0.2.1',
    ],
    expected: 'success answers',
  },
  {
    title: 'an alias that ends nowhere',
    answer: ['www.example.org. 60 IN CNAME a.example.net.'],
    expected: 'dangling-cname',
  },
  {
    title: 'an alias to a name without the type, as a SOA says',
    answer: ['www.example.org. 60 IN CNAME a.example.net.'],
    authority: [SOA],
    expected: 'denial',
  },
  {
    title: 'an alias asked for',
    type: 'CNAME',
    answer: ['www.example.org. 60 IN CNAME a.example.net.'],
    expected: 'success answers',
  },
  {
    title: 'aliases in a circle',
    answer: ['www.example.org. 60 IN CNAME a.example.net.', 'a.example.net. 60 IN CNAME www.example.org.'],
    expected: 'dangling-cname',
  },
  {
    title: 'a signature that expired',
    answer: [
      'www.example.org. 60 IN A 192.0.2.1',
      'www.example.org. 60 IN RRSIG A 8 3 60 20251231000000 20251201000000 1 example.org. AAAA',
    ],
    dnssecOk: true,
    expected: 'expired-signature',
  },
  {
    title: 'a signature that expired but was not asked for',
    answer: [
      'www.example.org. 60 IN A 192.0.2.1',
      'www.example.org. 60 IN RRSIG A 8 3 60 20251231000000 20251201000000 1 example.org. AAAA',
    ],
    expected: 'success answers',
  },
  {
    title: 'a signature that is valid',
    answer: [
      'www.example.org. 60 IN A 192.0.2.1',
      'www.example.org. 60 IN RRSIG A 8 3 60 20260201000000 20251201000000 1 example.org. AAAA',
    ],
    dnssecOk: true,
    expected: 'success answers',
  },
]

describe('classify()', () => {
  it.each(CASES)('takes $title as $expected', ({ type = 'A', answer = [], authority = [], fields, ...rest }) => {
    const asked = query({ name: 'www.example.org', type })
    const message = response(asked, {
      answer: answer.map((text) => parseRecord(text)),
      authority: authority.map((text) => parseRecord(text)),
      ...fields,
    })
    const [question] = asked.question
    if (question === undefined) throw new TypeError('no question')
    const { dnssecOk = false } = rest
    expect(describeResult(classify(message, { question, dnssecOk, nowSeconds: NOW_SECONDS }))).toBe(rest.expected)
  })
})

function describeResult(result: Classification): string {
  if (result.kind === 'uncacheable') return result.why
  return [result.kind, ...(result.referral ? ['referral'] : []), ...(result.answersQuestion ? ['answers'] : [])].join(
    ' ',
  )
}
