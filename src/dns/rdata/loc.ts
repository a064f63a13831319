// LOC: where on Earth something is (RFC 1876). The text has degrees, minutes, seconds and meters.
import type { LocData, RData } from '../message.ts'
import { peekToken, takeToken } from '../text/tokens.ts'
import type { Tokens } from '../text/tokens.ts'
import { WireError } from '../wire/error.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { badField, uint32, uint8 } from './number-fields.ts'

const octets = rdataForm<LocData>('LOC', {
  version: uint8,
  size: uint8,
  horizontalPrecision: uint8,
  verticalPrecision: uint8,
  latitude: uint32,
  longitude: uint32,
  altitude: uint32,
})

/** 2^31 thousandths of a second: the equator and the prime meridian. */
const ZERO_ANGLE = 2_147_483_648
/** Centimeters below the spheroid at which altitudes begin. */
const ZERO_ALTITUDE = 10_000_000
const DEFAULTS = { size: 0x12, horizontalPrecision: 0x16, verticalPrecision: 0x13 } as const

/** A location (RFC 1876 §2, §3). */
export const loc: RDataForm = {
  decode(reader) {
    const start = reader.offset
    const data = octets.decode(reader) as LocData
    const angles =
      Math.abs(data.latitude - ZERO_ANGLE) <= 324_000_000 && Math.abs(data.longitude - ZERO_ANGLE) <= 648_000_000
    const precisions = [data.size, data.horizontalPrecision, data.verticalPrecision].every(isPrecision)
    if (data.version !== 0 || !angles || !precisions) {
      throw new WireError('bad-rdata', start, `Cannot decode LOC at offset ${start}: version or values out of range`)
    }
    return data
  },
  encode: (writer, rdata) => octets.encode(writer, rdata),
  parse(tokens) {
    const latitude = parseAngle(tokens, { name: 'latitude', directions: 'NS', limit: 90 })
    const longitude = parseAngle(tokens, { name: 'longitude', directions: 'EW', limit: 180 })
    const altitude = parseCentimeters(tokens, 'altitude') + ZERO_ALTITUDE
    if (altitude < 0 || altitude > 4_294_967_295)
      throw badField(String(altitude), 'altitude', '-100000.00 m to 42849672.95 m')
    const size = parsePrecision(tokens, 'size')
    const horizontalPrecision = parsePrecision(tokens, 'horizontalPrecision')
    const verticalPrecision = parsePrecision(tokens, 'verticalPrecision')
    return { type: 'LOC', version: 0, size, horizontalPrecision, verticalPrecision, latitude, longitude, altitude }
  },
  format(rdata: RData) {
    const data = rdata as LocData
    return [
      formatAngle(data.latitude, 'NS'),
      formatAngle(data.longitude, 'EW'),
      `${((data.altitude - ZERO_ALTITUDE) / 100).toFixed(2)}m`,
      formatPrecision(data.size),
      formatPrecision(data.horizontalPrecision),
      formatPrecision(data.verticalPrecision),
    ].join(' ')
  },
}

// --- Angles: `51 30 12.748 N` ---

interface AngleLimits {
  readonly name: string
  /** The letters for positive and negative. */
  readonly directions: string
  readonly limit: number
}

function parseAngle(tokens: Tokens, { name, directions, limit }: AngleLimits): number {
  const parts: number[] = []
  for (;;) {
    const { text } = takeToken(tokens, name)
    const direction = directions.indexOf(text.toUpperCase())
    if (text.length === 1 && direction >= 0 && parts.length > 0) {
      const [degrees = 0, minutes = 0, seconds = 0] = parts
      const angle = Math.round(degrees * 3_600_000 + minutes * 60_000 + seconds * 1000)
      if (angle > limit * 3_600_000) throw badField(parts.join(' '), name, `at most ${limit} degrees`)
      return ZERO_ANGLE + (direction === 0 ? angle : -angle)
    }
    const isSeconds = parts.length === 2
    const value = (isSeconds ? /^\d{1,2}(?:\.\d{1,3})?$/ : /^\d{1,3}$/).test(text) ? Number(text) : Number.NaN
    if (parts.length > 2 || !(value < (parts.length === 0 ? 181 : 60))) {
      throw badField(text, name, `degrees, minutes, seconds, then ${directions.split('').join(' or ')}`)
    }
    parts.push(value)
  }
}

function formatAngle(value: number, directions: string): string {
  const angle = Math.abs(value - ZERO_ANGLE)
  const degrees = Math.trunc(angle / 3_600_000)
  const minutes = Math.trunc(angle / 60_000) % 60
  return `${degrees} ${minutes} ${((angle % 60_000) / 1000).toFixed(3)} ${value >= ZERO_ANGLE ? directions[0] : directions[1]}`
}

// --- Lengths: `24.50m`, and as mantissa and exponent ---

function parseCentimeters(tokens: Tokens, name: string): number {
  const { text } = takeToken(tokens, name)
  if (!/^-?\d{1,8}(?:\.\d{1,2})?m?$/i.test(text)) throw badField(text, name, 'meters such as 24.50m')
  return Math.round(Number.parseFloat(text) * 100)
}

function parsePrecision(tokens: Tokens, name: keyof typeof DEFAULTS): number {
  if (peekToken(tokens) === undefined) return DEFAULTS[name]
  const centimeters = parseCentimeters(tokens, name)
  if (centimeters < 0) throw badField(String(centimeters / 100), name, 'no negative length')
  let exponent = 0
  while (Math.trunc(centimeters / 10 ** exponent) > 9) exponent += 1
  return (Math.trunc(centimeters / 10 ** exponent) << 4) | exponent
}

function isPrecision(value: number): boolean {
  return value >>> 4 <= 9 && (value & 15) <= 9
}

function formatPrecision(value: number): string {
  const centimeters = (value >>> 4) * 10 ** (value & 15)
  return centimeters >= 100 ? `${Math.trunc(centimeters / 100)}m` : `${(centimeters / 100).toFixed(2)}m`
}
