// Lists: selectors, limit and continue, plain or as a Table.
import { parseSelector, matchesLabelSelector, SelectorError } from '../../../kube/objects/index.ts'
import type { Json } from '../../../kube/objects/index.ts'
import { toServedVersion } from '../convert-version.ts'
import type { ObjectStore } from '../object-store.ts'
import { keyOf } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import { groupVersionOf } from '../resource-types.ts'
import { ApiError } from './api-error.ts'
import { parseFieldSelector } from './field-selector.ts'
import type { ResourcePath } from './request-path.ts'

/** Whether an object of the requested resource is meant by namespace, name and selectors. @throws {ApiError} `BadRequest` */
export function readFilter(path: ResourcePath, query: URLSearchParams): (object: RawObject) => boolean {
  const labels = readLabelSelector(query.get('labelSelector') ?? '')
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '')
  return ({ metadata, ...rest }) => {
    const object = { metadata, ...rest } as RawObject
    if (path.namespace !== undefined && metadata.namespace !== path.namespace) return false
    if (path.name !== undefined && metadata.name !== path.name) return false
    return matchesLabelSelector(labels, metadata.labels ?? {}) && fields(object)
  }
}

function readLabelSelector(text: string): ReturnType<typeof parseSelector> {
  try {
    return parseSelector(text)
  } catch (error) {
    if (error instanceof SelectorError) throw new ApiError('BadRequest', error.message)
    throw error
  }
}

export interface Page {
  readonly items: readonly RawObject[]
  readonly revision: number
  /** Continue token and how many follow; absent on the last page. */
  readonly more?: { readonly token: string; readonly remaining: number }
}

/**
 * Reads one page of a list.
 *
 * A continue token names the key to go on after. The pages of one list come from the present state, not from a snapshot:
 * what changes between two pages may be missed, as after the API's own `inconsistent continuation`.
 *
 * @throws {ApiError} `BadRequest`, `Expired`
 */
export function readPage(store: ObjectStore, path: ResourcePath, query: URLSearchParams): Page {
  const filter = readFilter(path, query)
  const limit = Number.parseInt(query.get('limit') ?? '0', 10)
  const after = readContinue(query.get('continue') ?? '')
  const all = store
    .list(path.type, path.namespace)
    .filter(filter)
    .filter((object) => after === undefined || keyOf(object) > after)
  const items = limit > 0 ? all.slice(0, limit) : all
  const last = items.at(-1)
  const remaining = all.length - items.length
  if (last === undefined || remaining === 0) return { items, revision: store.revision }
  const token = Buffer.from(JSON.stringify({ v: 'lab/v1', start: keyOf(last) })).toString('base64url')
  return { items, revision: store.revision, more: { token, remaining } }
}

function readContinue(token: string): string | undefined {
  if (token === '') return undefined
  try {
    const { start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { start?: unknown }
    if (typeof start === 'string') return start
  } catch {
    // Falls through to the refusal below.
  }
  throw new ApiError('BadRequest', `continue key is not valid: "${token}"`)
}

/** The list object of one page: `PodList` with its items. */
export function listObject(path: ResourcePath, page: Page): Json {
  return {
    kind: `${path.type.kind}List`,
    apiVersion: groupVersionOf(path.type.group, path.version),
    metadata: listMetadata(page),
    items: page.items.map((object) => toServedVersion(path.type, path.version, object)),
  }
}

/** The metadata of a list or Table. */
export function listMetadata(page: Page): Json {
  return {
    resourceVersion: String(page.revision),
    ...(page.more === undefined ? {} : { continue: page.more.token, remainingItemCount: page.more.remaining }),
  }
}
