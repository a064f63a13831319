// The plugin against an API on loopback: start, synchronization, answers, changes, metrics.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { namespace, pod, service, slice } from '../../../test/support/cluster.ts'
import { startFakeApi, type FakeApi, type FakeObject } from '../../../test/support/fake-api.ts'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createRequest, startPlugin, type PluginRig, type RigOptions } from '../../../test/support/plugin-rig.ts'
import { systemClock } from '../../base/index.ts'
import { formatRecord } from '../../dns/index.ts'
import { fail, respond, type Outcome } from '../../server/index.ts'
import type { ClusterApi } from '../cluster-api.ts'
import { kubernetesPlugin } from './index.ts'

const SERVICES = '/api/v1/services'
const NAMESPACES = '/api/v1/namespaces'
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices'
const PODS = '/api/v1/pods'

let api: FakeApi
let closers: (() => Promise<void>)[]

beforeEach(async () => {
  api = await startFakeApi()
  closers = []
  put(NAMESPACES, namespace('shop'))
  put(SERVICES, service('shop/web', { clusterIP: '10.0.0.1' }))
  put(SERVICES, service('shop/db', { clusterIP: 'None' }))
  put(SLICES, slice('shop/db', [{ ip: '10.1.0.1', hostname: 'db-0' }]))
})

afterEach(async () => {
  for (const close of closers) await close()
  await api.close()
})

function put(path: string, object: unknown): void {
  api.put(path, object as FakeObject)
}

/** The plugin on the machine's clock, its watch closed after the test. */
function rig(options = '', about: RigOptions = {}): PluginRig {
  const shared = new Map<string, { value: unknown; close: () => unknown }>()
  const directive = `kubernetes cluster.local in-addr.arpa {\nendpoint ${api.url}\n${options}\n}`
  const made = startPlugin(kubernetesPlugin, directive, {
    ...about,
    create: (parsed, env) =>
      kubernetesPlugin.create(parsed as Parameters<typeof kubernetesPlugin.create>[0], {
        ...env,
        clock: about.clock ?? systemClock,
        shared<T>(key: string, make: () => T, close?: (value: T) => void | Promise<void>): T {
          const found = shared.get(key)
          if (found !== undefined) return found.value as T
          const value = make()
          shared.set(key, { value, close: () => close?.(value) })
          return value
        },
      }),
  })
  closers.push(async () => {
    for (const { close } of shared.values()) await close()
  })
  return made
}

/** `RCODE`, then the answer's records, one space between fields. */
function brief(outcome: Outcome): string[] {
  if (outcome.kind !== 'answer') return [outcome.kind === 'status' ? outcome.rcode : outcome.kind]
  return [
    outcome.message.rcode,
    ...outcome.message.answer.map((record) => formatRecord(record).replaceAll(/\s+/g, ' ')),
  ]
}

