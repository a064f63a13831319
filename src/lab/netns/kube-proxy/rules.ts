// The rules that kube-proxy's iptables mode keeps on a node, as one text for iptables-restore.
import { endpointChain, serviceChain } from './service-ports.ts'
import type { ProxyEndpoint, ServicePort } from './service-ports.ts'

export interface RuleOptions {
  readonly ports: readonly ServicePort[]
  /** Chains of Services and endpoints that the node has now; those no longer wanted are removed. */
  readonly presentChains: readonly string[]
  /** Pods' addresses: traffic to Services from elsewhere is masqueraded. Empty when it is not known. */
  readonly clusterCidr: string
  readonly node: string
}

/** kube-proxy's mark of packets that get the node's address as their source. */
const MASQUERADE_MARK = '0x4000/0x4000'
const DROP_MARK = '0x8000/0x8000'
const NAT_CHAINS = ['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-POSTROUTING', 'KUBE-MARK-MASQ', 'KUBE-MARK-DROP']
const FILTER_CHAINS = ['KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES', 'KUBE-FORWARD', 'KUBE-FIREWALL']

/** Renders the input of `iptables-restore --noflush`. Jumps from the built-in chains are not in it: {@link jumpRules}. */
export function renderRules({ ports, presentChains, clusterCidr, node }: RuleOptions): string {
  const usable = ports.map((port) => ({ port, endpoints: endpointsFor(port, node) }))
  const chains = usable.flatMap(({ port, endpoints }) =>
    endpoints.length === 0 ? [] : [serviceChain(port), ...endpoints.map((endpoint) => endpointChain(port, endpoint))],
  )
  const wanted = new Set(chains)
  const stale = presentChains.filter((chain) => !wanted.has(chain))
  const nat = [
    `-A KUBE-POSTROUTING ${comment('kubernetes service traffic requiring SNAT')} -m mark --mark ${MASQUERADE_MARK} -j MASQUERADE`,
    `-A KUBE-MARK-MASQ -j MARK --set-xmark ${MASQUERADE_MARK}`,
    `-A KUBE-MARK-DROP -j MARK --set-xmark ${DROP_MARK}`,
    ...usable.flatMap(({ port, endpoints }) => natRules(port, endpoints, clusterCidr)),
    `-A KUBE-SERVICES ${comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain')} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`,
  ]
  return [
    '*filter',
    ...FILTER_CHAINS.map(declare),
    ...usable.flatMap(({ port, endpoints }) => filterRules(port, endpoints)),
    ...forwardRules(clusterCidr),
    'COMMIT',
    '*nat',
    ...[...NAT_CHAINS, ...wanted, ...stale].map(declare),
    ...nat,
    ...stale.map((chain) => `-X ${chain}`),
    'COMMIT',
    '',
  ].join('\n')
}

/** What leads from the built-in chains into kube-proxy's: table, chain and rule; each is inserted unless it is there. */
export function jumpRules(): { readonly table: string; readonly chain: string; readonly rule: string }[] {
  const jump = (table: string, chain: string, text: string, target: string): ReturnType<typeof jumpRules>[number] => {
    const fresh = table === 'filter' && target !== 'KUBE-FORWARD' && target !== 'KUBE-FIREWALL'
    const state = fresh ? '-m conntrack --ctstate NEW ' : ''
    const said = text === '' ? '' : `${comment(text)} `
    return { table, chain, rule: `${state}${said}-j ${target}` }
  }
  return [
    jump('filter', 'INPUT', 'kubernetes externally-visible service portals', 'KUBE-EXTERNAL-SERVICES'),
    jump('filter', 'INPUT', '', 'KUBE-FIREWALL'),
    jump('filter', 'FORWARD', 'kubernetes service portals', 'KUBE-SERVICES'),
    jump('filter', 'FORWARD', 'kubernetes forwarding rules', 'KUBE-FORWARD'),
    jump('filter', 'OUTPUT', 'kubernetes service portals', 'KUBE-SERVICES'),
    jump('filter', 'OUTPUT', '', 'KUBE-FIREWALL'),
    jump('nat', 'PREROUTING', 'kubernetes service portals', 'KUBE-SERVICES'),
    jump('nat', 'OUTPUT', 'kubernetes service portals', 'KUBE-SERVICES'),
    jump('nat', 'POSTROUTING', 'kubernetes postrouting rules', 'KUBE-POSTROUTING'),
  ]
}

/** The endpoints that a node may send a Service's traffic to. */
function endpointsFor(port: ServicePort, node: string): readonly ProxyEndpoint[] {
  return port.localOnly ? port.endpoints.filter((endpoint) => endpoint.node === node) : port.endpoints
}

