// What the scripted server does when dig, the real one or ours, asks it: the first label of the name says what.
import { EDNS_OPTION, encodeMessage, labelsOf, parseRecord, response, writeExtendedError } from '../../src/dns/index.ts'
import type { Edns, EdnsOption, ResourceRecord } from '../../src/dns/index.ts'
import type { ResponseFields } from '../../src/dns/index.ts'
import type { Reaction, ScriptedQuery } from './scripted-server.ts'

/** One record of every type whose text has something of its own, by type. */
const KEY =
  'AwEAAbOFAxl+Lkt0UMglZizKEC1AxUu8zlj65KYatR5wBWMrh18TYzK/ig6Y1t5YTWCO68bynorpNu9fqNFALX7bVl9/gybA0v0EhF+dgXmoUfRX7ksMGgBvtfa2/Y9a3klXNLqkTszIQ4PEMVCjtryl19Be9/PkFeC9ITjgMRQsQhmB39eyMYnal+f3bUxKk4fq7cuEU0dbRpue4H/N6jPucXWOwiMAkTJhghqgy+o9FfIp+tR/emKao94/wpVXDcPf5B18j7xz2SvTTxiuqCzCMtsxnikZHcoh1j4g+Y1B8zIMIvrEM+pZGhh/Yuf4RwCBgaYCi9hpiMWVvS4WBzx0/lU='
const SHA256 = 'D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A'

/** RDATA by type; the owner is the name asked for. */
export const RDATA: Readonly<Record<string, readonly string[]>> = {
  A: ['192.0.2.1', '192.0.2.2'],
  AAAA: ['2001:db8::1', '::ffff:192.0.2.1', '::192.0.2.1'],
  AFSDB: ['1 afs.example.org.'],
  CAA: ['0 issue "ca.example.net; policy=ev"', '128 iodef "mailto:security@example.org"'],
  CDNSKEY: ['0 3 0 AA=='],
  CDS: ['0 0 0 00', `12345 13 2 ${SHA256}`],
  CERT: [`PKIX 1 RSASHA256 ${KEY}`],
  CSYNC: ['66 3 A NS AAAA'],
  DHCID: ['AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA='],
  DNAME: ['example.net.'],
  DNSKEY: [
    '257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==',
    `256 3 8 ${KEY}`,
    `385 3 8 ${KEY}`,
  ],
  DS: [`12345 13 2 ${SHA256}`, `12345 13 1 ${SHA256.slice(0, 40)}`],
  EUI48: ['00-00-5e-00-53-2a'],
  EUI64: ['00-00-5e-ef-10-00-00-2a'],
  HINFO: ['"RFC8482" ""'],
  HTTPS: [
    '1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.1 ech=AEX+DQ== ipv6hint=2001:db8::1 key667="hello"',
    '0 svc.example.net.',
  ],
  KEY: [`256 3 8 ${KEY}`],
  KX: ['10 kx.example.org.'],
  LOC: ['51 30 12.748 N 0 7 39.612 W 24.50m 1m 10000m 10m'],
  MX: ['10 mail.example.org.', '20 mail2.example.org.'],
  NAPTR: ['100 10 "u" "sip+E2U" "!^.*$!sip:info@example.org!" .'],
  NS: ['ns1.example.org.', 'ns2.example.org.'],
  NSEC: ['b.example.org. A NS SOA MX RRSIG NSEC TYPE1234'],
  NSEC3PARAM: ['1 0 12 AABBCCDD', '1 0 0 -'],
  OPENPGPKEY: [KEY],
  PTR: ['a\\@b\\$\\;\\(\\"\\.c.example.org.'],
  RP: ['hostmaster.example.org. .'],
  RRSIG: [`A 13 2 3600 20240201000000 20240101000000 12345 example.org. ${KEY}`],
  SMIMEA: [`3 1 1 ${SHA256}`],
  SOA: ['ns.example.org. hostmaster.example.org. 2024010101 7200 1800 1209600 300'],
  SPF: ['"v=spf1 -all"'],
  SRV: ['0 50 5060 sip.example.org.', '10 0 65535 .'],
  SSHFP: [`4 2 ${SHA256}`],
  SVCB: [
    '16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" no-default-alpn ipv4hint=192.0.2.1',
    '1 a. key667="hello\\210qoo"',
  ],
  TLSA: [`3 1 1 ${SHA256}`],
  TXT: ['"one" "two; \\"quoted\\" \\\\ \\255 \\009 end"'],
  TYPE65280: ['\\# 40 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627', '\\# 0'],
  URI: ['10 1 "ftp://ftp1.example.org/public"'],
  ZONEMD: [
    '2018031900 1 1 C68090D90A7AED716BC459F9340E3D7C1370D4D24B7E2FC3A1DDC0B9A87153B9A9713B3C9AE5CC27777F98B8E730044C',
  ],
}

