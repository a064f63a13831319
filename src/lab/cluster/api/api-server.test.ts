import { request } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { createServer, connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Json } from '../../../kube/objects/index.ts'
import { createStore } from '../cluster-state.ts'
import { readDescription } from '../description.ts'
import { ADMIN } from '../kubeconfig.ts'
import type { ObjectStore } from '../object-store.ts'
import type { LogLine, PodAccess } from '../pod-access.ts'
import { objectAt, objectsAt, textAt } from '../raw-object.ts'
import { CONFIG_MAP_TYPE, POD_TYPE } from '../resource-types.ts'
import { ApiServer } from './api-server.ts'

const REFERENCE = readDescription(resolve(import.meta.dirname, '../../../../lab/reference'))
const LINES: readonly LogLine[] = [
  { at: Date.parse('2020-09-02T06:00:00Z'), text: 'first' },
  { at: Date.parse('2020-09-02T06:10:00Z'), text: 'second' },
]
const PODS = '/api/v1/namespaces/kube-system/pods'

let store: ObjectStore
let api: ApiServer
let podPort = 0

const access: PodAccess = {
  log: () => ({ lines: () => LINES, subscribe: () => () => undefined }),
  connect: (_pod, port) =>
    port === 9153
      ? new Promise((done) => {
          const socket = connect(podPort, '127.0.0.1', () => done(socket))
        })
      : Promise.reject(new Error('connect: connection refused')),
}

beforeEach(async () => {
  store = createStore(REFERENCE, Date.now)
  api = await ApiServer.start({ store, access, kubernetesVersion: 'v1.17.6', serviceCidr: '10.233.0.0/18', now: Date.now })
})
afterEach(() => api.close())

interface Call {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly token?: string | undefined
}

function open(path: string, { method = 'GET', body, headers = {}, token = api.issueToken(ADMIN) }: Call = {}): Promise<IncomingMessage> {
  const { hostname, port } = new URL(api.url)
  const authorization = token === '' ? {} : { authorization: `Bearer ${token}` }
  return new Promise((done, fail) => {
    const outgoing = request({ hostname, port, path, method, ca: api.caCertificate, headers: { ...authorization, ...headers }, agent: false }, done)
    outgoing.on('error', fail)
    outgoing.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  })
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

async function call(path: string, options: Call = {}): Promise<{ readonly status: number; readonly json: Json }> {
  const response = await open(path, options)
  return { status: response.statusCode ?? 0, json: JSON.parse(await readText(response)) as Json }
}

/** Reads watch events until `count` have come, then leaves. */
async function watch(path: string, count: number, during: () => void = () => undefined): Promise<Json[]> {
  const response = await open(path)
  const events: Json[] = []
  let rest = ''
  let isStarted = false
  const take = (text: string): void => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    events.push(...lines.map((line) => JSON.parse(line) as Json))
  }
  await new Promise<void>((done) => {
    response.on('data', (chunk: Buffer) => {
      take(chunk.toString())
      if (events.length >= count) done()
    })
    response.once('end', done)
    if (!isStarted) during()
    isStarted = true
  })
  response.destroy()
  return events
}

const typesOf = (events: readonly Json[]): string[] => events.map((event) => textAt(event, 'type'))

