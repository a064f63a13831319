import type { NETWORK_CODES } from '../../../src/doctor/causes/network/codes.ts'
import type { Ask, Fixture, Rule } from '../dns-world.ts'
import { silence } from '../dns-world.ts'
import { DNS_IP, REPLICAS, UPSTREAMS, findObject, replace, smallCluster } from '../small-cluster.ts'
import type { SmallCluster } from '../small-cluster.ts'
import { NODE_OF, betweenNodesSilent, clusterSilentFrom } from './faults.ts'
import type { GroupFixtures } from './fixture.ts'
import { dropping, iptables } from './kernels.ts'
import { networkPolicies } from './network-policies.ts'

export const network: GroupFixtures<(typeof NETWORK_CODES)[number]> = {
  'conntrack-race': {
    has: () => ({ cluster: smallCluster(), rules: [pairsLost(2)], kernels: { node3: raced(10, 14) } }),
    nearMisses: [
      {
        title: 'a single query is lost and the counter stands still',
        make: () => ({ cluster: smallCluster(), rules: [versionLost], kernels: { node3: raced(10, 10) } }),
      },
      {
        title: 'pairs of queries lose one and the counter stands still',
        make: () => ({ cluster: smallCluster(), rules: [pairsLost(2)], kernels: { node3: raced(10, 10) } }),
      },
      {
        title: 'the counter grew and one pair of many loses a query',
        make: () => ({ cluster: smallCluster(), rules: [pairsLost(1)], kernels: { node3: raced(10, 14) } }),
      },
      {
        title: 'the counter grew, a query through the Service is lost, and so is one to a pod',
        allowed: 'suspected',
        make: () => ({
          cluster: smallCluster(),
          rules: [versionLost, firstLost(REPLICAS['coredns-a'])],
          kernels: { node3: raced(10, 14) },
        }),
      },
      {
        title: 'all UDP queries to the Service IP are lost',
        allowed: 'suspected',
        make: () => ({
          cluster: smallCluster(),
          rules: [silence(DNS_IP, ({ node, transport }) => node === 'node3' && transport === 'udp')],
          kernels: { node3: raced(10, 14) },
        }),
      },
      {
        title: 'the counter grew and only an upstream is silent',
        allowed: 'observation',
        make: () => ({ cluster: smallCluster(), rules: [silence(UPSTREAMS[1])], kernels: { node3: raced(10, 14) } }),
      },
    ],
  },
  'conntrack-table-full': {
    has: () => ({
      cluster: smallCluster(),
      rules: [clusterSilentFrom('node3')],
      kernels: { node3: tracked({ entries: 262_144, drop: 3 }, { entries: 262_144, drop: 90 }) },
    }),
    nearMisses: [
      {
        title: 'half of it is in use',
        make: () => ({
          cluster: smallCluster(),
          rules: [clusterSilentFrom('node3')],
          kernels: { node3: tracked({ entries: 131_072 }, { entries: 131_072 }) },
        }),
      },
      {
        title: 'it is nearly full and nothing fails',
        allowed: 'observation',
        make: () => ({
          cluster: smallCluster(),
          kernels: { node3: tracked({ entries: 250_000 }, { entries: 250_000 }) },
        }),
      },
    ],
  },
  'vxlan-checksum-offload': {
    has: () => checksums({ growing: true }),
    nearMisses: [
      { title: 'no datagram was thrown away', make: () => checksums({ growing: false }) },
      {
        title: 'counters were not seen',
        allowed: 'suspected',
        make: () => ({ ...checksums({ growing: true }), kernels: onEveryNode({ first: vxlan(8472) }) }),
      },
      {
        title: 'other nodes are out of reach by pod address as well',
        make: () => ({ ...checksums({ growing: true }), rules: [clusterSilentFrom('node3')] }),
      },
    ],
  },
  'vxlan-port-blocked': {
    has: () => vxlanBlocked({ dropped: 12 }),
    nearMisses: [
      { title: 'no rule was seen that holds it back', allowed: 'suspected', make: () => vxlanBlocked({ dropped: 0 }) },
      { title: 'nodes reach each other', make: () => ({ ...vxlanBlocked({ dropped: 12 }), rules: [] }) },
      {
        title: 'there is no VXLAN',
        make: () => ({ ...vxlanBlocked({ dropped: 12 }), kernels: onEveryNode({ first: { links: [] } }) }),
      },
    ],
  },
  'cross-node-traffic-broken': {
    has: () => ({ cluster: smallCluster(), rules: [betweenNodesSilent] }),
    nearMisses: [
      {
        title: 'one replica is silent from everywhere',
        make: () => ({ cluster: smallCluster(), rules: [silence(REPLICAS['coredns-b'])] }),
      },
      {
        title: 'one node without a replica reaches nothing',
        allowed: 'suspected',
        make: () => ({ cluster: smallCluster(), rules: [clusterSilentFrom('node3')] }),
      },
      { title: 'only UDP is lost', make: () => ({ cluster: smallCluster(), rules: [udpLost] }) },
      {
        title: 'only UDP was asked',
        allowed: 'suspected',
        make: () => ({
          cluster: smallCluster(),
          rules: [({ transport }: Ask) => (transport === 'tcp' ? 'unasked' : undefined), betweenNodesSilent],
        }),
      },
    ],
  },
  'udp-53-blocked': {
    has: () => ({ cluster: smallCluster(), rules: [udpLost] }),
    nearMisses: [
      {
        title: 'only the Service IP loses UDP',
        make: () => ({
          cluster: smallCluster(),
          rules: [silence(DNS_IP, ({ node, transport }) => node === 'node1' && transport === 'udp')],
        }),
      },
      { title: 'TCP is lost as well', make: () => ({ cluster: smallCluster(), rules: [clusterSilentFrom('node1')] }) },
      {
        title: 'the place has no port left to ask from',
        make: () => ({
          cluster: smallCluster(),
          rules: [({ node, transport }: Ask) => (node === 'node1' && transport === 'udp' ? 'no-port' : undefined)],
        }),
      },
    ],
  },
  'cloud-firewall-blocks-dns': {
    status: 'suspected',
    has: () => ({ cluster: withGroups(), rules: [cutOff('node2')] }),
    nearMisses: [
      { title: 'nodes have no groups', make: () => ({ cluster: smallCluster(), rules: [cutOff('node2')] }) },
      {
        title: 'nodes of one group do not reach each other either',
        make: () => ({ cluster: withGroups(), rules: [betweenNodesSilent] }),
      },
    ],
  },
  'host-firewall-or-forwarding': {
    has: () => ({
      cluster: smallCluster(),
      rules: [forwardsNothing('node1', 'silent')],
      kernels: { node1: { first: { iptables: [iptables('nft', { total: 40, forward: 'DROP' })] } } },
    }),
    nearMisses: [
      {
        title: 'the policy is DROP and rules let pods through',
        make: () => ({
          cluster: smallCluster(),
          kernels: { node1: { first: { iptables: [iptables('nft', { total: 40, forward: 'DROP' })] } } },
        }),
      },
      {
        title: 'queries are rejected and nobody saw by what',
        allowed: 'suspected',
        make: () => ({ cluster: smallCluster(), rules: [forwardsNothing('node1', 'unreachable')] }),
      },
      {
        title: 'TCP to its replica is lost from everywhere else and nobody saw by what',
        allowed: 'suspected',
        make: () => ({ cluster: smallCluster(), rules: [tcpNotForwarded('node1')] }),
      },
      {
        title: 'TCP to its replica is lost from one place only',
        make: () => ({
          cluster: smallCluster(),
          rules: [silence(REPLICAS['coredns-a'], ({ node, transport }) => node === 'node3' && transport === 'tcp')],
        }),
      },
      {
        title: 'the replica takes no TCP on its own node either',
        make: () => ({
          cluster: smallCluster(),
          rules: [silence(REPLICAS['coredns-a'], ({ transport }) => transport === 'tcp')],
        }),
      },
      {
        title: 'it forwards and another node is cut off',
        make: () => ({
          cluster: smallCluster(),
          rules: [cutOff('node2')],
          kernels: { node1: { first: { sysctls: { 'net.ipv4.ip_forward': '1' }, iptables: [] } } },
        }),
      },
    ],
  },
  ...networkPolicies,
}

