// What was meant by a name that does not exist; first the questions of the story that started it all.
import { describe, expect, it } from 'vitest'
import { cluster, pod, read, service, slice } from '../../../test/support/cluster.ts'
import { groupObjects, readList } from '../objects/index.ts'
import { DEFAULT_SCHEMA_OPTIONS } from './options.ts'
import { editDistance } from '../../base/edit-distance.ts'
import { suggest } from './suggest.ts'
import type { Suggestion } from './suggestion.ts'

const statefulSet = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { namespace: 'kubesphere-system', name: 'redis-ha-server' },
  spec: { replicas: 3, serviceName: 'redis-ha' },
}
const ownedBySet = { ownerReferences: [{ kind: 'StatefulSet', name: 'redis-ha-server', controller: true }] }

const story = [
  service('kubesphere-system/redis-ha', { clusterIP: 'None', ports: [{ name: 'redis', port: 6379 }] }),
  slice(
    'kubesphere-system/redis-ha',
    [
      { ip: '10.233.75.4', hostname: 'redis-ha-server-0', pod: 'redis-ha-server-0' },
      { ip: '10.233.102.133', hostname: 'redis-ha-server-1', pod: 'redis-ha-server-1' },
    ],
    { ports: [{ name: 'redis', protocol: 'TCP', port: 6379 }] },
  ),
  service('kubesphere-system/api', { clusterIP: '10.233.0.7', ports: [{ name: 'http', port: 80 }] }),
  slice('kubesphere-system/api', [{ ip: '10.233.75.9', pod: 'api-6f9d-abcde' }]),
  service('kubesphere-system/late', { clusterIP: 'None' }),
  slice('kubesphere-system/late', [{ ip: '10.233.75.10', pod: 'late-0', ready: false }]),
  service('kubesphere-system/nobody', { clusterIP: 'None', selector: { app: 'nobody' } }),
  service('kubesphere-system/fixed', { type: 'ExternalName', externalName: '192.0.2.1' }),
  service('default/redis', { clusterIP: '10.233.0.8' }),
  pod('kubesphere-system/redis-ha-server-1', '10.233.102.133', {
    spec: { hostname: 'redis-ha-server-1', subdomain: 'redis-ha' },
    meta: ownedBySet,
  }),
  pod('kubesphere-system/redis-ha-server-2', '10.233.74.71', {
    spec: { hostname: 'redis-ha-server-2', subdomain: 'redis-ha' },
    meta: ownedBySet,
  }),
  pod('kubesphere-system/api-6f9d-abcde', '10.233.75.9'),
  pod('kubesphere-system/job-1', '10.233.75.99'),
]
const index = cluster(story)
const sources = groupObjects([readList({ kind: 'List', items: [...story, statefulSet] })])

function suggestions(name: string, type = 'A', given: Parameters<typeof suggest>[3] = sources): Suggestion[] {
  return suggest(index, { name, type }, DEFAULT_SCHEMA_OPTIONS, given)
}

