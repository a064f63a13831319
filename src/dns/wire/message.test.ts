import { describe, expect, it } from 'vitest'
import {
  WireError,
  decodeHeader,
  decodeMessage,
  decodeMessageAndTrailer,
  decodeQuestion,
  encodeMessage,
  encodeResponse,
  parseRecord,
  query,
  response,
} from '../index.ts'
import type { Message, ResourceRecord } from '../index.ts'

const QUERY = query({ name: 'www.example.org', id: 4660, edns: { dnssecOk: true } })
const rr = (text: string): ResourceRecord => parseRecord(text)

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex')
}

function octetsOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))
}

describe('encodeMessage()', () => {
  it('writes header, question and OPT record as RFC 1035 §4.1 and RFC 6891 §6.1.2 draw them', () => {
    expect(hex(encodeMessage(QUERY))).toBe(
      [
        '1234',
        '0100',
        '0001000000000001',
        '03777777076578616d706c65036f726700',
        '00010001',
        '00002904d0000080000000',
      ].join(''),
    )
  })

  it('compresses owner names and RFC 1035 names, never those of later types (RFC 3597 §4)', () => {
    const message = response(QUERY, {
      answer: [rr('www.example.org. 5 IN CNAME a.example.org.'), rr('www.example.org. 5 IN SRV 0 0 53 a.example.org.')],
    })
    const text = hex(encodeMessage(message))
    expect(text).toContain('c00c000500010000000500040161c010')
    expect(text).toContain('c00c002100010000000500150000000000350161076578616d706c65036f726700')
  })

  it('points at the end of the first name when the second one is that', () => {
    const soa = rr('example.org. 5 IN SOA ns.example.org. hostmaster.example.org. 1 2 3 4 5')
    const text = hex(encodeMessage(response(QUERY, { authority: [soa] })))
    // Owner: the question's name behind "www"; primary server: "ns" and the same.
    expect(text).toContain('c0100006000100000005')
    expect(text).toContain('026e73c010')
  })

  it('writes the whole rcode: four bits in the header, eight in the OPT record', () => {
    const edns = { udpPayloadSize: 512, version: 0, dnssecOk: false, z: 0, options: [] }
    expect(decodeMessage(encodeMessage(response(QUERY, { rcode: 'BADVERS', edns }))).rcode).toBe('BADVERS')
    expect(decodeMessage(encodeMessage(response(QUERY, { rcode: 'RCODE4095', edns }))).rcode).toBe('RCODE4095')
    expect(() => encodeMessage(response(QUERY, { rcode: 'BADVERS' }))).toThrow(RangeError)
  })

  it('puts the OPT record before a TSIG record, which must be last', () => {
    const tsig: ResourceRecord = {
      name: '.',
      type: 'TSIG',
      class: 'ANY',
      ttl: 0,
      rdata: { type: 'UNKNOWN', octets: new Uint8Array(16) },
    }
    const octets = encodeMessage({ ...QUERY, additional: [tsig] })
    expect(hex(octets.slice(-27))).toBe(`0000fa00ff000000000010${'00'.repeat(16)}`)
    expect(decodeMessage(octets)).toEqual({ ...QUERY, additional: [tsig] })
  })

  it('refuses a message over the limit', () => {
    const answer = Array.from({ length: 400 }, () => rr(`www.example.org. 5 IN TXT "${'x'.repeat(255)}"`))
    expect(() => encodeMessage(response(QUERY, { answer }))).toThrow(
      expect.objectContaining({ code: 'message-too-large' }),
    )
    expect(() => encodeMessage(QUERY, { maxSizeBytes: 20 })).toThrow('it takes 44 octets, limit is 20')
  })

  it.each([
    { title: 'an id over 16 bits', message: { ...QUERY, id: 65_536 } },
    { title: 'an unknown opcode', message: { ...QUERY, opcode: 'ASK' } },
    { title: 'an unknown type', message: { ...QUERY, question: [{ name: '.', type: 'QQ', class: 'IN' }] } },
    { title: 'a negative TTL', message: { ...QUERY, answer: [{ ...rr('. 5 IN A 192.0.2.1'), ttl: -1 }] } },
    { title: 'a TTL that is no integer', message: { ...QUERY, answer: [{ ...rr('. 5 IN A 192.0.2.1'), ttl: 0.5 }] } },
  ] satisfies { title: string; message: Message }[])('refuses $title', ({ message }) => {
    expect(() => encodeMessage(message)).toThrow(RangeError)
  })
})

