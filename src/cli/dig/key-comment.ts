// What dig says about a key behind its record: role, algorithm, key tag.
import { algorithmMnemonic } from '../../dns/index.ts'
import type { DnskeyData } from '../../dns/index.ts'

const SEP = 0x0001
const REVOKE = 0x0080

/** The key tag of a DNSKEY record (RFC 4034 appendix B). */
export function keyTag({ flags, protocol, algorithm, publicKey }: DnskeyData): number {
  // RSA/MD5 keys have a tag of their own kind: two octets near the end of the modulus (appendix B.1).
  if (algorithm === 1) return ((publicKey.at(-3) ?? 0) << 8) | (publicKey.at(-2) ?? 0)
  const octets = Uint8Array.of(flags >>> 8, flags & 0xff, protocol, algorithm, ...publicKey)
  let sum = 0
  for (const [index, octet] of octets.entries()) sum += index % 2 === 0 ? octet << 8 : octet
  return (sum + (sum >>> 16)) & 0xffff
}

/** The comment in two pieces: what the key is for, empty with KEY records; algorithm and tag. */
export function keyComment(rdata: DnskeyData): { readonly role: string; readonly key: string } {
  const kind = (rdata.flags & SEP) === 0 ? 'ZSK' : 'KSK'
  const role = rdata.type === 'KEY' ? '' : ` ; ${(rdata.flags & REVOKE) === 0 ? kind : `revoked ${kind}`}`
  return { role, key: `; alg = ${algorithmMnemonic(rdata.algorithm)} ; key id = ${keyTag(rdata)}` }
}