describe('suggest()', () => {
  it("gives a StatefulSet pod's name, because of its hostname and subdomain", () => {
    const object = { kind: 'Pod', namespace: 'kubesphere-system', name: 'redis-ha-server-1' }
    expect(suggestions('redis-ha-server-1.kubesphere-system.svc.cluster.local.')[0]).toMatchObject({
      code: 'pod-name',
      name: 'redis-ha-server-1.redis-ha.kubesphere-system.svc.cluster.local.',
      because: [
        { object, field: 'spec.hostname', value: 'redis-ha-server-1' },
        { object, field: 'spec.subdomain', value: 'redis-ha' },
      ],
    })
  })

  it('gives the same from the endpoints where pods are not known', () => {
    const found = suggestions('redis-ha-server-1.kubesphere-system.svc.cluster.local.', 'A', {
      pods: [],
      workloads: [],
    })
    expect(found[0]).toMatchObject({
      code: 'pod-name',
      name: 'redis-ha-server-1.redis-ha.kubesphere-system.svc.cluster.local.',
    })
  })

  it("says why a pod's name has no records: its endpoint is missing", () => {
    const [found] = suggestions('redis-ha-server-2.kubesphere-system.svc.cluster.local.')
    expect(found).toMatchObject({ code: 'pod-without-name' })
    expect(found?.name).toBeUndefined()
    expect(found?.text).toContain('Service kubesphere-system/redis-ha has no endpoint named "redis-ha-server-2"')
    expect(found?.because.map(({ field, value }) => `${field}=${value}`)).toContain('spec.serviceName=redis-ha')
  })

  it("gives a Deployment pod's name by its address, and none to a pod of no Service", () => {
    expect(suggestions('api-6f9d-abcde.kubesphere-system.svc.cluster.local.')[0]).toMatchObject({
      name: '10-233-75-9.api.kubesphere-system.svc.cluster.local.',
    })
    expect(suggestions('job-1.kubesphere-system.svc.cluster.local.')[0]).toMatchObject({ code: 'pod-without-name' })
  })

  it('says that an ordinal is beyond the replicas', () => {
    expect(suggestions('redis-ha-server-7.kubesphere-system.svc.cluster.local.')[0]).toMatchObject({
      code: 'ordinal-beyond-replicas',
    })
  })

  const meant: readonly {
    readonly asked: string
    readonly type?: string
    readonly code: string
    readonly name: string
  }[] = [
    {
      asked: 'redis-ah.kubesphere-system.svc.cluster.local.',
      code: 'service-similar',
      name: 'redis-ha.kubesphere-system.svc.cluster.local.',
    },
    {
      asked: 'redis-ha.kubesphere-sytem.svc.cluster.local.',
      code: 'namespace-similar',
      name: 'redis-ha.kubesphere-system.svc.cluster.local.',
    },
    {
      asked: 'redis.kubesphere-system.svc.cluster.local.',
      code: 'service-in-other-namespace',
      name: 'redis.default.svc.cluster.local.',
    },
    { asked: 'redis.default.cluster.local.', code: 'missing-svc-label', name: 'redis.default.svc.cluster.local.' },
    { asked: 'redis.default.', code: 'missing-svc-label', name: 'redis.default.svc.cluster.local.' },
    { asked: 'redis.default.svc.', code: 'append-zone', name: 'redis.default.svc.cluster.local.' },
    { asked: 'redis.default.svc.cluster.loc.', code: 'other-zone', name: 'redis.default.svc.cluster.local.' },
    { asked: 'default.redis.svc.cluster.local.', code: 'swapped-labels', name: 'redis.default.svc.cluster.local.' },
    {
      asked: '_http._tcp.redis-ha.kubesphere-system.svc.cluster.local.',
      type: 'SRV',
      code: 'port-name',
      name: '_redis._tcp.redis-ha.kubesphere-system.svc.cluster.local.',
    },
    {
      asked: '10-233-75-4.redis-ha.kubesphere-system.svc.cluster.local.',
      code: 'endpoint-name',
      name: 'redis-ha-server-0.redis-ha.kubesphere-system.svc.cluster.local.',
    },
  ]
  it.for(meant)('takes $asked for $name ($code)', ({ asked, type, code, name }) => {
    expect(suggestions(asked, type)).toContainEqual(expect.objectContaining({ code, name }))
  })

  const told: readonly { readonly asked: string; readonly code: string; readonly text: string }[] = [
    { asked: 'late.kubesphere-system.svc.cluster.local.', code: 'no-ready-endpoints', text: 'none of them ready' },
    {
      asked: 'nobody.kubesphere-system.svc.cluster.local.',
      code: 'no-ready-endpoints',
      text: 'its selector matches no running pod',
    },
    {
      asked: 'fixed.kubesphere-system.svc.cluster.local.',
      code: 'external-name-is-address',
      text: 'is the address 192.0.2.1',
    },
    { asked: '10-233-75-9.kubesphere-system.pod.cluster.local.', code: 'pods-disabled', text: 'pods insecure' },
  ]
  it.for(told)('says of $asked what must change ($code)', ({ asked, code, text }) => {
    const [found] = suggestions(asked)
    expect(found).toMatchObject({ code })
    expect(found?.text).toContain(text)
  })

  it('has nothing to say of names with records, of foreign names and of nonsense', () => {
    for (const name of [
      'redis.default.svc.cluster.local.',
      'www.example.org.',
      '.',
      'svc.',
      'x.y.z.',
      'cluster.local.',
      '1.2.3.4.in-addr.arpa.',
    ]) {
      expect(suggestions(name)).toEqual([])
    }
  })

  it('gives at most 8, each name once', () => {
    const many = cluster(
      Array.from({ length: 20 }, (_, at) => service(`ns${at}/web`, { clusterIP: `10.0.1.${at}` })).concat(
        service('here/x'),
      ),
    )
    const found = suggest(many, { name: 'web.here.svc.cluster.local.', type: 'A' }, DEFAULT_SCHEMA_OPTIONS, {
      pods: [],
      workloads: [],
    })
    expect(found).toHaveLength(8)
    expect(new Set(found.map(({ name }) => name)).size).toBe(8)
  })
})

describe('editDistance()', () => {
  it('counts insertions, deletions, substitutions and swaps, and stops at the limit', () => {
    expect(editDistance('redis', 'redis', 3)).toBe(0)
    expect(editDistance('redis', 'rdeis', 3)).toBe(1)
    expect(editDistance('redis', 'redsi-ha', 5)).toBe(4)
    expect(editDistance('redis', 'mysql', 2)).toBe(3)
    expect(editDistance('', 'ab', 3)).toBe(2)
  })
})

it('reads the story whole', () => {
  expect(read(...story)).toHaveLength(story.length)
})
