import type { COREFILE_CODES } from '../../../src/doctor/causes/corefile/codes.ts'
import {
  NODE_IPS,
  crashing,
  deadUpstream,
  denyAt,
  editCorefile,
  LOOP_LINE,
  invalidCorefile,
  loopingCoreDns,
  missingService,
  removedDirective,
  setChanged,
  setNameservers,
  setSlice,
} from './faults.ts'
import {
  DNS_IP,
  REPLICAS,
  UPSTREAMS,
  corednsPod,
  findObject,
  removeObject,
  replace,
  smallCluster,
} from '../small-cluster.ts'
import type { SmallCluster } from '../small-cluster.ts'
import { countingMetrics, silence } from '../dns-world.ts'
import type { Fixture, Rule } from '../dns-world.ts'
import type { GroupFixtures } from './fixture.ts'

const STUB = 'corp.example:53 {\n    errors\n    cache 30\n    forward . 10.0.0.9\n}\n'
const STUB_NAME = 'git.corp.example.'
const SERVERS = [DNS_IP, ...Object.values(REPLICAS), '169.254.20.10', ...UPSTREAMS]

export const corefile: GroupFixtures<(typeof COREFILE_CODES)[number]> = {
  'forwarding-loop': {
    has: loopingCoreDns,
    nearMisses: [
      {
        title: 'the file names a loopback address and no log was seen',
        allowed: 'suspected',
        make: () => ({ ...loopingCoreDns(), logs: {} }),
      },
      {
        title: 'the file names the DNS Service itself, and every question was answered all the same',
        allowed: 'observation',
        make: () => {
          const cluster = smallCluster()
          setNameservers(cluster, 'node1', [DNS_IP, ...UPSTREAMS])
          return { cluster }
        },
      },
      {
        title: "the loopback address stands in another node's file",
        make: () => {
          const cluster = smallCluster()
          setNameservers(cluster, 'node3', ['127.0.0.53'])
          return { cluster }
        },
      },
      {
        title: 'the log of a run that ended tells of it, and its pod serves again with another file',
        make: () => ({
          cluster: withRestarted('coredns-a'),
          logs: { 'kube-system/coredns-a': '', 'kube-system/coredns-a previous': LOOP_LINE },
        }),
      },
      { title: 'it crashes for a directive that is gone', make: removedDirective },
      { title: 'it crashes for an error in the Corefile', make: invalidCorefile },
    ],
  },
  'corefile-invalid': {
    has: invalidCorefile,
    nearMisses: [
      {
        title: 'everything runs and no log tells of it',
        allowed: 'observation',
        make: () => {
          const cluster = smallCluster()
          editCorefile(cluster, (text) => text.replace('cache 30', 'cachee 30'))
          return { cluster }
        },
      },
      { title: 'the directive is one that a release took away', make: removedDirective },
      { title: 'the Corefile is right and nobody read it', make: () => editedWithoutReload() },
      { title: 'it crashes for a loop', make: loopingCoreDns },
    ],
  },
  'corefile-not-reloaded': {
    has: editedWithoutReload,
    nearMisses: [
      {
        title: 'nothing fails',
        allowed: 'observation',
        make: () => ({ cluster: editedWithoutReload().cluster }),
      },
      {
        title: 'it has reload',
        make: () => {
          const cluster = smallCluster()
          editCorefile(cluster, (text) => STUB + text)
          setChanged(cluster, 'coredns', '2026-01-01T12:00:00Z')
          return { cluster, name: STUB_NAME, rules: [denyAt(SERVERS, STUB_NAME)] }
        },
      },
      {
        title: 'the pods started after the edit',
        make: () => {
          const fixture = editedWithoutReload()
          setChanged(fixture.cluster, 'coredns', '2025-12-31T12:00:00Z')
          return fixture
        },
      },
      { title: 'the Corefile has an error', make: invalidCorefile },
    ],
  },
  'corefile-directive-removed': {
    has: removedDirective,
    nearMisses: [
      {
        title: 'the image is old enough to have it',
        make: () => {
          const cluster = smallCluster()
          editCorefile(cluster, (text) => text.replace('forward .', 'proxy .'))
          setImage(cluster, 'coredns/coredns:1.4.0')
          return { cluster }
        },
      },
      {
        title: 'every pod runs: they may have started with another Corefile',
        allowed: 'observation',
        make: () => {
          const cluster = smallCluster()
          editCorefile(cluster, (text) => text.replace('ttl 30', 'upstream\n        ttl 30'))
          return { cluster }
        },
      },
      { title: 'the directive never was one', make: invalidCorefile },
      { title: 'it crashes for a loop', make: loopingCoreDns },
      { title: 'it crashes and nobody knows why', make: () => crashing(smallCluster(), undefined) },
    ],
  },
  'cluster-zone-overridden': {
    has: () => ({ ...templated(), rules: [denyAt(SERVERS, DB_NAME)] }),
    nearMisses: [
      {
        title: 'the template catches another name',
        make: () => ({ ...templated('ops.svc.cluster.local'), rules: [denyAt(SERVERS, DB_NAME)] }),
      },
      { title: 'nothing fails', allowed: 'observation', make: () => templated() },
      {
        title: 'a hosts file passes on what it does not have, and nobody knows what it has',
        allowed: 'suspected',
        make: () => ({
          ...withDirective('hosts /etc/coredns/NodeHosts {\n        fallthrough\n    }'),
          rules: [denyAt(SERVERS, DB_NAME)],
        }),
      },
      {
        title: 'such a hosts file and the right answers',
        make: () => withDirective('hosts /etc/coredns/NodeHosts {\n        fallthrough\n    }'),
      },
      { title: 'the Corefile has another cluster domain only in its stub', make: () => stubBroken(false) },
    ],
  },
  'stub-domain-broken': {
    has: () => stubBroken(true),
    nearMisses: [
      { title: 'no counter tells of it', allowed: 'suspected', make: () => stubBroken(false) },
      { title: 'the zone is answered', make: () => ({ cluster: stubBroken(false).cluster }) },
      { title: 'the dead upstream is one of the default ones', make: deadUpstream },
    ],
  },
  'autopath-misidentifies-client': {
    has: () => withAutopath(['api.default.svc.cluster.local.'], 7),
    nearMisses: [
      {
        title: 'no counter tells of it',
        allowed: 'suspected',
        make: () => withAutopath(['api.default.svc.cluster.local.'], 0),
      },
      {
        title: 'it is there and no answer is odd',
        allowed: 'observation',
        make: () => ({ cluster: withAutopath([], 7).cluster }),
      },
      {
        title: 'there is none and a rewrite makes CNAME records',
        make: () => ({ ...withAutopath(['api.default.svc.cluster.local.'], 0), cluster: smallCluster() }),
      },
    ],
  },
  'forward-max-concurrent-exceeded': {
    has: () => tooManyWaiting(3),
    nearMisses: [
      {
        title: 'the counter stands still and nothing logs it',
        allowed: 'suspected',
        make: () => ({ ...tooManyWaiting(0), logs: {} }),
      },
      {
        title: 'a policy refuses',
        make: () => ({ cluster: smallCluster(), rules: [refuseExternal(REPLICAS['coredns-a'])] }),
      },
      { title: 'dnsmasq refuses', make: () => dnsmasq(true) },
    ],
  },
  'dnsmasq-concurrent-query-limit': {
    has: () => dnsmasq(true),
    nearMisses: [
      { title: 'dnsmasq logs something else', make: () => dnsmasq(false) },
      { title: 'CoreDNS refuses', make: () => tooManyWaiting(3) },
    ],
  },
  'stale-negative-cache': {
    has: () => cachedDenial({ soaTtl: 12, created: '2026-01-01T23:59:45Z' }),
    nearMisses: [
      {
        title: 'the Service is old',
        allowed: 'suspected',
        make: () => cachedDenial({ soaTtl: 12, created: '2025-12-01T00:00:00Z' }),
      },
      { title: 'the denial is fresh', make: () => cachedDenial({ soaTtl: 30, created: '2026-01-01T23:59:45Z' }) },
      { title: 'the Service does not exist', make: missingService },
      { title: 'an old address is given instead', make: () => cachedAddress('10.244.9.9', 7) },
    ],
  },
  'stale-positive-cache': {
    has: () => cachedAddress('10.244.9.9', 7),
    nearMisses: [
      { title: 'the answer is fresh', allowed: 'suspected', make: () => cachedAddress('10.244.9.9', 30) },
      { title: 'the address is that of another Service', make: () => cachedAddress(REPLICAS['coredns-a'], 7) },
      {
        title: 'the cache denies the name',
        make: () => cachedDenial({ soaTtl: 12, created: '2026-01-01T23:59:45Z' }),
      },
    ],
  },
  'large-response-lost': {
    has: () => lostFragments(),
    nearMisses: [
      {
        title: 'responses are truncated and TCP brings them',
        make: () => ({
          cluster: withLargeService(),
          rules: [
            ({ name, transport }) =>
              name === DB_NAME && transport === 'udp' ? { rcode: 'NOERROR', tc: true } : undefined,
          ],
        }),
      },
      {
        title: 'small ones are lost as well',
        make: () => ({ cluster: withLargeService(), rules: [silence(REPLICAS['coredns-a']), silence(DNS_IP)] }),
      },
      { title: 'no name is large', make: () => ({ cluster: smallCluster() }) },
    ],
  },
}

