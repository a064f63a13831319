// Numbers that CERT shows as mnemonics (RFC 4398 §2.1, RFC 4034 appendix A.1).
import { takeToken } from '../text/tokens.ts'
import type { Field } from './form.ts'
import { badField, uint16, uint8 } from './number-fields.ts'

const CERTIFICATE_TYPES: Readonly<Record<string, number>> = {
  PKIX: 1,
  SPKI: 2,
  PGP: 3,
  IPKIX: 4,
  ISPKI: 5,
  IPGP: 6,
  ACPKIX: 7,
  IACPKIX: 8,
  URI: 253,
  OID: 254,
}

const ALGORITHMS: Readonly<Record<string, number>> = {
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  NSEC3DSA: 6,
  NSEC3RSASHA1: 7,
  RSASHA256: 8,
  RSASHA512: 10,
  ECCGOST: 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
}

/** Two octets: what kind of certificate it is. */
export const certificateType: Field<number> = withMnemonics(uint16, CERTIFICATE_TYPES)

/** One octet: a DNSSEC algorithm. */
export const securityAlgorithm: Field<number> = withMnemonics(uint8, ALGORITHMS)

/** The mnemonic of a DNSSEC algorithm, or its number as text. */
export function algorithmMnemonic(algorithm: number): string {
  return Object.entries(ALGORITHMS).find(([, number]) => number === algorithm)?.[0] ?? String(algorithm)
}

function withMnemonics(field: Field<number>, table: Readonly<Record<string, number>>): Field<number> {
  return {
    ...field,
    parse(tokens, name) {
      const token = tokens.list[tokens.at]
      if (token === undefined || /^\d/.test(token.text)) return field.parse(tokens, name)
      const { text } = takeToken(tokens, name)
      const number = Object.hasOwn(table, text.toUpperCase()) ? table[text.toUpperCase()] : undefined
      if (number === undefined) throw badField(text, name, 'a number or its mnemonic')
      return number
    },
    format: (value) => Object.entries(table).find(([, number]) => number === value)?.[0] ?? String(value),
  }
}
