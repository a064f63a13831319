// Fields that are IP addresses.
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../address.ts'
import { takeToken } from '../text/tokens.ts'
import { readOctets } from '../wire/reader.ts'
import { writeOctets } from '../wire/writer.ts'
import type { Field } from './form.ts'
import { badField } from './number-fields.ts'

/** Four octets as dotted decimal. */
export const ipv4: Field<string> = {
  decode: (reader) => formatIpv4(readOctets(reader, 4)),
  encode(writer, value) {
    const octets = parseIpv4(value)
    if (octets === undefined) throw new RangeError(`Cannot encode "${value}": not an IPv4 address`)
    writeOctets(writer, octets)
  },
  parse(tokens, name) {
    const { text } = takeToken(tokens, name)
    const octets = parseIpv4(text)
    if (octets === undefined) throw badField(text, name, 'an IPv4 address')
    return formatIpv4(octets)
  },
  format: (value) => value,
}

/** Sixteen octets as RFC 5952 text. */
export const ipv6: Field<string> = {
  decode: (reader) => formatIpv6(readOctets(reader, 16)),
  encode(writer, value) {
    const octets = parseIpv6(value)
    if (octets === undefined) throw new RangeError(`Cannot encode "${value}": not an IPv6 address`)
    writeOctets(writer, octets)
  },
  parse(tokens, name) {
    const { text } = takeToken(tokens, name)
    const octets = parseIpv6(text)
    if (octets === undefined) throw badField(text, name, 'an IPv6 address')
    return formatIpv6(octets)
  },
  format: (value) => value,
}