const DB_NAME = 'db.db.svc.cluster.local.'
const NODE_CACHE = '169.254.20.10'

function withDirective(directive: string): Fixture {
  const cluster = smallCluster()
  editCorefile(cluster, (text) => text.replace('    ready\n', `    ready\n    ${directive}\n`))
  return { cluster, name: DB_NAME }
}

function templated(zone = 'db.svc.cluster.local'): Fixture {
  return withDirective(`template IN ANY ${zone} {\n        rcode NXDOMAIN\n    }`)
}

function stubBroken(isCounted: boolean): Fixture {
  const cluster = smallCluster()
  editCorefile(cluster, (text) => STUB + text)
  const fails: Rule = ({ to, name, transport }) =>
    transport !== 'http' && SERVERS.includes(to) && name.endsWith('corp.example.') ? { rcode: 'SERVFAIL' } : undefined
  const series = 'coredns_proxy_request_duration_seconds_count{proxy_name="forward",to="10.0.0.9:53",rcode="SERVFAIL"}'
  const counted = countingMetrics(Object.values(REPLICAS), (reading) => ({ [series]: reading }))
  return { cluster, rules: isCounted ? [fails, counted] : [fails] }
}

function withAutopath(cnames: readonly string[], successes: number): Fixture {
  const cluster = smallCluster()
  editCorefile(cluster, (text) =>
    text.replace('    ready\n', '    ready\n    autopath @kubernetes\n').replace('insecure', 'verified'),
  )
  const name = 'api.db.svc.cluster.local.'
  const odd: Rule = ({ to, name: asked, transport }) =>
    transport !== 'http' && asked === name && SERVERS.includes(to)
      ? { rcode: 'NOERROR', cnames, answers: ['10.96.7.7'] }
      : undefined
  const counted = countingMetrics(Object.values(REPLICAS), (): Record<string, number> =>
    successes === 0 ? {} : { 'coredns_autopath_success_total{server="dns://:53"}': successes },
  )
  return { cluster, name, rules: [odd, counted] }
}

