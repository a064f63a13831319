// The service parameters of SVCB and HTTPS (RFC 9460 §2.1, §2.2): key and value octets, and their text by key.
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../address.ts'
import { quoteOctets, unescapeOctets } from '../text/character-string.ts'
import { peekToken, takeToken } from '../text/tokens.ts'
import { WireError } from '../wire/error.ts'
import { readOctets, readUint16 } from '../wire/reader.ts'
import { writeOctets, writeUint16 } from '../wire/writer.ts'
import type { Field } from './form.ts'
import { badField } from './number-fields.ts'

interface SvcParam {
  readonly key: number
  readonly value: Uint8Array
}

/** One key's value as text. `parse` gives undefined for text that is wrong for the key. */
interface SvcValue {
  readonly isValid: (value: Uint8Array) => boolean
  readonly parse: (text: string) => Uint8Array | undefined
  /** Empty text: the key stands alone. */
  readonly format: (value: Uint8Array) => string
}

/** Parameters in ascending order of their keys (RFC 9460 §2.2). */
export const svcParams: Field<readonly SvcParam[]> = {
  decode(reader) {
    const params: SvcParam[] = []
    let last = -1
    while (reader.offset < reader.end) {
      const start = reader.offset
      const key = readUint16(reader)
      const value = readOctets(reader, readUint16(reader))
      if (key <= last || VALUES[key]?.isValid(value) === false) {
        const why = key <= last ? `it follows ${keyName(last)}` : 'its value is malformed'
        throw new WireError('bad-rdata', start, `Cannot decode service parameter ${keyName(key)}: ${why}`)
      }
      last = key
      params.push({ key, value })
    }
    return params
  },
  encode(writer, params) {
    for (const { key, value } of sorted(params)) {
      writeUint16(writer, key)
      writeUint16(writer, value.length)
      writeOctets(writer, value)
    }
  },
  parse(tokens, name) {
    const params: SvcParam[] = []
    while (peekToken(tokens) !== undefined) {
      const { text } = takeToken(tokens, name)
      const equals = text.indexOf('=')
      const keyText = equals < 0 ? text : text.slice(0, equals)
      let valueText = equals < 0 ? '' : text.slice(equals + 1)
      const next = peekToken(tokens)
      if (equals >= 0 && valueText === '' && next?.joined === true && next.quoted)
        valueText = takeToken(tokens, name).text
      params.push(parseParam(keyText, valueText))
    }
    const ordered = sorted(params)
    const twice = ordered.find((param, index) => param.key === ordered[index - 1]?.key)
    if (twice !== undefined) throw badField(keyName(twice.key), name, 'each key once')
    return ordered
  },
  format(params) {
    const texts = params.map(({ key, value }) => {
      const text = VALUES[key]?.format(value) ?? (value.length === 0 ? '' : quoteOctets(latin1(value)))
      return text === '' ? keyName(key) : `${keyName(key)}=${text}`
    })
    return texts.join(' ')
  },
}

const KEYS = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint', 'dohpath', 'ohttp']

function keyName(key: number): string {
  return KEYS[key] ?? `key${key}`
}

function keyNumber(name: string): number | undefined {
  const known = KEYS.indexOf(name)
  if (known >= 0) return known
  const generic = /^key(0|[1-9]\d{0,4})$/.exec(name)
  const number = Number(generic?.[1] ?? Number.NaN)
  return number <= 65_535 ? number : undefined
}

const mandatory: SvcValue = {
  isValid: (value) => value.length > 0 && value.length % 2 === 0,
  parse(text) {
    const keys = text
      .split(',')
      .map(keyNumber)
      .sort((left = 0, right = 0) => left - right)
    return keys.every((key) => key !== undefined)
      ? Uint8Array.from(keys.flatMap((key) => [key >>> 8, key & 0xff]))
      : undefined
  },
  format: (value) =>
    slices(value, 2)
      .map((two) => keyName(uint16At(two)))
      .join(','),
}

