import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startLabApi } from '../../../../test/support/lab-api.ts'
import type { LabApi } from '../../../../test/support/lab-api.ts'
import type { Json } from '../../../kube/objects/index.ts'
import { objectAt, objectsAt, textAt } from '../raw-object.ts'
import { POD_TYPE } from '../resource-types.ts'

const PODS = '/api/v1/namespaces/kube-system/pods'

let lab: LabApi

beforeEach(async () => {
  lab = await startLabApi()
})
afterEach(() => lab.close())

describe('ApiServer: who may ask', () => {
  it('tells its version and health to anybody, and nothing else', async () => {
    expect((await lab.call('/version', { token: '' })).json).toMatchObject({ gitVersion: 'v1.17.6', minor: '17' })
    expect((await lab.open('/healthz', { token: '' })).statusCode).toBe(200)
    expect((await lab.call('/api/v1/pods', { token: '' })).status).toBe(403)
  })

  it('refuses a token that it did not give', async () => {
    const { status, json } = await lab.call('/api/v1/pods', { token: 'WyJ4IixbInN5c3RlbTptYXN0ZXJzIl1d.AAAA' })
    expect(status).toBe(401)
    expect(json).toMatchObject({ kind: 'Status', reason: 'Unauthorized' })
  })

  it("holds a service account to its roles, as CoreDNS's", async () => {
    const token = lab.api.issueToken({ name: 'system:serviceaccount:kube-system:coredns', groups: [] })
    expect((await lab.call('/apis/discovery.k8s.io/v1/endpointslices', { token })).status).toBe(200)
    const { status, json } = await lab.call('/api/v1/configmaps', { token })
    expect(status).toBe(403)
    expect(textAt(json, 'message')).toBe(
      'configmaps is forbidden: User "system:serviceaccount:kube-system:coredns" cannot list resource "configmaps" in API group "" at the cluster scope',
    )
  })

  it('loses a right with the role that gave it', async () => {
    const token = lab.api.issueToken({ name: 'system:serviceaccount:kube-system:coredns', groups: [] })
    await lab.call('/apis/rbac.authorization.k8s.io/v1/clusterroles/system:coredns', { method: 'DELETE' })
    expect((await lab.call('/apis/discovery.k8s.io/v1/endpointslices', { token })).status).toBe(403)
  })

  it('answers SelfSubjectAccessReview for the user that is impersonated', async () => {
    const body = {
      spec: { resourceAttributes: { verb: 'get', resource: 'pods', subresource: 'log', namespace: 'shop' } },
    }
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    expect((await lab.call(path, { method: 'POST', body })).json).toMatchObject({ status: { allowed: true } })
    const other = await lab.call(path, { method: 'POST', body, headers: { 'impersonate-user': 'dev' } })
    expect(other.json).toMatchObject({ status: { allowed: false } })
  })
})

