import { describe, expect, it } from 'vitest'
import type { RawObject } from '../../cluster/raw-object.ts'
import { FROM_PODS, policyChains } from './policy-rules.ts'

function pod(name: string, labels: Record<string, string>, podIP: string, namespace = 'shop'): RawObject {
  const spec = { nodeName: 'a' }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec, status: { podIP } }
}

function chainsOf(spec: object): ReadonlyMap<string, readonly string[]> {
  const metadata = { name: 'p', namespace: 'shop' }
  return policyChains('a', {
    policies: [{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec }],
    pods: [pod('web', { app: 'web' }, '10.0.0.1'), pod('dns', { k: 'dns' }, '10.0.0.2', 'kube-system')],
    namespaces: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', labels: { n: 'sys' } } }],
    deviceOf: ({ metadata: { name } }) => `cali-${name}`,
  })
}

/** The rules that let something through, without the connection states before and the DROP after them. */
function allowed(chains: ReadonlyMap<string, readonly string[]>, chain: string): string[] {
  return (chains.get(chain) ?? []).filter((rule) => rule.endsWith('-j RETURN'))
}

const SAID = '-m comment --comment "shop/p"'

describe('policyChains()', () => {
  it('an egress policy without rules lets nothing out', () => {
    const chains = chainsOf({ podSelector: {}, policyTypes: ['Egress'] })
    expect([...chains.keys()]).toEqual(['cali-fw-cali-web', FROM_PODS, 'cali-to-wl-dispatch'])
    expect(chains.get(FROM_PODS)).toEqual(['-i cali-web -g cali-fw-cali-web'])
    expect(allowed(chains, 'cali-fw-cali-web')).toEqual([])
  })

  it('selects peers by namespace and pod, and ports by protocol', () => {
    const to = [{ namespaceSelector: { matchLabels: { n: 'sys' } }, podSelector: { matchLabels: { k: 'dns' } } }]
    const ports = [{ protocol: 'UDP', port: 53 }, { port: 53 }]
    const chains = chainsOf({ podSelector: { matchLabels: { app: 'web' } }, egress: [{ to, ports }] })
    expect(allowed(chains, 'cali-fw-cali-web')).toEqual([
      `-d 10.0.0.2/32 -p udp -m udp --dport 53 ${SAID} -j RETURN`,
      `-d 10.0.0.2/32 -p tcp -m tcp --dport 53 ${SAID} -j RETURN`,
    ])
    // Without policyTypes it is about ingress too, for which it has no rule.
    expect(allowed(chains, 'cali-tw-cali-web')).toEqual([])
  })

  it('an ipBlock leaves its exceptions out', () => {
    const ipBlock = { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }
    const chains = chainsOf({ podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ ipBlock }] }] })
    expect(allowed(chains, 'cali-tw-cali-web')).toEqual([
      `-s 10.0.0.0/8 -m iprange ! --src-range 10.1.0.0-10.1.255.255 ${SAID} -j RETURN`,
    ])
  })

  it('pods that no policy selects have no chain', () => {
    expect(chainsOf({ podSelector: { matchLabels: { app: 'other' } } }).size).toBe(0)
  })
})