const SOA: ResourceRecord = parseRecord(
  'example.org. 3600 IN SOA ns.example.org. hostmaster.example.org. 1 7200 1800 86400 300',
)

function edns(query: ScriptedQuery, options: readonly EdnsOption[] = []): Edns | undefined {
  return (
    query.message.edns && { udpPayloadSize: 1232, version: 0, dnssecOk: query.message.edns.dnssecOk, z: 0, options }
  )
}

function send(query: ScriptedQuery, fields: ResponseFields): Reaction {
  return { kind: 'send', message: response(query.message, { edns: edns(query), ...fields }) }
}

function records(query: ScriptedQuery, ttl = 3600): ResourceRecord[] {
  const [question] = query.message.question
  if (question === undefined) return []
  return (RDATA[question.type] ?? []).map((rdata) =>
    parseRecord(`${question.name} ${ttl} ${question.class} ${question.type} ${rdata}`),
  )
}

function option(query: ScriptedQuery, code: number, octets: Uint8Array): readonly EdnsOption[] {
  return query.message.edns?.options.some((sent) => sent.code === code) === true ? [{ code, octets }] : []
}

const encoder = new TextEncoder()

/** By first label. Anything else gets the records of the type it asks for, authoritatively. */
const BEHAVIORS: Readonly<Record<string, (query: ScriptedQuery) => readonly Reaction[]>> = {
  recursive: (query) => [send(query, { ra: true, ad: true, answer: records(query, 3661) })],
  chain: (query) => [
    send(query, {
      ra: true,
      answer: [
        parseRecord('chain.example.org. 300 IN CNAME alias.example.net.'),
        parseRecord('alias.example.net. 60 IN CNAME a-name-so-long-that-it-fills-the-column.example.net.'),
        parseRecord('a-name-so-long-that-it-fills-the-column.example.net. 604800 IN A 192.0.2.7'),
      ],
      authority: [parseRecord('example.net. 86400 IN NS ns1.example.net.')],
      additional: [parseRecord('ns1.example.net. 86400 IN A 192.0.2.53')],
    }),
  ],
  nx: (query) => [send(query, { rcode: 'NXDOMAIN', aa: true, authority: [SOA] })],
  nodata: (query) => [send(query, { aa: true, authority: [SOA] })],
  servfail: (query) => [
    send(query, {
      rcode: 'SERVFAIL',
      ra: true,
      edns: edns(query, [writeExtendedError({ infoCode: 22, extraText: 'no upstream answered' })]),
    }),
  ],
  ede: (query) => [
    send(query, {
      rcode: 'NOERROR',
      edns: edns(query, [
        writeExtendedError({ infoCode: 3, extraText: '' }),
        writeExtendedError({ infoCode: 4242, extraText: 'own "code"' }),
      ]),
    }),
  ],
  refused: (query) => [send(query, { rcode: 'REFUSED' })],
  plain: (query) => [send(query, { answer: records(query), edns: undefined })],
  formerr: (query) => [
    query.message.edns === undefined
      ? send(query, { answer: records(query) })
      : send(query, { rcode: 'FORMERR', edns: undefined }),
  ],
  badvers: (query) => [
    query.message.edns?.version === 0 ? send(query, { answer: records(query) }) : send(query, { rcode: 'BADVERS' }),
  ],
  rcode12: (query) => [send(query, { rcode: 'RCODE12' })],
  rcode24: (query) => [send(query, { rcode: 'RCODE24' })],
  flags: (query) => {
    const message = response(query.message, { aa: true, tc: false, ra: true, ad: true, edns: edns(query) })
    return [{ kind: 'send', message: { ...message, flags: { ...message.flags, z: true } } }]
  },
  nsid: (query) => [
    send(query, { edns: edns(query, option(query, EDNS_OPTION.nsid, encoder.encode('node-1.example'))) }),
  ],
  nsidhex: (query) => [
    send(query, { edns: edns(query, option(query, EDNS_OPTION.nsid, Uint8Array.of(1, 2, 254, 65))) }),
  ],
  cookie: (query) => {
    const sent = query.message.edns?.options.find(({ code }) => code === EDNS_OPTION.cookie)
    const octets = Uint8Array.of(
      ...(sent?.octets.slice(0, 8) ?? []),
      1,
      0,
      0,
      0,
      0x65,
      0x2b,
      0x3a,
      0x10,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
    )
    return [send(query, { edns: edns(query, option(query, EDNS_OPTION.cookie, octets)) })]
  },
  wrongcookie: (query) => [
    send(query, {
      edns: edns(
        query,
        option(
          query,
          EDNS_OPTION.cookie,
          Uint8Array.from({ length: 24 }, (_, index) => index),
        ),
      ),
    }),
  ],
  echocookie: (query) => {
    const sent = query.message.edns?.options.find(({ code }) => code === EDNS_OPTION.cookie)
    return [send(query, { edns: edns(query, option(query, EDNS_OPTION.cookie, sent?.octets ?? new Uint8Array(0))) })]
  },
  subnet: (query) => {
    const sent = query.message.edns?.options.find(({ code }) => code === EDNS_OPTION.clientSubnet)
    const octets = Uint8Array.from(sent?.octets ?? [])
    if (octets.length > 3) octets[3] = 17
    return [send(query, { answer: records(query), edns: edns(query, option(query, EDNS_OPTION.clientSubnet, octets)) })]
  },
  options: (query) => [
    send(query, {
      edns: edns(query, [
        { code: EDNS_OPTION.expire, octets: Uint8Array.of(0, 9, 58, 128) },
        { code: EDNS_OPTION.tcpKeepalive, octets: Uint8Array.of(1, 44) },
        { code: EDNS_OPTION.padding, octets: new Uint8Array(7) },
        { code: 65_001, octets: encoder.encode('fathom') },
        { code: 26_946, octets: new Uint8Array(0) },
      ]),
    }),
  ],
  dnssecok: (query) => [
    send(query, {
      ad: true,
      answer: [
        ...records(query),
        parseRecord(
          `dnssecok.example.org. 3600 IN RRSIG A 13 3 3600 20240201000000 20240101000000 12345 example.org. ${KEY}`,
        ),
      ],
    }),
  ],
  nsec3: (query) => [
    send(query, {
      rcode: 'NXDOMAIN',
      authority: [
        SOA,
        parseRecord(
          '2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.org. 300 IN NSEC3 1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR NS SOA MX RRSIG',
        ),
      ],
    }),
  ],
  truncated: (query) => [
    query.transport === 'udp' ? send(query, { tc: true, edns: edns(query) }) : send(query, { answer: records(query) }),
  ],
  many: (query) => [
    send(query, {
      answer: Array.from({ length: 3 }, (_, index) =>
        parseRecord(`many.example.org. ${index} IN TXT "${'x'.repeat(200)}"`),
      ),
    }),
  ],
  wrongid: (query) => [
    { kind: 'send', message: response({ ...query.message, id: query.message.id ^ 1 }) },
    send(query, { answer: records(query) }),
  ],
  otherquestion: (query) => [send(query, { question: [{ name: 'other.example.net.', type: 'A', class: 'IN' }] })],
  noquestion: (query) => [send(query, { question: [], rcode: 'REFUSED' })],
  echo: (query) => [{ kind: 'send', message: query.message }],
  malformed: (query) => [
    { kind: 'send-octets', octets: encodeMessage(response(query.message, { answer: records(query) })).slice(0, -3) },
  ],
  badname: (query) => {
    const octets = encodeMessage(response(query.message, { answer: records(query) }))
    // The first answer's owner name becomes a pointer to itself.
    const at = encodeMessage({ ...query.message, edns: undefined }).length
    octets[at] = 0xc0
    octets[at + 1] = at
    return [{ kind: 'send-octets', octets }]
  },
  short: (query) => [{ kind: 'send-octets', octets: encodeMessage(response(query.message)).slice(0, 8) }],
  trailing: (query) => [
    {
      kind: 'send-octets',
      octets: Uint8Array.of(...encodeMessage(response(query.message, { answer: records(query) })), 1, 2, 3),
    },
  ],
  elsewhere: (query) => [
    { kind: 'send-from-elsewhere', octets: encodeMessage(response(query.message, { rcode: 'NXDOMAIN' })) },
    send(query, { answer: records(query) }),
  ],
  badcookie: (query) => {
    const sent =
      query.message.edns?.options.find(({ code }) => code === EDNS_OPTION.cookie)?.octets ?? new Uint8Array(0)
    const octets = Uint8Array.of(...sent.subarray(0, 8), 1, 2, 3, 4, 5, 6, 7, 8)
    const rcode = sent.length === 16 ? 'NOERROR' : 'BADCOOKIE'
    return [send(query, { rcode, edns: edns(query, [{ code: EDNS_OPTION.cookie, octets }]) })]
  },
  silent: () => [],
  closing: () => [{ kind: 'close' }],
  resetting: () => [{ kind: 'reset' }],
  tcponlyclose: (query) => (query.transport === 'tcp' ? [{ kind: 'close' }] : [send(query, { tc: true })]),
}

