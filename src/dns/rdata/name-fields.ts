// Fields that are domain names.
import type { DomainName } from '../message.ts'
import { formatName, parseName } from '../text/name.ts'
import { takeToken } from '../text/tokens.ts'
import { readName } from '../wire/name.ts'
import { writeName, writePlainName } from '../wire/name.ts'
import type { Field } from './form.ts'

/** A name in the RDATA of a type that RFC 1035 defines: the only ones that may be compressed (RFC 3597 §4). */
export const compressedName: Field<DomainName> = {
  decode: readName,
  encode: writeName,
  parse: (tokens, name) => parseName(takeToken(tokens, name).text, tokens.origin),
  format: formatName,
}

/** A name in the RDATA of any later type: pointers are followed when they come, but never written. */
export const plainName: Field<DomainName> = { ...compressedName, encode: writePlainName }
