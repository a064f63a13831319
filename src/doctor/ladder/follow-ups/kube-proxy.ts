// kube-proxy, where the Service IP is silent and what lies behind it is not.
import { httpRung } from '../make-rung.ts'
import type { Hop, Rung } from '../rung.ts'
import type { FollowUp } from './follow-up.ts'

const KUBE_PROXY_HEALTH_PORT = 10_256

/** kube-proxy's own health on nodes from where the Service IP is silent and a replica is not. */
export const planKubeProxy: FollowUp = ({ facts, rungs }) => {
  const byNode = new Map<string, Rung[]>()
  for (const rung of rungs) {
    if (rung.fromNode === undefined || rung.purpose !== 'canary') continue
    const own = byNode.get(rung.fromNode)
    if (own === undefined) byNode.set(rung.fromNode, [rung])
    else own.push(rung)
  }
  return facts.nodes.flatMap(({ name, node }) => {
    const address = node?.internalIPs[0]
    const canaries = byNode.get(name) ?? []
    const service = canaries.filter(({ hop }) => hop.kind === 'dns-service')
    const answersDirectly = canaries.some(({ hop, observed }) => hop.kind === 'replica' && observed.kind === 'response')
    const isSilent = service.some(({ result, observed }) => result === 'failed' && observed.kind !== 'response')
    const [first] = service
    if (address === undefined || first === undefined || !isSilent || !answersDirectly) return []
    const hop: Hop = { kind: 'kube-proxy', name: `node/${name}`, node: name }
    const endpoint = { kind: 'endpoint', address, port: KUBE_PROXY_HEALTH_PORT, path: '/healthz' } as const
    return [httpRung(hop, { place: first.from, node: name }, 'health', endpoint)]
  })
}
