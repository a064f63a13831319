// Fields that are octets: hexadecimal, base64 and base32 text, of the RDATA's remaining length or with a length octet.
import { TextError, excerpt } from '../text/error.ts'
import { peekToken, takeToken } from '../text/tokens.ts'
import type { Tokens } from '../text/tokens.ts'
import { readOctets, readRest, readUint8 } from '../wire/reader.ts'
import { writeOctets, writeUint8 } from '../wire/writer.ts'
import type { Field, FormatOptions } from './form.ts'
import { badField } from './number-fields.ts'

/** The rest of the RDATA as hexadecimal digits, spaces allowed between them. */
export const hexRest: Field<Uint8Array> = {
  decode: readRest,
  encode: writeOctets,
  parse: (tokens, name) => parseHex(takeRest(tokens), name),
  format: (value, options) => grouped(formatHex(value), options),
}

/** The rest of the RDATA as base64, spaces allowed within it. */
export const base64Rest: Field<Uint8Array> = {
  decode: readRest,
  encode: writeOctets,
  parse: (tokens, name) => parseBase64(takeRest(tokens), name),
  format: (value, options) => grouped(octetsToBuffer(value).toString('base64'), options),
}

/** Octets after a length octet, as one word of hexadecimal digits, `-` for none (RFC 5155 §3.3). */
export const hexWithLength: Field<Uint8Array> = {
  decode: (reader) => readOctets(reader, readUint8(reader)),
  encode: writeWithLength,
  parse(tokens, name) {
    const { text } = takeToken(tokens, name)
    const octets = text === '-' ? new Uint8Array(0) : parseHex(text, name)
    if (octets.length > 255) throw badField(text, name, 'at most 255 octets')
    return octets
  },
  format: (value) => (value.length === 0 ? '-' : formatHex(value)),
}

const BASE32HEX = '0123456789ABCDEFGHIJKLMNOPQRSTUV'

/** Octets after a length octet, as base32 in the extended hex alphabet without padding (RFC 5155 §3.3). */
export const base32HexWithLength: Field<Uint8Array> = {
  decode: (reader) => readOctets(reader, readUint8(reader)),
  encode: writeWithLength,
  parse(tokens, name) {
    const { text } = takeToken(tokens, name)
    const octets: number[] = []
    let bits = 0
    let held = 0
    for (const character of text.toUpperCase().replace(/=+$/, '')) {
      const value = BASE32HEX.indexOf(character)
      if (value < 0) throw badField(text, name, 'base32hex (0-9, A-V)')
      held = ((held << 5) | value) & 0xfff
      bits += 5
      if (bits >= 8) {
        bits -= 8
        octets.push((held >>> bits) & 0xff)
      }
    }
    if (octets.length === 0 || octets.length > 255) throw badField(text, name, '1 to 255 octets')
    return Uint8Array.from(octets)
  },
  format(value) {
    let text = ''
    let bits = 0
    let held = 0
    for (const octet of value) {
      held = ((held << 8) | octet) & 0x1fff
      bits += 8
      while (bits >= 5) {
        bits -= 5
        text += BASE32HEX[(held >>> bits) & 31] ?? ''
      }
    }
    return bits > 0 ? text + (BASE32HEX[(held << (5 - bits)) & 31] ?? '') : text
  },
}

/** Octets in upper-case hexadecimal digits. */
export function formatHex(octets: Uint8Array): string {
  return octetsToBuffer(octets).toString('hex').toUpperCase()
}

/** Reads hexadecimal digits. @throws {TextError} `bad-field` */
export function parseHex(text: string, name: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) throw badField(text, name, 'pairs of hexadecimal digits')
  return new Uint8Array(Buffer.from(text, 'hex'))
}

/** Joins all remaining tokens. */
export function takeRest(tokens: Tokens): string {
  let text = ''
  while (peekToken(tokens) !== undefined) text += takeToken(tokens, 'text').text
  return text
}

function parseBase64(text: string, name: string): Uint8Array {
  const octets = Buffer.from(text, 'base64')
  if (octets.toString('base64') !== text) {
    throw new TextError('bad-field', `Cannot read ${name} "${excerpt(text)}": expected base64`)
  }
  return new Uint8Array(octets)
}

function writeWithLength(writer: Parameters<typeof writeOctets>[0], value: Uint8Array): void {
  writeUint8(writer, value.length)
  writeOctets(writer, value)
}

function octetsToBuffer(octets: Uint8Array): Buffer {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
}

function grouped(text: string, { groupSize }: FormatOptions): string {
  if (groupSize === undefined || text.length <= groupSize) return text
  const groups: string[] = []
  for (let index = 0; index < text.length; index += groupSize) groups.push(text.slice(index, index + groupSize))
  return groups.join(' ')
}
