// One API request: who asks, may they, and then list, watch, read or write. Throws ApiError; the server turns it into a Status.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isJsonObject } from '../../../kube/objects/index.ts'
import type { Json } from '../../../kube/objects/index.ts'
import { toServedVersion } from '../convert-version.ts'
import type { EphemeralRunner } from '../ephemeral-runner.ts'
import type { ObjectStore, StoreEvent } from '../object-store.ts'
import type { PodAccess } from '../pod-access.ts'
import type { RawObject } from '../raw-object.ts'
import { groupVersionOf } from '../resource-types.ts'
import { readAccept } from './accept.ts'
import type { Wanted } from './accept.ts'
import { ApiError, notFound } from './api-error.ts'
import { actingUser, review } from './authorize.ts'
import type { Authenticator, User } from './authorize.ts'
import { readRequestBody } from './body.ts'
import { aggregatedDiscovery, legacyDiscovery } from './discovery.ts'
import { listMetadata, listObject, readFilter, readPage } from './list.ts'
import { openApiDocument, openApiIndex } from './openapi.ts'
import { withEphemeralContainers } from './ephemeral-containers.ts'
import { servePodLog } from './pod-log.ts'
import { findProxyTarget, serveProxy } from './proxy.ts'
import { checkPodSecurity } from './pod-security.ts'
import { parseResourcePath } from './request-path.ts'
import type { ResourcePath } from './request-path.ts'
import { checkAllowed, verbOf } from './resource-request.ts'
import { scaleOf, withScale } from './scale.ts'
import { tableObject } from './table/index.ts'
import { serveWatch } from './watch.ts'
import { createObject, deleteObject, patchObject, readBody, readDeleteOptions, replaceObject } from './write.ts'
import type { PatchType } from './write.ts'

export interface ApiContext {
  readonly store: ObjectStore
  readonly authenticator: Authenticator
  readonly access: PodAccess
  readonly ephemeral: EphemeralRunner
  /** `v1.17.6` */
  readonly kubernetesVersion: string
  readonly serviceCidr: string
  readonly now: () => number
}

interface Exchange extends ApiContext {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly user: User
  readonly wanted: Wanted
}

/** A watch without `timeoutSeconds` ends after this long; clients resume. */
const DEFAULT_WATCH_MS = 30 * 60_000
const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
}

/** Answers one request. @throws {ApiError} whatever is refused */
export async function handleRequest(
  context: ApiContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://lab')
  const authenticated = context.authenticator.userOf(request.headers)
  const user = actingUser(authenticated, request.headers, context.store)
  const exchange = { ...context, request, response, url, user, wanted: readAccept(request.headers.accept) }
  const path = parseResourcePath(url.pathname)
  if (path !== undefined) return handleResource(exchange, path)
  handlePlainPath(exchange)
}

// --- Paths without a resource: health, version, discovery, OpenAPI ---

