// Fields that are numbers on the wire: plain ones, times, durations, record types.
import { typeMnemonic, typeNumber } from '../mnemonics.ts'
import type { RRType } from '../message.ts'
import { TextError, excerpt } from '../text/error.ts'
import { takeToken } from '../text/tokens.ts'
import { parseTtl } from '../text/ttl.ts'
import { readUint16, readUint32, readUint8 } from '../wire/reader.ts'
import { writeUint16, writeUint32, writeUint8 } from '../wire/writer.ts'
import type { Field } from './form.ts'

/** One octet as a decimal number. */
export const uint8: Field<number> = {
  decode: readUint8,
  encode: writeUint8,
  parse: (tokens, name) => parseNumber(takeToken(tokens, name).text, { name, limit: 255 }),
  format: String,
}

/** Two octets as a decimal number. */
export const uint16: Field<number> = {
  decode: readUint16,
  encode: writeUint16,
  parse: (tokens, name) => parseNumber(takeToken(tokens, name).text, { name, limit: 65_535 }),
  format: String,
}

/** Four octets as a decimal number. */
export const uint32: Field<number> = {
  decode: readUint32,
  encode: writeUint32,
  parse: (tokens, name) => parseNumber(takeToken(tokens, name).text, { name, limit: 4_294_967_295 }),
  format: String,
}

/** Four octets of seconds; `1h30m` is accepted in text, as BIND does. */
export const seconds: Field<number> = {
  ...uint32,
  parse(tokens, name) {
    const { text } = takeToken(tokens, name)
    const value = parseTtl(text)
    if (value === undefined) throw badField(text, name, 'seconds, 0 to 4294967295, or 1h30m')
    return value
  },
}

/** Four octets of seconds since the epoch, in text `YYYYMMDDHHmmSS` (RFC 4034 §3.2); plain seconds are accepted. */
export const timestamp: Field<number> = {
  ...uint32,
  parse(tokens, name) {
    const { text } = takeToken(tokens, name)
    const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text)
    if (parts === null) return parseNumber(text, { name, limit: 4_294_967_295 })
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number)
    const millis = Date.UTC(year, month - 1, day, hour, minute, second)
    if (formatTimestamp(millis / 1000) !== text) throw badField(text, name, 'a time as YYYYMMDDHHmmSS')
    return (millis / 1000) % 4_294_967_296
  },
  format: formatTimestamp,
}

/** Two octets that name a record type. */
export const rrType: Field<RRType> = {
  decode: (reader) => typeMnemonic(readUint16(reader)),
  encode: (writer, value) => writeUint16(writer, requireType(value)),
  parse(tokens, name) {
    const { text } = takeToken(tokens, name)
    const number = typeNumber(text)
    if (number === undefined) throw badField(text, name, 'a record type such as A or TYPE65280')
    return typeMnemonic(number)
  },
  format: (value) => value,
}

/** The number of a type that is about to be encoded. @throws {RangeError} when there is no such type */
export function requireType(type: RRType): number {
  const number = typeNumber(type)
  if (number === undefined) throw new RangeError(`Cannot encode record type "${type}": there is none of that name`)
  return number
}

/** The error for text that is not what a field expects. */
export function badField(text: string, name: string, expected: string): TextError {
  return new TextError('bad-field', `Cannot read ${name} "${excerpt(text)}": expected ${expected}`)
}

function parseNumber(text: string, { name, limit }: { readonly name: string; readonly limit: number }): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value <= limit)) throw badField(text, name, `a number from 0 to ${limit}`)
  return value
}

function formatTimestamp(value: number): string {
  return new Date(value * 1000).toISOString().replaceAll(/[-:T]|\..*$/g, '')
}
