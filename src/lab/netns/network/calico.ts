// Calico's way: every pod is a host of its own behind its node, reached by a route; nodes tell each other which block is theirs.
import { calicoDevice } from '../names.ts'
import { blockText } from './addresses.ts'
import type { Cni, PodPlace } from './cni.ts'
import type { NodeFacts, Topology } from './topology.ts'
import { NO_IPV6 } from './underlay.ts'
import type { InsideWiring } from './wiring.ts'

/** Calico's default for its veth pairs, which leaves room for an IPIP header. */
const MTU = 1440
/** Where each pod's default route points: nobody has it, the node answers for it (proxy ARP). */
const GATEWAY = '169.254.1.1'
const NODE_MAC = 'ee:ee:ee:ee:ee:ee'

export const calico: Cni = {
  name: 'calico',
  podMtu: MTU,
  crossDevice: 'eth0',
  deviceOf: calicoDevice,
  nodes: (topology) => ({
    namespaces: [],
    links: [],
    inside: topology.nodes.map((node) => nodeInside(node, topology)),
  }),
  pods: (places) => ({
    namespaces: places.map(({ namespace }) => namespace),
    links: places.map(
      ({ pod, namespace, node }) =>
        `link add eth0 mtu ${MTU} netns ${namespace} type veth peer name ${calicoDevice(pod)} mtu ${MTU} netns ${node.namespace}`,
    ),
    inside: places.flatMap((place) => [podInside(place), podOnNode(place)]),
  }),
}

// Without IPIP in the kernel: the blocks are reached directly, as with CrossSubnet on one network.
function nodeInside(node: NodeFacts, { nodes, podCidr }: Topology): InsideWiring {
  const others = nodes.filter(({ name }) => name !== node.name)
  return {
    namespace: node.namespace,
    ip: [
      `route add blackhole ${blockText(node.pods)} proto bird`,
      ...others.map(({ pods, address }) => `route add ${blockText(pods)} via ${address} dev eth0 proto bird`),
    ],
    rules: [
      '*nat',
      ':cali-POSTROUTING - [0:0]',
      ':cali-nat-outgoing - [0:0]',
      '-A POSTROUTING -j cali-POSTROUTING',
      '-A cali-POSTROUTING -j cali-nat-outgoing',
      `-A cali-nat-outgoing -s ${podCidr} ! -d ${podCidr} -j MASQUERADE`,
      'COMMIT',
      '',
    ].join('\n'),
  }
}

function podInside({ namespace, address }: PodPlace): InsideWiring {
  return {
    namespace,
    settings: NO_IPV6,
    ip: [
      'link set lo up',
      `address add ${address}/32 dev eth0`,
      'link set eth0 up',
      `route add ${GATEWAY} dev eth0 scope link`,
      `route add default via ${GATEWAY} dev eth0`,
    ],
  }
}

function podOnNode({ pod, address, node }: PodPlace): InsideWiring {
  const device = calicoDevice(pod)
  return {
    namespace: node.namespace,
    settings: {
      [`net/ipv4/conf/${device}/proxy_arp`]: '1',
      [`net/ipv4/conf/${device}/rp_filter`]: '1',
      [`net/ipv4/conf/${device}/route_localnet`]: '1',
      [`net/ipv4/neigh/${device}/proxy_delay`]: '0',
    },
    ip: [`link set ${device} address ${NODE_MAC} up`, `route add ${address} dev ${device} scope link`],
  }
}