describe('decodeMessage()', () => {
  it('ignores octets after the message, and decodeMessageAndTrailer() counts them', () => {
    const octets = Uint8Array.of(...encodeMessage(QUERY), 1, 2, 3)
    expect(decodeMessage(octets)).toEqual(QUERY)
    expect(decodeMessageAndTrailer(octets).trailingOctets).toBe(3)
  })

  it('takes the last of two OPT records and keeps the first as a record', () => {
    const octets = octetsOf('0001 0000 0000 0000 0000 0002 00 0029 0200 00000000 0000 00 0029 04d0 01000000 0000')
    const message = decodeMessage(octets)
    expect(message.edns).toMatchObject({ udpPayloadSize: 1232 })
    expect(message.rcode).toBe('BADVERS')
    expect(message.additional).toEqual([
      { name: '.', type: 'OPT', class: 'CLASS512', ttl: 0, rdata: { type: 'UNKNOWN', octets: new Uint8Array(0) } },
    ])
    expect(decodeMessage(encodeMessage(message))).toEqual(message)
  })

  it('keeps an OPT record outside the additional section, or of another owner, as a record', () => {
    const inAnswer = octetsOf('0001 8000 0000 0001 0000 0000 00 0029 0200 00000000 0000')
    expect(decodeMessage(inAnswer)).toMatchObject({ edns: undefined, answer: [{ type: 'OPT' }] })
    const owned = octetsOf('0001 8000 0000 0000 0000 0001 0161 00 0029 0200 00000000 0000')
    expect(decodeMessage(owned)).toMatchObject({ edns: undefined, additional: [{ name: 'a.', type: 'OPT' }] })
  })

  it('takes a TTL with the top bit set for zero (RFC 2181 §8)', () => {
    const octets = octetsOf('0001 8000 0000 0001 0000 0000 00 0001 0001 80000001 0004 c0000201')
    expect(decodeMessage(octets).answer[0]?.ttl).toBe(0)
  })

  it('keeps the empty RDATA with which UPDATE names RRsets (RFC 2136 §2.4)', () => {
    const octets = octetsOf('0001 2800 0000 0001 0000 0000 00 0001 00ff 00000000 0000')
    const message = decodeMessage(octets)
    expect(message).toMatchObject({
      opcode: 'UPDATE',
      answer: [{ type: 'A', class: 'ANY', rdata: { type: 'UNKNOWN' } }],
    })
    expect(encodeMessage(message)).toEqual(octets)
  })

  it.each([
    { title: 'no octets', octets: '', code: 'truncated' },
    { title: 'eleven octets', octets: '00'.repeat(11), code: 'truncated' },
    { title: '65535 records in a bare header', octets: '0001 8000 ffff ffff ffff ffff', code: 'too-many-records' },
    { title: 'one question too many', octets: '0001 0000 0002 0000 0000 0000 00 0001 0001', code: 'too-many-records' },
    {
      title: 'a question that is cut off',
      octets: '0001 0000 0001 0000 0000 0000 01 61 00 0001 00',
      code: 'truncated',
    },
    {
      title: 'RDATA that runs over the end',
      octets: '0001 8000 0000 0001 0000 0000 00 0001 0001 00000000 0005 c0000201',
      code: 'truncated',
    },
    {
      title: 'unknown RDATA that runs over the end',
      octets: '0001 8000 0000 0001 0000 0000 00 ff00 0001 00000000 ffff 00',
      code: 'truncated',
    },
    {
      title: 'an EDNS option that runs over the OPT record',
      octets: '0001 0000 0000 0000 0000 0001 00 0029 0200 00000000 0005 000a 0008 01',
      code: 'bad-rdata',
    },
    {
      title: 'half an EDNS option',
      octets: '0001 0000 0000 0000 0000 0001 00 0029 0200 00000000 0003 000a 00',
      code: 'bad-rdata',
    },
  ])('refuses $title', ({ octets, code }) => {
    expect(() => decodeMessage(octetsOf(octets))).toThrow(expect.objectContaining({ code }))
  })
})

