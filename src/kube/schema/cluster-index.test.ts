import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cluster, namespace, pod, read, service, slice } from '../../../test/support/cluster.ts'
import { formatRData } from '../../dns/index.ts'
import { parseSelector, type KubeObject } from '../objects/index.ts'
import type { ObjectRef } from './answer.ts'
import { ClusterIndex } from './cluster-index.ts'
import { DEFAULT_SCHEMA_OPTIONS, OFFLINE_ENV } from './options.ts'
import { resolve } from './resolve.ts'

const VERIFIED = { ...DEFAULT_SCHEMA_OPTIONS, pods: 'verified' } as const

function answer(index: ClusterIndex, name: string, type = 'A'): string {
  const found = resolve(index, { name, type }, VERIFIED, OFFLINE_ENV)
  return found.kind === 'records' ? found.answer.map(({ rdata }) => formatRData(rdata)).join(' ') : found.kind
}

function refOf(object: KubeObject): ObjectRef {
  return { kind: object.kind as ObjectRef['kind'], namespace: object.meta.namespace, name: object.meta.name }
}

describe('ClusterIndex', () => {
  it('answers the new address and no longer points back from the old one', () => {
    const index = cluster([service('a/x', { clusterIP: '10.0.0.1' })])
    for (const object of read(service('a/x', { clusterIP: '10.0.0.2' }))) index.apply(object)
    expect(answer(index, 'x.a.svc.cluster.local.')).toBe('10.0.0.2')
    expect(answer(index, '1.0.0.10.in-addr.arpa.', 'PTR')).toBe('nxdomain')
    expect(answer(index, '2.0.0.10.in-addr.arpa.', 'PTR')).toBe('x.a.svc.cluster.local.')
  })

  it('keeps an address for its new Service when the old one is deleted after', () => {
    const index = cluster([service('a/old', { clusterIP: '10.0.0.1' }), service('a/new', { clusterIP: '10.0.0.1' })])
    index.remove({ kind: 'Service', namespace: 'a', name: 'old' })
    expect(answer(index, '1.0.0.10.in-addr.arpa.', 'PTR')).toBe('new.a.svc.cluster.local.')
  })

  it('takes slices before their Service, and forgets the namespace with its last object', () => {
    const index = new ClusterIndex()
    const objects = read(slice('a/x', [{ ip: '10.1.0.1' }]), service('a/x', { clusterIP: 'None' }), namespace('a'))
    for (const object of objects) index.apply(object)
    expect(answer(index, 'x.a.svc.cluster.local.')).toBe('10.1.0.1')
    for (const object of objects) index.remove(refOf(object))
    expect(index.counts()).toEqual({ services: 0, slices: 0, endpoints: 0, pods: 0 })
    expect([...index.namespaces()]).toEqual([])
    expect(index.service('a', 'x')).toBeUndefined()
  })

  it('moves a slice whose Service label changes', () => {
    const objects = [
      service('a/x', { clusterIP: 'None' }),
      service('a/y', { clusterIP: 'None' }),
      slice('a/x/s', [{ ip: '10.1.0.1' }]),
    ]
    const index = cluster(objects)
    for (const object of read(slice('a/y/s', [{ ip: '10.1.0.1' }]))) index.apply(object)
    expect(answer(index, 'x.a.svc.cluster.local.')).toBe('nxdomain')
    expect(answer(index, 'y.a.svc.cluster.local.')).toBe('10.1.0.1')
    expect(answer(index, '1.0.1.10.in-addr.arpa.', 'PTR')).toBe('10-1-0-1.y.a.svc.cluster.local.')
    expect(index.counts()).toMatchObject({ slices: 1, endpoints: 1 })
  })

  it('merges slices and drops addresses that two of them hold', () => {
    const index = cluster([
      service('a/x', { clusterIP: 'None' }),
      slice('a/x/s2', [{ ip: '10.1.0.2' }, { ip: '10.1.0.1' }]),
      slice('a/x/s1', [{ ip: '10.1.0.1' }]),
    ])
    expect(answer(index, 'x.a.svc.cluster.local.')).toBe('10.1.0.1 10.1.0.2')
  })

  it('reads IPv6 addresses in any form', () => {
    const index = cluster([service('a/x', { clusterIP: 'None' }), slice('a/x', [{ ip: 'FD00:0:0::0001' }])])
    expect(answer(index, 'x.a.svc.cluster.local.', 'AAAA')).toBe('fd00::1')
    expect(index.slicesAt('fd00::1')).toHaveLength(1)
  })

  it('passes over endpoints that have no address, and slices of names', () => {
    const fqdn = slice('a/x/f', [{ ip: 'db.example.org' }], { addressType: 'FQDN' })
    const index = cluster([
      service('a/x', { clusterIP: 'None' }),
      fqdn,
      slice('a/x/n', [], { endpoints: [null, { addresses: null }] }),
    ])
    expect(answer(index, 'x.a.svc.cluster.local.')).toBe('nxdomain')
    expect(index.counts().endpoints).toBe(0)
  })

  it('leaves out objects without the labels asked for, also when they lose them', () => {
    const labels = parseSelector('app=web')
    const index = cluster([service('a/x', { clusterIP: '10.0.0.1' }, { labels: { app: 'web' } })], { labels })
    expect(answer(index, 'x.a.svc.cluster.local.')).toBe('10.0.0.1')
    for (const object of read(service('a/x', { clusterIP: '10.0.0.1' }))) index.apply(object)
    expect(answer(index, 'x.a.svc.cluster.local.')).toBe('nxdomain')
    const namespaceLabels = parseSelector('env=prod')
    const filtered = cluster([namespace('a', { env: 'test' }), service('a/x', { clusterIP: '10.0.0.1' })], {
      namespaceLabels,
    })
    expect(answer(filtered, 'x.a.svc.cluster.local.')).toBe('nxdomain')
  })

  it('knows pods that run, and not those that end', () => {
    const index = cluster([
      pod('a/p', '10.1.0.1'),
      pod('a/q', '10.1.0.2', { meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    ])
    expect(answer(index, '10-1-0-1.a.pod.cluster.local.')).toBe('10.1.0.1')
    expect(answer(index, '10-1-0-2.a.pod.cluster.local.')).toBe('nxdomain')
    for (const object of read(pod('a/p', '10.1.0.1', { phase: 'Failed' }))) index.apply(object)
    expect(answer(index, '10-1-0-1.a.pod.cluster.local.')).toBe('nxdomain')
  })

  it('gives after any sequence of changes what the objects give that are left', () => {
    const address = fc.integer({ min: 1, max: 4 }).map((n) => `10.0.0.${n}`)
    const name = fc.constantFrom('x', 'y')
    const space = fc.constantFrom('a', 'b')
    const endpoint = fc.record({ ip: address, ready: fc.boolean(), hostname: fc.constantFrom(undefined, 'h') })
    const change = fc.oneof(
      fc
        .tuple(space, name, fc.oneof(address, fc.constant('None')))
        .map(([s, n, ip]) => service(`${s}/${n}`, { clusterIP: ip })),
      fc
        .tuple(space, name, name, fc.array(endpoint, { maxLength: 4 }))
        .map(([s, n, own, list]) => slice(`${s}/${n}/${own}`, list)),
      fc.tuple(space, name, address).map(([s, n, ip]) => pod(`${s}/${n}`, ip)),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(change, fc.boolean()), { maxLength: 30 }), (changes) => {
        const index = cluster([])
        for (const object of read(namespace('a'), namespace('b'))) index.apply(object)
        const left = new Map<string, KubeObject>()
        for (const [fields, removes] of changes) {
          for (const object of read(fields)) {
            const ref = refOf(object)
            const key = `${ref.kind} ${ref.namespace}/${ref.name}`
            if (removes) index.remove(ref)
            else index.apply(object)
            if (removes) left.delete(key)
            else left.set(key, object)
          }
        }
        const fresh = new ClusterIndex()
        for (const object of [...read(namespace('a'), namespace('b')), ...left.values()]) fresh.apply(object)
        expect(everything(index)).toEqual(everything(fresh))
      }),
      { numRuns: 300 },
    )
  })
})

/** Every answer that the objects of the property test can give. Holders of one address may come in another order. */
function everything(index: ClusterIndex): unknown {
  const names = ['a', 'b'].flatMap((s) => ['x', 'y'].flatMap((n) => [`${n}.${s}`, `h.${n}.${s}`]))
  const forward = names.map((name) => [
    answer(index, `${name}.svc.cluster.local.`),
    answer(index, `${name}.svc.cluster.local.`, 'SRV'),
  ])
  const addresses = [1, 2, 3, 4].map((n) => ({
    pointers: answer(index, `${n}.0.0.10.in-addr.arpa.`, 'PTR').split(' ').length,
    services: index
      .servicesAt(`10.0.0.${n}`)
      .map(({ namespace, name }) => `${namespace}/${name}`)
      .toSorted(),
    slices: index
      .slicesAt(`10.0.0.${n}`)
      .map(({ ref }) => `${ref.namespace}/${ref.name}`)
      .toSorted(),
    pods: index
      .podsAt(`10.0.0.${n}`)
      .map(({ namespace, name }) => `${namespace}/${name}`)
      .toSorted(),
  }))
  return { forward, addresses, counts: index.counts() }
}
