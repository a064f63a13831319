// NetworkPolicies as packet-filter rules on a node, the way calico has them: a chain for what a pod sends and one for what it gets.
import { matchesSelector } from '../../../kube/objects/index.ts'
import type { Json } from '../../../kube/objects/index.ts'
import { objectAt, objectsAt, textAt, textMapAt, textsAt, valueAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { isHostNetwork } from '../names.ts'

export interface PolicyFacts {
  readonly policies: readonly RawObject[]
  readonly pods: readonly RawObject[]
  readonly namespaces: readonly RawObject[]
  /** The node's end of a pod's cable. */
  readonly deviceOf: (pod: RawObject) => string
}

type Direction = 'Egress' | 'Ingress'

export const FROM_PODS = 'cali-from-wl-dispatch'
export const TO_PODS = 'cali-to-wl-dispatch'

/** Chains with their rules for the policies that select pods of a node; empty when none does. */
export function policyChains(node: string, facts: PolicyFacts): Map<string, string[]> {
  const chains = new Map<string, string[]>()
  const dispatch: Record<Direction, string[]> = { Egress: [], Ingress: [] }
  const own = facts.pods.filter((pod) => textAt(pod, 'spec', 'nodeName') === node && !isHostNetwork(pod))
  for (const pod of own) {
    const device = facts.deviceOf(pod)
    for (const direction of ['Egress', 'Ingress'] as const) {
      const policies = facts.policies.filter((policy) => selects(policy, pod) && isAbout(policy, direction))
      if (policies.length === 0) continue
      const chain = `${direction === 'Egress' ? 'cali-fw-' : 'cali-tw-'}${device}`
      dispatch[direction].push(`${direction === 'Egress' ? '-i' : '-o'} ${device} -g ${chain}`)
      chains.set(chain, [
        '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        '-m conntrack --ctstate INVALID -j DROP',
        ...policies.flatMap((policy) => allowed(policy, direction, facts)),
        '-m comment --comment "Drop if no policies passed packet" -j DROP',
      ])
    }
  }
  if (chains.size === 0) return chains
  chains.set(FROM_PODS, dispatch.Egress)
  chains.set(TO_PODS, dispatch.Ingress)
  return chains
}

function selects(policy: RawObject, pod: RawObject): boolean {
  const inNamespace = policy.metadata.namespace === pod.metadata.namespace
  return inNamespace && matchesLabels(objectAt(policy, 'spec', 'podSelector'), pod)
}

/** Without policyTypes a policy is about ingress, and about egress when it has rules for it. */
function isAbout(policy: RawObject, direction: Direction): boolean {
  const types = textsAt(policy, 'spec', 'policyTypes')
  if (types.length > 0) return types.includes(direction)
  return direction === 'Ingress' || valueAt(policy, 'spec', 'egress') !== undefined
}

function allowed(policy: RawObject, direction: Direction, facts: PolicyFacts): string[] {
  const said = `-m comment --comment "${policy.metadata.namespace ?? 'default'}/${policy.metadata.name}"`
  const [list, peerField, flag] =
    direction === 'Egress' ? (['egress', 'to', '-d'] as const) : (['ingress', 'from', '-s'] as const)
  return objectsAt(policy, 'spec', list).flatMap((rule) => {
    const peers = objectsAt(rule, peerField)
    const places = peers.length === 0 ? [''] : peers.flatMap((peer) => peerMatches(peer, flag, { policy, facts }))
    const ports = objectsAt(rule, 'ports')
    const services = ports.length === 0 ? [''] : ports.map(portMatch)
    return places.flatMap((place) => services.map((service) => `${place}${service}${said} -j RETURN`))
  })
}

function peerMatches(
  peer: Json,
  flag: '-d' | '-s',
  { policy, facts }: { readonly policy: RawObject; readonly facts: PolicyFacts },
): string[] {
  const cidr = textAt(peer, 'ipBlock', 'cidr')
  if (cidr !== '') {
    // Rules match one network each: what a block leaves out is matched by the networks around it.
    return [exceptMatch(flag, cidr, textsAt(peer, 'ipBlock', 'except'))]
  }
  const namespaceSelector = valueAt(peer, 'namespaceSelector')
  const namespaces = new Set(
    namespaceSelector === undefined
      ? [policy.metadata.namespace]
      : facts.namespaces
          .filter((namespace) => matchesLabels(objectAt(peer, 'namespaceSelector'), namespace))
          .map(({ metadata }) => metadata.name),
  )
  return facts.pods
    .filter((pod) => !isHostNetwork(pod) && namespaces.has(pod.metadata.namespace))
    .filter((pod) => matchesLabels(objectAt(peer, 'podSelector'), pod))
    .map((pod) => textAt(pod, 'status', 'podIP'))
    .filter((address) => address !== '')
    .map((address) => `${flag} ${address}/32 `)
}

// An address range match can say "not in this one" next to the network.
function exceptMatch(flag: '-d' | '-s', cidr: string, except: readonly string[]): string {
  const range = flag === '-d' ? '--dst-range' : '--src-range'
  const holes = except.map((hole) => `-m iprange ! ${range} ${rangeOf(hole)} `)
  return `${flag} ${cidr} ${holes.join('')}`
}

function rangeOf(cidr: string): string {
  const [first = '', length = '32'] = cidr.split('/')
  const start = first.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
  const end = start + 2 ** (32 - Number(length)) - 1
  return `${first}-${[24, 16, 8, 0].map((shift) => Math.floor(end / 2 ** shift) % 256).join('.')}`
}

function portMatch(port: Json): string {
  const protocol = (textAt(port, 'protocol') || 'TCP').toLowerCase()
  const number = valueAt(port, 'port')
  const last = valueAt(port, 'endPort')
  if (typeof number !== 'number') return `-p ${protocol} `
  return `-p ${protocol} -m ${protocol} --dport ${number}${typeof last === 'number' ? `:${last}` : ''} `
}

function matchesLabels(selector: Json, { metadata: { labels = {} } }: RawObject): boolean {
  return (
    matchesSelector(textMapAt(selector, 'matchLabels'), labels) &&
    objectsAt(selector, 'matchExpressions').every((expression) => {
      const value = labels[textAt(expression, 'key')]
      const values = textsAt(expression, 'values')
      switch (textAt(expression, 'operator')) {
        case 'In':
          return value !== undefined && values.includes(value)
        case 'NotIn':
          return value === undefined || !values.includes(value)
        case 'Exists':
          return value !== undefined
        default:
          return value === undefined
      }
    })
  )
}
