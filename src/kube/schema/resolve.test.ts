// The Kubernetes DNS specification 1.1.0 and CoreDNS's additions, rule by rule; titles name the section.
import { describe, expect, it } from 'vitest'
import { cluster, namespace, pod, service, slice } from '../../../test/support/cluster.ts'
import { formatRData, type ResourceRecord } from '../../dns/index.ts'
import type { ClusterIndex } from './cluster-index.ts'
import { describeAbsence } from './absence.ts'
import { formatReason, type SchemaAnswer } from './answer.ts'
import { DEFAULT_SCHEMA_OPTIONS, OFFLINE_ENV, type SchemaEnv, type SchemaOptions } from './options.ts'
import { resolve } from './resolve.ts'

const shop = cluster([
  service('shop/web', {
    clusterIPs: ['10.0.0.1', 'fd00::1'],
    ports: [
      { name: 'http', port: 80 },
      { name: 'https', port: 443 },
    ],
  }),
  service('shop/v4', { clusterIP: '10.0.0.2' }),
  slice('shop/v4', [{ ip: '10.1.0.9', pod: 'v4-0' }]),
  service('shop/empty', { clusterIP: '10.0.0.3' }),
  service('shop/new', { ports: [{ port: 1 }] }),
  service('shop/db', { clusterIP: 'None' }),
  slice('shop/db', [
    { ip: '10.1.0.1', hostname: 'db-0', pod: 'db-0', zone: 'a' },
    { ip: '10.1.0.2', pod: 'db-1', zone: 'b' },
    { ip: '10.1.0.3', hostname: 'db-2', ready: false },
  ]),
  slice('shop/db/db-6', [{ ip: 'fd00:1::', hostname: undefined, pod: 'db-1', zone: 'b' }]),
  service('shop/waiting', { clusterIP: 'None' }),
  slice('shop/waiting', [{ ip: '10.1.0.7', ready: false }]),
  service('shop/alias', { type: 'ExternalName', externalName: 'www.example.org' }),
  service('shop/address', { type: 'ExternalName', externalName: '192.0.2.1' }),
  service('shop/nonsense', { type: 'ExternalName', externalName: 'no such name' }),
  slice('shop/nobody', [{ ip: '10.1.0.8', hostname: 'lost' }]),
  pod('shop/db-1', '10.1.0.2'),
  pod('shop/done', '10.1.0.66', { phase: 'Succeeded' }),
  namespace('bare'),
])

interface Options {
  readonly options?: Partial<SchemaOptions>
  readonly env?: Partial<SchemaEnv>
  readonly index?: ClusterIndex
}

function ask(name: string, type: string, { options, env, index = shop }: Options = {}): SchemaAnswer {
  const full = name.endsWith('.') ? name : `${name}.cluster.local.`
  return resolve(index, { name: full, type }, { ...DEFAULT_SCHEMA_OPTIONS, ...options }, { ...OFFLINE_ENV, ...env })
}

/** `records`, the RDATA in order; or the kind with why. */
function brief(answer: SchemaAnswer): string {
  const lines = (records: readonly ResourceRecord[]): string =>
    records.map(({ rdata }) => formatRData(rdata)).join(', ')
  switch (answer.kind) {
    case 'records':
      return lines(answer.answer)
    case 'delegate':
      return `${lines(answer.answer)} -> ${answer.target}`
    case 'nodata':
    case 'nxdomain':
    case 'unsynced':
      return `${answer.kind}: ${describeAbsence(answer.absence)}`
    default:
      return answer.kind
  }
}

interface Row extends Options {
  readonly name: string
  readonly type: string
  readonly gives: string
}

function table(rows: readonly Row[]): void {
  it.for(rows)('resolve() answers $name $type with $gives', ({ name, type, gives, ...about }) => {
    expect(brief(ask(name, type, about))).toBe(gives)
  })
}

describe('2.2 schema version', () => {
  table([
    { name: 'dns-version', type: 'TXT', gives: '"1.1.0"' },
    { name: 'dns-version', type: 'A', gives: 'nodata: dns-version has records, but none of this type' },
  ])
  it('resolve() gives the version a TTL of 28800, whatever the option says', () => {
    expect(ask('dns-version', 'TXT', { options: { ttl: 30 } })).toMatchObject({ answer: [{ ttl: 28_800 }] })
  })
})

