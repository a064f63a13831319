// Create, replace, patch, delete.
import { isJsonObject } from '../../../kube/objects/index.ts'
import type { Json } from '../../../kube/objects/index.ts'
import { admitCreate, admitUpdate } from '../admission.ts'
import type { AdmissionOptions } from '../admission.ts'
import { toServedVersion, toStoredVersion } from '../convert-version.ts'
import { collectGarbage } from '../controllers/garbage.ts'
import { isRawObject, objectAt, textAt, valueAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import { groupVersionOf } from '../resource-types.ts'
import { ApiError, notFound } from './api-error.ts'
import { applyJsonPatch } from './patch/json-patch.ts'
import { applyMergePatch } from './patch/merge-patch.ts'
import { applyStrategicMergePatch } from './patch/strategic-merge-patch.ts'
import type { ResourcePath } from './request-path.ts'

/** Letters and digits of generated names, as the API server draws them: no vowels, nothing easily misread. */
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX_LENGTH = 5

/** Draws the random part of a generated name. */
export function randomSuffix(length: number = SUFFIX_LENGTH): string {
  const octets = crypto.getRandomValues(new Uint8Array(length))
  return [...octets].map((octet) => NAME_ALPHABET[octet % NAME_ALPHABET.length]).join('')
}

/** Reads a request body as an object of the path's resource and namespace. @throws {ApiError} `BadRequest` */
export function readBody(path: ResourcePath, body: unknown): RawObject {
  if (!isJsonObject(body)) throw new ApiError('BadRequest', 'the body is no JSON object')
  const { type, version } = path
  const apiVersion = groupVersionOf(type.group, version)
  // The typed clients leave both out; what is given must fit the path.
  const object = {
    ...body,
    apiVersion: body['apiVersion'] ?? apiVersion,
    kind: body['kind'] ?? type.kind,
    metadata: body['metadata'] ?? {},
  }
  if (!isRawObject(object)) throw new ApiError('BadRequest', 'apiVersion, kind or metadata is of the wrong type')
  if (object.apiVersion !== apiVersion || object.kind !== type.kind) {
    throw new ApiError(
      'BadRequest',
      `the object is ${object.apiVersion} ${object.kind}, the request's path is for ${apiVersion} ${type.kind}`,
    )
  }
  const { namespace } = object.metadata
  if (path.namespace !== undefined && namespace !== undefined && namespace !== path.namespace) {
    throw new ApiError(
      'BadRequest',
      `the namespace of the provided object does not match the namespace sent on the request`,
    )
  }
  if (path.name !== undefined && object.metadata.name !== undefined && object.metadata.name !== path.name) {
    throw new ApiError(
      'BadRequest',
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${path.name})`,
    )
  }
  const metadata = {
    ...object.metadata,
    ...(path.name === undefined ? {} : { name: path.name }),
    ...(type.namespaced ? { namespace: path.namespace ?? namespace ?? 'default' } : {}),
  }
  return toStoredVersion(type, { ...object, metadata })
}

/** Creates an object; `dryRun` only says what would be kept. @throws {ApiError} */
export function createObject(
  path: ResourcePath,
  body: RawObject,
  options: AdmissionOptions & { readonly dryRun: boolean },
): RawObject {
  const prefix = textAt(body, 'metadata', 'generateName')
  const name = (body.metadata.name as string | undefined) ?? (prefix === '' ? undefined : prefix + randomSuffix())
  if (name === undefined || name === '') {
    throw new ApiError(
      'Invalid',
      `${path.type.kind} "" is invalid: metadata.name: Required value: name or generateName is required`,
    )
  }
  const admitted = admitCreate(path.type, { ...body, metadata: { ...body.metadata, name } }, options)
  if (options.dryRun) return admitted
  const outcome = options.store.create(path.type, admitted)
  if (outcome.kind === 'written') return outcome.object
  throw new ApiError('AlreadyExists', `${qualified(path)} "${name}" already exists`, {
    name,
    group: path.type.group,
    kind: path.type.plural,
  })
}

/** Replaces an object, or only its status when the path says so. @throws {ApiError} */
export function replaceObject(
  path: ResourcePath,
  body: RawObject,
  options: AdmissionOptions & { readonly dryRun: boolean },
): RawObject {
  const name = path.name ?? body.metadata.name
  const current = options.store.get(path.type, path.namespace, name)
  if (current === undefined) throw notFound(path.type, name)
  return keepUpdate(path, body, current, options)
}

export type PatchType = 'json' | 'merge' | 'strategic'

/** Applies a patch; a conflict with another writer cannot happen, since nothing runs in between. @throws {ApiError} */
export function patchObject(
  path: ResourcePath,
  patch: { readonly type: PatchType; readonly body: unknown },
  options: AdmissionOptions & { readonly dryRun: boolean },
): RawObject {
  const current = options.store.get(path.type, path.namespace, path.name ?? '')
  if (current === undefined) throw notFound(path.type, path.name ?? '')
  const shown = toServedVersion(path.type, path.version, current)
  const changed = applyPatch(shown, patch)
  return keepUpdate(path, readBody(path, changed), current, options)
}

function applyPatch(object: unknown, patch: { readonly type: PatchType; readonly body: unknown }): unknown {
  switch (patch.type) {
    case 'json':
      return applyJsonPatch(object, patch.body)
    case 'merge':
      return applyMergePatch(object, patch.body)
    case 'strategic':
      return applyStrategicMergePatch(object, patch.body)
  }
}

function keepUpdate(
  path: ResourcePath,
  body: RawObject,
  current: RawObject,
  { store, dryRun }: AdmissionOptions & { readonly dryRun: boolean },
): RawObject {
  const hasStatus = path.type.subresources.includes('status')
  const next =
    path.subresource === 'status'
      ? {
          ...current,
          status: objectAt(body, 'status'),
          metadata: { ...current.metadata, resourceVersion: body.metadata.resourceVersion },
        }
      : hasStatus
        ? { ...body, status: objectAt(current, 'status') }
        : body
  const changed = withoutUndefined(next)
  const { name, resourceVersion } = current.metadata
  if (changed.metadata.resourceVersion !== undefined && changed.metadata.resourceVersion !== resourceVersion) {
    const why = 'the object has been modified; please apply your changes to the latest version and try again'
    throw new ApiError('Conflict', `Operation cannot be fulfilled on ${qualified(path)} "${name}": ${why}`, {
      name,
      group: path.type.group,
      kind: path.type.plural,
    })
  }
  const admitted = admitUpdate(path.type, changed, current)
  if (dryRun) return admitted
  const outcome = store.update(path.type, admitted)
  if (outcome.kind !== 'written') throw notFound(path.type, name)
  return outcome.object
}

function withoutUndefined(object: RawObject): RawObject {
  const { resourceVersion, ...metadata } = object.metadata
  return resourceVersion === undefined || resourceVersion === '' ? { ...object, metadata } : object
}

export interface DeleteOptions {
  readonly orphan: boolean
  readonly dryRun: boolean
  /** Preconditions: the object must still be this one. */
  readonly uid: string
  readonly resourceVersion: string
}

/** Reads DeleteOptions from a body (which may be absent) and the query. */
export function readDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const options: Json = isJsonObject(body) ? body : {}
  const policy = query.get('propagationPolicy') ?? textAt(options, 'propagationPolicy')
  const orphan = policy === 'Orphan' || valueAt(options, 'orphanDependents') === true
  const dryRun = query.has('dryRun') || Array.isArray(options['dryRun'])
  const uid = textAt(options, 'preconditions', 'uid')
  return { orphan, dryRun, uid, resourceVersion: textAt(options, 'preconditions', 'resourceVersion') }
}

/** Deletes an object at once, with what it owns unless `orphan`. @throws {ApiError} `NotFound`, `Conflict` */
export function deleteObject(path: ResourcePath, options: DeleteOptions & AdmissionOptions): RawObject {
  const { store } = options
  const { type, namespace, name = '' } = path
  const current = store.get(type, namespace, name)
  if (current === undefined) throw notFound(type, name)
  const { uid = '', resourceVersion = '' } = current.metadata
  if (
    (options.uid !== '' && options.uid !== uid) ||
    (options.resourceVersion !== '' && options.resourceVersion !== resourceVersion)
  ) {
    throw new ApiError(
      'Conflict',
      `Operation cannot be fulfilled on ${qualified(path)} "${name}": the precondition does not match`,
    )
  }
  if (options.dryRun) return current
  const deleted = store.delete(type, namespace, name) ?? current
  collectGarbage(store, deleted, { orphan: options.orphan })
  return deleted
}

function qualified({ type }: ResourcePath): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`
}