const alpn: SvcValue = {
  isValid(value) {
    let at = 0
    while (at < value.length && value[at] !== 0) at += 1 + (value[at] ?? 0)
    return value.length > 0 && at === value.length
  },
  parse(text) {
    // A comma and a backslash within one protocol's name are escaped twice (RFC 9460 appendix A.1).
    const ids = [...`${unescapeOctets(text)},`.matchAll(/((?:\\[^]|[^\\,])*),/g)].map(([, id = '']) => id)
    const octets = ids.flatMap((id) => {
      const plain = id.replaceAll(/\\([^])/g, '$1')
      return [plain.length, ...octetsOf(plain)]
    })
    return ids.every((id) => id !== '' && id.length <= 255) ? Uint8Array.from(octets) : undefined
  },
  format(value) {
    const ids: string[] = []
    for (let at = 0; at < value.length; at += 1 + (value[at] ?? 0)) {
      ids.push(latin1(value.subarray(at + 1, at + 1 + (value[at] ?? 0))).replaceAll(/[\\,]/g, '\\$&'))
    }
    return quoteOctets(ids.join(','))
  },
}

const flag: SvcValue = {
  isValid: (value) => value.length === 0,
  parse: (text) => (text === '' ? new Uint8Array(0) : undefined),
  format: () => '',
}

const port: SvcValue = {
  isValid: (value) => value.length === 2,
  parse(text) {
    const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
    return number <= 65_535 ? Uint8Array.of(number >>> 8, number & 0xff) : undefined
  },
  format: (value) => String(uint16At(value)),
}

const ech: SvcValue = {
  isValid: (value) => value.length > 0,
  parse(text) {
    const octets = Buffer.from(text, 'base64')
    return octets.length > 0 && octets.toString('base64') === text ? new Uint8Array(octets) : undefined
  },
  format: (value) => Buffer.from(value).toString('base64'),
}

const text: SvcValue = {
  isValid: (value) => value.length > 0,
  parse: (quoted) => (quoted === '' ? undefined : octetsOf(unescapeOctets(quoted))),
  format: (value) => quoteOctets(latin1(value)),
}

function hints(size: 4 | 16): SvcValue {
  const parse = size === 4 ? parseIpv4 : parseIpv6
  const format = size === 4 ? formatIpv4 : formatIpv6
  return {
    isValid: (value) => value.length > 0 && value.length % size === 0,
    parse(list) {
      const addresses = list.split(',').map(parse)
      return addresses.every((octets) => octets !== undefined)
        ? Uint8Array.from(addresses.flatMap((octets) => [...octets]))
        : undefined
    },
    format: (value) =>
      slices(value, size)
        .map((octets) => format(octets))
        .join(','),
  }
}

/** Index is the key: RFC 9460 §14.3.2, RFC 9461 §5 (dohpath), RFC 9540 §4 (ohttp). */
const VALUES: readonly SvcValue[] = [mandatory, alpn, flag, port, hints(4), ech, hints(16), text, flag]

function parseParam(keyText: string, valueText: string): SvcParam {
  const key = keyNumber(keyText)
  if (key === undefined) throw badField(keyText, 'service parameter', 'a key such as alpn, port or key65333')
  const known = VALUES[key]
  const value = known === undefined ? octetsOf(unescapeOctets(valueText)) : known.parse(valueText)
  if (value === undefined) throw badField(valueText, `service parameter ${keyName(key)}`, 'a value that fits the key')
  return { key, value }
}

function sorted(params: readonly SvcParam[]): SvcParam[] {
  return [...params].sort((left, right) => left.key - right.key)
}

function slices(value: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: value.length / size }, (_, index) => value.subarray(index * size, (index + 1) * size))
}

function uint16At(value: Uint8Array): number {
  return ((value[0] ?? 0) << 8) | (value[1] ?? 0)
}

function latin1(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1')
}

function octetsOf(latin1Text: string): Uint8Array {
  return new Uint8Array(Buffer.from(latin1Text, 'latin1'))
}
