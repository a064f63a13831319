// Values as a template sees them: which are true, how they print, how they compare.
import { TemplateError } from './error.ts'

/** A method that a template may call with arguments: `.Meta "kubernetes/service"`. */
export type TemplateMethod = (...values: readonly TemplateValue[]) => TemplateValue

export type TemplateValue =
  | TemplateMethod
  | boolean
  | number
  | string
  | null
  | undefined
  | readonly TemplateValue[]
  | ReadonlyMap<string, TemplateValue>
  | { readonly [field: string]: TemplateValue }

/** Whether a value counts as true: anything but false, 0, nil, and what is empty. */
export function isTrue(value: TemplateValue): boolean {
  if (value === null || value === undefined) return false
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Map) return value.size > 0
  return typeof value === 'object' || Boolean(value)
}

/** How Go prints a value with `%v`. */
export function printValue(value: TemplateValue): string {
  if (value === null || value === undefined) return '<no value>'
  if (typeof value === 'function') return '<func>'
  if (typeof value === 'number') return printNumber(value)
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${(value as readonly TemplateValue[]).map(printValue).join(' ')}]`
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, TemplateValue>)].sort(([a], [b]) => (a < b ? -1 : 1))
    return `map[${entries.map(([key, item]) => `${key}:${printValue(item)}`).join(' ')}]`
  }
  return `{${Object.values(value).map(printValue).join(' ')}}`
}

function printNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return BigInt(value).toString()
  return String(value).replace(/e([-+])(\d)$/, 'e$10$2')
}

/** Orders two values of one kind. @throws {TemplateError} `execute` when they cannot be compared */
export function compareValues(left: TemplateValue, right: TemplateValue): number {
  if (typeof left === 'number' && typeof right === 'number') return Math.sign(left - right)
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
  throw new TemplateError('execute', `incompatible types for comparison: ${printValue(left)} and ${printValue(right)}`)
}

/** Whether two basic values are the same. @throws {TemplateError} `execute` for values of different kinds */
export function equalValues(left: TemplateValue, right: TemplateValue): boolean {
  const absent = (value: TemplateValue): boolean => value === null || value === undefined
  if (absent(left) || absent(right)) return absent(left) && absent(right)
  if (typeof left !== typeof right || typeof left === 'object' || typeof left === 'function') {
    throw new TemplateError(
      'execute',
      `incompatible types for comparison: ${printValue(left)} and ${printValue(right)}`,
    )
  }
  return left === right
}