describe('ApiServer: who may ask', () => {
  it('tells its version and health to anybody, and nothing else', async () => {
    expect((await call('/version', { token: '' })).json).toMatchObject({ gitVersion: 'v1.17.6', minor: '17' })
    expect((await open('/healthz', { token: '' })).statusCode).toBe(200)
    expect((await call('/api/v1/pods', { token: '' })).status).toBe(403)
  })

  it('refuses a token that it did not give', async () => {
    const { status, json } = await call('/api/v1/pods', { token: 'WyJ4IixbInN5c3RlbTptYXN0ZXJzIl1d.AAAA' })
    expect(status).toBe(401)
    expect(json).toMatchObject({ kind: 'Status', reason: 'Unauthorized' })
  })

  it("holds a service account to its roles, as CoreDNS's", async () => {
    const token = api.issueToken({ name: 'system:serviceaccount:kube-system:coredns', groups: [] })
    expect((await call('/apis/discovery.k8s.io/v1/endpointslices', { token })).status).toBe(200)
    const { status, json } = await call('/api/v1/configmaps', { token })
    expect(status).toBe(403)
    expect(textAt(json, 'message')).toBe(
      'configmaps is forbidden: User "system:serviceaccount:kube-system:coredns" cannot list resource "configmaps" in API group "" at the cluster scope',
    )
  })

  it('loses a right with the role that gave it', async () => {
    const token = api.issueToken({ name: 'system:serviceaccount:kube-system:coredns', groups: [] })
    await call('/apis/rbac.authorization.k8s.io/v1/clusterroles/system:coredns', { method: 'DELETE' })
    expect((await call('/apis/discovery.k8s.io/v1/endpointslices', { token })).status).toBe(403)
  })

  it('answers SelfSubjectAccessReview for the user that is impersonated', async () => {
    const body = { spec: { resourceAttributes: { verb: 'get', resource: 'pods', subresource: 'log', namespace: 'shop' } } }
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    expect((await call(path, { method: 'POST', body })).json).toMatchObject({ status: { allowed: true } })
    const other = await call(path, { method: 'POST', body, headers: { 'impersonate-user': 'dev' } })
    expect(other.json).toMatchObject({ status: { allowed: false } })
  })
})

describe('ApiServer: reading', () => {
  it('lists in pages that together hold everything once', async () => {
    const names: string[] = []
    let token = ''
    do {
      const { json } = await call(`/api/v1/pods?limit=20&continue=${token}`)
      names.push(...objectsAt(json, 'items').map((pod) => textAt(pod, 'metadata', 'name')))
      token = textAt(json, 'metadata', 'continue')
    } while (token !== '')
    expect(names.length).toBe(store.list(POD_TYPE).length)
    expect(new Set(names).size).toBe(names.length)
  })

  it.each([
    { query: 'labelSelector=k8s-app%3Dkube-dns', count: 2 },
    { query: 'labelSelector=k8s-app+in+(kube-dns,nodelocaldns)', count: 6 },
    { query: 'labelSelector=!k8s-app,component', count: 7 },
    { query: 'fieldSelector=spec.nodeName%3Dnode3', count: 5 },
    { query: 'fieldSelector=metadata.name%3Detcd-node1,status.phase!%3DFailed', count: 1 },
  ])('selects $count pods of kube-system with $query', async ({ query, count }) => {
    const { json } = await call(`${PODS}?${query}`)
    expect(objectsAt(json, 'items')).toHaveLength(count)
  })

  it('refuses a selector that is none', async () => {
    expect((await call(`${PODS}?labelSelector=a+b`)).status).toBe(400)
    expect((await call(`${PODS}?fieldSelector=a`)).status).toBe(400)
    expect((await call(`${PODS}?continue=x`)).status).toBe(400)
  })

  it('renders a Table with the columns of the real server', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
    const { json } = await call('/api/v1/nodes/node1', { headers: { accept } })
    const columns = objectsAt(json, 'columnDefinitions').map((column) => textAt(column, 'name'))
    expect(columns.slice(0, 7)).toEqual(['Name', 'Status', 'Roles', 'Age', 'Version', 'Internal-IP', 'External-IP'])
    const [row] = objectsAt(json, 'rows')
    expect(row?.['cells']).toEqual([
      'node1', 'Ready', 'master,worker', '13d', 'v1.17.6', '192.168.0.2', '<none>', 'CentOS Linux 7 (Core)', '3.10.0-1062.el7.x86_64', 'docker://19.3.12',
    ])
  })

  it('shows a slice in both versions of discovery.k8s.io', async () => {
    const query = 'endpointslices?labelSelector=kubernetes.io/service-name%3Dcoredns'
    const endpoint = async (version: string): Promise<Json> => {
      const { json } = await call(`/apis/discovery.k8s.io/${version}/namespaces/kube-system/${query}`)
      return objectsAt(objectsAt(json, 'items')[0] ?? {}, 'endpoints')[0] ?? {}
    }
    expect(await endpoint('v1')).toMatchObject({ nodeName: 'node4' })
    const old = await endpoint('v1beta1')
    expect(old).toMatchObject({ topology: { 'kubernetes.io/hostname': 'node4' } })
    expect(old['nodeName']).toBeUndefined()
  })

  it('lists its resources in both forms of discovery', async () => {
    const legacy = await call('/apis/apps/v1')
    expect(objectsAt(legacy.json, 'resources').map((resource) => textAt(resource, 'name'))).toContain('deployments/scale')
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
    const aggregated = await call('/apis', { headers: { accept } })
    expect(objectsAt(aggregated.json, 'items').map((group) => textAt(group, 'metadata', 'name'))).toContain('discovery.k8s.io')
  })

  it.each(['/nothing', '/api/v1/spoons', '/apis/apps/v7/deployments', '/api/v1/namespaces/default/nodes', '/api/v1/pods/%'])(
    'says 404 or 400 for %s',
    async (path) => {
      const { status, json } = await call(path)
      expect([400, 404, 405]).toContain(status)
      expect(json['kind']).toBe('Status')
    },
  )
})

