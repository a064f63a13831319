// Who asks for which resource, and whether they may: the same for every request, whatever protocol it goes on with.
import type { IncomingMessage } from 'node:http'
import type { ObjectStore } from '../object-store.ts'
import { ApiError } from './api-error.ts'
import { actingUser, forbidden, isAllowed } from './authorize.ts'
import type { Attributes, Authenticator, User } from './authorize.ts'
import { parseResourcePath } from './request-path.ts'
import type { ResourcePath } from './request-path.ts'

export interface ResourceRequest {
  readonly user: User
  readonly url: URL
  readonly path: ResourcePath
  readonly verb: string
}

interface Authority {
  readonly store: ObjectStore
  readonly authenticator: Authenticator
  /** `v1.17.6` */
  readonly kubernetesVersion: string
}

/** From this minor version on, leaving HTTP needs `create` whatever the method (KEP-4006). */
const CREATE_FOR_STREAMS_SINCE = 35

/** Reads a request that leaves HTTP, and holds it to the roles. @throws {ApiError} */
export function readResourceRequest(
  { store, authenticator, kubernetesVersion }: Authority,
  request: IncomingMessage,
): ResourceRequest {
  const url = new URL(request.url ?? '/', 'http://lab')
  const user = actingUser(authenticator.userOf(request.headers), request.headers, store)
  const path = parseResourcePath(url.pathname)
  if (path === undefined) throw new ApiError('NotFound', 'the server could not find the requested resource')
  const verb = verbOf(request.method ?? 'GET', path, false)
  checkAllowed(user, path, verb, store)
  const minor = Number(/^v\d+\.(\d+)/.exec(kubernetesVersion)?.[1] ?? 0)
  if (minor >= CREATE_FOR_STREAMS_SINCE && verb !== 'create') checkAllowed(user, path, 'create', store)
  return { user, url, path, verb }
}

/** @throws {ApiError} `Forbidden` when no role of the user permits it */
export function checkAllowed(user: User, path: ResourcePath, verb: string, store: ObjectStore): void {
  const attributes: Attributes = {
    verb,
    group: path.type.group,
    resource: path.subresource === undefined ? path.type.plural : `${path.type.plural}/${path.subresource}`,
    namespace: path.type.kind === 'Namespace' ? (path.name ?? '') : (path.namespace ?? ''),
    name: path.name ?? '',
  }
  if (!isAllowed(user, attributes, store)) throw forbidden(user, attributes)
}

/** RBAC's verb for a method. @throws {ApiError} `MethodNotAllowed` */
export function verbOf(method: string, path: ResourcePath, isWatch: boolean): string {
  const isOne = path.name !== undefined
  switch (method) {
    case 'GET':
    case 'HEAD':
      return isWatch && path.subresource === undefined ? 'watch' : isOne ? 'get' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return isOne ? 'delete' : 'deletecollection'
    default:
      throw new ApiError('MethodNotAllowed', `the lab's API server does not know ${method}`)
  }
}