describe('ApiServer: reading', () => {
  it('lists in pages that together hold everything once', async () => {
    const names: string[] = []
    let token = ''
    do {
      const { json } = await lab.call(`/api/v1/pods?limit=20&continue=${token}`)
      names.push(...objectsAt(json, 'items').map((pod) => textAt(pod, 'metadata', 'name')))
      token = textAt(json, 'metadata', 'continue')
    } while (token !== '')
    expect(names.length).toBe(lab.store.list(POD_TYPE).length)
    expect(new Set(names).size).toBe(names.length)
  })

  it.each([
    { query: 'labelSelector=k8s-app%3Dkube-dns', count: 2 },
    { query: 'labelSelector=k8s-app+in+(kube-dns,nodelocaldns)', count: 6 },
    { query: 'labelSelector=!k8s-app,component', count: 7 },
    { query: 'fieldSelector=spec.nodeName%3Dnode3', count: 5 },
    { query: 'fieldSelector=metadata.name%3Detcd-node1,status.phase!%3DFailed', count: 1 },
  ])('selects $count pods of kube-system with $query', async ({ query, count }) => {
    const { json } = await lab.call(`${PODS}?${query}`)
    expect(objectsAt(json, 'items')).toHaveLength(count)
  })

  it('refuses a selector that is none', async () => {
    expect((await lab.call(`${PODS}?labelSelector=a+b`)).status).toBe(400)
    expect((await lab.call(`${PODS}?fieldSelector=a`)).status).toBe(400)
    expect((await lab.call(`${PODS}?continue=x`)).status).toBe(400)
  })

  it('renders a Table with the columns of the real server', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
    const { json } = await lab.call('/api/v1/nodes/node1', { headers: { accept } })
    const columns = objectsAt(json, 'columnDefinitions').map((column) => textAt(column, 'name'))
    expect(columns.slice(0, 7)).toEqual(['Name', 'Status', 'Roles', 'Age', 'Version', 'Internal-IP', 'External-IP'])
    const [row] = objectsAt(json, 'rows')
    expect(row?.['cells']).toEqual([
      'node1',
      'Ready',
      'master,worker',
      '13d',
      'v1.17.6',
      '192.168.0.2',
      '<none>',
      'CentOS Linux 7 (Core)',
      '3.10.0-1062.el7.x86_64',
      'docker://19.3.12',
    ])
  })

  it('shows a slice in both versions of discovery.k8s.io', async () => {
    const query = 'endpointslices?labelSelector=kubernetes.io/service-name%3Dcoredns'
    const endpoint = async (version: string): Promise<Json> => {
      const { json } = await lab.call(`/apis/discovery.k8s.io/${version}/namespaces/kube-system/${query}`)
      return objectsAt(objectsAt(json, 'items')[0] ?? {}, 'endpoints')[0] ?? {}
    }
    expect(await endpoint('v1')).toMatchObject({ nodeName: 'node4' })
    const old = await endpoint('v1beta1')
    expect(old).toMatchObject({ topology: { 'kubernetes.io/hostname': 'node4' } })
    expect(old['nodeName']).toBeUndefined()
  })

  it('lists its resources in both forms of discovery', async () => {
    const legacy = await lab.call('/apis/apps/v1')
    expect(objectsAt(legacy.json, 'resources').map((resource) => textAt(resource, 'name'))).toContain(
      'deployments/scale',
    )
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
    const aggregated = await lab.call('/apis', { headers: { accept } })
    expect(objectsAt(aggregated.json, 'items').map((group) => textAt(group, 'metadata', 'name'))).toContain(
      'discovery.k8s.io',
    )
  })

  it.each([
    '/nothing',
    '/api/v1/spoons',
    '/apis/apps/v7/deployments',
    '/api/v1/namespaces/default/nodes',
    '/api/v1/pods/%',
  ])('says 404 or 400 for %s', async (path) => {
    const { status, json } = await lab.call(path)
    expect([400, 404, 405]).toContain(status)
    expect(json['kind']).toBe('Status')
  })
})

