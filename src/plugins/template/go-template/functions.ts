// The functions that every template may call (Go's own), and `parseInt`.
import { GoValueError, quoteGo } from '../../../base/index.ts'
import { TemplateError } from './error.ts'
import { formatPrintf } from './printf.ts'
import { compareValues, equalValues, isTrue, printValue, type TemplateMethod, type TemplateValue } from './values.ts'

/** By name. `and` and `or` are not here: they look at no more arguments than they need. */
export const TEMPLATE_FUNCTIONS: Readonly<Record<string, TemplateMethod>> = {
  call: (method, ...values) => {
    if (typeof method !== 'function') throw new TemplateError('execute', 'call of a value that is no function')
    return method(...values)
  },
  eq: (left, ...others) => {
    if (others.length === 0) throw wrongCount('eq', 'at least 2', 1)
    return others.some((other) => equalValues(left, other))
  },
  ge: two('ge', (left, right) => compareValues(left, right) >= 0),
  gt: two('gt', (left, right) => compareValues(left, right) > 0),
  html: (...values) => printAll(values).replaceAll(/[&<>"'\0]/g, (character) => HTML[character] ?? character),
  index: (value, ...keys) => keys.reduce(indexOne, value),
  js: (...values) => printAll(values).replaceAll(/[\\'"<>&=\n\r\t\v\f]/g, escapeScript),
  le: two('le', (left, right) => compareValues(left, right) <= 0),
  len: (value) => lengthOf(value),
  lt: two('lt', (left, right) => compareValues(left, right) < 0),
  ne: two('ne', (left, right) => !equalValues(left, right)),
  not: (value) => !isTrue(value),
  parseInt: (text, base, bits) => parseUnsigned(text, base, bits),
  print: (...values) => printAll(values),
  printf: (format, ...values) => formatPrintf(printValue(format), values),
  println: (...values) => `${values.map(printValue).join(' ')}\n`,
  slice: (value, ...bounds) => sliceOf(value, bounds),
  urlquery: (...values) =>
    encodeURIComponent(printAll(values))
      .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%20', '+'),
}

/** Names that may stand in a template. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set([...Object.keys(TEMPLATE_FUNCTIONS), 'and', 'or'])

function two(name: string, compare: (left: TemplateValue, right: TemplateValue) => boolean): TemplateMethod {
  return (...values) => {
    if (values.length !== 2) throw wrongCount(name, '2', values.length)
    return compare(values[0], values[1])
  }
}

function wrongCount(name: string, want: string, got: number): TemplateError {
  return new TemplateError('execute', `wrong number of args for ${name}: want ${want} got ${got}`)
}

/** Go's fmt.Sprint: a space between two values that are both no strings. */
function printAll(values: readonly TemplateValue[]): string {
  return values
    .map((value, index) => {
      const previous = values[index - 1]
      const spaced = index > 0 && typeof value !== 'string' && typeof previous !== 'string'
      return (spaced ? ' ' : '') + printValue(value)
    })
    .join('')
}

function indexOne(value: TemplateValue, key: TemplateValue): TemplateValue {
  if (value instanceof Map) {
    if (typeof key !== 'string') throw new TemplateError('execute', `value has type ${typeof key}; should be string`)
    return (value as ReadonlyMap<string, TemplateValue>).get(key) ?? ''
  }
  if (typeof value !== 'string' && !Array.isArray(value))
    throw new TemplateError('execute', `can't index item of type ${typeof value}`)
  if (typeof key !== 'number' || !Number.isInteger(key)) {
    throw new TemplateError('execute', `cannot index slice/array with type ${typeof key}`)
  }
  if (key < 0 || key >= value.length)
    throw new TemplateError('execute', `error calling index: index out of range: ${key}`)
  return typeof value === 'string' ? value.charCodeAt(key) : (value as readonly TemplateValue[])[key]
}

function lengthOf(value: TemplateValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value)) return value.length
  if (value instanceof Map) return value.size
  throw new TemplateError('execute', `len of type ${typeof value}`)
}

function sliceOf(value: TemplateValue, bounds: readonly TemplateValue[]): TemplateValue {
  if (typeof value !== 'string' && !Array.isArray(value))
    throw new TemplateError('execute', `can't slice item of type ${typeof value}`)
  const length = value.length
  const [from = 0, to = length] = bounds
  if (typeof from !== 'number' || typeof to !== 'number' || from < 0 || to > length || from > to) {
    throw new TemplateError('execute', `error calling slice: index out of range: ${printValue(from)}:${printValue(to)}`)
  }
  return value.slice(from, to) as TemplateValue
}

/** Go's strconv.ParseUint; base 0 reads a prefix. @throws {GoValueError} */
function parseUnsigned(text: TemplateValue, base: TemplateValue, bits: TemplateValue): number {
  if (typeof text !== 'string' || typeof base !== 'number' || typeof bits !== 'number') {
    throw new TemplateError('execute', 'parseInt wants a string, a base and a number of bits')
  }
  const failed = (why: string): GoValueError =>
    new GoValueError('bad-integer', text, `strconv.ParseUint: parsing ${quoteGo(text)}: ${why}`)
  const [prefix, radix] = base === 0 ? readPrefix(text) : ['', base]
  const digits = text.slice(prefix.length).toLowerCase()
  if (radix < 2 || radix > 36) throw failed(`invalid base ${radix}`)
  let value = 0n
  for (const digit of digits) {
    const figure = /[\da-z]/.test(digit) ? Number.parseInt(digit, 36) : 36
    if (figure >= radix) throw failed('invalid syntax')
    value = value * BigInt(radix) + BigInt(figure)
    if (value >= 2n ** BigInt(bits === 0 ? 64 : bits)) throw failed('value out of range')
  }
  if (digits === '') throw failed('invalid syntax')
  return Number(value)
}

function readPrefix(text: string): [string, number] {
  const prefix = /^0[xXbBoO]/.exec(text)?.[0] ?? ''
  const radix = { x: 16, b: 2, o: 8 }[prefix.slice(1).toLowerCase()]
  if (radix !== undefined) return [prefix, radix]
  return /^0./.test(text) ? ['0', 8] : ['', 10]
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\uFFFD',
}

function escapeScript(character: string): string {
  if (character === '\\' || character === "'" || character === '"') return `\\${character}`
  return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}