describe('ApiServer: watch', () => {
  const maps = '/api/v1/namespaces/default/configmaps?watch=true'
  const write = (name: string, labels: Record<string, string>): void => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', labels } }
    if (store.create(CONFIG_MAP_TYPE, object).kind === 'exists') store.update(CONFIG_MAP_TYPE, object)
  }

  it('goes on after a revision and tells each change once', async () => {
    const { revision } = store
    write('a', {})
    const events = await watch(`${maps}&resourceVersion=${revision}`, 3, () => {
      write('a', { x: '1' })
      store.delete(CONFIG_MAP_TYPE, 'default', 'a')
    })
    expect(typesOf(events)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
  })

  it('tells an object that stops matching as deleted', async () => {
    write('a', { app: 'x' })
    const events = await watch(`${maps}&labelSelector=app%3Dx&resourceVersion=${store.revision}`, 1, () => write('a', { app: 'y' }))
    expect(typesOf(events)).toEqual(['DELETED'])
    expect(events[0]).toMatchObject({ object: { metadata: { labels: { app: 'x' }, resourceVersion: String(store.revision) } } })
  })

  it('says 410 Gone for a revision that is forgotten', async () => {
    write('a', {})
    const { revision } = store
    write('a', { x: '1' })
    store.compact()
    const [event] = await watch(`${maps}&resourceVersion=${revision}`, 1)
    expect(event).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })
  })

  it('marks the end of the initial events with a bookmark when asked to', async () => {
    write('a', {})
    const events = await watch(`${maps}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`, 2)
    expect(typesOf(events)).toEqual(['ADDED', 'BOOKMARK'])
    expect(events[1]).toMatchObject({ object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } })
  })

  it('ends after timeoutSeconds with a bookmark', async () => {
    const events = await watch(`${maps}&resourceVersion=${store.revision}&timeoutSeconds=1&allowWatchBookmarks=true`, 2)
    expect(typesOf(events)).toEqual(['BOOKMARK'])
  })

  it('gives the lists and watches of a namespace only that namespace', async () => {
    const events = await watch('/api/v1/namespaces/shop/services?watch=true', 3)
    expect(events.map((event) => textAt(event, 'object', 'metadata', 'name')).sort()).toEqual(['api', 'payments', 'web'])
  })
})

