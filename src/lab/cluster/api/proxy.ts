// Pod and Service proxy: HTTP through the API server to a port of a pod.
import { request as httpRequest } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Json } from '../../../kube/objects/index.ts'
import type { ObjectStore } from '../object-store.ts'
import type { PodAccess } from '../pod-access.ts'
import { numberAt, objectsAt, textAt, textsAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import { ENDPOINT_SLICE_TYPE, POD_TYPE } from '../resource-types.ts'
import { ApiError, notFound } from './api-error.ts'
import type { ResourcePath } from './request-path.ts'

/** Milliseconds a proxied request may take in all. */
const PROXY_TIMEOUT_MS = 30_000
/** Headers that concern one connection only, or that are for the API server alone. */
const HOP_HEADERS = [
  'authorization',
  'connection',
  'host',
  'impersonate-user',
  'impersonate-group',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
]

export interface ProxyTarget {
  readonly pod: RawObject
  readonly port: number
}

/** Finds the pod and port that a proxy path means: `NAME`, `NAME:PORT` or `http:NAME:PORT`. @throws {ApiError} */
export function findProxyTarget(store: ObjectStore, path: ResourcePath): ProxyTarget {
  const parts = (path.name ?? '').split(':')
  const [scheme, name = '', portText = ''] = parts.length === 3 ? parts : ['', ...parts]
  if (scheme === 'https') throw new ApiError('BadRequest', 'the lab proxies http only')
  const object = store.get(path.type, path.namespace, name)
  if (object === undefined) throw notFound(path.type, name)
  return path.type.kind === 'Service'
    ? serviceTarget(store, object, portText)
    : { pod: object, port: podPort(object, portText) }
}

function podPort(pod: RawObject, text: string): number {
  const ports = objectsAt(pod, 'spec', 'containers').flatMap((container) => objectsAt(container, 'ports'))
  if (text === '') return numberAt(ports[0] ?? {}, 'containerPort') || 80
  const port = /^\d+$/.test(text)
    ? Number(text)
    : numberAt(ports.find((candidate) => candidate['name'] === text) ?? {}, 'containerPort')
  if (port < 1 || port > 65_535) throw new ApiError('BadRequest', `pod "${pod.metadata.name}" has no port "${text}"`)
  return port
}

function serviceTarget(store: ObjectStore, service: RawObject, text: string): ProxyTarget {
  const { name, namespace = '' } = service.metadata
  const ports = objectsAt(service, 'spec', 'ports')
  const wanted = ports.find((port) =>
    text === '' ? ports.length === 1 : String(port['port']) === text || port['name'] === text,
  )
  const unavailable = new ApiError('ServiceUnavailable', `no endpoints available for service "${name}"`)
  if (wanted === undefined) throw unavailable
  for (const endpoints of readySlices(store, namespace, name)) {
    const port = objectsAt(endpoints.slice, 'ports').find(
      (candidate) => textAt(candidate, 'name') === textAt(wanted, 'name'),
    )
    for (const { pod } of endpoints.ready) {
      if (port !== undefined && pod !== undefined) return { pod, port: numberAt(port, 'port') }
    }
  }
  throw unavailable
}

function* readySlices(
  store: ObjectStore,
  namespace: string,
  service: string,
): Generator<{ slice: RawObject; ready: { pod: RawObject | undefined }[] }> {
  for (const slice of store.list(ENDPOINT_SLICE_TYPE, namespace)) {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== service) continue
    const ready = objectsAt(slice, 'endpoints').filter(
      (endpoint: Json) => !isNotReady(endpoint) && textsAt(endpoint, 'addresses').length > 0,
    )
    yield {
      slice,
      ready: ready.map((endpoint) => ({ pod: store.get(POD_TYPE, namespace, textAt(endpoint, 'targetRef', 'name')) })),
    }
  }
}

function isNotReady(endpoint: Json): boolean {
  const conditions = endpoint['conditions']
  return typeof conditions === 'object' && conditions !== null && Reflect.get(conditions, 'ready') === false
}

/** Passes a request on to a port of a pod, and its response back. @throws {ApiError} `ServiceUnavailable` */
export async function serveProxy(
  target: ProxyTarget,
  request: IncomingMessage,
  { access, response, path }: { readonly access: PodAccess; readonly response: ServerResponse; readonly path: string },
): Promise<void> {
  const socket = await connectTo(target, access)
  await new Promise<void>((resolve, reject) => {
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !HOP_HEADERS.includes(name)))
    const upstream = httpRequest({
      method: request.method,
      path,
      headers: { ...headers, host: `${textAt(target.pod, 'status', 'podIP')}:${target.port}`, connection: 'close' },
      createConnection: () => socket,
    })
    const timer = setTimeout(
      () => upstream.destroy(new Error(`no response within ${PROXY_TIMEOUT_MS / 1000} s`)),
      PROXY_TIMEOUT_MS,
    )
    upstream.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.once('end', resolve)
      answer.once('error', reject)
    })
    upstream.once('error', (error) => reject(unreachable(target, error)))
    response.once('close', () => {
      clearTimeout(timer)
      upstream.destroy()
      resolve()
    })
    request.pipe(upstream)
  })
}

async function connectTo(target: ProxyTarget, access: PodAccess): Promise<Duplex> {
  try {
    return await access.connect(target.pod, target.port)
  } catch (error) {
    throw unreachable(target, error)
  }
}

function unreachable({ pod, port }: ProxyTarget, error: unknown): ApiError {
  const why = error instanceof Error ? error.message : String(error)
  return new ApiError(
    'ServiceUnavailable',
    `error trying to reach service: dial tcp ${textAt(pod, 'status', 'podIP')}:${port}: ${why}`,
  )
}
