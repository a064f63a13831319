// Kubernetes' strategic merge patch: like a merge patch, but lists of objects merge by a key that the field's type names.
import { isJsonObject } from '../../../../kube/objects/index.ts'
import type { Json } from '../../../../kube/objects/index.ts'
import { ApiError } from '../api-error.ts'

/**
 * `patchMergeKey` by field name, as the API's Go types state it. A field that merges by one key in one kind and by another elsewhere
 * is told apart by the elements themselves.
 */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  ephemeralContainers: ['name'],
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  podIPs: ['ip'],
  ports: ['containerPort', 'port'],
  secrets: ['name'],
  topologySpreadConstraints: ['topologyKey'],
  volumeDevices: ['devicePath'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
}
/** Lists of plain values that merge as sets. */
const MERGED_SETS: readonly string[] = ['finalizers', 'podCIDRs']

const DIRECTIVE = '$patch'
const DELETE_FROM_SET = '$deleteFromPrimitiveList/'
const ELEMENT_ORDER = '$setElementOrder/'
const RETAIN_KEYS = '$retainKeys'

/** Applies a strategic merge patch. @throws {ApiError} `BadRequest` */
export function applyStrategicMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) throw new ApiError('BadRequest', 'a strategic merge patch must be an object')
  return mergeObject(isJsonObject(target) ? target : {}, patch)
}

function mergeObject(target: Json, patch: Json): Json {
  if (patch[DIRECTIVE] === 'replace') return withoutDirectives(patch) as Json
  if (patch[DIRECTIVE] === 'delete') return {}
  const retained = patch[RETAIN_KEYS]
  const result: Record<string, unknown> = Array.isArray(retained)
    ? Object.fromEntries(Object.entries(target).filter(([key]) => retained.includes(key)))
    : { ...target }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM_SET)) {
      const field = key.slice(DELETE_FROM_SET.length)
      const gone: unknown[] = Array.isArray(value) ? value : []
      const present = result[field]
      if (Array.isArray(present)) result[field] = present.filter((item) => !gone.includes(item))
    } else if (key.startsWith('$')) continue
    else if (value === null) delete result[key]
    else if (Array.isArray(value)) result[key] = mergeList(key, result[key], value)
    else if (isJsonObject(value)) result[key] = mergeObject(isJsonObject(result[key]) ? result[key] : {}, value)
    else result[key] = value
  }
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(ELEMENT_ORDER) || !Array.isArray(order)) continue
    const field = key.slice(ELEMENT_ORDER.length)
    const list = result[field]
    if (Array.isArray(list)) result[field] = inOrder(field, list, order)
  }
  return result
}

function mergeList(field: string, target: unknown, patch: readonly unknown[]): unknown[] {
  const present: readonly unknown[] = Array.isArray(target) ? target : []
  if (MERGED_SETS.includes(field)) return [...new Set([...present, ...patch])]
  const mergeKey = mergeKeyOf(field, [...patch, ...present])
  const isReplace = patch.some((item) => isJsonObject(item) && item[DIRECTIVE] === 'replace')
  if (mergeKey === undefined || isReplace) {
    return patch.filter((item) => !(isJsonObject(item) && DIRECTIVE in item)).map(withoutDirectives)
  }
  const result = [...present]
  for (const item of patch) {
    if (!isJsonObject(item)) throw new ApiError('BadRequest', `an element of "${field}" in the patch is no object`)
    const value = item[mergeKey]
    if (value === undefined)
      throw new ApiError('BadRequest', `an element of "${field}" in the patch has no "${mergeKey}"`)
    const index = result.findIndex((other) => isJsonObject(other) && other[mergeKey] === value)
    const old = result[index]
    if (item[DIRECTIVE] === 'delete') {
      if (index >= 0) result.splice(index, 1)
    } else if (isJsonObject(old)) result[index] = mergeObject(old, item)
    else result.push(withoutDirectives(item))
  }
  return result
}

/** Elements that the order names come in that order; the others keep their places behind them. */
function inOrder(field: string, list: readonly unknown[], order: readonly unknown[]): unknown[] {
  const mergeKey = mergeKeyOf(field, [...order, ...list])
  const idOf = (item: unknown): unknown => (mergeKey !== undefined && isJsonObject(item) ? item[mergeKey] : item)
  const wanted = order.map(idOf)
  const rank = (item: unknown): number => {
    const index = wanted.indexOf(idOf(item))
    return index < 0 ? wanted.length : index
  }
  return [...list].sort((a, b) => rank(a) - rank(b))
}

function mergeKeyOf(field: string, elements: readonly unknown[]): string | undefined {
  const objects = elements.filter(isJsonObject).filter((element) => element[DIRECTIVE] !== 'replace')
  return MERGE_KEYS[field]?.find((key) => objects.length > 0 && objects.every((element) => element[key] !== undefined))
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives)
  if (!isJsonObject(value)) return value
  const kept = Object.entries(value).filter(([key, item]) => !key.startsWith('$') && item !== null)
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutDirectives(item)]))
}
