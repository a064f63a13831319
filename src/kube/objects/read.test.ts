import { describe, expect, it } from 'vitest'
import { groupObjects, readList, readObject } from './read.ts'

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { clusterIP: '10.0.0.1', ports: [{ port: 80 }] },
}

describe('readObject()', () => {
  it('reads by apiVersion and kind', () => {
    expect(readObject(service)).toMatchObject({ kind: 'Service', clusterIPs: ['10.0.0.1'], type: 'ClusterIP' })
    expect(readObject({ ...service, apiVersion: 'extensions/v1beta1', kind: 'Deployment' })).toMatchObject({
      kind: 'Deployment',
      replicas: 1,
    })
  })

  it('gives nothing for kinds that are not read, and for what is no object', () => {
    for (const value of [
      { apiVersion: 'v1', kind: 'Secret' },
      { apiVersion: 'serving.knative.dev/v1', kind: 'Service' },
      null,
      1,
      'x',
      [],
    ]) {
      expect(readObject(value)).toBeUndefined()
    }
  })

  it('reads every kind from an object whose fields all have wrong types', () => {
    const kinds = [
      ['v1', 'Namespace'],
      ['v1', 'Service'],
      ['v1', 'Pod'],
      ['v1', 'Node'],
      ['v1', 'ConfigMap'],
      ['v1', 'Event'],
      ['discovery.k8s.io/v1', 'EndpointSlice'],
      ['apps/v1', 'StatefulSet'],
      ['networking.k8s.io/v1', 'NetworkPolicy'],
      ['multicluster.x-k8s.io/v1alpha1', 'ServiceImport'],
    ]
    for (const [apiVersion, kind] of kinds) {
      for (const wrong of [null, 7, 'text', [null, 3, []], { ports: null, containers: [null], addresses: { a: 1 } }]) {
        const json = {
          apiVersion,
          kind,
          metadata: wrong,
          spec: wrong,
          status: wrong,
          endpoints: wrong,
          ports: wrong,
          data: wrong,
        }
        expect(readObject(json)).toMatchObject({ kind })
      }
    }
  })
})

describe('readList()', () => {
  it('gives items of a typed list the kind of the list', () => {
    const { apiVersion: _, kind: __, ...bare } = service
    const { objects, problems } = readList({ apiVersion: 'v1', kind: 'ServiceList', items: [bare, bare] })
    expect(objects.map((object) => object.kind)).toEqual(['Service', 'Service'])
    expect(problems).toEqual([])
  })

  it('reports what is no Kubernetes object with its place, and counts kinds that are not read', () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }
    const list = readList([
      { apiVersion: 'v1', kind: 'List', items: [service, secret, secret, 5, {}, { ...service, metadata: {} }] },
      'x',
    ])
    expect(list.objects).toHaveLength(1)
    expect(list.ignored).toEqual(new Map([['v1/Secret', 2]]))
    expect(list.problems).toEqual([
      { at: '[0].items[3]', why: 'not an object but number' },
      { at: '[0].items[4]', why: 'no Kubernetes object: kind is missing' },
      { at: '[0].items[5]', why: 'Service without metadata.name' },
      { at: '[1]', why: 'not an object but string' },
    ])
  })

  it('shows an error that the API server gave instead of a list', () => {
    const { problems } = readList({
      apiVersion: 'v1',
      kind: 'Status',
      message: 'services is forbidden',
      reason: 'Forbidden',
    })
    expect(problems).toEqual([{ at: 'document', why: 'an error of the API server: services is forbidden' }])
  })

  it('takes a list without items for an empty one', () => {
    expect(readList({ apiVersion: 'v1', kind: 'PodList', items: null })).toMatchObject({ objects: [], problems: [] })
  })
})

describe('groupObjects()', () => {
  const endpoints = (name: string): unknown => ({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name, namespace: 'shop' },
    subsets: [
      {
        addresses: [
          { ip: '10.1.0.1', hostname: 'a-0', targetRef: { kind: 'Pod', name: 'a-0', namespace: 'shop' } },
          { ip: 'fd00::1' },
        ],
        notReadyAddresses: [{ ip: '10.1.0.2' }],
        ports: [{ name: 'http', port: 80 }],
      },
    ],
  })
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.0.9'] }],
  }

  it('uses Endpoints only for Services without EndpointSlices', () => {
    const grouped = groupObjects([readList([endpoints('web'), endpoints('old')]), readList(slice)])
    expect(grouped.endpointSlices.map((one) => [one.service, one.addressType, one.meta.name])).toEqual([
      ['web', 'IPv4', 'web-1'],
      ['old', 'IPv4', 'old-ipv4-0'],
      ['old', 'IPv6', 'old-ipv6-0'],
    ])
  })

  it('keeps readiness, hostname and target of Endpoints', () => {
    const [first] = groupObjects([readList(endpoints('old'))]).endpointSlices
    expect(first?.endpoints).toEqual([
      {
        addresses: ['10.1.0.1'],
        ready: true,
        serving: true,
        terminating: false,
        hostname: 'a-0',
        target: { kind: 'Pod', namespace: 'shop', name: 'a-0' },
      },
      { addresses: ['10.1.0.2'], ready: false, serving: false, terminating: false },
    ])
  })
})