describe('2.3 Services with a cluster IP', () => {
  table([
    { name: 'web.shop.svc', type: 'A', gives: '10.0.0.1' },
    { name: 'web.shop.svc', type: 'AAAA', gives: 'fd00::1' },
    { name: 'v4.shop.svc', type: 'AAAA', gives: 'nodata: Service shop/v4 has A records only' },
    { name: 'web.shop.svc', type: 'MX', gives: 'nodata: Service shop/web has records, but none of this type' },
    { name: 'empty.shop.svc', type: 'A', gives: '10.0.0.3' },
    { name: 'new.shop.svc', type: 'A', gives: 'nodata: Service shop/new has no cluster IP yet' },
    {
      name: 'empty.shop.svc',
      type: 'A',
      options: { ignoreEmptyService: true },
      gives: 'nxdomain: Service shop/empty has no ready endpoints and the server ignores empty Services',
    },
    { name: 'v4.shop.svc', type: 'A', options: { ignoreEmptyService: true }, gives: '10.0.0.2' },
    { name: '_http._tcp.v4.shop.svc', type: 'SRV', gives: '0 100 80 v4.shop.svc.cluster.local.' },
    { name: '_HTTP._TCP.V4.shop.svc', type: 'SRV', gives: '0 100 80 v4.shop.svc.cluster.local.' },
    { name: '_http._tcp.web.shop.svc', type: 'SRV', gives: '0 50 80 web.shop.svc.cluster.local.' },
    {
      name: 'web.shop.svc',
      type: 'SRV',
      gives: '0 25 80 web.shop.svc.cluster.local., 0 25 443 web.shop.svc.cluster.local.',
    },
    { name: '_http._tcp.v4.shop.svc', type: 'A', gives: '10.0.0.2' },
    {
      name: '_ftp._tcp.v4.shop.svc',
      type: 'SRV',
      gives: 'nxdomain: Service shop/v4 has no port named "ftp" with protocol TCP',
    },
    {
      name: '_http._udp.v4.shop.svc',
      type: 'SRV',
      gives: 'nxdomain: Service shop/v4 has no port named "http" with protocol UDP',
    },
    {
      name: '_tcp.v4.shop.svc',
      type: 'SRV',
      gives: 'nodata: only names below it have records: _PORT._tcp.v4.shop.svc',
    },
    { name: 'db-0.web.shop.svc', type: 'A', gives: 'nxdomain: Service shop/web has no endpoint named "db-0"' },
    { name: '10-1-0-9.v4.shop.svc', type: 'A', gives: '10.1.0.9' },
    {
      name: 'a.b.c.web.shop.svc',
      type: 'A',
      gives: 'nxdomain: Service shop/web exists, but no name that long below it',
    },
  ])
  it('resolve() adds the addresses of SRV targets', () => {
    const answer = ask('_http._tcp.web.shop.svc', 'SRV')
    expect(answer.kind === 'records' && answer.additional.map(({ type, name }) => `${type} ${name}`)).toEqual([
      'A web.shop.svc.cluster.local.',
      'AAAA web.shop.svc.cluster.local.',
    ])
  })
})

describe('2.4 headless Services', () => {
  table([
    { name: 'db.shop.svc', type: 'A', gives: '10.1.0.1, 10.1.0.2' },
    { name: 'db.shop.svc', type: 'AAAA', gives: 'fd00:1::' },
    {
      name: 'waiting.shop.svc',
      type: 'A',
      gives: 'nxdomain: headless Service shop/waiting has 1 endpoints, none of them ready',
    },
    { name: 'db-0.db.shop.svc', type: 'A', gives: '10.1.0.1' },
    { name: '10-1-0-1.db.shop.svc', type: 'A', gives: 'nxdomain: Service shop/db has no endpoint named "10-1-0-1"' },
    { name: '10-1-0-2.db.shop.svc', type: 'A', gives: '10.1.0.2' },
    { name: '10-1-0-2.db.shop.svc', type: 'AAAA', gives: 'nodata: Service shop/db has A records only' },
    { name: 'fd00-1--0.db.shop.svc', type: 'AAAA', gives: 'fd00:1::' },
    { name: 'db-2.db.shop.svc', type: 'A', gives: 'nxdomain: endpoint "db-2" of Service shop/db is not ready' },
    { name: 'db-1.db.shop.svc', type: 'A', options: { endpointPodNames: true }, gives: '10.1.0.2' },
    {
      name: '_http._tcp.db.shop.svc',
      type: 'SRV',
      gives:
        '0 33 8080 db-0.db.shop.svc.cluster.local., 0 33 8080 10-1-0-2.db.shop.svc.cluster.local., ' +
        '0 33 8080 fd00-1--0.db.shop.svc.cluster.local.',
    },
    { name: 'db.shop.svc', type: 'TXT', gives: 'nodata: the name has records, but none of this type' },
    {
      name: 'db.shop.svc',
      type: 'A',
      options: { endpoints: false },
      gives:
        'nxdomain: Service shop/db is headless or was asked for an endpoint, and the server does not watch endpoints',
    },
    { name: 'lost.nobody.shop.svc', type: 'A', gives: 'nxdomain: namespace "shop" has no Service "nobody"' },
  ])
  it('resolve() gives SRV records of many endpoints a weight of at least 1', () => {
    const endpoints = Array.from({ length: 150 }, (_, at) => ({ ip: `10.2.0.${at}` }))
    const index = cluster([service('shop/many', { clusterIP: 'None' }), slice('shop/many', endpoints)])
    const answer = ask('many.shop.svc', 'SRV', { index })
    expect(
      answer.kind === 'records' && new Set(answer.answer.map(({ rdata }) => 'weight' in rdata && rdata.weight)),
    ).toEqual(new Set([1]))
  })
  it('resolve() gives addresses but no SRV records where there are no ports', () => {
    const index = cluster([
      service('shop/x', { clusterIP: 'None', ports: [] }),
      slice('shop/x', [{ ip: '10.3.0.1' }], { ports: null }),
    ])
    expect(brief(ask('x.shop.svc', 'A', { index }))).toBe('10.3.0.1')
    expect(brief(ask('x.shop.svc', 'SRV', { index }))).toBe('nodata: Service shop/x has no ports')
  })
})

