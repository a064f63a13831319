import type { CLIENT_CODES } from '../../../src/doctor/causes/client/codes.ts'
import { silence } from '../dns-world.ts'
import type { Ask, Fixture, Rule } from '../dns-world.ts'
import { DNS_IP, REPLICAS, findObject, pod, replace, service, slice, smallCluster } from '../small-cluster.ts'
import type { SmallCluster } from '../small-cluster.ts'
import { UPSTREAMS } from '../small-cluster.ts'
import { DEAD, deadUpstream, denyAt, setNameservers } from './faults.ts'
import type { GroupFixtures } from './fixture.ts'
import { nodes, fromPod } from './pod-dns.ts'

const ALPINE_317 = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.17.2\nPRETTY_NAME="Alpine Linux v3.17"\n'
const ALPINE_320 = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.1\nPRETTY_NAME="Alpine Linux v3.20"\n'
const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
const CACHE = '169.254.20.10'
const PUBLIC = '8.8.8.8'
const MANY = 'many.db.svc.cluster.local.'
const CORP = 'git.corp.example.'

export const client: GroupFixtures<(typeof CLIENT_CODES)[number]> = {
  'musl-no-tcp-fallback': {
    has: () => manyRecords({ image: 'shop/web:1', osRelease: ALPINE_317, left: 0 }),
    nearMisses: [
      { title: 'its musl asks again over TCP', make: () => manyRecords({ osRelease: ALPINE_320, left: 0 }) },
      { title: 'its C library is glibc', make: () => manyRecords({ osRelease: DEBIAN, left: 0 }) },
      {
        title: 'some addresses fit all the same',
        allowed: 'observation',
        make: () => manyRecords({ osRelease: ALPINE_317, left: 29 }),
      },
      {
        title: 'only its image tells that it is Alpine',
        allowed: 'observation',
        make: () => manyRecords({ image: 'shop/web:1-alpine3.16', left: 0 }),
      },
      {
        title: 'the whole response fits',
        make: () => ({ ...web({ osRelease: ALPINE_317 }), name: 'db.db.svc.cluster.local' }),
      },
    ],
  },
  'musl-parallel-queries': {
    has: () => twoNameservers({ osRelease: ALPINE_320 }),
    nearMisses: [
      { title: 'its C library is glibc', make: () => twoNameservers({ osRelease: DEBIAN }) },
      {
        title: 'both nameservers know the name',
        make: () => ({ ...twoNameservers({ osRelease: ALPINE_317 }), rules: [] }),
      },
      {
        title: 'only its image tells that it is Alpine',
        allowed: 'suspected',
        make: () => twoNameservers({ image: 'nginx:1.25-alpine' }),
      },
      {
        title: 'a search domain fails for one nameserver',
        make: () => ({
          ...web({ osRelease: ALPINE_320, searches: 'corp.example' }),
          rules: [failsBelow('corp.example.')],
        }),
      },
    ],
  },
  'busybox-nslookup-misleads': {
    isObservation: true,
    status: 'suspected',
    has: () => ({ ...web({ image: 'busybox:1.35' }), name: 'db.db' }),
    nearMisses: [
      {
        title: 'the name is given in full',
        make: () => ({ ...web({ image: 'busybox:1.35' }), name: 'db.db.svc.cluster.local' }),
      },
      { title: 'the image has no busybox', make: () => ({ ...web({}), name: 'db.db' }) },
      { title: 'nothing finds the name', make: () => ({ ...web({ image: 'alpine:3.18' }), name: 'nope.db' }) },
    ],
  },
  'client-udp-ports-exhausted': {
    has: () => portsUsed({ sockets: 27_900, flows: 28_100 }),
    nearMisses: [
      { title: 'it asks much and has ports left', make: () => portsUsed({ sockets: 4000, flows: 9000 }) },
      {
        title: 'its flows are many and its sockets were not seen',
        allowed: 'suspected',
        make: () => portsUsed({ flows: 28_100 }),
      },
      { title: 'CoreDNS has no socket left', make: () => portsUsed({ sockets: 12, flows: 12 }) },
    ],
  },
  'application-caches-address': {
    isObservation: true,
    has: () => servedSince('2026-01-01T06:00:00Z'),
    nearMisses: [
      { title: 'the Service is older than the pod', make: () => servedSince('2025-12-01T00:00:00Z') },
      {
        title: 'a cache still gives the old address',
        make: () => ({
          ...servedSince('2026-01-01T06:00:00Z'),
          rules: [
            ({ name, type }: Ask) =>
              name === 'api.default.svc.cluster.local.' && type === 'A' ? OLD_ADDRESS : undefined,
          ],
        }),
      },
      {
        title: 'its container was restarted since',
        allowed: 'observation',
        make: () => {
          const fixture = servedSince('2026-01-01T06:00:00Z')
          replace(findObject(fixture.cluster, 'Pod', 'web'), 'status', {
            containerStatuses: [{ name: 'main', ready: true, restartCount: 2, state: { running: {} } }],
          })
          return fixture
        },
      },
    ],
  },
  'nodejs-threadpool-exhausted': {
    status: 'suspected',
    has: () => slowNode({ image: 'node:20-bookworm' }),
    nearMisses: [
      { title: 'it runs something else', make: () => slowNode({ image: 'python:3.12' }) },
      { title: 'nothing is slow', make: () => ({ ...web({ image: 'node:20' }), name: 'example.com' }) },
      {
        title: 'a search domain fails at once',
        make: () => ({
          ...web({ image: 'node:20', searches: 'corp.example' }),
          name: 'example.com',
          rules: [failsBelow('corp.example.')],
        }),
      },
    ],
  },
  'windows-dotted-short-name': {
    has: () => onWindows('db.db'),
    nearMisses: [
      { title: 'the name is given in full', make: () => onWindows('db.db.svc.cluster.local') },
      { title: 'the pod runs on Linux', make: () => ({ ...web({}), name: 'db.db' }) },
      { title: 'the name has no dot', make: () => onWindows('web') },
      {
        title: 'nobody said that a pod on Windows asks',
        allowed: 'observation',
        make: () => ({ cluster: onWindows('db.db').cluster, name: 'db.db' }),
      },
    ],
  },
  'aaaa-query-unanswered': {
    has: () => ({ cluster: withUpstream(DEAD), rules: [drops(DEAD)] }),
    nearMisses: [
      { title: 'it answers nothing at all', make: () => deadUpstream() },
      {
        title: 'it denies AAAA instead',
        make: () => ({
          cluster: withUpstream(DEAD),
          rules: [(ask) => (drops(DEAD)(ask) === undefined ? undefined : { rcode: 'NXDOMAIN' })],
        }),
      },
      {
        title: 'one datagram of two is lost now and then',
        make: () => ({ cluster: withUpstream(DEAD), rules: [losesFirst(DEAD)] }),
      },
      { title: 'it says that there is no AAAA record', make: () => ({ cluster: withUpstream(DEAD) }) },
    ],
  },
}

