import { describe, expect, it } from 'vitest'
import { debugNodeCommand, debugPodCommand, portForwardCommand, proxyCommand } from './kubectl-commands.ts'

const COREDNS = { namespace: 'kube-system', name: 'coredns-0' }
const dns = {
  command: 'dig -x 10.233.0.1 @10.233.74.65 +tcp',
  server: { address: '10.233.74.65', port: 53 },
  transport: 'tcp',
} as const

describe('portForwardCommand()', () => {
  it("asks the forwarded port of the workstation instead of the pod's", () => {
    expect(portForwardCommand(COREDNS, dns)).toBe(
      'kubectl port-forward -n kube-system pod/coredns-0 5353:53 & sleep 2; dig -x 10.233.0.1 @127.0.0.1 -p 5353 +tcp; kill $!',
    )
    const other = {
      ...dns,
      command: 'dig a.example. @fd00::a -p 1053 +tcp',
      server: { address: 'fd00::a', port: 1053 },
    }
    expect(portForwardCommand(COREDNS, other)).toBe(
      'kubectl port-forward -n kube-system pod/coredns-0 5353:1053 & sleep 2; dig a.example. @127.0.0.1 -p 5353 +tcp; kill $!',
    )
  })
})

describe('proxyCommand()', () => {
  it('names the page through the API server, quoted where a shell needs it', () => {
    const page = { ...dns, server: { address: '10.233.74.65', port: 9153 }, transport: 'http' } as const
    expect(proxyCommand(COREDNS, { ...page, path: '/metrics' })).toBe(
      'kubectl get --raw /api/v1/namespaces/kube-system/pods/coredns-0:9153/proxy/metrics',
    )
    expect(proxyCommand(COREDNS, { ...page, path: '/a?b=c&d' })).toBe(
      "kubectl get --raw '/api/v1/namespaces/kube-system/pods/coredns-0:9153/proxy/a?b=c&d'",
    )
  })
})

describe('debugPodCommand(), debugNodeCommand()', () => {
  it('ask from the place, with tools that they bring along', () => {
    expect(debugPodCommand({ namespace: 'shop', name: 'web-0' }, dns, 'tools:1')).toBe(
      'kubectl debug -it -n shop web-0 --image=tools:1 -- dig -x 10.233.0.1 @10.233.74.65 +tcp',
    )
    expect(debugNodeCommand('node1', dns)).toMatch(/^kubectl debug -it node\/node1 --image=\S+agnhost:\S+ -- dig -x /)
  })
})