// --- Ways ---

/** Nothing passes between one node and the others. */
function cutOff(own: string): Rule {
  return ({ node, to, transport }) => {
    const other = NODE_OF[to]
    return transport !== 'http' && other !== undefined && (node === own) !== (other === own) ? 'silent' : undefined
  }
}

/** A node's pods are out of reach for everybody but the node itself. */
function forwardsNothing(own: string, reply: 'silent' | 'unreachable'): Rule {
  return ({ node, to, transport }) => (transport !== 'http' && NODE_OF[to] === own && node !== own ? reply : undefined)
}

/** A node's pods are out of reach over TCP for everybody but the node itself. */
export function tcpNotForwarded(own: string): Rule {
  return ({ node, to, transport }) =>
    transport === 'tcp' && NODE_OF[to] === own && node !== own ? 'silent' : undefined
}

const udpLost: Rule = ({ to, transport }) =>
  transport === 'udp' && (NODE_OF[to] !== undefined || to === DNS_IP) ? 'silent' : undefined

const versionLost: Rule = ({ node, to, transport, type }) =>
  node === 'node3' && to === DNS_IP && transport === 'udp' && type === 'TXT' ? 'silent' : undefined

/** AAAA of so many pairs to the Service IP is lost on node3, A never. */
function pairsLost(count: number): Rule {
  let left = count
  return ({ node, to, type, isOfPair }) => {
    if (isOfPair !== true || node !== 'node3' || to !== DNS_IP || type !== 'AAAA' || left === 0) return undefined
    left -= 1
    return 'silent'
  }
}

