import { describe, expect, it } from 'vitest'
import {
  WireError,
  decodeMessage,
  encodeMessage,
  formatRData,
  formatRDataGeneric,
  parseRData,
  query,
} from '../index.ts'
import type { RData, RRType } from '../index.ts'

/** One line per form that RDATA can take: its text, and its octets as the defining RFC has them. */
const VECTORS: readonly { type: RRType; text: string; hex: string; source: string }[] = [
  { type: 'A', text: '10.1.2.3', hex: '0a010203', source: 'RFC 1035 §3.4.1' },
  { type: 'AAAA', text: '2001:db8::1', hex: '20010db8000000000000000000000001', source: 'RFC 3596 §2.2' },
  { type: 'AAAA', text: '::', hex: '00'.repeat(16), source: 'RFC 5952 §4.2' },
  { type: 'AAAA', text: '1:0:0:2::3', hex: '00010000000000020000000000000003', source: 'RFC 5952 §4.2.3' },
  { type: 'AAAA', text: '1::2:0:0:3:4', hex: '00010000000000020000000000030004', source: 'RFC 5952 §4.2.3' },
  { type: 'NS', text: 'ns.example.', hex: '026e73076578616d706c6500', source: 'RFC 1035 §3.3.11' },
  {
    type: 'SOA',
    text: 'm. r. 1 2 3 4 4294967295',
    hex: '016d00017200000000010000000200000003 00000004ffffffff',
    source: 'RFC 1035 §3.3.13',
  },
  { type: 'MX', text: '10 m.', hex: '000a016d00', source: 'RFC 1035 §3.3.9' },
  {
    type: 'TXT',
    text: '"a b" "" "\\"\\\\\\000\\255"',
    hex: '03612062 00 04225c00ff',
    source: 'RFC 1035 §3.3.14',
  },
  { type: 'SRV', text: '1 2 5060 s.', hex: '0001000213c4017300', source: 'RFC 2782' },
  {
    type: 'HINFO',
    text: '"PC-Intel-700mhz" "Redhat Linux 7.1"',
    hex: '0f50432d496e74656c2d3730306d687a105265646861 74204c696e757820372e31',
    source: 'RFC 1035 §3.3.2',
  },
  {
    type: 'NAPTR',
    text: '100 50 "s" "http+I2L" "" r.',
    hex: '00640032 0173 08687474702b49324c 00 017200',
    source: 'RFC 3403 §4.1',
  },
  {
    type: 'CAA',
    text: '128 issue "ca1.example.net"',
    hex: '80056973737565 6361312e6578616d706c652e6e6574',
    source: 'RFC 8659 §4.1',
  },
  {
    type: 'DS',
    text: '60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118',
    hex: 'ec4505012bb183af5f22588179a53b0a98631fad1a292118',
    source: 'RFC 4034 §5.4',
  },
  {
    type: 'DNSKEY',
    text: '256 3 5 AQPSKmynfzW4kyBv',
    hex: '010003050103d22a6ca77f35b893206f',
    source: 'RFC 4034 §2.3',
  },
  {
    type: 'NSEC',
    text: 'host.example.com. A MX RRSIG NSEC TYPE1234',
    hex: '04686f7374076578616d706c6503636f6d00 0006400100000003 041b' + '00'.repeat(26) + '20',
    source: 'RFC 4034 §4.3',
  },
  {
    type: 'NSEC3',
    text: '1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR MX DNSKEY',
    hex: '0101000c04aabbccdd14174eb2409fe28bcb4887a1836f957f0a8425e27b 00070001000000 0080',
    source: 'RFC 5155 §3.3',
  },
  { type: 'NSEC3PARAM', text: '1 0 12 AABBCCDD', hex: '0100000c04aabbccdd', source: 'RFC 5155 §4.2' },
  { type: 'NSEC3PARAM', text: '1 0 0 -', hex: '0100000000', source: 'RFC 5155 §4.3' },
  {
    type: 'SSHFP',
    text: '2 1 123456789ABCDEF67890123456789ABCDEF67890',
    hex: '0201123456789abcdef67890123456789abcdef67890',
    source: 'RFC 4255 §3.2',
  },
  { type: 'TLSA', text: '0 0 1 D2ABDE240D7CD3EE', hex: '000001d2abde240d7cd3ee', source: 'RFC 6698 §2.3' },
  {
    type: 'LOC',
    text: '42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m',
    hex: '00331613 89172dd0 70be15f0 00988d20',
    source: 'RFC 1876 §4',
  },
  { type: 'RP', text: 'a.b. .', hex: '01610162 0000', source: 'RFC 1183 §2.2' },
  {
    type: 'URI',
    text: '10 1 "ftp://ftp1.example.com/public"',
    hex: '000a0001' + Buffer.from('ftp://ftp1.example.com/public').toString('hex'),
    source: 'RFC 7553 §4.6',
  },
  { type: 'EUI48', text: '00-00-5e-00-53-2a', hex: '00005e00532a', source: 'RFC 7043 §3.2' },
  { type: 'EUI64', text: '00-00-5e-ef-10-00-00-2a', hex: '00005eef1000002a', source: 'RFC 7043 §4.2' },
  { type: 'CERT', text: 'PKIX 1 RSASHA256 AQI=', hex: '00010001080102', source: 'RFC 4398 §2' },
  { type: 'CSYNC', text: '66 3 A NS AAAA', hex: '000000420003 000460000008', source: 'RFC 7477 §2.2' },
  {
    type: 'ZONEMD',
    text: '2018031500 1 1 FEBE3D4CE2EC2FFA',
    hex: '7848b78c0101febe3d4ce2ec2ffa',
    source: 'RFC 8976 §2.3',
  },
  {
    type: 'DHCID',
    text: 'AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=',
    hex: '000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40',
    source: 'RFC 4701 §3.6.1',
  },
  {
    type: 'SVCB',
    text: '0 foo.example.com.',
    hex: '0000 03666f6f076578616d706c6503636f6d00',
    source: 'RFC 9460 D.1 figure 2',
  },
  { type: 'SVCB', text: '1 .', hex: '000100', source: 'RFC 9460 D.2 figure 3' },
  {
    type: 'SVCB',
    text: '16 foo.example.com. port=53',
    hex: '0010 03666f6f076578616d706c6503636f6d00 000300020035',
    source: 'RFC 9460 D.2 figure 4',
  },
  {
    type: 'SVCB',
    text: '1 foo.example.com. key667="hello"',
    hex: '0001 03666f6f076578616d706c6503636f6d00 029b000568656c6c6f',
    source: 'RFC 9460 D.2 figure 5',
  },
  {
    type: 'SVCB',
    text: '1 foo.example.com. key667="hello\\210qoo"',
    hex: '0001 03666f6f076578616d706c6503636f6d00 029b000968656c6c6fd2716f6f',
    source: 'RFC 9460 D.2 figure 6',
  },
  {
    type: 'SVCB',
    text: '1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1',
    hex:
      '0001' +
      '03666f6f076578616d706c6503636f6d00' +
      '0006002020010db800000000000000000000000120010db8000000000000000000530001',
    source: 'RFC 9460 D.2 figure 7',
  },
  {
    type: 'SVCB',
    text: '16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1',
    hex:
      '0010' +
      '03666f6f076578616d706c65036f726700' +
      '0000000400010004' +
      '000100090268320568332d3139' +
      '00040004c0000201',
    source: 'RFC 9460 D.2 figure 9',
  },
  {
    type: 'SVCB',
    text: '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
    hex: '0010 03666f6f076578616d706c65036f726700 0001000c08665c6f6f2c626172026832',
    source: 'RFC 9460 D.2 figure 10',
  },
  { type: 'TYPE65280', text: '\\# 3 ABCDEF', hex: 'abcdef', source: 'RFC 3597 §5' },
  { type: 'TYPE65280', text: '\\# 0', hex: '', source: 'RFC 3597 §5' },
]