const OLD_ADDRESS = { rcode: 'NOERROR', answers: ['10.96.9.9'], ttl: 12 } as const

// --- A pod that is asked from ---

interface WebOptions {
  readonly image?: string
  readonly osRelease?: string
  readonly spec?: Record<string, unknown>
  readonly searches?: string
}

/** A web pod on node2, asked from beside the nodes. */
function web({
  image = 'shop/web:1',
  osRelease,
  spec = {},
  searches,
}: WebOptions): Fixture & { readonly cluster: SmallCluster } {
  const cluster = smallCluster()
  cluster.objects.push(
    pod('default', 'web', {
      node: 'node2',
      ip: '10.244.2.40',
      labels: { app: 'web' },
      owner: { kind: 'ReplicaSet', name: 'web-5d78c9869d' },
      spec: { containers: [{ name: 'main', image }], ...spec },
    }),
  )
  if (searches !== undefined) {
    for (const key of Object.keys(cluster.files)) cluster.files[key] += `search ${searches}\n`
  }
  return {
    cluster,
    origins: [...nodes(), fromPod('default', 'web', 'node2')],
    ...(osRelease === undefined
      ? {}
      : { osReleases: { 'default/web': osRelease }, podFiles: { 'default/web': fileOf(spec, searches) } }),
  }
}

/** What kubelet writes: with dnsPolicy None no option but those of the pod. */
function fileOf({ dnsConfig }: Record<string, unknown>, searches: string | undefined): string {
  const { nameservers } = (dnsConfig ?? { nameservers: [CACHE] }) as { readonly nameservers: readonly string[] }
  const list = `search default.svc.cluster.local svc.cluster.local cluster.local${searches === undefined ? '' : ` ${searches}`}`
  const options = dnsConfig === undefined ? ['options ndots:5'] : []
  return [list, ...nameservers.map((address) => `nameserver ${address}`), ...options, ''].join('\n')
}