/** The first datagram from node3 to an address is lost, and the question answered when it is asked again. */
function firstLost(address: string): Rule {
  let left = 1
  return ({ node, to, transport }) => {
    if (node !== 'node3' || to !== address || transport !== 'udp' || left === 0) return undefined
    left -= 1
    return 'silent'
  }
}

// --- Kernels ---

type Kernel = NonNullable<Fixture['kernels']>[string]

function tracked(first: { readonly entries: number; readonly drop?: number }, second: typeof first): Kernel {
  const statistics = { max: 262_144, insertFailed: 0, drop: 0, earlyDrop: 0, invalid: 0 }
  return {
    first: { conntrackStatistics: { ...statistics, ...first } },
    second: { conntrackStatistics: { ...statistics, ...second } },
  }
}

function raced(before: number, after: number): Kernel {
  const statistics = { entries: 900, max: 262_144, drop: 0, earlyDrop: 0, invalid: 0 }
  return {
    first: { conntrackStatistics: { ...statistics, insertFailed: before } },
    second: { conntrackStatistics: { ...statistics, insertFailed: after } },
  }
}

function vxlan(port: number): Kernel['first'] {
  const counters = { received: 0, sent: 0 }
  const link = {
    index: 4,
    name: 'flannel.1',
    kind: 'vxlan',
    mtu: 1450,
    isUp: true,
    operationalState: 'UNKNOWN',
    dropped: counters,
    errors: counters,
  }
  return { links: [{ ...link, vxlan: { id: 1, port } }] }
}

function onEveryNode(kernel: Kernel): Record<string, Kernel> {
  return { node1: kernel, node2: kernel, node3: kernel }
}

/** From node3, which has no replica, the Service IP is silent and pod addresses are not. */
function checksums({ growing }: { readonly growing: boolean }): Fixture {
  const udp = (errors: number): Kernel['first'] => ({ udp: { sockets: [], counters: { InCsumErrors: errors } } })
  const kernel = { first: { ...vxlan(8472), ...udp(5) }, second: udp(growing ? 9 : 5) }
  const sender = { first: { ...vxlan(8472), ...udp(0) }, second: udp(0) }
  return {
    cluster: smallCluster(),
    rules: [silence(DNS_IP, ({ node }) => node === 'node3')],
    kernels: { node1: kernel, node2: kernel, node3: sender },
  }
}

function vxlanBlocked({ dropped }: { readonly dropped: number }): Fixture {
  const firewall = (packets: number): Kernel['first'] => ({
    iptables: [
      iptables('nft', {
        total: 60,
        rules: [dropping('raw', '-A PREROUTING -i eth0 -p udp -m udp --dport 8472 -j DROP', packets)],
      }),
    ],
  })
  return {
    cluster: smallCluster(),
    rules: [cutOff('node2')],
    kernels: {
      ...onEveryNode({ first: vxlan(8472) }),
      node2: { first: { ...vxlan(8472), ...firewall(3) }, second: firewall(3 + dropped) },
    },
  }
}

// --- Objects ---

function withGroups(): SmallCluster {
  const cluster = smallCluster()
  for (const [name, group] of Object.entries({ node1: 'a', node2: 'b', node3: 'a' })) {
    replace(findObject(cluster, 'Node', name), 'metadata', { labels: { 'eks.amazonaws.com/nodegroup': group } })
  }
  return cluster
}