describe('2.5 ExternalName', () => {
  table([
    { name: 'alias.shop.svc', type: 'A', gives: 'www.example.org. -> www.example.org.' },
    { name: 'alias.shop.svc', type: 'CNAME', gives: 'www.example.org.' },
    {
      name: 'alias.shop.svc',
      type: 'SRV',
      gives: 'nodata: Service shop/alias is an ExternalName, which gives a CNAME only',
    },
    {
      name: 'x.alias.shop.svc',
      type: 'A',
      gives: 'nxdomain: Service shop/alias is an ExternalName, which has no endpoints or ports',
    },
    {
      name: 'address.shop.svc',
      type: 'A',
      gives: 'nxdomain: externalName of Service shop/address is the address 192.0.2.1, not a name',
    },
    {
      name: 'nonsense.shop.svc',
      type: 'A',
      gives: 'nxdomain: externalName of Service shop/nonsense is no domain name: "no such name"',
    },
  ])
})

describe('reverse names', () => {
  table([
    { name: '1.0.0.10.in-addr.arpa.', type: 'PTR', gives: 'web.shop.svc.cluster.local.' },
    { name: '1.0.1.10.in-addr.arpa.', type: 'PTR', gives: 'db-0.db.shop.svc.cluster.local.' },
    {
      name: '3.0.1.10.in-addr.arpa.',
      type: 'PTR',
      gives: 'nxdomain: no Service and no ready endpoint has the address 10.1.0.3',
    },
    { name: '1.0.0.10.in-addr.arpa.', type: 'A', gives: 'nodata: the address has records, but none of this type' },
    { name: '0.0.10.in-addr.arpa.', type: 'PTR', gives: 'nxdomain: not the reverse name of a whole address' },
    { name: '8.0.1.10.in-addr.arpa.', type: 'PTR', gives: 'lost.nobody.shop.svc.cluster.local.' },
    {
      name: '1.0.0.10.in-addr.arpa.',
      type: 'PTR',
      options: { namespaces: ['other'] },
      gives: 'nxdomain: no Service and no ready endpoint has the address 10.0.0.1',
    },
  ])
  it('resolve() gives one PTR for every Service that selects the pod, in the order of their names', () => {
    const story = [
      service('db/redis-ha-announce-0', { clusterIP: '10.0.9.1' }),
      slice('db/redis-ha-announce-0', [{ ip: '10.244.2.1' }]),
      service('db/redis-ha', { clusterIP: 'None' }),
      slice('db/redis-ha', [{ ip: '10.244.2.1', hostname: 'redis-ha-server-0' }]),
    ]
    const wanted =
      'redis-ha-server-0.redis-ha.db.svc.cluster.local., 10-244-2-1.redis-ha-announce-0.db.svc.cluster.local.'
    for (const objects of [story, story.toReversed()]) {
      expect(brief(ask('1.2.244.10.in-addr.arpa.', 'PTR', { index: cluster(objects) }))).toBe(wanted)
    }
  })
})