/** The script for `startScriptedServer`. */
export function digScenario(query: ScriptedQuery): readonly Reaction[] {
  const [question] = query.message.question
  const behavior = BEHAVIORS[labelsOf(question?.name ?? '.')[0] ?? '']
  if (question?.type === 'AXFR') return transfer(query)
  if (question?.type === 'IXFR') return differences(query)
  return behavior === undefined ? [send(query, { aa: true, answer: records(query) })] : behavior(query)
}

/** A zone in three messages; the second and third leave out the question, as RFC 5936 §2.2 allows. */
function transfer(query: ScriptedQuery): readonly Reaction[] {
  if (query.message.question[0]?.name === 'cut.example.org.') {
    return [send(query, { aa: true, answer: [SOA] }), { kind: 'close' }]
  }
  if (query.message.question[0]?.name !== 'example.org.') return [send(query, { rcode: 'NOTAUTH' })]
  const hosts = [1, 2, 3].map((host) => parseRecord(`h${host}.example.org. 3600 IN A 192.0.2.${host}`))
  return [
    send(query, { aa: true, answer: [SOA, parseRecord('example.org. 3600 IN NS ns.example.org.')] }),
    send(query, { aa: true, question: [], answer: hosts }),
    send(query, { aa: true, question: [], answer: [SOA] }),
  ]
}

/** From serial 1 to 3 in two steps, or the SOA record alone when the client has serial 3. */
function differences(query: ScriptedQuery): readonly Reaction[] {
  const soa = (serial: number): ResourceRecord =>
    parseRecord(`example.org. 3600 IN SOA ns.example.org. hostmaster.example.org. ${serial} 7200 1800 86400 300`)
  const host = parseRecord('h1.example.org. 3600 IN A 192.0.2.1')
  const known = query.message.authority[0]?.rdata
  const isCurrent = known?.type === 'SOA' && known.serial === 3
  const answer = isCurrent ? [soa(3)] : [soa(3), soa(1), soa(2), soa(2), host, soa(3), soa(3)]
  return [send(query, { aa: true, answer })]
}