describe('ApiServer: writing', () => {
  const shop = '/api/v1/namespaces/shop'
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'new' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }

  it('creates with defaults and a ClusterIP of the range', async () => {
    const { status, json } = await call(`${shop}/services`, { method: 'POST', body: service })
    expect(status).toBe(201)
    expect(json).toMatchObject({ spec: { type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] } })
    expect(textAt(json, 'spec', 'clusterIP')).toMatch(/^10\.233\.\d+\.\d+$/)
  })

  it.each([
    { title: 'a name that is none', path: `${shop}/services`, body: { ...service, metadata: { name: 'Not_A_Name' } }, status: 422 },
    { title: 'a name over 63 octets', path: `${shop}/services`, body: { ...service, metadata: { name: 'a'.repeat(64) } }, status: 422 },
    { title: 'an object without a name', path: `${shop}/services`, body: { ...service, metadata: {} }, status: 422 },
    { title: 'a name that is taken', path: `${shop}/services`, body: { ...service, metadata: { name: 'web' } }, status: 409 },
    { title: 'another kind', path: `${shop}/configmaps`, body: service, status: 400 },
    { title: 'another namespace', path: `${shop}/services`, body: { ...service, metadata: { name: 'x', namespace: 'default' } }, status: 400 },
    { title: 'a namespace that is not there', path: '/api/v1/namespaces/nowhere/services', body: service, status: 404 },
    { title: 'text that is not JSON', path: `${shop}/services`, body: '{', status: 400 },
    { title: 'more than 3 MiB', path: `${shop}/services`, body: `"${'x'.repeat(3 * 1024 * 1024)}"`, status: 413 },
  ])('refuses $title with a Status', async ({ path, body, status }) => {
    const answer = await call(path, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    expect(answer.status).toBe(status)
    expect(answer.json).toMatchObject({ kind: 'Status', status: 'Failure', code: status })
  })

  it('keeps nothing of a dry run', async () => {
    expect((await call(`${shop}/services?dryRun=All`, { method: 'POST', body: service })).status).toBe(201)
    expect((await call(`${shop}/services/new`)).status).toBe(404)
  })

  it('patches in the three forms', async () => {
    const patch = async (type: string, body: unknown): Promise<Json> => {
      const headers = { 'content-type': `application/${type}` }
      return (await call(`${shop}/services/web`, { method: 'PATCH', body, headers })).json
    }
    expect(await patch('merge-patch+json', { metadata: { labels: { a: '1' } } })).toMatchObject({ metadata: { labels: { a: '1' } } })
    expect(await patch('json-patch+json', [{ op: 'remove', path: '/metadata/labels/a' }])).toMatchObject({ metadata: { name: 'web' } })
    const strategic = await patch('strategic-merge-patch+json', { spec: { selector: { app: 'other' } } })
    expect(objectAt(strategic, 'spec', 'selector')).toEqual({ app: 'other' })
    expect(await patch('xml', {})).toMatchObject({ code: 415 })
  })

  it('holds to the fields that may not change', async () => {
    const headers = { 'content-type': 'application/merge-patch+json' }
    const moved = await call(`${shop}/services/web`, { method: 'PATCH', body: { spec: { clusterIP: '10.233.1.1' } }, headers })
    expect(moved.status).toBe(422)
    const path = '/apis/apps/v1/namespaces/kubesphere-system/statefulsets/redis-ha-server'
    const renamed = await call(path, { method: 'PATCH', body: { spec: { serviceName: 'x' } }, headers })
    expect(renamed.status).toBe(422)
  })

  it('refuses to replace an object that changed meanwhile', async () => {
    const { json } = await call(`${shop}/services/web`)
    const changed = { ...json, metadata: { ...objectAt(json, 'metadata'), labels: { a: '1' } } }
    expect((await call(`${shop}/services/web`, { method: 'PUT', body: changed })).status).toBe(200)
    const again = await call(`${shop}/services/web`, { method: 'PUT', body: { ...changed, spec: {} } })
    expect(again.json).toMatchObject({ code: 409, reason: 'Conflict' })
  })

  it('scales through the subresource', async () => {
    const path = '/apis/apps/v1/namespaces/shop/deployments/web/scale'
    const headers = { 'content-type': 'application/merge-patch+json' }
    await call(path, { method: 'PATCH', body: { spec: { replicas: 5 } }, headers })
    expect((await call(path)).json).toMatchObject({ kind: 'Scale', spec: { replicas: 5 } })
    expect((await call(path, { method: 'PATCH', body: { spec: { replicas: -1 } }, headers })).status).toBe(422)
  })

  it('deletes what an object owns with it, and orphans it when asked to', async () => {
    const deployments = '/apis/apps/v1/namespaces/shop/deployments'
    const owned = (): number => store.list(POD_TYPE, 'shop').length
    const before = owned()
    await call(`${deployments}/api?propagationPolicy=Orphan`, { method: 'DELETE' })
    expect(owned()).toBe(before)
    await call(`${deployments}/web`, { method: 'DELETE' })
    expect(owned()).toBe(before - 3)
  })

  it('deletes a collection that a selector names', async () => {
    await call(`${PODS}?labelSelector=k8s-app%3Dkube-dns`, { method: 'DELETE' })
    const { json } = await call(`${PODS}?labelSelector=k8s-app%3Dkube-dns`)
    expect(objectsAt(json, 'items')).toEqual([])
  })

  it('reads a protobuf body as kubectl sends it, and refuses a cut one', async () => {
    // k8s\0, runtime.Unknown{typeMeta{v1, Namespace}, raw{metadata{name: "made"}}}
    const meta = Buffer.concat([Buffer.from([0x0a, 2]), Buffer.from('v1'), Buffer.from([0x12, 9]), Buffer.from('Namespace')])
    const raw = Buffer.concat([Buffer.from([0x0a, 6, 0x0a, 4]), Buffer.from('made')])
    const body = Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x0a, meta.length]), meta, Buffer.from([0x12, raw.length]), raw])
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' }
    const send = (octets: Buffer): Promise<{ status: number; json: Json }> =>
      call('/api/v1/namespaces', { method: 'POST', body: octets.toString('latin1'), headers })
    expect(await send(body)).toMatchObject({ status: 201, json: { metadata: { name: 'made' } } })
    expect((await send(body.subarray(0, -3))).status).toBe(400)
  })
})

