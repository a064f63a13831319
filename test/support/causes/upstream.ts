import type { UPSTREAM_CODES } from '../../../src/doctor/causes/upstream/codes.ts'
import { DEAD, NODE_IPS, deadUpstream, denyAt, notEquivalent, setNameservers, withEventOnly } from './faults.ts'
import { DNS_IP, REPLICAS, UPSTREAMS, nameserverEvent, smallCluster } from '../small-cluster.ts'
import { failingMetrics, silence } from '../dns-world.ts'
import type { GroupFixtures } from './fixture.ts'

export const upstream: GroupFixtures<(typeof UPSTREAM_CODES)[number]> = {
  'upstream-dead': {
    has: () => deadUpstream(),
    nearMisses: [
      {
        title: 'it is cut off beyond the third nameserver (the reference cluster, node3)',
        make: () => {
          const cluster = smallCluster()
          setNameservers(cluster, 'node3', [...UPSTREAMS, '10.0.0.4', DEAD])
          cluster.objects.push(nameserverEvent('node-local-dns-node3', [...UPSTREAMS, '10.0.0.4']))
          return { cluster, rules: [silence(DEAD)] }
        },
      },
      {
        title: 'it answers, but NXDOMAIN where the other one knows the name',
        make: () => notEquivalent(),
      },
      {
        title: 'it answers over TCP only',
        make: () => {
          const cluster = smallCluster()
          setNameservers(cluster, 'node2', [UPSTREAMS[0], DEAD])
          return {
            cluster,
            rules: [
              silence(DEAD, ({ transport }) => transport === 'udp'),
              failingMetrics([REPLICAS['coredns-b'], NODE_IPS.node2], DEAD),
            ],
          }
        },
      },
      {
        title: 'it is silent and no counter of the servers that forward to it grows',
        allowed: 'suspected',
        make: () => {
          const cluster = smallCluster()
          setNameservers(cluster, 'node2', [UPSTREAMS[0], DEAD])
          return { cluster, rules: [silence(DEAD)] }
        },
      },
    ],
  },
  'upstreams-not-equivalent': {
    has: () => notEquivalent(),
    nearMisses: [
      { title: 'one of them never answers', make: () => deadUpstream() },
      {
        title: 'all of them deny the name',
        make: () => ({
          cluster: smallCluster(),
          name: 'git.corp.example.',
          rules: [denyAt([...UPSTREAMS], 'git.corp.example.')],
        }),
      },
    ],
  },
  'too-many-nameservers': {
    has: () => {
      const cluster = smallCluster()
      const kept = ['10.0.0.6', '10.0.0.7', '10.0.0.8']
      for (const node of ['node1', 'node2', 'node3']) {
        setNameservers(cluster, node, [...kept, UPSTREAMS[0]])
        cluster.objects.push(nameserverEvent(`node-local-dns-${node}`, kept))
      }
      const servers = [DNS_IP, ...Object.values(REPLICAS), '169.254.20.10', ...kept]
      return { cluster, name: 'git.corp.example.', rules: [denyAt(servers, 'git.corp.example.')] }
    },
    nearMisses: [
      {
        title: 'the fourth is dead and nothing ever asks it',
        allowed: 'observation',
        make: () => {
          const cluster = smallCluster()
          setNameservers(cluster, 'node3', [...UPSTREAMS, '10.0.0.4', DEAD])
          cluster.objects.push(nameserverEvent('node-local-dns-node3', [...UPSTREAMS, '10.0.0.4']))
          return { cluster, rules: [silence(DEAD)] }
        },
      },
      {
        title: "only kubelet's event was seen and nothing failed",
        allowed: 'observation',
        make: () => ({ cluster: withEventOnly() }),
      },
      { title: 'the dead one is second', make: () => deadUpstream() },
    ],
  },
}
