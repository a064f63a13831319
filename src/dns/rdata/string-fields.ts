// Fields that are text: `<character-string>`s (RFC 1035 §3.3) and strings that take the rest of the RDATA.
import type { CharacterString } from '../message.ts'
import { quoteOctets, unescapeOctets } from '../text/character-string.ts'
import { peekToken, takeToken } from '../text/tokens.ts'
import { WireError } from '../wire/error.ts'
import { readLatin1, readUint8 } from '../wire/reader.ts'
import type { Reader } from '../wire/reader.ts'
import { writeLatin1, writeUint8 } from '../wire/writer.ts'
import type { Writer } from '../wire/writer.ts'
import type { Field } from './form.ts'
import { badField } from './number-fields.ts'

/** One `<character-string>`. */
export const characterString: Field<CharacterString> = {
  decode: readCharacterString,
  encode: writeCharacterString,
  parse: (tokens, name) => parseCharacterString(takeToken(tokens, name).text, name),
  format: quoteOctets,
}

/** One or more `<character-string>`s up to the RDATA's end. */
export const characterStrings: Field<readonly CharacterString[]> = {
  decode(reader) {
    const strings = [readCharacterString(reader)]
    while (reader.offset < reader.end) strings.push(readCharacterString(reader))
    return strings
  },
  encode(writer, strings) {
    for (const string of strings) writeCharacterString(writer, string)
  },
  parse(tokens, name) {
    const strings = [parseCharacterString(takeToken(tokens, name).text, name)]
    while (peekToken(tokens) !== undefined) strings.push(parseCharacterString(takeToken(tokens, name).text, name))
    return strings
  },
  format: (strings) => strings.map(quoteOctets).join(' '),
}

/** The rest of the RDATA as one quoted string that may be longer than 255 octets. */
export const stringRest: Field<string> = {
  decode: (reader) => readLatin1(reader, reader.end - reader.offset),
  encode: writeLatin1,
  parse: (tokens, name) => unescapeOctets(takeToken(tokens, name).text),
  format: quoteOctets,
}

/** One `<character-string>` written as a bare word: the tag of CAA (RFC 8659 §4.1), letters and digits. */
export const word: Field<string> = {
  decode(reader) {
    const start = reader.offset
    const value = readCharacterString(reader)
    if (!isWord(value)) {
      throw new WireError('bad-rdata', start, `Cannot decode tag at offset ${start}: expected letters and digits`)
    }
    return value
  },
  encode: writeCharacterString,
  parse(tokens, name) {
    const { text } = takeToken(tokens, name)
    if (!isWord(text)) throw badField(text, name, 'letters and digits')
    return text
  },
  format: (value) => value,
}

function isWord(text: string): boolean {
  return /^[0-9a-z]{1,255}$/i.test(text)
}

function readCharacterString(reader: Reader): CharacterString {
  return readLatin1(reader, readUint8(reader))
}

function writeCharacterString(writer: Writer, value: CharacterString): void {
  writeUint8(writer, value.length)
  writeLatin1(writer, value)
}

function parseCharacterString(text: string, name: string): CharacterString {
  const octets = unescapeOctets(text)
  if (octets.length > 255) throw badField(text, name, `at most 255 octets, not ${octets.length}`)
  return octets
}
