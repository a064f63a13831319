import { describe, expect, it } from 'vitest'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { rr } from '../../../test/support/records.ts'
import { respond, type ResponseParts } from '../../server/index.ts'
import { minimalPlugin } from './index.ts'

const A = rr('www.example.org. 60 IN A 192.0.2.1')
const NS = rr('example.org. 60 IN NS ns.example.org.')
const SOA = rr('example.org. 60 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5')
const GLUE = rr('ns.example.org. 60 IN A 192.0.2.53')

/** Lengths of answer, authority and additional section behind `minimal`. */
async function sizes(parts: Omit<ResponseParts, 'by'>, question = 'www.example.org A'): Promise<number[]> {
  const rig = startPlugin(minimalPlugin, 'minimal', { next: (request) => respond(request, { by: 'next', ...parts }) })
  const outcome = await rig.ask(question)
  if (outcome.kind !== 'answer') throw new Error(outcome.kind)
  const { answer, authority, additional } = outcome.message
  return [answer.length, authority.length, additional.length]
}

describe('minimal', () => {
  it.each([
    { what: 'a positive answer', parts: { answer: [A], authority: [NS], additional: [GLUE] }, left: [1, 0, 0] },
    { what: 'an answer in the additional section only', parts: { additional: [GLUE] }, left: [0, 0, 0] },
    { what: 'NODATA', parts: { authority: [SOA] }, left: [0, 1, 0] },
    { what: 'NXDOMAIN', parts: { rcode: 'NXDOMAIN', authority: [SOA] }, left: [0, 1, 0] },
    { what: 'a referral', parts: { authority: [NS], additional: [GLUE] }, left: [0, 1, 1] },
    { what: 'an error', parts: { rcode: 'SERVFAIL', additional: [GLUE] }, left: [0, 0, 1] },
  ])('leaves $left of $what', async ({ parts, left }) => {
    expect(await sizes(parts)).toEqual(left)
  })

  it('leaves transfers alone', async () => {
    expect(await sizes({ answer: [SOA, SOA], additional: [GLUE] }, 'example.org AXFR')).toEqual([2, 0, 1])
  })

  it('takes neither arguments nor a block', () => {
    expect(() => startPlugin(minimalPlugin, 'minimal x')).toThrow('Wrong argument count')
    expect(() => startPlugin(minimalPlugin, 'minimal {\nx\n}')).toThrow("Unexpected token '{'")
  })
})
