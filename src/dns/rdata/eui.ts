import type { EuiData } from '../message.ts'
import { takeToken } from '../text/tokens.ts'
import { readOctets } from '../wire/reader.ts'
import { writeOctets } from '../wire/writer.ts'
import { rdataForm } from './form.ts'
import type { Field, RDataForm } from './form.ts'
import { badField } from './number-fields.ts'

/** A hardware address, pairs of hexadecimal digits with hyphens (RFC 7043 §3.2, §4.2). */
export function eui(type: EuiData['type']): RDataForm {
  return rdataForm<EuiData>(type, { octets: hyphenated(type === 'EUI48' ? 6 : 8) })
}

function hyphenated(size: number): Field<Uint8Array> {
  return {
    decode: (reader) => readOctets(reader, size),
    encode(writer, octets) {
      if (octets.length !== size)
        throw new RangeError(`Cannot encode hardware address of ${octets.length} octets, not ${size}`)
      writeOctets(writer, octets)
    },
    parse(tokens, name) {
      const { text } = takeToken(tokens, name)
      const pairs = text.split('-')
      if (pairs.length !== size || !pairs.every((pair) => /^[0-9a-f]{2}$/i.test(pair))) {
        throw badField(text, name, `${size} pairs of hexadecimal digits with hyphens between them`)
      }
      return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
    },
    format: (octets) => [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join('-'),
  }
}
