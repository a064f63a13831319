// Flannel's way: a bridge on every node, and between the nodes VXLAN with entries written in advance instead of learnt.
import { createHash } from 'node:crypto'
import { bridgeDevice } from '../names.ts'
import { addressNumber, addressText, blockText } from './addresses.ts'
import type { Cni, PodPlace } from './cni.ts'
import type { NodeFacts, Topology } from './topology.ts'
import { NO_IPV6 } from './underlay.ts'
import type { InsideWiring } from './wiring.ts'

/** What is left of 1500 octets below the VXLAN header. */
const MTU = 1450
export const VXLAN_DEVICE = 'flannel.1'
export const VXLAN_PORT = 8472
const VNI = 1
const BRIDGE = 'cni0'

export const flannel: Cni = {
  name: 'flannel',
  podMtu: MTU,
  crossDevice: VXLAN_DEVICE,
  deviceOf: bridgeDevice,
  nodes: (topology) => ({
    namespaces: [],
    links: [],
    inside: topology.nodes.map((node) => nodeInside(node, topology)),
  }),
  pods: (places, { podCidr }) => ({
    namespaces: places.map(({ namespace }) => namespace),
    links: places.map(
      ({ pod, namespace, node }) =>
        `link add eth0 mtu ${MTU} netns ${namespace} type veth peer name ${bridgeDevice(pod)} mtu ${MTU} netns ${node.namespace}`,
    ),
    inside: places.flatMap((place) => [podInside(place, podCidr), podOnNode(place)]),
  }),
}

function nodeInside(node: NodeFacts, topology: Topology): InsideWiring {
  const { podCidr } = topology
  const { ip = [], bridge = [] } = vxlanCommands(node, topology, VXLAN_PORT)
  return {
    namespace: node.namespace,
    settings: { 'net/bridge/bridge-nf-call-iptables': '1' },
    ip: [
      `link add ${BRIDGE} mtu ${MTU} type bridge`,
      `address add ${gatewayOf(node)}/${node.pods.length} dev ${BRIDGE}`,
      `link set ${BRIDGE} up`,
      // The first command takes away what stood there before: nothing yet.
      ...ip.slice(1),
    ],
    bridge,
    rules: [
      '*nat',
      `-A POSTROUTING -s ${podCidr} -d ${podCidr} -j RETURN`,
      `-A POSTROUTING -s ${podCidr} ! -d 224.0.0.0/4 -j MASQUERADE --random-fully`,
      `-A POSTROUTING ! -s ${podCidr} -d ${blockText(node.pods)} -j RETURN`,
      `-A POSTROUTING ! -s ${podCidr} -d ${podCidr} -j MASQUERADE --random-fully`,
      'COMMIT',
      '*filter',
      `-A FORWARD -s ${podCidr} -j ACCEPT`,
      `-A FORWARD -d ${podCidr} -j ACCEPT`,
      'COMMIT',
      '',
    ].join('\n'),
  }
}

/** Makes a node's VXLAN device anew, with this UDP port, and what flannel writes about the other nodes. */
export function vxlanCommands(node: NodeFacts, { nodes }: Topology, port: number): InsideWiring {
  const others = nodes.filter(({ name }) => name !== node.name)
  return {
    namespace: node.namespace,
    ip: [
      `link delete ${VXLAN_DEVICE}`,
      `link add ${VXLAN_DEVICE} address ${vtepMac(node.name)} mtu ${MTU} type vxlan id ${VNI} local ${node.address} dev eth0 dstport ${port} nolearning`,
      `address add ${node.pods.first}/32 dev ${VXLAN_DEVICE}`,
      `link set ${VXLAN_DEVICE} up`,
      ...others.flatMap((other) => [
        `neigh replace ${other.pods.first} lladdr ${vtepMac(other.name)} dev ${VXLAN_DEVICE} nud permanent`,
        `route add ${blockText(other.pods)} via ${other.pods.first} dev ${VXLAN_DEVICE} onlink`,
      ]),
    ],
    bridge: others.map(({ name, address }) => `fdb append ${vtepMac(name)} dev ${VXLAN_DEVICE} dst ${address}`),
  }
}

function podInside({ namespace, address, node }: PodPlace, podCidr: string): InsideWiring {
  const gateway = gatewayOf(node)
  return {
    namespace,
    settings: NO_IPV6,
    ip: [
      'link set lo up',
      `address add ${address}/${node.pods.length} dev eth0`,
      'link set eth0 up',
      `route add default via ${gateway} dev eth0`,
      `route add ${podCidr} via ${gateway} dev eth0`,
    ],
  }
}

function podOnNode({ pod, node }: PodPlace): InsideWiring {
  const device = bridgeDevice(pod)
  return {
    namespace: node.namespace,
    ip: [`link set ${device} master ${BRIDGE} up`],
    bridge: [`link set dev ${device} hairpin on`],
  }
}

/** The bridge's own address: the first that a host can have. */
function gatewayOf({ pods }: NodeFacts): string {
  return addressText(addressNumber(pods.first) + 1)
}

/** A locally administered address that stays the same for a node. */
export function vtepMac(node: string): string {
  const octets = createHash('sha1').update(node).digest()
  const first = ((octets[0] ?? 0) & 0xfc) | 0x02
  return [first, ...octets.subarray(1, 6)].map((octet) => octet.toString(16).padStart(2, '0')).join(':')
}