function tooManyWaiting(growth: number): Fixture {
  const series = 'coredns_forward_max_concurrent_rejects_total'
  return {
    cluster: smallCluster(),
    rules: [
      refuseExternal(REPLICAS['coredns-a']),
      countingMetrics([REPLICAS['coredns-a']], (reading) => ({ [series]: 20 + growth * reading })),
    ],
    logs: {
      'kube-system/coredns-a': '[ERROR] plugin/errors: 2 example.com. A: concurrent queries exceeded maximum 1000\n',
    },
  }
}

function refuseExternal(server: string): Rule {
  return ({ to, name, transport }) =>
    to === server && transport !== 'http' && name === 'example.com.' ? { rcode: 'REFUSED' } : undefined
}

/** A cluster that still has kube-dns. */
function dnsmasq(isFull: boolean): Fixture {
  const cluster = smallCluster()
  removeObject(cluster, 'ConfigMap', 'coredns')
  for (const name of Object.keys(REPLICAS)) {
    replace(findObject(cluster, 'Pod', name), 'spec', {
      containers: [
        { name: 'kubedns', image: 'registry.k8s.io/dns/k8s-dns-kube-dns:1.22.28' },
        { name: 'dnsmasq', image: 'registry.k8s.io/dns/k8s-dns-dnsmasq-nanny:1.22.28' },
      ],
    })
  }
  const line = isFull ? 'Maximum number of concurrent DNS queries reached (max: 150)' : 'started, version 2.90'
  return {
    cluster,
    rules: Object.values(REPLICAS).map(refuseExternal),
    logs: { 'kube-system/coredns-a': `I0102 00:00:00.000000 1 nanny.go:108] dnsmasq[12]: ${line}\n` },
  }
}