function handlePlainPath({ url, request, response, wanted, user, kubernetesVersion }: Exchange): void {
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/+$/, '') : url.pathname
  if (request.method !== 'GET' && request.method !== 'HEAD')
    throw new ApiError('MethodNotAllowed', `${request.method} is not for ${path}`)
  if (['/healthz', '/livez', '/readyz'].includes(path)) {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok')
    return
  }
  if (path === '/version') return sendJson(response, 200, versionObject(kubernetesVersion))
  if (!user.groups.includes('system:authenticated')) throw new ApiError('Unauthorized', 'Unauthorized')
  if ((path === '/api' || path === '/apis') && wanted.kind === 'discovery') {
    const type = `application/json;g=apidiscovery.k8s.io;v=${wanted.version};as=APIGroupDiscoveryList`
    return sendJson(response, 200, aggregatedDiscovery(path, wanted.version), type)
  }
  if (path === '/openapi/v2') {
    // An empty message of protobuf: a document without paths and schemas, which clients take as "nothing to validate with".
    response.writeHead(200, { 'content-type': 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' }).end()
    return
  }
  if (path === '/')
    return sendJson(response, 200, { paths: ['/api', '/api/v1', '/apis', '/healthz', '/openapi/v3', '/version'] })
  const found = legacyDiscovery(path) ?? (path === '/openapi/v3' ? openApiIndex() : openApiDocument(path))
  if (found === undefined) throw new ApiError('NotFound', 'the server could not find the requested resource')
  sendJson(response, 200, found)
}

function versionObject(gitVersion: string): Json {
  const [, major = '1', minor = '17'] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? []
  return {
    major,
    minor,
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '',
    goVersion: '',
    compiler: '',
    platform: 'linux/amd64',
  }
}

// --- Resources ---

async function handleResource(exchange: Exchange, path: ResourcePath): Promise<void> {
  const { request, url, user, store } = exchange
  const isWatch = ['1', 'true'].includes(url.searchParams.get('watch') ?? '')
  const verb = verbOf(request.method ?? 'GET', path, isWatch)
  checkAllowed(user, path, verb, store)
  if (path.subresource !== undefined) return handleSubresource(exchange, path, verb)
  if (!path.type.verbs.includes(verb))
    throw new ApiError('MethodNotAllowed', `the server does not allow this method on the requested resource`)
  switch (verb) {
    case 'list':
      return sendList(exchange, path)
    case 'watch':
      return sendWatch(exchange, path)
    case 'get':
      return sendObject(exchange, path, readObject(exchange, path))
    case 'deletecollection':
      return deleteCollection(exchange, path)
    default:
      return write(exchange, path, verb)
  }
}

async function handleSubresource(exchange: Exchange, path: ResourcePath, verb: string): Promise<void> {
  const { request, response, store, access, ephemeral, url } = exchange
  const { subresource = '', type } = path
  if (!type.subresources.includes(subresource))
    throw new ApiError('NotFound', 'the server could not find the requested resource')
  switch (subresource) {
    case 'log':
      return servePodLog(readObject(exchange, path), url.searchParams, { access, ephemeral, store, response })
    case 'proxy': {
      if (type.kind === 'Node')
        throw new ApiError('ServiceUnavailable', "the lab's nodes run no kubelet that could be asked")
      const target = findProxyTarget(store, path)
      return serveProxy(target, request, {
        access,
        response,
        path: `${path.rest === '' ? '/' : path.rest}${url.search}`,
      })
    }
    case 'status':
    case 'finalize':
      if (verb === 'get') return sendObject(exchange, path, readObject(exchange, path))
      return write(exchange, path, verb)
    case 'scale':
      return handleScale(exchange, path, verb)
    case 'eviction':
      await readRequestBody(request)
      deleteObject(path, { orphan: false, uid: '', resourceVersion: '', ...admission(exchange) })
      return sendJson(response, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' })
    case 'ephemeralcontainers':
      if (verb === 'get') return sendObject(exchange, path, readObject(exchange, path))
      return sendWithEphemeralContainers(exchange, path, verb)
    default:
      throw new ApiError('BadRequest', `Upgrade request required: ${type.plural}/${subresource} is no plain request`)
  }
}

/** Adds containers to a pod that is there; they never go again. */
async function sendWithEphemeralContainers(exchange: Exchange, path: ResourcePath, verb: string): Promise<void> {
  const body = await readRequestBody(exchange.request)
  const before = readObject(exchange, path)
  const type = PATCH_TYPES[(exchange.request.headers['content-type'] ?? '').split(';')[0] ?? '']
  if (verb !== 'update' && type === undefined)
    throw new ApiError('UnsupportedMediaType', 'ephemeral containers are added by PUT, or by a patch of JSON')
  const whole = { ...path, subresource: undefined }
  const wanted =
    type === undefined
      ? readBody(path, body)
      : patchObject(whole, { type, body }, { ...admission(exchange), dryRun: true })
  const { store, ephemeral } = exchange
  const admitted = withEphemeralContainers(before, wanted)
  checkPodSecurity(store, before, admitted)
  const started = ephemeral.start(replaceObject(whole, admitted, admission(exchange)))
  sendObject(exchange, path, replaceObject({ ...path, subresource: 'status' }, started, admission(exchange)))
}

async function handleScale(exchange: Exchange, path: ResourcePath, verb: string): Promise<void> {
  const workload = readObject(exchange, path)
  if (verb === 'get') return sendJson(exchange.response, 200, scaleOf(workload))
  const body = await readRequestBody(exchange.request)
  const scale = verb === 'patch' && isJsonObject(body) ? { ...scaleOf(workload), ...body } : body
  const changed = withScale(workload, isJsonObject(scale) ? scale : {})
  const replaced = replaceObject({ ...path, subresource: undefined }, changed, admission(exchange))
  sendJson(exchange.response, 200, scaleOf(replaced))
}

function readObject({ store }: Exchange, path: ResourcePath): RawObject {
  const object = store.get(path.type, path.namespace, path.name ?? '')
  if (object === undefined) throw notFound(path.type, path.name ?? '')
  return object
}

function sendList(exchange: Exchange, path: ResourcePath): void {
  const { store, url, response, wanted, now } = exchange
  const page = readPage(store, path, url.searchParams)
  if (wanted.kind === 'table') {
    const options = { ...tableOptions(exchange, path, wanted.version), metadata: listMetadata(page), now: now() }
    return sendJson(response, 200, tableObject(path.type, page.items, options))
  }
  if (wanted.kind === 'metadata') {
    const apiVersion = `meta.k8s.io/${wanted.version}`
    const items = page.items.map(({ metadata }) => ({ kind: 'PartialObjectMetadata', apiVersion, metadata }))
    return sendJson(response, 200, {
      kind: 'PartialObjectMetadataList',
      apiVersion,
      metadata: listMetadata(page),
      items,
    })
  }
  if (wanted.kind === 'other') throw notAcceptable()
  sendJson(response, 200, listObject(path, page))
}

function sendObject(exchange: Exchange, path: ResourcePath, object: RawObject, status = 200): void {
  const { wanted, response, now } = exchange
  if (wanted.kind === 'table') {
    const metadata = { resourceVersion: object.metadata.resourceVersion }
    const options = { ...tableOptions(exchange, path, wanted.version), metadata, now: now() }
    return sendJson(response, status, tableObject(path.type, [object], options))
  }
  if (wanted.kind === 'metadata') {
    const apiVersion = `meta.k8s.io/${wanted.version}`
    return sendJson(response, status, { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata })
  }
  if (wanted.kind === 'other') throw notAcceptable()
  sendJson(response, status, toServedVersion(path.type, path.version, object))
}

function sendWatch(exchange: Exchange, path: ResourcePath): void {
  const { store, url, response, wanted, now } = exchange
  const query = url.searchParams
  const revision = query.get('resourceVersion') ?? ''
  const filter = readFilter(path, query)
  const seconds = Number(query.get('timeoutSeconds') ?? '')
  const apiVersion = groupVersionOf(path.type.group, path.version)
  let isFirst = true
  const render = (object: RawObject): Json => {
    if (wanted.kind !== 'table') return toServedVersion(path.type, path.version, object)
    const metadata = { resourceVersion: object.metadata.resourceVersion }
    const options = { ...tableOptions(exchange, path, wanted.version), metadata, now: now(), withoutColumns: !isFirst }
    isFirst = false
    return tableObject(path.type, [object], options)
  }
  serveWatch(store, response, {
    // "0" means any state that is at hand; ours is the present one.
    since: revision === '' || revision === '0' ? undefined : readRevision(revision),
    sendInitialEvents: query.get('sendInitialEvents') === 'true',
    bookmarks: query.get('allowWatchBookmarks') === 'true',
    timeoutMs: seconds > 0 ? seconds * 1000 : DEFAULT_WATCH_MS,
    matches: filter,
    current: () => store.list(path.type, path.namespace).filter(filter),
    concerns: (event: StoreEvent) => event.type === path.type,
    render,
    bookmark: (resourceVersion, initialEventsEnd) => ({
      kind: path.type.kind,
      apiVersion,
      metadata: {
        resourceVersion: String(resourceVersion),
        creationTimestamp: null,
        ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
      },
    }),
  })
}

function readRevision(text: string): number {
  if (!/^\d+$/.test(text)) throw new ApiError('BadRequest', `resourceVersion: Invalid value: "${text}"`)
  return Number(text)
}

function tableOptions(
  { url }: Exchange,
  path: ResourcePath,
  tableVersion: string,
): { tableVersion: string; version: string; includeObject: string } {
  return { tableVersion, version: path.version, includeObject: url.searchParams.get('includeObject') ?? 'Metadata' }
}

// --- Writes ---

async function write(exchange: Exchange, path: ResourcePath, verb: string): Promise<void> {
  const { request, response, url, user, store } = exchange
  const body = await readRequestBody(request)
  if (verb === 'create') {
    const object = readBody(path, body)
    // Reviews are asked by creating them; nothing is kept.
    if (path.type.group === 'authorization.k8s.io')
      return sendJson(response, 201, review(path.type, object, user, store))
    return sendObject(exchange, path, createObject(path, object, admission(exchange)), 201)
  }
  if (verb === 'update')
    return sendObject(exchange, path, replaceObject(path, readBody(path, body), admission(exchange)))
  if (verb === 'patch') return sendPatched(exchange, path, body)
  const options = readDeleteOptions(body, url.searchParams)
  const deleted = deleteObject(path, { ...options, ...admission(exchange), dryRun: options.dryRun })
  sendJson(response, 200, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: deleted.metadata.name, group: path.type.group, kind: path.type.plural, uid: deleted.metadata.uid },
  })
}

