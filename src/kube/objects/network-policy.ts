import { child, children, intOrText, optional, optionalNumber, text, texts, type Json } from './json.ts'
import { readLabelSelector, readMeta } from './meta.ts'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyRule } from './types.ts'

/** Reads a networking.k8s.io/v1 NetworkPolicy. Without `policyTypes` it is Ingress, and Egress when it has such rules. */
export function readNetworkPolicy(json: Json): NetworkPolicy {
  const spec = child(json, 'spec')
  const egress = children(spec, 'egress')
  const named = texts(spec, 'policyTypes')
  return {
    kind: 'NetworkPolicy',
    meta: readMeta(json),
    podSelector: readLabelSelector(child(spec, 'podSelector')),
    policyTypes: named.length > 0 ? named : egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'],
    ingress: children(spec, 'ingress').map((rule) => readRule(rule, 'from')),
    egress: egress.map((rule) => readRule(rule, 'to')),
  }
}

function readRule(rule: Json, peersKey: 'from' | 'to'): NetworkPolicyRule {
  return {
    peers: children(rule, peersKey).map(readPeer),
    ports: children(rule, 'ports').map((port) => ({
      protocol: text(port, 'protocol') || 'TCP',
      ...optional('port', intOrText(port, 'port')),
      ...optional('endPort', optionalNumber(port, 'endPort')),
    })),
  }
}

function readPeer(peer: Json): NetworkPolicyPeer {
  const block = child(peer, 'ipBlock')
  return {
    ...optional('podSelector', selectorAt(peer, 'podSelector')),
    ...optional('namespaceSelector', selectorAt(peer, 'namespaceSelector')),
    ...optional('ipBlock', 'cidr' in block ? { cidr: text(block, 'cidr'), except: texts(block, 'except') } : undefined),
  }
}

/** An empty selector selects everything; an absent one is no selector at all. */
function selectorAt(peer: Json, key: string): NetworkPolicyPeer['podSelector'] {
  return peer[key] === undefined || peer[key] === null ? undefined : readLabelSelector(child(peer, key))
}