describe('kubernetes', () => {
  it('waits for the objects before it answers, and is ready then', async () => {
    const { instance, ask, log } = rig()
    expect(instance.isReady?.()).toBe(false)
    await instance.start?.()
    expect(instance.isReady?.()).toBe(true)
    expect(log).toEqual([])
    expect(brief(await ask('web.shop.svc.cluster.local A'))).toEqual([
      'NOERROR',
      'web.shop.svc.cluster.local. 5 IN A 10.0.0.1',
    ])
    expect(brief(await ask('db-0.db.shop.svc.cluster.local A'))).toEqual([
      'NOERROR',
      'db-0.db.shop.svc.cluster.local. 5 IN A 10.1.0.1',
    ])
  })

  it('starts without the API after startup_timeout, answers what it knows and SERVFAIL for the rest', async () => {
    api.refuse(SLICES, 500)
    const clock = createFakeClock()
    const { instance, ask, log } = rig('startup_timeout 1200ms', { clock })
    const started = instance.start?.()
    await vi.waitFor(() => expect(api.requests.filter(({ query }) => query.has('watch'))).toHaveLength(2))
    await clock.advance(1200)
    await started
    const waiting = 'info waiting for Kubernetes API before starting server'
    expect(log.filter((line) => !line.startsWith('error'))).toEqual([
      waiting,
      waiting,
      'warning starting server with unsynced Kubernetes API',
    ])
    expect(log.find((line) => line.startsWith('error'))).toContain('error Failed to list *v1.EndpointSlice: ')
    expect(instance.isReady?.()).toBe(false)
    expect(brief(await ask('web.shop.svc.cluster.local A'))[0]).toBe('NOERROR')
    const missing = await ask('db.shop.svc.cluster.local A')
    expect(brief(missing)).toEqual(['SERVFAIL'])
    expect(missing.kind === 'answer' && missing.message.authority.map(({ type }) => type)).toEqual(['SOA'])
  })

  it('answers a change at once, and keeps the last state without the API', async () => {
    const { instance, ask } = rig()
    await instance.start?.()
    await Promise.all([api.watched(SERVICES), api.watched(SLICES)])
    put(SERVICES, service('shop/web', { clusterIP: '10.0.0.2' }))
    await vi.waitFor(async () => expect(brief(await ask('web.shop.svc.cluster.local A'))[1]).toContain('10.0.0.2'))
    expect(brief(await ask('1.0.0.10.in-addr.arpa PTR'))).toEqual(['NXDOMAIN'])
    api.remove(SERVICES, { namespace: 'shop', name: 'db' })
    await vi.waitFor(async () => expect(brief(await ask('db.shop.svc.cluster.local A'))).toEqual(['NXDOMAIN']))
    await api.close()
    expect(brief(await ask('web.shop.svc.cluster.local A'))[0]).toBe('NOERROR')
  })

  it('falls through only for names that do not exist, and only in the zones named', async () => {
    const next = vi.fn<() => Outcome>(() => fail('next', 'REFUSED'))
    const { instance, ask } = rig('fallthrough in-addr.arpa', { next })
    await instance.start?.()
    expect(brief(await ask('x.shop.svc.cluster.local A'))).toEqual(['NXDOMAIN'])
    expect(brief(await ask('web.shop.svc.cluster.local AAAA'))).toEqual(['NOERROR'])
    expect(brief(await ask('1.0.0.10.in-addr.arpa A'))).toEqual(['NOERROR'])
    expect(next).not.toHaveBeenCalled()
    expect(brief(await ask('9.9.9.9.in-addr.arpa PTR'))).toEqual(['REFUSED'])
    expect(brief(await ask('www.example.org A'))).toEqual(['REFUSED'])
  })

  it('refuses zone transfers', async () => {
    const { instance, ask } = rig()
    await instance.start?.()
    expect(brief(await ask('cluster.local AXFR'))).toEqual(['REFUSED'])
  })

  it('tells why: the object behind an answer, the closest that exists behind none', async () => {
    const { instance, ask } = rig()
    await instance.start?.()
    expect(await ask('web.shop.svc.cluster.local A')).toMatchObject({
      reason: 'Service shop/web: spec.clusterIPs[0], cluster IP of the Service',
    })
    expect(await ask('x.shop.svc.cluster.local A')).toMatchObject({ reason: 'namespace "shop" has no Service "x"' })
  })

  it('shows only what carries the labels, and asks the API for no more', async () => {
    put(SERVICES, service('shop/extra', { clusterIP: '10.0.0.3' }, { labels: { app: 'x' } }))
    const { instance, ask } = rig('labels app in (x, y)')
    await instance.start?.()
    expect(brief(await ask('extra.shop.svc.cluster.local A'))[0]).toBe('NOERROR')
    expect(brief(await ask('web.shop.svc.cluster.local A'))[0]).toBe('NXDOMAIN')
    const selectors = api.requests.map(({ path, query }) => `${path} ${query.get('labelSelector') ?? '-'}`)
    expect(selectors).toContain(`${SERVICES} app in (x,y)`)
    expect(selectors).toContain(`${NAMESPACES} -`)
  })

  it('watches no slices with noendpoints, and pods only when they are verified', async () => {
    const bare = rig('noendpoints')
    await bare.instance.start?.()
    expect(api.requests.some(({ path }) => path === SLICES || path === PODS)).toBe(false)
    put(PODS, pod('shop/p', '10.1.0.1'))
    const verified = rig('pods verified')
    await verified.instance.start?.()
    expect(brief(await verified.ask('10-1-0-1.shop.pod.cluster.local A'))[0]).toBe('NOERROR')
    expect(api.requests.find(({ path }) => path === PODS)?.query.get('fieldSelector')).toContain('status.phase!=Failed')
  })

  it('reads Endpoints from an API server without EndpointSlices, and follows them', async () => {
    const old = await startFakeApi()
    closers.push(() => old.close())
    const subset = (ips: readonly string[]): unknown => [
      { addresses: ips.map((ip) => ({ ip })), ports: [{ port: 80 }] },
    ]
    const endpoints = (...ips: string[]): FakeObject => ({
      metadata: { namespace: 'shop', name: 'db' },
      subsets: subset(ips),
    })
    old.put(NAMESPACES, namespace('shop') as unknown as FakeObject)
    old.put(SERVICES, service('shop/db', { clusterIP: 'None' }) as unknown as FakeObject)
    old.put('/api/v1/endpoints', endpoints('10.1.0.5', 'fd00::5'))
    await api.close()
    api = old
    const { instance, ask } = rig()
    await instance.start?.()
    await old.watched('/api/v1/endpoints')
    expect(brief(await ask('db.shop.svc.cluster.local A'))[1]).toContain('10.1.0.5')
    expect(brief(await ask('db.shop.svc.cluster.local AAAA'))[1]).toContain('fd00::5')
    old.put('/api/v1/endpoints', endpoints('10.1.0.6'))
    await vi.waitFor(async () => expect(brief(await ask('db.shop.svc.cluster.local A'))[1]).toContain('10.1.0.6'))
    expect(brief(await ask('db.shop.svc.cluster.local AAAA'))).toEqual(['NOERROR'])
    old.remove('/api/v1/endpoints', { namespace: 'shop', name: 'db' })
    await vi.waitFor(async () => expect(brief(await ask('db.shop.svc.cluster.local A'))).toEqual(['NXDOMAIN']))
  })

  it('counts requests to the API, and how long a change took', async () => {
    const { instance, metric } = rig()
    await instance.start?.()
    await api.watched(SLICES)
    const changed = new Date(Date.now() - 2500).toISOString()
    const labels = { 'kubernetes.io/service-name': 'web' }
    const annotations = { 'endpoints.kubernetes.io/last-change-trigger-time': changed }
    put(
      SLICES,
      slice('shop/web', [{ ip: '10.1.0.3' }], { metadata: { namespace: 'shop', name: 'web-1', labels, annotations } }),
    )
    const count = 'coredns_kubernetes_dns_programming_duration_seconds_count{service_kind="cluster_ip"}'
    await vi.waitFor(() => expect(metric('dns_programming_duration')).toContain(`${count} 1`))
    const host = new URL(api.url).host
    const requests = metric('coredns_kubernetes_rest_client_requests_total')
    expect(requests).toEqual([expect.stringContaining(`{code="200",host="${host}",method="GET"}`)])
    expect(metric('rest_client_request_duration_seconds_count')[0]).toContain(`host="${host}",verb="GET"`)
  })

  it('labels the question and the pod that asks', async () => {
    put(PODS, pod('shop/client', '10.244.1.7', { meta: { labels: { app: 'shopper' } } }))
    const { instance, clock } = rig('pods verified')
    await instance.start?.()
    const labels = new Map<string, () => string>()
    instance.metadata?.(createRequest('_http._tcp.web.shop.svc.cluster.local SRV', { clock }), labels)
    expect(Object.fromEntries([...labels].map(([name, value]) => [name, value()]))).toEqual({
      'kubernetes/client-label/app': 'shopper',
      'kubernetes/client-namespace': 'shop',
      'kubernetes/client-pod-name': 'client',
      'kubernetes/endpoint': '',
      'kubernetes/kind': 'svc',
      'kubernetes/namespace': 'shop',
      'kubernetes/port-name': 'http',
      'kubernetes/protocol': 'tcp',
      'kubernetes/service': 'web',
    })
    labels.clear()
    instance.metadata?.(createRequest('nonsense.cluster.local A', { clock }), labels)
    expect(labels.get('kubernetes/parse-error')?.()).toBe('invalid query name')
  })

  it("gives autopath the asking pod's search path, ending in the empty name", async () => {
    put(PODS, pod('shop/client', '10.244.1.7'))
    const files = new Map([['/etc/resolv.conf', { text: 'search Corp.example.org\n', mtimeMs: 1 }]])
    const { instance, clock } = rig('pods verified', { files })
    await instance.start?.()
    const cluster = instance.api as ClusterApi
    const request = createRequest('x.shop.svc.cluster.local A', { clock })
    expect(cluster.searchPathOf(request)).toEqual([
      'shop.svc.cluster.local.',
      'svc.cluster.local.',
      'cluster.local.',
      'corp.example.org.',
      '',
    ])
    expect(cluster.searchPathOf({ ...request, client: { address: '10.9.9.9', port: 1 } })).toBeUndefined()
  })
})

