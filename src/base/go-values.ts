// Values as Go's standard library reads them, with its error texts: people paste these texts into search engines, and
// Corefiles are written for them. Durations are `time.ParseDuration`'s, integers `strconv`'s.
import { BaseError } from './errors.ts'

export type GoValueErrorCode = 'bad-boolean' | 'bad-duration' | 'bad-float' | 'bad-integer'

/** A text is not the value that it should be; the message is Go's, `value` the text. */
export class GoValueError extends BaseError<GoValueErrorCode> {
  readonly value: string

  constructor(code: GoValueErrorCode, value: string, message: string) {
    super(code, message)
    this.value = value
  }
}

// --- Durations ---

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3, // U+00B5, micro sign
  μs: 1e3, // U+03BC, Greek letter mu
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}
const MAX_NANOSECONDS = 2 ** 63

/**
 * Parses a duration such as `5s`, `1m30s`, `300ms`, `1.5h`, `-2s` or `0`.
 *
 * @returns milliseconds, with fractions where the text is finer; negative when the text is
 * @throws {GoValueError} `bad-duration`, with texts like `time: missing unit in duration "3600"`
 */
export function parseGoDuration(text: string): number {
  const invalid = (): GoValueError => new GoValueError('bad-duration', text, `time: invalid duration ${quoteGo(text)}`)
  const sign = text.startsWith('-') ? -1 : 1
  let rest = text.replace(/^[-+]/, '')
  if (rest === '0') return 0
  if (rest === '') throw invalid()
  let nanoseconds = 0
  while (rest !== '') {
    const figure = /^(?:\d+(?:\.\d*)?|\.\d+)/.exec(rest)?.[0]
    if (figure === undefined) throw invalid()
    rest = rest.slice(figure.length)
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? ''
    if (unit === '') {
      throw new GoValueError('bad-duration', text, `time: missing unit in duration ${quoteGo(text)}`)
    }
    rest = rest.slice(unit.length)
    const size = Object.hasOwn(NANOSECONDS, unit) ? NANOSECONDS[unit] : undefined
    if (size === undefined) {
      throw new GoValueError('bad-duration', text, `time: unknown unit ${quoteGo(unit)} in duration ${quoteGo(text)}`)
    }
    nanoseconds += Number(figure) * size
    if (nanoseconds > MAX_NANOSECONDS) throw invalid()
  }
  return (sign * nanoseconds) / 1e6
}

/** Formats milliseconds the way Go prints a duration: `5s`, `1m30s`, `1h0m0s`, `250ms`, `1.5µs`, `0s`. */
export function formatGoDuration(milliseconds: number): string {
  const sign = milliseconds < 0 ? '-' : ''
  const nanoseconds = Math.round(Math.abs(milliseconds) * 1e6)
  if (nanoseconds === 0) return '0s'
  if (nanoseconds < 1e3) return `${sign}${nanoseconds}ns`
  if (nanoseconds < 1e6) return `${sign}${nanoseconds / 1e3}µs`
  if (nanoseconds < 1e9) return `${sign}${nanoseconds / 1e6}ms`
  const minutes = Math.floor(nanoseconds / 60e9)
  const seconds = `${(nanoseconds - minutes * 60e9) / 1e9}s`
  if (minutes === 0) return sign + seconds
  const hours = Math.floor(minutes / 60)
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`
}

// --- Numbers and booleans ---

/**
 * Parses a decimal integer with an optional sign, as `strconv.Atoi` does.
 *
 * @throws {GoValueError} `bad-integer`: `strconv.Atoi: parsing "30;": invalid syntax`, or `value out of range` past 64 bits
 */
export function parseGoInt(text: string): number {
  return parseInteger(text, { call: 'strconv.Atoi', pattern: /^[-+]?\d+$/, min: -(2n ** 63n), max: 2n ** 63n - 1n })
}

/**
 * Parses a decimal integer without a sign that fits into `bits` bits, as `strconv.ParseUint` does.
 *
 * @throws {GoValueError} `bad-integer`: `strconv.ParseUint: parsing "-1": invalid syntax`, or `value out of range`
 */
export function parseGoUint(text: string, bits: 8 | 16 | 32 | 64 = 64): number {
  return parseInteger(text, { call: 'strconv.ParseUint', pattern: /^\d+$/, min: 0n, max: 2n ** BigInt(bits) - 1n })
}

interface IntegerForm {
  readonly call: string
  readonly pattern: RegExp
  readonly min: bigint
  readonly max: bigint
}

function parseInteger(text: string, { call, pattern, min, max }: IntegerForm): number {
  const failed = (why: string): GoValueError =>
    new GoValueError('bad-integer', text, `${call}: parsing ${quoteGo(text)}: ${why}`)
  if (!pattern.test(text)) throw failed('invalid syntax')
  // 20 digits hold every 64-bit number; longer texts are out of range whatever they say, unless they are zeros.
  const digits = text.replace(/^([-+]?)0+(?=\d)/, '$1')
  if (digits.length > 21) throw failed('value out of range')
  const value = BigInt(digits.replace(/^\+/, ''))
  if (value < min || value > max) throw failed('value out of range')
  return Number(value)
}

/** @throws {GoValueError} `bad-float`: `strconv.ParseFloat: parsing "x": invalid syntax` */
export function parseGoFloat(text: string): number {
  const failed = (why: string): GoValueError =>
    new GoValueError('bad-float', text, `strconv.ParseFloat: parsing ${quoteGo(text)}: ${why}`)
  if (!/^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) throw failed('invalid syntax')
  const value = Number(text)
  if (!Number.isFinite(value)) throw failed('value out of range')
  return value
}

const TRUE: readonly string[] = ['1', 't', 'T', 'true', 'TRUE', 'True']
const FALSE: readonly string[] = ['0', 'f', 'F', 'false', 'FALSE', 'False']

/** @throws {GoValueError} `bad-boolean`: `strconv.ParseBool: parsing "yes": invalid syntax` */
export function parseGoBool(text: string): boolean {
  if (TRUE.includes(text)) return true
  if (FALSE.includes(text)) return false
  throw new GoValueError('bad-boolean', text, `strconv.ParseBool: parsing ${quoteGo(text)}: invalid syntax`)
}

// --- Quoting ---

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** Quotes a text the way Go's `%q` does; keeps printable characters of every script. */
export function quoteGo(text: string): string {
  const inner = text.replaceAll(
    // Quotes, backslashes, and what does not print: controls, unpaired surrogates, separators other than the space.
    /["\\]|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu,
    (character) => ESCAPES[character] ?? escapeCodePoint(character.codePointAt(0) ?? 0),
  )
  return `"${inner}"`
}

function escapeCodePoint(codePoint: number): string {
  const digits = codePoint.toString(16)
  if (codePoint < 0x80) return `\\x${digits.padStart(2, '0')}`
  return codePoint > 0xff_ff ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`
}
