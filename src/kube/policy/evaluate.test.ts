// The NetworkPolicy API's own rules, each with the case that an evaluator gets wrong most easily.
import { describe, expect, it } from 'vitest'
import { readNetworkPolicy } from '../objects/network-policy.ts'
import { containsAddress } from './cidr.ts'
import { admits, policiesFor } from './index.ts'
import type { Direction, Traffic } from './index.ts'

const CLIENT = { namespace: 'shop', labels: { app: 'web' } }
const NAMESPACES = new Map([
  ['shop', { 'kubernetes.io/metadata.name': 'shop' }],
  ['kube-system', { 'kubernetes.io/metadata.name': 'kube-system' }],
])
const DNS = { addresses: ['10.244.1.2'], pod: { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } } }
const CACHE = { addresses: ['169.254.20.10'] }
const KUBE_SYSTEM = { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }
const KUBE_DNS = { matchLabels: { 'k8s-app': 'kube-dns' } }

function isAdmitted(spec: object, traffic: Partial<Traffic> = {}): boolean {
  const direction: Direction = traffic.direction ?? 'Egress'
  const policy = readNetworkPolicy({ metadata: { namespace: 'shop', name: 'p' }, spec: { podSelector: {}, ...spec } })
  const whole = { direction, peer: DNS, protocol: 'UDP', port: 53, namespaces: NAMESPACES, ...traffic }
  return admits(policiesFor([policy], CLIENT, direction), whole).isAdmitted
}

const egress = (...rules: object[]): object => ({ policyTypes: ['Egress'], egress: rules })
const to = (...peers: object[]): object => ({ to: peers })

describe('admits()', () => {
  it.each([
    ['no policy selects the pod', { podSelector: { matchLabels: { app: 'db' } }, ...egress() }],
    ['the policy is about ingress only', { policyTypes: ['Ingress'] }],
    ['a rule without peers and ports', egress({})],
    ['both selectors match', egress(to({ namespaceSelector: KUBE_SYSTEM, podSelector: KUBE_DNS }))],
    ['an empty namespaceSelector takes every namespace', egress(to({ namespaceSelector: {} }))],
    ['one of two peers', egress(to({ podSelector: {} }, { namespaceSelector: KUBE_SYSTEM }))],
    ['one of two rules', egress(to({ podSelector: {} }), to({ ipBlock: { cidr: '10.244.0.0/16' } }))],
    ['a range of ports', egress({ ports: [{ protocol: 'UDP', port: 50, endPort: 60 }] })],
    ['a protocol without a port', egress({ ports: [{ protocol: 'UDP' }] })],
  ])('lets pass: %s', (_title, spec) => {
    expect(isAdmitted(spec)).toBe(true)
  })

  it.each([
    ['egress without a rule', egress()],
    ["a podSelector alone is of the policy's own namespace", egress(to({ podSelector: KUBE_DNS }))],
    [
      'only one of both selectors',
      egress(to({ namespaceSelector: KUBE_SYSTEM, podSelector: { matchLabels: { x: 'y' } } })),
    ],
    ['the other protocol: it defaults to TCP', egress({ ports: [{ port: 53 }] })],
    ['another port', egress({ ports: [{ protocol: 'UDP', port: 5353 }] })],
    ['an exception of the block', egress(to({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.244.0.0/16'] } }))],
    [
      'peer and port in different rules',
      egress({ ...to({ podSelector: {} }), ports: [{ protocol: 'UDP', port: 53 }] }),
    ],
    ["a port's name that the pod does not have", egress({ ports: [{ protocol: 'UDP', port: 'dns' }] })],
  ])('holds back: %s', (_title, spec) => {
    expect(isAdmitted(spec)).toBe(false)
  })

  it('matches a port by the name that the receiving pod gives to it', () => {
    expect(isAdmitted(egress({ ports: [{ protocol: 'UDP', port: 'dns' }] }), { portNames: ['dns'] })).toBe(true)
  })

  it('never matches a host-network peer by selectors, only by its address', () => {
    expect(isAdmitted(egress(to({ namespaceSelector: {} })), { peer: CACHE })).toBe(false)
    expect(isAdmitted(egress(to({ ipBlock: { cidr: '169.254.20.10/32' } })), { peer: CACHE })).toBe(true)
  })

  it('without policyTypes is about ingress, and about egress where it has such rules', () => {
    expect(isAdmitted({ ingress: [] })).toBe(true)
    expect(isAdmitted({ ingress: [] }, { direction: 'Ingress' })).toBe(false)
    expect(isAdmitted({ egress: [to({ podSelector: {} })] })).toBe(false)
  })
})

describe('containsAddress()', () => {
  it.each([
    ['10.96.0.0/12', '10.111.255.255', true],
    ['10.96.0.0/12', '10.112.0.0', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['10.0.0.1', '10.0.0.1', true],
    ['fd00::/64', 'fd00::ffff', true],
    ['fd00::/64', 'fd00:0:0:1::1', false],
    ['::/0', '10.0.0.1', false],
    ['10.0.0.0/33', '10.0.0.1', false],
    ['nonsense/8', '10.0.0.1', false],
  ])('%s, %s: %s', (cidr, address, expected) => {
    expect(containsAddress(cidr, address)).toBe(expected)
  })
})