describe('kubernetes and ExternalName', () => {
  it('appends what the target has in its own zone, and asks the server for others', async () => {
    const asked: string[] = []
    const lookup: RigOptions['lookup'] = (request) => {
      asked.push(`${request.name} ${request.type}`)
      const rdata = { type: 'A', address: '192.0.2.1' } as const
      return respond(request, {
        by: 'forward',
        aa: false,
        answer: [{ name: request.name, type: 'A', class: 'IN', ttl: 60, rdata }],
      })
    }
    const external = (name: string, externalName: string): void =>
      put(SERVICES, service(`shop/${name}`, { type: 'ExternalName', externalName }))
    external('inside', 'web.shop.svc.cluster.local')
    external('outside', 'www.example.org')
    external('chain', 'outside.shop.svc.cluster.local')
    external('loop', 'loop.shop.svc.cluster.local')
    external('gone', 'x.shop.svc.cluster.local')
    const { instance, ask } = rig('', { lookup })
    await instance.start?.()
    const answers = async (name: string): Promise<string[]> =>
      brief(await ask(`${name}.shop.svc.cluster.local A`)).map((line) => line.split(' ').at(-1) ?? '')
    expect(await answers('inside')).toEqual(['NOERROR', 'web.shop.svc.cluster.local.', '10.0.0.1'])
    expect(asked).toEqual([])
    expect(await answers('chain')).toEqual([
      'NOERROR',
      'outside.shop.svc.cluster.local.',
      'www.example.org.',
      '192.0.2.1',
    ])
    expect(asked).toEqual(['www.example.org. A'])
    expect(await answers('loop')).toEqual(['NOERROR', 'loop.shop.svc.cluster.local.'])
    expect(await answers('gone')).toEqual(['NOERROR', 'x.shop.svc.cluster.local.'])
  })

  it('gives the bare CNAME when the target cannot be resolved', async () => {
    put(SERVICES, service('shop/outside', { type: 'ExternalName', externalName: 'www.example.org' }))
    const { instance, ask } = rig('', { lookup: () => fail('forward', 'SERVFAIL') })
    await instance.start?.()
    expect(brief(await ask('outside.shop.svc.cluster.local A'))).toEqual([
      'NOERROR',
      'outside.shop.svc.cluster.local. 5 IN CNAME www.example.org.',
    ])
  })
})
