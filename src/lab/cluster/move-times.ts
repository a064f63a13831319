// Moves the times in objects, so that a cluster described years ago shows the ages it had then.
import { isJsonObject } from '../../kube/objects/index.ts'
import type { RawObject } from './raw-object.ts'

const TIME_FIELD = /(Timestamp|Time|startedAt|finishedAt)$/
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

/** Adds milliseconds to every time field of an object. */
export function moveTimes(object: RawObject, byMs: number): RawObject {
  return moved(object, byMs, '') as RawObject
}

function moved(value: unknown, byMs: number, key: string): unknown {
  if (typeof value === 'string') {
    if (!TIME_FIELD.test(key) || !RFC3339.test(value)) return value
    return new Date(Date.parse(value) + byMs).toISOString().replace(/\.\d+Z$/, 'Z')
  }
  if (Array.isArray(value)) return value.map((item) => moved(item, byMs, ''))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, moved(item, byMs, name)]))
}
