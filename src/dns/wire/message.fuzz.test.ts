import { array, assert, boolean, nat, oneof, property, record, uint8Array } from 'fast-check'
import type { Arbitrary } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WireError, decodeMessage, encodeMessage, formatRecord, parseRecord } from '../index.ts'
import type { Message, ResourceRecord } from '../index.ts'

/** Decodes, or gives undefined for octets that are refused by rule; anything else thrown fails the test. */
function decodeOrRefuse(octets: Uint8Array): Message | undefined {
  try {
    return decodeMessage(octets)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** A well-formed message changed in a few places: it gets deeper into the decoder than noise does. */
function mutations(seed: Uint8Array): Arbitrary<Uint8Array> {
  const change = record({ at: nat(seed.length - 1), octet: nat(255) })
  return array(change, { maxLength: 6 }).map((changes) => {
    const octets = new Uint8Array(seed)
    for (const { at, octet } of changes) octets[at] = octet
    return octets
  })
}

const RECORDS: readonly string[] = [
  'a.example.org. 5 IN A 192.0.2.1',
  'a.example.org. 5 IN AAAA 2001:db8::1',
  'b.example.org. 5 IN CNAME a.example.org.',
  '_dns._udp.example.org. 5 IN SRV 0 50 53 a.example.org.',
  'example.org. 5 IN SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 5',
  'example.org. 5 IN TXT "one" "two \\255"',
  'example.org. 5 IN HTTPS 1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.1 key667="hello"',
  'example.org. 5 IN NSEC b.example.org. A TXT TYPE1234',
  'example.org. 5 IN CAA 0 issue "ca.example.net"',
  'example.org. 5 IN LOC 51 30 12.748 N 0 7 39.612 W 0.00m 1m 10000m 10m',
  'example.org. 5 IN NAPTR 100 10 "u" "sip+E2U" "!^.*$!sip:a@example.org!" .',
  'example.org. 5 IN TYPE65280 \\# 3 010203',
]

const SAMPLE: Message = {
  id: 4660,
  opcode: 'QUERY',
  flags: { qr: true, aa: true, tc: false, rd: true, ra: false, z: false, ad: false, cd: true },
  rcode: 'BADVERS',
  question: [{ name: 'a.example.org.', type: 'ANY', class: 'IN' }],
  answer: RECORDS.map((text) => parseRecord(text)),
  authority: [],
  additional: [],
  edns: { udpPayloadSize: 1232, version: 0, dnssecOk: true, z: 0, options: [{ code: 3, octets: Uint8Array.of(1, 2) }] },
}

const anyOctets = oneof(
  uint8Array({ maxLength: 600 }),
  mutations(encodeMessage(SAMPLE)),
  mutations(encodeMessage(SAMPLE, { compress: false })),
)

describe('decodeMessage() on any octets', () => {
  it('gives a message or throws a WireError', () => {
    assert(
      property(anyOctets, (octets) => {
        decodeOrRefuse(octets)
      }),
      { numRuns: 5000 },
    )
    expect(decodeOrRefuse(encodeMessage(SAMPLE))).toEqual(SAMPLE)
  })

  it('gives a message that survives encoding, compressed or not', () => {
    assert(
      property(anyOctets, boolean(), (octets, compress) => {
        const message = decodeOrRefuse(octets)
        if (message !== undefined) expect(decodeMessage(encodeMessage(message, { compress }))).toEqual(message)
      }),
      { numRuns: 5000 },
    )
    expect.hasAssertions()
  })

  it('gives records whose presentation format reads back as the same record', () => {
    assert(
      property(mutations(encodeMessage(SAMPLE)), (octets) => {
        for (const rr of decodeOrRefuse(octets)?.answer ?? []) {
          if (!isZoneFileRecord(rr)) continue
          const parsed = parseRecord(formatRecord(rr))
          expect(formatRecord(parsed)).toBe(formatRecord(rr))
          // LOC writes zero in ten ways on the wire and in one way as text.
          if (rr.type !== 'LOC') expect(parsed).toEqual(rr)
        }
      }),
      { numRuns: 3000 },
    )
    expect.hasAssertions()
  })
})

/** Presentation format has no way to write empty RDATA of a known type, nor class ANY before a type of no form. */
function isZoneFileRecord(rr: ResourceRecord): boolean {
  return rr.class !== 'ANY' && rr.class !== 'NONE'
}
