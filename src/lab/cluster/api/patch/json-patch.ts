// JSON Patch (RFC 6902) on plain values; the input is never changed.
import { isJsonObject } from '../../../../kube/objects/index.ts'
import { ApiError } from '../api-error.ts'

interface Operation {
  readonly op: string
  readonly path: string
  readonly from?: string
  readonly value?: unknown
}

/** Applies a JSON Patch document. @throws {ApiError} `BadRequest` for a malformed one, `Invalid` when it does not apply */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new ApiError('BadRequest', 'a JSON patch must be an array of operations')
  let result = structuredClone(document)
  for (const item of patch) result = applyOperation(result, readOperation(item))
  return result
}

function readOperation(item: unknown): Operation {
  if (!isJsonObject(item)) throw new ApiError('BadRequest', 'a JSON patch operation must be an object')
  const { op, path, from, value } = item
  if (typeof op !== 'string' || typeof path !== 'string') {
    throw new ApiError('BadRequest', 'a JSON patch operation needs "op" and "path"')
  }
  return { op, path, value, ...(typeof from === 'string' ? { from } : {}) }
}

function applyOperation(document: unknown, { op, path, from = '', value }: Operation): unknown {
  switch (op) {
    case 'add':
      return set(document, pointer(path), value, 'insert')
    case 'replace':
      read(document, pointer(path), path)
      return set(document, pointer(path), value, 'replace')
    case 'remove':
      read(document, pointer(path), path)
      return remove(document, pointer(path))
    case 'move': {
      const moved = read(document, pointer(from), from)
      return set(remove(document, pointer(from)), pointer(path), moved, 'insert')
    }
    case 'copy':
      return set(document, pointer(path), structuredClone(read(document, pointer(from), from)), 'insert')
    case 'test':
      if (!isSame(read(document, pointer(path), path), value)) {
        throw new ApiError('Invalid', `the server rejected our request: testing value ${path} failed`)
      }
      return document
    default:
      throw new ApiError('BadRequest', `unknown JSON patch operation "${op}"`)
  }
}

/** RFC 6901. */
function pointer(path: string): string[] {
  if (path === '') return []
  if (!path.startsWith('/')) throw new ApiError('BadRequest', `JSON pointer "${path}" does not start with "/"`)
  return path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function read(document: unknown, path: readonly string[], text: string): unknown {
  let value = document
  for (const key of path) {
    const next = Array.isArray(value)
      ? value[indexOf(key, value.length - 1)]
      : isJsonObject(value) && Object.hasOwn(value, key)
        ? value[key]
        : undefined
    if (next === undefined)
      throw new ApiError('Invalid', `the server rejected our request: there is nothing at "${text}"`)
    value = next
  }
  return value
}

function set(document: unknown, path: readonly string[], value: unknown, mode: 'insert' | 'replace'): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(document)) {
    const copy = [...(document as unknown[])]
    if (rest.length > 0) {
      const index = indexOf(key, copy.length - 1)
      copy[index] = set(copy[index], rest, value, mode)
    } else if (mode === 'insert') copy.splice(key === '-' ? copy.length : indexOf(key, copy.length), 0, value)
    else copy[indexOf(key, copy.length - 1)] = value
    return copy
  }
  if (!isJsonObject(document) || (rest.length > 0 && !Object.hasOwn(document, key))) {
    throw new ApiError('Invalid', `the server rejected our request: doc is missing path "/${path.join('/')}"`)
  }
  return { ...document, [key]: rest.length === 0 ? value : set(document[key], rest, value, mode) }
}

function remove(document: unknown, path: readonly string[]): unknown {
  const [key = '', ...rest] = path
  if (Array.isArray(document)) {
    const copy = [...(document as unknown[])]
    const index = indexOf(key, copy.length - 1)
    if (rest.length === 0) copy.splice(index, 1)
    else copy[index] = remove(copy[index], rest)
    return copy
  }
  if (!isJsonObject(document)) return document
  const { [key]: target, ...others } = document
  return rest.length === 0 ? others : { ...document, [key]: remove(target, rest) }
}

function indexOf(key: string, highest: number): number {
  const index = /^(0|[1-9]\d*)$/.test(key) ? Number(key) : Number.NaN
  if (!(index <= highest)) throw new ApiError('Invalid', `the server rejected our request: no array index "${key}"`)
  return index
}

function isSame(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isSame(item, right[index]))
  }
  if (isJsonObject(left) && isJsonObject(right)) {
    const keys = Object.keys(left)
    return keys.length === Object.keys(right).length && keys.every((key) => isSame(left[key], right[key]))
  }
  return left === right
}
