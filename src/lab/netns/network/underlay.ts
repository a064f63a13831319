// What lies below the pods: a switch that connects the nodes, and behind it the upstreams. There is no way out of it: nothing in a
// lab has a route to this machine's own network.
import type { UpstreamDescription } from '../../cluster/description.ts'
import { underlayNamespace, upstreamNamespace } from '../names.ts'
import type { Topology } from './topology.ts'
import type { Wiring } from './wiring.ts'

export const NODE_MTU = 1500
const BRIDGE = 'br0'
/** Kernel's noise of an unused protocol, on each device that comes. */
export const NO_IPV6: Readonly<Record<string, string>> = {
  'net/ipv6/conf/all/disable_ipv6': '1',
  'net/ipv6/conf/default/disable_ipv6': '1',
}

/** The switch's device towards a node, by the node's place in the topology. */
export function nodePort(index: number): string {
  return `node${index}`
}

/** The switch, the nodes on it with their addresses and default routes, and the upstreams at their own addresses. */
export function underlayWiring(topology: Topology, upstreams: readonly UpstreamDescription[]): Wiring {
  const { lab, nodes, underlay, gateway } = topology
  const network = underlayNamespace(lab)
  const upstreamPort = (index: number): string => `upstream${index}`
  return {
    namespaces: [
      network,
      ...nodes.map(({ namespace }) => namespace),
      ...upstreams.map(({ address }) => upstreamNamespace(lab, address)),
    ],
    links: [
      ...nodes.map(
        ({ namespace }, index) =>
          `link add eth0 mtu ${NODE_MTU} netns ${namespace} type veth peer name ${nodePort(index)} netns ${network}`,
      ),
      ...upstreams.map(
        ({ address }, index) =>
          `link add eth0 netns ${upstreamNamespace(lab, address)} type veth peer name ${upstreamPort(index)} netns ${network}`,
      ),
    ],
    inside: [
      {
        namespace: network,
        settings: { ...NO_IPV6, 'net/ipv4/ip_forward': '1', ...BRIDGE_RULES },
        ip: [
          'link set lo up',
          `link add ${BRIDGE} type bridge`,
          `address add ${gateway}/${underlay.length} dev ${BRIDGE}`,
          `link set ${BRIDGE} up`,
          ...nodes.map((_node, index) => `link set ${nodePort(index)} master ${BRIDGE} up`),
          ...upstreams.flatMap(({ address }, index) => [
            `link set ${upstreamPort(index)} up`,
            `route add ${address}/32 dev ${upstreamPort(index)} scope link`,
          ]),
          // What is for anybody else is silently lost, as it is beyond a provider's router.
          'route add blackhole default',
        ],
      },
      ...nodes.map(({ namespace, address }) => ({
        namespace,
        settings: { ...NO_IPV6, 'net/ipv4/ip_forward': '1' },
        ip: [
          'link set lo up',
          `address add ${address}/${underlay.length} dev eth0`,
          'link set eth0 up',
          `route add default via ${gateway} dev eth0`,
        ],
      })),
      ...upstreams.map(({ address, kind }) => ({
        namespace: upstreamNamespace(lab, address),
        settings: NO_IPV6,
        ip: [
          'link set lo up',
          `address add ${address}/32 dev eth0`,
          'link set eth0 up',
          `route add ${gateway}/32 dev eth0 scope link`,
          `route add default via ${gateway} dev eth0`,
        ],
        ...(kind === 'silent' ? { rules: SILENCE } : {}),
      })),
    ],
  }
}

/** There are none: whoever wants to break the wire itself puts some there. Without translation nothing is tracked. */
const BRIDGE_RULES = { 'net/bridge/bridge-nf-call-iptables': '1' }

/** Takes every packet and answers none. */
const SILENCE = '*raw\n-A PREROUTING ! -i lo -j DROP\nCOMMIT\n'