/** A headless Service with sixty endpoints, of whose addresses `left` fit a datagram of 512 octets. */
function manyRecords({ left, ...options }: WebOptions & { readonly left: number }): Fixture {
  const fixture = web(options)
  const addresses = Array.from({ length: 60 }, (_, index) => `10.244.7.${index + 1}`)
  fixture.cluster.objects.push(
    service('db', 'many', { clusterIP: 'None', ports: [], selector: { app: 'many' } }),
    slice(
      'db',
      'many',
      addresses.map((ip) => ({ ip })),
    ),
  )
  const cut: Rule = ({ name, size, transport }) =>
    name === MANY && size <= 512 && transport === 'udp'
      ? { rcode: 'NOERROR', answers: addresses.slice(0, left), tc: true }
      : undefined
  return { ...fixture, name: 'many.db', rules: [cut] }
}

/** The cluster's cache and a public resolver in one file. */
function twoNameservers(options: WebOptions): Fixture {
  const spec = {
    dnsPolicy: 'None',
    dnsConfig: {
      nameservers: [CACHE, PUBLIC],
      searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    },
  }
  return { ...web({ ...options, spec }), name: CORP, rules: [denyAt([PUBLIC], CORP)] }
}

function onWindows(name: string): Fixture & { readonly cluster: SmallCluster } {
  const fixture = web({})
  const node = findObject(fixture.cluster, 'Node', 'node2')
  const { nodeInfo } = node['status'] as { readonly nodeInfo: object }
  replace(node, 'status', { nodeInfo: { ...nodeInfo, operatingSystem: 'windows' } })
  fixture.cluster.objects.push(service('default', 'web', { clusterIP: '10.96.7.7', ports: [] }))
  return { ...fixture, name }
}

/** A Service made at a time, and a pod that was started on the first of January. */
function servedSince(creationTimestamp: string): Fixture & { readonly cluster: SmallCluster } {
  const fixture = web({ image: 'openjdk:21' })
  const made = service('default', 'api', { clusterIP: '10.96.7.7', ports: [], selector: { app: 'api' } })
  replace(made, 'metadata', { creationTimestamp })
  fixture.cluster.objects.push(made)
  return { ...fixture, name: 'api' }
}

// --- Networks ---

/** Nothing comes back for names below an inherited search domain. */
function slowNode({ image }: { readonly image: string }): Fixture {
  const isBelow = ({ name }: Ask): boolean => name.endsWith('.corp.example.')
  return {
    ...web({ image, searches: 'corp.example' }),
    name: 'example.com',
    rules: [...Object.values(REPLICAS), DNS_IP, CACHE].map((address) => silence(address, isBelow)),
  }
}

function failsBelow(suffix: string): Rule {
  return ({ name, transport }) =>
    transport !== 'http' && name.endsWith(`.${suffix}`) ? { rcode: 'SERVFAIL' } : undefined
}

function withUpstream(address: string): SmallCluster {
  const cluster = smallCluster()
  setNameservers(cluster, 'node2', [UPSTREAMS[0], address])
  return cluster
}

function drops(address: string): Rule {
  return ({ to, type, transport }) => (to === address && transport === 'udp' && type === 'AAAA' ? 'silent' : undefined)
}

/** Every first datagram of a type is lost, and its repetition answered. */
function losesFirst(address: string): Rule {
  const seen = new Set<string>()
  return ({ to, type, node, transport }) => {
    if (to !== address || type !== 'AAAA' || seen.has(`${node} ${transport}`)) return undefined
    seen.add(`${node} ${transport}`)
    return 'silent'
  }
}

/** A pod with sockets, where they were seen, and its flows in the table of its node. */
function portsUsed({ sockets, flows }: { readonly sockets?: number; readonly flows: number }): Fixture {
  const fixture = web({ image: 'envoyproxy/envoy:v1.29' })
  const conntrack = {
    entries: [],
    matching: flows,
    total: flows,
    busiest: [{ address: '10.244.2.40', entries: flows }],
  }
  const udp = { sockets: [], total: sockets ?? 0, counters: {} }
  const silent: Rule = ({ from, transport }) =>
    from.kind === 'pod' && transport === 'udp' && flows > 20_000 ? 'no-port' : undefined
  return {
    ...fixture,
    kernels: {
      node2: { first: { conntrack } },
      ...(sockets === undefined ? {} : { 'default/web': { first: { udp } } }),
    },
    rules: [silent],
  }
}