describe('pods', () => {
  const insecure = { pods: 'insecure' } as const
  const verified = { pods: 'verified' } as const
  table([
    { name: '10-1-0-2.shop.pod', type: 'A', gives: 'nxdomain: the server gives no names to pods (pods disabled)' },
    { name: '10-9-9-9.shop.pod', type: 'A', options: insecure, gives: '10.9.9.9' },
    { name: 'fd00--2.shop.pod', type: 'AAAA', options: insecure, gives: 'fd00::2' },
    { name: '--1.shop.pod', type: 'AAAA', options: insecure, gives: '::1' },
    {
      name: '010-1-1-1.shop.pod',
      type: 'A',
      options: insecure,
      gives: 'nxdomain: "010-1-1-1" is no IP address with dashes',
    },
    {
      name: 'x.10-1-0-2.shop.pod',
      type: 'A',
      options: insecure,
      gives: 'nxdomain: "x.10-1-0-2" is no IP address with dashes',
    },
    {
      name: '10-9-9-9.nowhere.pod',
      type: 'A',
      options: insecure,
      gives: 'nxdomain: namespace "nowhere" does not exist',
    },
    { name: '10-1-0-2.shop.pod', type: 'A', options: verified, gives: '10.1.0.2' },
    {
      name: '10-1-0-2.bare.pod',
      type: 'A',
      options: verified,
      gives: 'nxdomain: namespace "bare" has no pod with the address 10.1.0.2',
    },
    {
      name: '10-1-0-66.shop.pod',
      type: 'A',
      options: verified,
      gives: 'nxdomain: namespace "shop" has no pod with the address 10.1.0.66',
    },
  ])
})

describe('NODATA and NXDOMAIN', () => {
  const below = 'nodata: only names below it have records: '
  table([
    { name: 'cluster.local.', type: 'TXT', gives: `${below}NAME.NAMESPACE.svc` },
    { name: 'svc', type: 'TXT', gives: `${below}NAME.NAMESPACE.svc` },
    { name: 'shop.svc', type: 'TXT', gives: `${below}NAME.shop.svc` },
    { name: 'bare.svc', type: 'A', gives: `${below}NAME.bare.svc` },
    { name: 'nowhere.svc', type: 'A', gives: 'nxdomain: namespace "nowhere" does not exist' },
    { name: 'web.nowhere.svc', type: 'A', gives: 'nxdomain: namespace "nowhere" does not exist' },
    { name: 'web.bare.svc', type: 'A', gives: 'nxdomain: namespace "bare" has no Service "web"' },
    { name: '*.shop.svc', type: 'A', gives: 'nxdomain: namespace "shop" has no Service "*"' },
    { name: 'web.shop', type: 'A', gives: 'nxdomain: "shop" stands where "svc" or "pod" must stand' },
    {
      name: 'web.shop.svc',
      type: 'A',
      options: { namespaces: ['bare'] },
      gives: 'nxdomain: namespace "shop" is not among the namespaces that the server shows',
    },
    { name: 'www.example.org.', type: 'A', gives: 'not-in-zone' },
    { name: 'cluster.local.', type: 'AXFR', gives: 'refused' },
    {
      name: 'web.bare.svc',
      type: 'A',
      env: { synced: false },
      gives: 'unsynced: namespace "bare" has no Service "web"',
    },
    { name: 'v4.shop.svc', type: 'A', env: { synced: false }, gives: '10.0.0.2' },
  ])
  it('resolve() gives negative answers the SOA, its TTL at most 300', () => {
    const answer = ask('web.bare.svc', 'A', { options: { ttl: 3600 }, env: { serial: 7 } })
    expect(answer).toMatchObject({
      soa: { name: 'cluster.local.', ttl: 300, rdata: { serial: 7, minimum: 3600, mname: 'ns.dns.cluster.local.' } },
    })
  })
})

describe('the server itself', () => {
  const index = cluster([
    service('kube-system/dns', { clusterIP: '10.0.0.10' }),
    slice('kube-system/dns', [{ ip: '10.1.1.1' }]),
  ])
  const inCluster = { env: { localAddresses: ['10.1.1.1'] }, index }
  table([
    { name: 'ns.dns', type: 'A', gives: 'nodata: the server has loopback addresses only' },
    { name: 'dns', type: 'A', gives: 'nxdomain: "dns" stands where "svc" or "pod" must stand' },
    { name: 'cluster.local.', type: 'NS', gives: 'nodata: the server has loopback addresses only' },
    { name: 'ns.dns', type: 'A', env: { localAddresses: ['192.0.2.9'] }, gives: '192.0.2.9' },
    {
      name: 'dns',
      type: 'A',
      env: { localAddresses: ['192.0.2.9'] },
      gives: 'nodata: only names below it have records: ns.dns',
    },
    { name: 'cluster.local.', type: 'NS', env: { localAddresses: ['192.0.2.9'] }, gives: 'ns.dns.cluster.local.' },
    { name: 'cluster.local.', type: 'NS', ...inCluster, gives: 'dns.kube-system.svc.cluster.local.' },
    { name: 'ns.dns', type: 'A', ...inCluster, gives: '10.0.0.10' },
  ])
})

