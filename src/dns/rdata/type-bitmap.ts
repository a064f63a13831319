// The list of types in NSEC, NSEC3 and CSYNC: windows of 256 bits (RFC 4034 §4.1.2).
import type { RRType } from '../message.ts'
import { typeMnemonic, typeNumber } from '../mnemonics.ts'
import { peekToken, takeToken } from '../text/tokens.ts'
import { WireError } from '../wire/error.ts'
import { readUint8 } from '../wire/reader.ts'
import { writeOctets, writeUint8 } from '../wire/writer.ts'
import type { Field } from './form.ts'
import { badField, requireType } from './number-fields.ts'

/** Types in ascending order of their numbers, up to the RDATA's end. */
export const typeBitmap: Field<readonly RRType[]> = {
  decode(reader) {
    const types: RRType[] = []
    let lastWindow = -1
    while (reader.offset < reader.end) {
      const start = reader.offset
      const window = readUint8(reader)
      const length = readUint8(reader)
      if (window <= lastWindow || length === 0 || length > 32) {
        throw new WireError(
          'bad-rdata',
          start,
          `Cannot decode type bitmap: window ${window} of ${length} octets at offset ${start}`,
        )
      }
      lastWindow = window
      for (let index = 0; index < length; index += 1) {
        const octet = readUint8(reader)
        for (let bit = 0; bit < 8; bit += 1) {
          if ((octet & (0x80 >>> bit)) !== 0) types.push(typeMnemonic(window * 256 + index * 8 + bit))
        }
      }
    }
    return types
  },
  encode(writer, types) {
    const numbers = [...new Set(types.map(requireType))].sort((left, right) => left - right)
    for (const window of new Set(numbers.map((number) => number >>> 8))) {
      const own = numbers.filter((number) => number >>> 8 === window).map((number) => number & 0xff)
      const bits = new Uint8Array(((own.at(-1) ?? 0) >>> 3) + 1)
      for (const number of own) bits[number >>> 3] = (bits[number >>> 3] ?? 0) | (0x80 >>> (number & 7))
      writeUint8(writer, window)
      writeUint8(writer, bits.length)
      writeOctets(writer, bits)
    }
  },
  parse(tokens, name) {
    const numbers = new Set<number>()
    while (peekToken(tokens) !== undefined) {
      const { text } = takeToken(tokens, name)
      const number = typeNumber(text)
      if (number === undefined) throw badField(text, name, 'a record type such as A or TYPE65280')
      numbers.add(number)
    }
    return [...numbers].sort((left, right) => left - right).map(typeMnemonic)
  },
  format: (types) => types.join(' '),
}