describe('decodeHeader() and decodeQuestion()', () => {
  it('read what a server looks at first', () => {
    const octets = encodeMessage({ ...QUERY, opcode: 'NOTIFY' })
    expect(decodeHeader(octets)).toMatchObject({ id: 4660, opcode: 'NOTIFY', questionCount: 1, additionalCount: 1 })
    expect(decodeQuestion(octets)).toEqual({ question: { name: 'www.example.org.', type: 'A', class: 'IN' }, end: 33 })
    expect(() => decodeHeader(octets.subarray(0, 11))).toThrow(WireError)
    expect(() => decodeQuestion(octets.subarray(0, 32))).toThrow(WireError)
  })
})

describe('encodeResponse()', () => {
  const answer = [1, 2, 3, 4].map((host) => rr(`www.example.org. 5 IN A 192.0.2.${host}`))
  const authority = [rr('example.org. 5 IN NS ns.example.org.')]
  const additional = [rr('ns.example.org. 5 IN A 192.0.2.53'), rr('ns.example.org. 5 IN A 192.0.2.54')]
  const edns = { udpPayloadSize: 512, version: 0, dnssecOk: false, z: 0, options: [] }
  const full = response(QUERY, { answer, authority, additional, edns })
  // Header and question 33, each answer 16, NS 17, the first glue record 16 or 18, OPT 11.
  const sizes = { whole: encodeMessage(full).length, bare: 44 }

  const decodeAt = (message: Message, maxSizeBytes: number): Message => {
    const octets = encodeResponse(message, { maxSizeBytes })
    expect(octets.length).toBeLessThanOrEqual(maxSizeBytes)
    return decodeMessage(octets)
  }

  it('leaves a response that fits as it is', () => {
    expect(decodeAt(full, sizes.whole)).toEqual(full)
  })

  it('leaves out an additional RRset whole and does not say truncated (RFC 2181 §9)', () => {
    expect(decodeAt(full, sizes.whole - 1)).toEqual({ ...full, additional: [] })
  })

  it('leaves out authority next, which an answer does not need', () => {
    expect(decodeAt(full, sizes.bare + 4 * 16)).toEqual({ ...full, authority: [], additional: [] })
  })

  it('leaves out answers from the end and says truncated', () => {
    const message = decodeAt(full, sizes.bare + 3 * 16 - 1)
    expect(message.answer).toEqual(answer.slice(0, 2))
    expect(message).toMatchObject({ flags: { tc: true }, authority: [], additional: [], edns })
  })

  it('says truncated when a negative response loses its SOA record', () => {
    const negative = response(QUERY, {
      rcode: 'NXDOMAIN',
      authority: [rr('example.org. 5 IN SOA . . 1 2 3 4 5')],
      edns,
    })
    expect(decodeAt(negative, sizes.bare)).toMatchObject({ flags: { tc: true }, authority: [], edns })
  })

  it('keeps question and OPT record even where the limit is too small for them', () => {
    const octets = encodeResponse(full, { maxSizeBytes: 12 })
    expect(decodeMessage(octets)).toMatchObject({ question: full.question, answer: [], edns, flags: { tc: true } })
  })

  it('cuts a response that no message can hold', () => {
    const many = Array.from({ length: 70_000 }, (_, index) =>
      rr(`www.example.org. 5 IN A 10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`),
    )
    const octets = encodeResponse(response(QUERY, { answer: many, edns }))
    expect(octets.length).toBeLessThanOrEqual(65_535)
    expect(decodeMessage(octets).answer).toHaveLength(Math.floor((65_535 - sizes.bare) / 16))
  })
})
