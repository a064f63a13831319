// The expr language's own functions, as far as they are offered.
import { ExpressionError } from './error.ts'
import { isSame, typeName, type ExpressionFunction, type ExpressionValue } from './values.ts'

/** By name. Those with a predicate (`all`, `filter`, …) are not here: they are carried out by the evaluator. */
export const BUILTINS: Readonly<Record<string, ExpressionFunction>> = {
  abs: (value) => Math.abs(number(value)),
  ceil: (value) => Math.ceil(number(value)),
  concat: (...lists) => lists.flatMap(list),
  first: (value) => list(value)[0] ?? null,
  float: (value) => parseNumber(value),
  floor: (value) => Math.floor(number(value)),
  hasPrefix: (value, part) => text(value).startsWith(text(part)),
  hasSuffix: (value, part) => text(value).endsWith(text(part)),
  indexOf: (value, part) => text(value).indexOf(text(part)),
  int: (value) => Math.trunc(parseNumber(value)),
  join: (value, glue = '') => list(value).map(text).join(text(glue)),
  keys: (value) => [...map(value).keys()],
  last: (value) => list(value).at(-1) ?? null,
  lastIndexOf: (value, part) => text(value).lastIndexOf(text(part)),
  len: (value) => (typeof value === 'string' ? [...new Intl.Segmenter('und').segment(value)].length : size(value)),
  lower: (value) => text(value).toLowerCase(),
  max: (...values) => Math.max(...numbers(values)),
  min: (...values) => Math.min(...numbers(values)),
  repeat: (value, count) => {
    const times = number(count)
    if (times < 0 || times * text(value).length > MAX_TEXT)
      throw new ExpressionError('evaluate', `cannot repeat ${times} times`)
    return text(value).repeat(times)
  },
  replace: (value, from, to) => text(value).replaceAll(text(from), () => text(to)),
  reverse: (value) => list(value).toReversed(),
  round: (value) => Math.round(number(value)),
  sort: (value) =>
    list(value).toSorted((a, b) =>
      typeof a === 'number' && typeof b === 'number' ? a - b : text(a) < text(b) ? -1 : 1,
    ),
  split: (value, glue, limit) => splitText(text(value), text(glue), limit),
  string: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
  sum: (value) => numbers(list(value)).reduce((total, one) => total + one, 0),
  toJSON: (value) => JSON.stringify(value),
  trim: (value, cutset) => trimStart(trimEnd(text(value), cutset), cutset),
  trimPrefix: (value, part = ' ') =>
    text(value).startsWith(text(part)) ? text(value).slice(text(part).length) : text(value),
  trimSuffix: (value, part = ' ') =>
    text(value).endsWith(text(part)) ? text(value).slice(0, text(value).length - text(part).length) : text(value),
  uniq: (value) => list(value).filter((one, index, all) => all.findIndex((other) => isSame(one, other)) === index),
  upper: (value) => text(value).toUpperCase(),
  values: (value) => [...map(value).values()],
}

const MAX_TEXT = 65_536

function splitText(value: string, glue: string, limit: ExpressionValue | undefined): string[] {
  const parts = value.split(glue)
  const most = limit === undefined ? -1 : number(limit)
  if (most < 0 || parts.length <= most) return parts
  return most === 0 ? [] : [...parts.slice(0, most - 1), parts.slice(most - 1).join(glue)]
}

function trimStart(value: string, cutset: ExpressionValue | undefined): string {
  if (cutset === undefined) return value.trimStart()
  let start = 0
  while (start < value.length && text(cutset).includes(value.charAt(start))) start += 1
  return value.slice(start)
}

function trimEnd(value: string, cutset: ExpressionValue | undefined): string {
  if (cutset === undefined) return value.trimEnd()
  let end = value.length
  while (end > 0 && text(cutset).includes(value.charAt(end - 1))) end -= 1
  return value.slice(0, end)
}

function numbers(values: readonly ExpressionValue[]): number[] {
  return values.flatMap((value) =>
    Array.isArray(value) ? (value as readonly ExpressionValue[]).map(number) : [number(value)],
  )
}

function parseNumber(value: ExpressionValue): number {
  if (typeof value === 'number') return value
  const parsed = Number(text(value))
  if (text(value).trim() === '' || Number.isNaN(parsed)) {
    throw new ExpressionError('evaluate', `invalid operation: int(${JSON.stringify(value)})`)
  }
  return parsed
}

function size(value: ExpressionValue): number {
  if (value instanceof Map) return value.size
  return list(value).length
}

function text(value: ExpressionValue | undefined): string {
  if (typeof value === 'string') return value
  throw new ExpressionError('evaluate', `wrong type: ${typeName(value)} is not a string`)
}

function number(value: ExpressionValue | undefined): number {
  if (typeof value === 'number') return value
  throw new ExpressionError('evaluate', `wrong type: ${typeName(value)} is not a number`)
}

function list(value: ExpressionValue | undefined): readonly ExpressionValue[] {
  if (Array.isArray(value)) return value as readonly ExpressionValue[]
  throw new ExpressionError('evaluate', `wrong type: ${typeName(value)} is not a list`)
}

function map(value: ExpressionValue | undefined): ReadonlyMap<string, ExpressionValue> {
  if (value instanceof Map) return value as ReadonlyMap<string, ExpressionValue>
  throw new ExpressionError('evaluate', `wrong type: ${typeName(value)} is not a map`)
}