describe('ApiServer: pods behind it', () => {
  const pod = `${PODS}/coredns-79c6f6447f-hp7ng`

  it('gives a log, its tail, and its times', async () => {
    expect(await readText(await open(`${pod}/log`))).toBe('first\nsecond\n')
    expect(await readText(await open(`${pod}/log?tailLines=1&timestamps=true`))).toBe('2020-09-02T06:10:00.000Z second\n')
    expect((await call(`${pod}/log?container=nope`)).status).toBe(400)
    expect((await call('/api/v1/namespaces/kubesphere-system/pods/redis-ha-server-0/log')).json).toMatchObject({
      message: 'a container name must be specified for pod redis-ha-server-0, choose one of: [redis sentinel]',
    })
  })

  it('passes HTTP on to a port of a pod, also by its name and through a Service', async () => {
    const server = createServer((socket) => {
      socket.once('data', (head) => {
        const line = head.toString().split('\r\n')[0] ?? ''
        socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${line}`)
      })
    })
    await new Promise<void>((done) => {
      server.listen(0, '127.0.0.1', done)
    })
    podPort = (server.address() as AddressInfo).port
    expect(await readText(await open(`${pod}:9153/proxy/metrics?x=1`))).toBe('GET /metrics?x=1 HTTP/1.1')
    expect(await readText(await open(`${pod}:metrics/proxy/metrics`))).toBe('GET /metrics HTTP/1.1')
    const services = '/api/v1/namespaces/kube-system/services'
    expect(await readText(await open(`${services}/coredns:metrics/proxy/`))).toBe('GET / HTTP/1.1')
    await new Promise((done) => {
      server.close(done)
    })
  })

  it('says that nobody listens, and on which port', async () => {
    const { status, json } = await call(`${pod}:8080/proxy/health`)
    expect(status).toBe(503)
    expect(textAt(json, 'message')).toContain('dial tcp 10.233.71.1:8080: connect: connection refused')
    expect((await call(`${pod}:nope/proxy/`)).status).toBe(400)
    expect((await call('/api/v1/namespaces/shop/services/payments/proxy/')).status).toBe(503)
  })
})