/** Octets from hexadecimal digits; spaces part the fields. */
function octetsOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

/** A message whose one answer has the given RDATA. */
function messageWith(type: RRType, octets: Uint8Array): Uint8Array {
  const asked = query({ name: '.', type })
  const unknown: RData = { type: 'UNKNOWN', octets }
  return encodeMessage({ ...asked, answer: [{ name: '.', type, class: 'IN', ttl: 5, rdata: unknown }] })
}

function decodeRData(type: RRType, octets: Uint8Array): RData | undefined {
  return decodeMessage(messageWith(type, octets)).answer[0]?.rdata
}

describe('RDATA forms', () => {
  it.each(VECTORS)('decode and format $type $text ($source)', ({ type, text, hex }) => {
    const rdata = decodeRData(type, octetsOf(hex))
    expect(rdata && formatRData(rdata)).toBe(text)
  })

  it.each(VECTORS)('parse and encode $type $text ($source)', ({ type, text, hex }) => {
    const generic = formatRDataGeneric(parseRData(type, text))
    const digits = hex.replaceAll(' ', '')
    expect(generic.toLowerCase()).toBe(`\\# ${digits.length / 2} ${digits}`.trimEnd())
  })

  it.each([
    { title: 'an A record of 3 octets', type: 'A', hex: '0a0102' },
    { title: 'an A record of 5 octets', type: 'A', hex: '0a01020304' },
    { title: 'no TXT string', type: 'TXT', hex: '' },
    { title: 'a TXT string that runs over the end', type: 'TXT', hex: '0561' },
    { title: 'a name that leads out of the RDATA', type: 'NS', hex: '0361' },
    { title: 'octets after a name', type: 'NS', hex: '0161000000' },
    { title: 'an empty type bitmap window', type: 'NSEC', hex: '000000' },
    { title: 'type bitmap windows out of order', type: 'NSEC', hex: '00010140 000140' },
    { title: 'a CAA tag with a space', type: 'CAA', hex: '00036120 62' },
    {
      title: 'service parameters out of order',
      type: 'SVCB',
      hex: '00010000030002003500010003026832',
    },
    { title: 'a service port of one octet', type: 'SVCB', hex: '00010000030001 35' },
    { title: 'an empty ALPN protocol', type: 'SVCB', hex: '0001000001000100' },
    { title: 'a LOC version 1', type: 'LOC', hex: '01 00'.repeat(15) },
  ])('refuse $title', ({ type, hex }) => {
    expect(() => decodeRData(type, octetsOf(hex))).toThrow(WireError)
  })
})