function natRules(port: ServicePort, endpoints: readonly ProxyEndpoint[], clusterCidr: string): string[] {
  if (endpoints.length === 0) return []
  const { name, protocol, clusterIp, externalIps, nodePort } = port
  const chain = serviceChain(port)
  const to = (address: string, what: string): string =>
    `-d ${address}/32 -p ${protocol} ${comment(`${name} ${what}`)} -m ${protocol} --dport ${port.port}`
  const entry = [
    ...(clusterCidr === ''
      ? []
      : [`-A KUBE-SERVICES ! -s ${clusterCidr} ${to(clusterIp, 'cluster IP')} -j KUBE-MARK-MASQ`]),
    `-A KUBE-SERVICES ${to(clusterIp, 'cluster IP')} -j ${chain}`,
    ...externalIps.flatMap((address) => [
      `-A KUBE-SERVICES ${to(address, 'external IP')} -j KUBE-MARK-MASQ`,
      `-A KUBE-SERVICES ${to(address, 'external IP')} -j ${chain}`,
    ]),
  ]
  const atNodePort = `-A KUBE-NODEPORTS -p ${protocol} ${comment(name)} -m ${protocol} --dport ${nodePort}`
  const nodePorts = nodePort === 0 ? [] : [`${atNodePort} -j KUBE-MARK-MASQ`, `${atNodePort} -j ${chain}`]
  return [...entry, ...nodePorts, ...balanceRules(port, endpoints), ...endpoints.flatMap((end) => endRules(port, end))]
}

// Each endpoint gets an equal share: the first one of n is chosen with 1/n, the next of what is left with 1/(n-1).
function balanceRules(port: ServicePort, endpoints: readonly ProxyEndpoint[]): string[] {
  const chain = serviceChain(port)
  const said = comment(port.name)
  const affine = endpoints.map((endpoint) => {
    const target = endpointChain(port, endpoint)
    return `-A ${chain} ${said} -m recent --name ${target} --rcheck --seconds ${port.affinitySeconds} --reap -j ${target}`
  })
  const shares = endpoints.map((endpoint, index) => {
    const left = endpoints.length - index
    const share = left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `
    return `-A ${chain} ${said} ${share}-j ${endpointChain(port, endpoint)}`
  })
  return port.affinitySeconds === 0 ? shares : [...affine, ...shares]
}

function endRules(port: ServicePort, endpoint: ProxyEndpoint): string[] {
  const chain = endpointChain(port, endpoint)
  const said = comment(port.name)
  const remember = port.affinitySeconds === 0 ? '' : `-m recent --name ${chain} --set `
  return [
    // A pod that is sent to itself by its Service must see another source than its own address.
    `-A ${chain} -s ${endpoint.address}/32 ${said} -j KUBE-MARK-MASQ`,
    `-A ${chain} -p ${port.protocol} ${said} ${remember}-m ${port.protocol} -j DNAT --to-destination ${endpoint.address}:${endpoint.port}`,
  ]
}

function filterRules(port: ServicePort, endpoints: readonly ProxyEndpoint[]): string[] {
  if (endpoints.length > 0) return []
  const { name, protocol, clusterIp } = port
  const [what, target] =
    port.localOnly && port.endpoints.length > 0
      ? ['has no local endpoints', 'DROP']
      : ['has no endpoints', 'REJECT --reject-with icmp-port-unreachable']
  return [
    `-A KUBE-SERVICES -d ${clusterIp}/32 -p ${protocol} ${comment(`${name} ${what}`)} -m ${protocol} --dport ${port.port} -j ${target}`,
  ]
}

function forwardRules(clusterCidr: string): string[] {
  const related = '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'
  const ends = clusterCidr === '' ? [] : [['-s', 'source'] as const, ['-d', 'destination'] as const]
  return [
    `-A KUBE-FIREWALL ${comment('kubernetes firewall for dropping marked packets')} -m mark --mark ${DROP_MARK} -j DROP`,
    '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    `-A KUBE-FORWARD ${comment('kubernetes forwarding rules')} -m mark --mark ${MASQUERADE_MARK} -j ACCEPT`,
    ...ends.map(
      ([flag, end]) =>
        `-A KUBE-FORWARD ${flag} ${clusterCidr} ${comment(`kubernetes forwarding conntrack pod ${end} rule`)} ${related}`,
    ),
  ]
}

function comment(text: string): string {
  return `-m comment --comment "${text}"`
}

function declare(chain: string): string {
  return `:${chain} - [0:0]`
}