describe('zonal names', () => {
  const zonal = { zonal: true }
  table([
    { name: 'a.pin._zone.db.shop.svc', type: 'A', options: zonal, gives: '10.1.0.1' },
    {
      name: 'c.pin._zone.db.shop.svc',
      type: 'A',
      options: zonal,
      gives: 'nodata: Service shop/db has no ready endpoint in zone "c"',
    },
    { name: 'b.prefer._zone.db.shop.svc', type: 'A', options: zonal, gives: '10.1.0.2' },
    { name: 'c.prefer._zone.db.shop.svc', type: 'A', options: zonal, gives: '10.1.0.1, 10.1.0.2' },
    {
      name: 'a.pin._zone.web.shop.svc',
      type: 'A',
      options: zonal,
      gives: 'nxdomain: Service shop/web exists, but no name that long below it',
    },
    {
      name: 'a.pin._zone.db.shop.svc',
      type: 'A',
      gives: 'nxdomain: Service shop/db exists, but no name that long below it',
    },
  ])
})

describe('multicluster zones', () => {
  const imported = {
    'multicluster.kubernetes.io/service-name': 'cache',
    'multicluster.kubernetes.io/source-cluster': 'east',
  }
  const index = cluster([
    {
      apiVersion: 'multicluster.x-k8s.io/v1alpha1',
      kind: 'ServiceImport',
      metadata: { namespace: 'shop', name: 'cache' },
      spec: { type: 'Headless', ports: [{ name: 'http', port: 80 }] },
    },
    slice('shop/cache', [{ ip: '10.5.0.1', hostname: 'c-0' }], {
      metadata: { namespace: 'shop', name: 'cache-east', labels: imported },
    }),
  ])
  const options = { zones: ['cluster.local.', 'clusterset.local.'], multiclusterZones: ['clusterset.local.'] }
  table([
    { name: 'cache.shop.svc.clusterset.local.', type: 'A', index, options, gives: '10.5.0.1' },
    { name: 'c-0.east.cache.shop.svc.clusterset.local.', type: 'A', index, options, gives: '10.5.0.1' },
    {
      name: 'c-0.west.cache.shop.svc.clusterset.local.',
      type: 'A',
      index,
      options,
      gives: 'nxdomain: Service shop/cache has no endpoint named "c-0"',
    },
    {
      name: 'cache.shop.svc.clusterset.local.',
      type: 'SRV',
      index,
      options,
      gives: '0 100 8080 c-0.east.cache.shop.svc.clusterset.local.',
    },
    {
      name: 'cache.shop.svc.cluster.local.',
      type: 'A',
      index,
      options,
      gives: 'nxdomain: namespace "shop" has no Service "cache"',
    },
    {
      name: '1.0.5.10.in-addr.arpa.',
      type: 'PTR',
      index,
      options: { ...options, zones: [...options.zones, 'in-addr.arpa.'] },
      gives: 'nxdomain: no Service and no ready endpoint has the address 10.5.0.1',
    },
  ])
})

describe('reasons', () => {
  it('resolve() names the object and the field behind each record', () => {
    const reasons = (answer: SchemaAnswer): string[] =>
      answer.kind === 'records' ? answer.answer.map(({ reason }) => formatReason(reason)) : []
    expect(reasons(ask('web.shop.svc', 'AAAA'))).toEqual([
      'Service shop/web: spec.clusterIPs[1], cluster IP of the Service',
    ])
    expect(reasons(ask('db.shop.svc', 'A'))).toEqual([
      'EndpointSlice shop/db-1: endpoints[0], ready endpoint, pod db-0',
      'EndpointSlice shop/db-1: endpoints[1], ready endpoint, pod db-1',
    ])
    expect(reasons(ask('_https._tcp.web.shop.svc', 'SRV'))).toEqual([
      'Service shop/web: spec.ports[1], port "https" of the Service',
    ])
  })

  it('resolve() keeps the case of the question in owner names and lower case in targets', () => {
    const answer = ask('_HTTP._tcp.V4.Shop.SVC.Cluster.LOCAL.', 'SRV')
    expect(answer).toMatchObject({
      answer: [{ name: '_HTTP._tcp.V4.Shop.SVC.Cluster.LOCAL.', rdata: { target: 'v4.shop.svc.cluster.local.' } }],
    })
  })
})
