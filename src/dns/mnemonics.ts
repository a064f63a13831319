// Numbers and their names: types, classes, rcodes, opcodes as IANA's "DNS parameters" registry has them.
import type { Opcode, RRClass, RRType, Rcode } from './message.ts'

interface Mnemonics {
  /** Accepts the mnemonic in any case and the generic form; undefined for anything else. */
  number(mnemonic: string): number | undefined
  mnemonic(number: number): string
}

const TYPES = mnemonics('TYPE', 65_535, {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  NSAP: 22,
  'NSAP-PTR': 23,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  EID: 31,
  NIMLOC: 32,
  SRV: 33,
  ATMA: 34,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  A6: 38,
  DNAME: 39,
  SINK: 40,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  UINFO: 100,
  UID: 101,
  GID: 102,
  UNSPEC: 103,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  DOA: 259,
  AMTRELAY: 260,
  RESINFO: 261,
  TA: 32_768,
  DLV: 32_769,
})

const CLASSES = mnemonics('CLASS', 65_535, { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 })

const OPCODES = mnemonics('OPCODE', 15, { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5, DSO: 6 })

const RCODES = mnemonics('RCODE', 4095, {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  DSOTYPENI: 11,
  BADVERS: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
  BADCOOKIE: 23,
})

/** The mnemonic of a type number, `TYPE731` when it has none (RFC 3597 §5). */
export function typeMnemonic(type: number): RRType {
  return TYPES.mnemonic(type)
}

/** The number of a type mnemonic or `TYPE731`, in any case; undefined when there is no such type. */
export function typeNumber(type: string): number | undefined {
  return TYPES.number(type)
}

/** The mnemonic of a class number, `CLASS32` when it has none. */
export function classMnemonic(rrclass: number): RRClass {
  return CLASSES.mnemonic(rrclass)
}

/** The number of a class mnemonic or `CLASS32`, in any case; undefined when there is no such class. */
export function classNumber(rrclass: string): number | undefined {
  return CLASSES.number(rrclass)
}

/** The mnemonic of an opcode, `OPCODE7` when it has none. */
export function opcodeMnemonic(opcode: number): Opcode {
  return OPCODES.mnemonic(opcode)
}

/** The number of an opcode mnemonic or `OPCODE7`, in any case; undefined when there is no such opcode. */
export function opcodeNumber(opcode: string): number | undefined {
  return OPCODES.number(opcode)
}

/** The mnemonic of an rcode of up to twelve bits (RFC 6891 §6.1.3), `RCODE24` when it has none. */
export function rcodeMnemonic(rcode: number): Rcode {
  return RCODES.mnemonic(rcode)
}

/** The number of an rcode mnemonic or `RCODE24`, in any case; undefined when there is no such rcode. */
export function rcodeNumber(rcode: string): number | undefined {
  return RCODES.number(rcode)
}

function mnemonics(prefix: string, limit: number, table: Readonly<Record<string, number>>): Mnemonics {
  const numbers = new Map(Object.entries(table))
  const names: (string | undefined)[] = []
  for (const [name, number] of numbers) if (number < 512) names[number] = name
  const rest = new Map([...numbers].filter(([, number]) => number >= 512).map(([name, number]) => [number, name]))
  return {
    number(mnemonic) {
      const known = numbers.get(mnemonic) ?? numbers.get(mnemonic.toUpperCase())
      if (known !== undefined) return known
      const upper = mnemonic.toUpperCase()
      if (!upper.startsWith(prefix) || !/^\d{1,5}$/.test(upper.slice(prefix.length))) return undefined
      const number = Number(upper.slice(prefix.length))
      return number <= limit ? number : undefined
    },
    mnemonic: (number) => names[number] ?? rest.get(number) ?? `${prefix}${number}`,
  }
}