function sendPatched(exchange: Exchange, path: ResourcePath, body: unknown): void {
  const contentType = (exchange.request.headers['content-type'] ?? '').split(';')[0] ?? ''
  if (contentType === 'application/apply-patch+yaml') return sendApplied(exchange, path, body)
  const type = PATCH_TYPES[contentType]
  if (type === undefined)
    throw new ApiError('UnsupportedMediaType', `the lab's API server does not take patches of type "${contentType}"`)
  sendObject(exchange, path, patchObject(path, { type, body }, admission(exchange)))
}

// Server-side apply, without ownership of fields: the object is merged as a strategic patch, or created.
function sendApplied(exchange: Exchange, path: ResourcePath, body: unknown): void {
  const current = exchange.store.get(path.type, path.namespace, path.name ?? '')
  if (current === undefined)
    return sendObject(exchange, path, createObject(path, readBody(path, body), admission(exchange)), 201)
  sendObject(exchange, path, patchObject(path, { type: 'strategic', body }, admission(exchange)))
}

async function deleteCollection(exchange: Exchange, path: ResourcePath): Promise<void> {
  const { request, store, url, response } = exchange
  const options = readDeleteOptions(await readRequestBody(request), url.searchParams)
  const page = readPage(store, path, url.searchParams)
  for (const object of page.items) {
    const target = { ...path, name: object.metadata.name, namespace: object.metadata.namespace }
    const isThere = store.get(path.type, target.namespace, target.name) !== undefined
    if (isThere) deleteObject(target, { ...options, ...admission(exchange), dryRun: options.dryRun })
  }
  sendJson(response, 200, listObject(path, page))
}

function admission({ store, serviceCidr, url }: Exchange): {
  store: ObjectStore
  serviceCidr: string
  dryRun: boolean
} {
  return { store, serviceCidr, dryRun: url.searchParams.has('dryRun') }
}

function notAcceptable(): ApiError {
  return new ApiError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;as=Table',
  )
}

function sendJson(response: ServerResponse, status: number, body: Json, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-cache, private' }).end(JSON.stringify(body))
}
