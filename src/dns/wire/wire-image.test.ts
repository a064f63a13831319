import { describe, expect, it } from 'vitest'
import { query, response } from '../build.ts'
import type { Message } from '../message.ts'
import { parseRecord } from '../text/record.ts'
import { decodeMessage } from './decode-message.ts'
import { encodeMessage } from './encode-message.ts'
import { countImageRecords, decodeImage, decodeResponse, encodeImage, imageSize } from './wire-image.ts'

const ASKED = query({ name: 'Www.example.org', type: 'A' })
const EDNS = { udpPayloadSize: 1232, version: 0, dnssecOk: true, z: 0, options: [] } as const
const ANSWERED = response(ASKED, {
  answer: [
    parseRecord('Www.example.org. 300 IN CNAME a.example.org.'),
    parseRecord('a.example.org. 20 IN A 192.0.2.1'),
  ],
  authority: [parseRecord('example.org. 60 IN NS ns.example.org.')],
  additional: [parseRecord('ns.example.org. 60 IN AAAA 2001:db8::1')],
})

describe('decodeResponse()', () => {
  const sent = encodeMessage(ASKED)

  it.each([
    ['without EDNS', ANSWERED],
    ['with EDNS, whose OPT record is in no image', { ...ANSWERED, edns: EDNS }],
    ['with another case of letters', { ...ANSWERED, question: query({ name: 'wWW.example.org', type: 'A' }).question }],
  ] satisfies [string, Message][])('gives the same message with a known question as without: %s', (_, message) => {
    const octets = encodeMessage(message)
    const decoded = decodeResponse(octets, { question: ASKED.question, octets: sent })
    expect(decoded.message).toEqual(decodeMessage(octets))
    expect(decoded.image?.message).toBe(decoded.message)
    expect(decodeImage(decoded.image?.octets ?? '')).toEqual({ ...decoded.message, edns: undefined })
    expect(countImageRecords(decoded.image?.octets ?? '')).toBe(4)
  })

  it('takes the very question it knows, and not one that goes on', () => {
    const known = { question: ASKED.question, octets: sent }
    expect(decodeResponse(encodeMessage(ANSWERED), known).message.question).toBe(ASKED.question)
    const longer = query({ name: 'Www.example.org.net', type: 'A' })
    expect(decodeResponse(encodeMessage(longer), known).message.question).toEqual(longer.question)
    const other = query({ name: 'Www.example.org', type: 'AAAA' })
    expect(decodeResponse(encodeMessage(other), known).message.question).toEqual(other.question)
    expect(() => decodeResponse(encodeMessage(ASKED).subarray(0, 25), known)).toThrow('Cannot decode')
  })

  it.each([
    ['a TTL over 2^31', [0xff, 0xff, 0xff, 0xff]],
    ['a TTL of zero', [0, 0, 0, 0]],
  ])('keeps no octets with %s', (_, ttl) => {
    const octets = encodeMessage(response(ASKED, { answer: [parseRecord('Www.example.org. 300 IN A 192.0.2.1')] }))
    octets.set(ttl, octets.length - 10)
    expect(decodeResponse(octets)).toMatchObject({ message: { answer: [{ ttl: 0 }] }, image: undefined })
  })

  it('keeps no octets with an OPT record before others, with two of them, or too many', () => {
    const plain = encodeMessage(query({ name: 'example.org', type: 'A' }))
    const opt = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]
    const address = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1]
    const withRecords = (...records: number[][]): Uint8Array => {
      const octets = Uint8Array.from([...plain, ...records.flat()])
      octets[11] = records.length
      return octets
    }
    expect(decodeResponse(withRecords(address, opt)).image?.octets).toHaveLength(plain.length + address.length)
    expect(decodeResponse(withRecords(opt, address)).image).toBeUndefined()
    expect(decodeResponse(withRecords(opt, opt)).image).toBeUndefined()
    expect(decodeResponse(withRecords(...Array.from({ length: 250 }, () => address))).image).toBeDefined()
    const large = response(ASKED, {
      answer: Array.from({ length: 300 }, () => parseRecord('Www.example.org. 300 IN A 192.0.2.1')),
    })
    expect(decodeResponse(encodeMessage(large)).image).toBeUndefined()
  })
})

describe('encodeImage()', () => {
  it.each([undefined, EDNS])('puts the header before the octets, and the OPT record behind them (%o)', (edns) => {
    const { image } = decodeResponse(encodeMessage({ ...ANSWERED, edns: { ...EDNS, udpPayloadSize: 4096 } }))
    const flags = { ...ANSWERED.flags, aa: true, cd: true, tc: true }
    const head = { id: 0xabcd, flags, opcode: 0, rcode: 3, edns }
    const octets = encodeImage(image?.octets ?? '', head)
    expect(octets).toHaveLength(imageSize(image?.octets ?? '', edns))
    expect(decodeMessage(octets)).toEqual({ ...ANSWERED, id: 0xabcd, flags, rcode: 'NXDOMAIN', edns })
  })
})
