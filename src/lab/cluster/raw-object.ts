// A Kubernetes object as it travels: JSON of unknown shape with the few fields that every object has.
import { isJsonObject } from '../../kube/objects/index.ts'
import type { Json } from '../../kube/objects/index.ts'

export interface RawMetadata {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly creationTimestamp?: string
  readonly [field: string]: unknown
}

/** Never changed in place: a new version of an object is a new value. */
export interface RawObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: RawMetadata
  readonly [field: string]: unknown
}

const EMPTY: Json = Object.freeze({})

/** Whether a value has what every Kubernetes object has: apiVersion, kind, metadata. */
export function isRawObject(value: unknown): value is RawObject {
  return (
    isJsonObject(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    isJsonObject(value['metadata'])
  )
}

/** The value at the end of a path of keys; undefined where the path breaks off. */
export function valueAt(json: Json, ...path: readonly string[]): unknown {
  let value: unknown = json
  for (const key of path) {
    if (!isJsonObject(value)) return undefined
    value = value[key]
  }
  return value
}

/** The string at a path, or `''`. */
export function textAt(json: Json, ...path: readonly string[]): string {
  const value = valueAt(json, ...path)
  return typeof value === 'string' ? value : ''
}

/** The number at a path, or 0. */
export function numberAt(json: Json, ...path: readonly string[]): number {
  const value = valueAt(json, ...path)
  return typeof value === 'number' ? value : 0
}

/** The object at a path, or an empty one. */
export function objectAt(json: Json, ...path: readonly string[]): Json {
  const value = valueAt(json, ...path)
  return isJsonObject(value) ? value : EMPTY
}

/** The objects of the array at a path; other elements are left out. */
export function objectsAt(json: Json, ...path: readonly string[]): Json[] {
  const value = valueAt(json, ...path)
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

/** The strings of the array at a path; other elements are left out. */
export function textsAt(json: Json, ...path: readonly string[]): string[] {
  const value = valueAt(json, ...path)
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** The string-to-string map at a path. */
export function textMapAt(json: Json, ...path: readonly string[]): Record<string, string> {
  const entries = Object.entries(objectAt(json, ...path))
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** `namespace/name`, or the name alone of a cluster-scoped object. */
export function keyOf(object: RawObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name)
}

/** The key that {@link keyOf} gives for an object of this namespace and name. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`
}
