// What one column of `kubectl get` is, and the cells that many kinds share.
import type { Json } from '../../../../kube/objects/index.ts'
import { textAt } from '../../raw-object.ts'
import type { RawObject } from '../../raw-object.ts'

export interface Column {
  readonly name: string
  /** Shown with `-o wide` only. */
  readonly wide?: boolean
  /** `now` is in milliseconds since the Unix epoch. */
  readonly cell: (object: RawObject, now: number) => number | string
}

export const NAME: Column = { name: 'Name', cell: (object) => object.metadata.name }
export const AGE: Column = {
  name: 'Age',
  cell: (object, now) => formatAge(textAt(object, 'metadata', 'creationTimestamp'), now),
}

/** A column that shows the text at a path, or a stand-in where there is none. */
export function textColumn(
  name: string,
  path: readonly string[],
  options: { readonly none?: string; readonly wide?: boolean } = {},
): Column {
  const { none = '', wide = false } = options
  return { name, wide, cell: (object) => textAt(object, ...path) || none }
}

/** How long ago an RFC 3339 time was, as kubectl writes it: `45s`, `3m12s`, `5h`, `13d`, `2y31d`. */
export function formatAge(time: string, now: number): string {
  const then = Date.parse(time)
  return Number.isNaN(then) ? '<unknown>' : formatDuration(Math.max(0, now - then))
}

// Two units while the larger one is small, then one: the steps of apimachinery's HumanDuration.
function formatDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (seconds < 120) return `${seconds}s`
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  if (hours < 192) return withRest(days, 'd', hours % 24, 'h')
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  return years < 8 ? withRest(years, 'y', days % 365, 'd') : `${years}y`
}

function withRest(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`
}

/** `k=v,k2=v2`, or `<none>`. */
export function formatLabels(labels: Json): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`)
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',')
}