function cachedDenial({ soaTtl, created }: { readonly soaTtl: number; readonly created: string }): Fixture {
  const cluster = smallCluster()
  replace(findObject(cluster, 'Service', 'db'), 'metadata', { creationTimestamp: created })
  const denies: Rule = ({ to, node, name, transport }) =>
    to === NODE_CACHE && node === 'node1' && name === DB_NAME && transport !== 'http'
      ? { rcode: 'NXDOMAIN', soaTtl }
      : undefined
  const series = 'coredns_cache_hits_total{server="dns://169.254.20.10:53",type="denial",zones="."}'
  return {
    cluster,
    name: DB_NAME,
    rules: [denies, countingMetrics([NODE_IPS.node1], (reading) => ({ [series]: 4 + reading }))],
  }
}

function cachedAddress(address: string, ttl: number): Fixture {
  const stale: Rule = ({ to, node, name, transport }) =>
    to === NODE_CACHE && node === 'node1' && name === DB_NAME && transport !== 'http'
      ? { rcode: 'NOERROR', answers: [address], ttl }
      : undefined
  return { cluster: smallCluster(), name: DB_NAME, rules: [stale] }
}

function withLargeService(): SmallCluster {
  const cluster = smallCluster()
  const many = Array.from({ length: 40 }, (_, index) => ({ ip: `10.244.3.${index + 1}`, node: 'node3' }))
  setSlice(cluster, 'db', many)
  return cluster
}

/** Fragments are lost between nodes: what is larger than a datagram should be does not arrive. */
export function lostFragments(): Fixture {
  const lost: Rule = ({ name, transport, size }) =>
    name === DB_NAME && transport === 'udp' && size > 1232 ? 'silent' : undefined
  return { cluster: withLargeService(), rules: [lost] }
}

/** A path that carries small datagrams alone and says nothing: neither UDP nor TCP brings the large name from node3. */
export function narrowPath(): Fixture {
  const lost: Rule = ({ name, node, transport, size }) => {
    if (name !== DB_NAME || node !== 'node3' || transport === 'http') return undefined
    if (transport === 'tcp' || size > 512) return 'silent'
    return { rcode: 'NOERROR', tc: true }
  }
  return { cluster: withLargeService(), rules: [lost] }
}

/** UDP truncates and TCP is closed. */
export function closedTcp(): Fixture {
  const rule: Rule = ({ to, name, transport }) => {
    if (name !== DB_NAME || transport === 'http') return undefined
    if (transport === 'udp') return { rcode: 'NOERROR', tc: true }
    return to === DNS_IP ? 'silent' : undefined
  }
  return { cluster: withLargeService(), rules: [rule] }
}

function editedWithoutReload(): Fixture {
  const cluster = smallCluster()
  editCorefile(cluster, (text) => STUB + text.replace('    reload\n', ''))
  setChanged(cluster, 'coredns', '2026-01-01T12:00:00Z')
  return { cluster, name: STUB_NAME, rules: [denyAt(SERVERS, STUB_NAME)] }
}

/** A pod whose container was started anew once, and is ready. */
function withRestarted(podName: string): SmallCluster {
  const cluster = smallCluster()
  const status = findObject(cluster, 'Pod', podName)['status'] as Record<string, unknown>
  status['containerStatuses'] = [{ name: 'coredns', ready: true, restartCount: 1, state: { running: {} } }]
  return cluster
}

function setImage(cluster: SmallCluster, image: string): void {
  for (const [index, [name, ip]] of Object.entries(REPLICAS).entries()) {
    removeObject(cluster, 'Pod', name)
    const pod = corednsPod(name, ip, `node${index + 1}`)
    const spec = pod['spec'] as { containers: { image: string }[] }
    for (const container of spec.containers) container.image = image
    cluster.objects.push(pod)
  }
}
