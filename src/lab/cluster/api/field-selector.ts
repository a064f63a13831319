// Field selectors: `metadata.name=x,status.phase!=Running`. The API knows a few fields per resource; this takes any path to a scalar.
import { ApiError } from './api-error.ts'
import { valueAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'

export type FieldPredicate = (object: RawObject) => boolean

const REQUIREMENT = /^\s*([^!=\s]+)\s*(==|=|!=)\s*(.*?)\s*$/

/** Parses a field selector; empty text selects everything. @throws {ApiError} `BadRequest` */
export function parseFieldSelector(text: string): FieldPredicate {
  if (text.trim() === '') return () => true
  const requirements = text.split(',').map((part) => {
    const found = REQUIREMENT.exec(part)
    if (found === null) {
      throw new ApiError('BadRequest', `Unable to parse field selector "${text}": "${part}" is not FIELD=VALUE`)
    }
    const [, field = '', sign, value = ''] = found
    return { path: pathOf(field), wanted: sign !== '!=', value }
  })
  return (object) =>
    requirements.every(({ path, wanted, value }) => (fieldText(valueAt(object, ...path)) === value) === wanted)
}

function pathOf(field: string): readonly string[] {
  // Events alone have a field that the API names otherwise than JSON does.
  return field === 'source' ? ['source', 'component'] : field.split('.')
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
