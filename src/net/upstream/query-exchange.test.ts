import { describe, expect, it } from 'vitest'
import { encodeMessage, parseRecord, query, response } from '../../dns/index.ts'
import { encodeQuery, judgeCut } from './query-exchange.ts'

const QUERY = query({ name: 'www.example.org' })
const RESPONSE = response(QUERY, { answer: [parseRecord('www.example.org. 60 IN A 192.0.2.1')] })

describe('judgeCut()', () => {
  it('makes an empty response with TC of the beginning of one', () => {
    expect(judgeCut(encodeMessage(RESPONSE).subarray(0, 40), QUERY)).toMatchObject({
      kind: 'match',
      message: { flags: { qr: true, tc: true }, rcode: 'NOERROR', question: QUERY.question, answer: [] },
    })
  })

  it.each([
    {
      title: 'another question',
      message: { ...RESPONSE, question: query({ name: 'x.' }).question },
      is: 'other-question',
    },
    { title: 'a query', message: QUERY, is: 'stray' },
  ])('takes $title for $is', ({ message, is }) => {
    expect(judgeCut(encodeMessage(message), QUERY).kind).toBe(is)
  })

  it('takes half a header for malformed', () => {
    expect(judgeCut(new Uint8Array(6), QUERY).kind).toBe('malformed')
  })
})

describe('encodeQuery()', () => {
  it('writes the id that it draws, and draws another one when it is in use', () => {
    const drawn: number[] = []
    const { id, octets } = encodeQuery(QUERY, (candidate) => drawn.push(candidate) < 3)
    expect(drawn).toHaveLength(3)
    expect(id).toBe(drawn[2])
    expect(Buffer.from(octets).readUInt16BE(0)).toBe(id)
    expect(octets.subarray(2)).toEqual(encodeMessage(QUERY).subarray(2))
  })
})
