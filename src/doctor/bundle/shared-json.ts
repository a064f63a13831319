// JSON that gives back what it was made from: numbers that JSON lacks, and objects that stand in several places. Causes
// compare pods by identity, so that two copies of one pod would be two pods.
import { BaseError } from '../../base/index.ts'

/** JSON that does not hold together; the message fits behind "Cannot read FILE: ". */
export class SharedJsonError extends BaseError<'bad-json'> {}

type Json = Readonly<Record<string, unknown>>

/** An object that stands elsewhere: the keys that lead to it from the root. Always to something before it. */
const SAME = '$same'
/** `NaN`, `Infinity` or `-Infinity`. */
const NUMBER = '$number'
const MAX_DEPTH = 64
/** They would move the cursor of the terminal that a report is shown on; a bundle may come from anybody. */
const CONTROLS = /[^\P{Cc}\t\n\r]/u
const CONTROLS_ALL = new RegExp(CONTROLS, 'gu')

export interface SharedJsonOptions {
  /** Objects that may stand in several places; all others are written wherever they stand. */
  readonly isShared: (value: Json) => boolean
  /** Changes what is written of an object; gives the object itself where there is nothing to change. */
  readonly reduce?: (key: string, value: Json) => Json
}

/**
 * Writes plain data as JSON.
 *
 * @throws {TypeError} for anything that is no plain data
 */
export function writeSharedJson(root: unknown, { isShared, reduce }: SharedJsonOptions): string {
  const seen = new Map<object, readonly string[]>()
  const path: string[] = []
  const visitAt = (key: string, value: unknown): unknown => {
    if (typeof value === 'string') return value
    path.push(key)
    const written = visit(value)
    path.pop()
    return written
  }
  const visit = (value: unknown): unknown => {
    if (typeof value === 'number' && !Number.isFinite(value)) return { [NUMBER]: String(value) }
    if (typeof value === 'function' || typeof value === 'bigint' || typeof value === 'symbol') {
      throw new TypeError(`Cannot write ${path.join('.')}: a ${typeof value} is no plain data`)
    }
    if (!isRecord(value)) return value
    if (Array.isArray(value)) {
      const items = value.map((item: unknown, index) => visitAt(String(index), item))
      return items.every((item, index) => item === value[index]) ? value : items
    }
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) {
      throw new TypeError(`Cannot write ${path.join('.')}: it is no plain object`)
    }
    const before = seen.get(value)
    if (before !== undefined) return { [SAME]: before }
    if (isShared(value)) seen.set(value, [...path])
    const record = reduce === undefined ? value : reduce(path.at(-1) ?? '', value)
    // What is written as it is needs no copy: in a large cluster that is nearly everything.
    let changed: Record<string, unknown> | undefined
    for (const key of Object.keys(record)) {
      const written = visitAt(key, record[key])
      if (written === record[key]) continue
      changed ??= { ...record }
      Object.defineProperty(changed, key, { value: written })
    }
    return changed ?? record
  }
  return JSON.stringify(visit(root))
}

/**
 * Reads what {@link writeSharedJson} wrote.
 *
 * @throws {SharedJsonError} no JSON, too deep, or a reference to something that does not stand before it
 */
export function readSharedJson(text: string, { isShared }: Pick<SharedJsonOptions, 'isShared'>): unknown {
  const root = parse(text)
  const complete = new Set<unknown>()
  const find = (path: unknown): unknown => {
    let found: unknown = root
    for (const key of Array.isArray(path) ? (path as unknown[]) : [undefined]) {
      found = isRecord(found) && Object.hasOwn(found, String(key)) ? found[String(key)] : undefined
    }
    if (complete.has(found)) return found
    throw new SharedJsonError('bad-json', 'a reference in it leads nowhere')
  }
  const visit = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return value.replaceAll(CONTROLS_ALL, '\u{FFFD}')
    if (!isRecord(value)) return value
    if (depth > MAX_DEPTH) throw new SharedJsonError('bad-json', `it is nested deeper than ${MAX_DEPTH}`)
    if (Object.hasOwn(value, SAME)) return find(value[SAME])
    if (Object.hasOwn(value, NUMBER)) return Number(value[NUMBER])
    for (const [key, item] of Object.entries(value)) {
      if (isRecord(item) || (typeof item === 'string' && CONTROLS.test(item)))
        Object.defineProperty(value, key, { value: visit(item, depth + 1) })
    }
    if (isShared(value)) complete.add(value)
    return value
  }
  return visit(root, 0)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new SharedJsonError('bad-json', 'it holds something that is no JSON', { cause: error })
  }
}

/** Arrays too: their indices are keys. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