describe('ApiServer: writing', () => {
  const shop = '/api/v1/namespaces/shop'
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'new' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  }

  it('creates with defaults and a ClusterIP of the range', async () => {
    const { status, json } = await lab.call(`${shop}/services`, { method: 'POST', body: service })
    expect(status).toBe(201)
    expect(json).toMatchObject({ spec: { type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] } })
    expect(textAt(json, 'spec', 'clusterIP')).toMatch(/^10\.233\.\d+\.\d+$/)
  })

  it.each([
    {
      title: 'a name that is none',
      path: `${shop}/services`,
      body: { ...service, metadata: { name: 'Not_A_Name' } },
      status: 422,
    },
    {
      title: 'a name over 63 octets',
      path: `${shop}/services`,
      body: { ...service, metadata: { name: 'a'.repeat(64) } },
      status: 422,
    },
    { title: 'an object without a name', path: `${shop}/services`, body: { ...service, metadata: {} }, status: 422 },
    {
      title: 'a name that is taken',
      path: `${shop}/services`,
      body: { ...service, metadata: { name: 'web' } },
      status: 409,
    },
    { title: 'another kind', path: `${shop}/configmaps`, body: service, status: 400 },
    {
      title: 'another namespace',
      path: `${shop}/services`,
      body: { ...service, metadata: { name: 'x', namespace: 'default' } },
      status: 400,
    },
    { title: 'a namespace that is not there', path: '/api/v1/namespaces/nowhere/services', body: service, status: 404 },
    { title: 'text that is not JSON', path: `${shop}/services`, body: '{', status: 400 },
    { title: 'more than 3 MiB', path: `${shop}/services`, body: `"${'x'.repeat(3 * 1024 * 1024)}"`, status: 413 },
  ])('refuses $title with a Status', async ({ path, body, status }) => {
    const answer = await lab.call(path, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    expect(answer.status).toBe(status)
    expect(answer.json).toMatchObject({ kind: 'Status', status: 'Failure', code: status })
  })

  it('keeps nothing of a dry run', async () => {
    expect((await lab.call(`${shop}/services?dryRun=All`, { method: 'POST', body: service })).status).toBe(201)
    expect((await lab.call(`${shop}/services/new`)).status).toBe(404)
  })

  it('patches in the three forms', async () => {
    const patch = async (type: string, body: unknown): Promise<Json> => {
      const headers = { 'content-type': `application/${type}` }
      return (await lab.call(`${shop}/services/web`, { method: 'PATCH', body, headers })).json
    }
    expect(await patch('merge-patch+json', { metadata: { labels: { a: '1' } } })).toMatchObject({
      metadata: { labels: { a: '1' } },
    })
    expect(await patch('json-patch+json', [{ op: 'remove', path: '/metadata/labels/a' }])).toMatchObject({
      metadata: { name: 'web' },
    })
    const strategic = await patch('strategic-merge-patch+json', { spec: { selector: { app: 'other' } } })
    expect(objectAt(strategic, 'spec', 'selector')).toEqual({ app: 'other' })
    expect(await patch('xml', {})).toMatchObject({ code: 415 })
  })

  it('holds to the fields that may not change', async () => {
    const headers = { 'content-type': 'application/merge-patch+json' }
    const moved = await lab.call(`${shop}/services/web`, {
      method: 'PATCH',
      body: { spec: { clusterIP: '10.233.1.1' } },
      headers,
    })
    expect(moved.status).toBe(422)
    const path = '/apis/apps/v1/namespaces/kubesphere-system/statefulsets/redis-ha-server'
    const renamed = await lab.call(path, { method: 'PATCH', body: { spec: { serviceName: 'x' } }, headers })
    expect(renamed.status).toBe(422)
  })

  it('refuses to replace an object that changed meanwhile', async () => {
    const { json } = await lab.call(`${shop}/services/web`)
    const changed = { ...json, metadata: { ...objectAt(json, 'metadata'), labels: { a: '1' } } }
    expect((await lab.call(`${shop}/services/web`, { method: 'PUT', body: changed })).status).toBe(200)
    const again = await lab.call(`${shop}/services/web`, { method: 'PUT', body: { ...changed, spec: {} } })
    expect(again.json).toMatchObject({ code: 409, reason: 'Conflict' })
  })

  it('scales through the subresource', async () => {
    const path = '/apis/apps/v1/namespaces/shop/deployments/web/scale'
    const headers = { 'content-type': 'application/merge-patch+json' }
    await lab.call(path, { method: 'PATCH', body: { spec: { replicas: 5 } }, headers })
    expect((await lab.call(path)).json).toMatchObject({ kind: 'Scale', spec: { replicas: 5 } })
    expect((await lab.call(path, { method: 'PATCH', body: { spec: { replicas: -1 } }, headers })).status).toBe(422)
  })

  it('deletes what an object owns with it, and orphans it when asked to', async () => {
    const deployments = '/apis/apps/v1/namespaces/shop/deployments'
    const owned = (): number => lab.store.list(POD_TYPE, 'shop').length
    const before = owned()
    await lab.call(`${deployments}/api?propagationPolicy=Orphan`, { method: 'DELETE' })
    expect(owned()).toBe(before)
    await lab.call(`${deployments}/web`, { method: 'DELETE' })
    expect(owned()).toBe(before - 3)
  })

  it('deletes a collection that a selector names', async () => {
    await lab.call(`${PODS}?labelSelector=k8s-app%3Dkube-dns`, { method: 'DELETE' })
    const { json } = await lab.call(`${PODS}?labelSelector=k8s-app%3Dkube-dns`)
    expect(objectsAt(json, 'items')).toEqual([])
  })

  it('reads a protobuf body as kubectl sends it, and refuses a cut one', async () => {
    // k8s\0, runtime.Unknown{typeMeta{v1, Namespace}, raw{metadata{name: "made"}}}
    const meta = Buffer.concat([
      Buffer.from([0x0a, 2]),
      Buffer.from('v1'),
      Buffer.from([0x12, 9]),
      Buffer.from('Namespace'),
    ])
    const raw = Buffer.concat([Buffer.from([0x0a, 6, 0x0a, 4]), Buffer.from('made')])
    const body = Buffer.concat([
      Buffer.from('k8s\0'),
      Buffer.from([0x0a, meta.length]),
      meta,
      Buffer.from([0x12, raw.length]),
      raw,
    ])
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' }
    const send = (octets: Buffer): Promise<{ status: number; json: Json }> =>
      lab.call('/api/v1/namespaces', { method: 'POST', body: octets.toString('latin1'), headers })
    expect(await send(body)).toMatchObject({ status: 201, json: { metadata: { name: 'made' } } })
    expect((await send(body.subarray(0, -3))).status).toBe(400)
  })
})
