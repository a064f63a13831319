import { describe, expect, it } from 'vitest'
import { findInLogs, readServerLog } from './server-log.ts'
import type { Hop } from './rung.ts'

const hop: Hop = { kind: 'replica', name: 'kube-system/coredns-a', node: 'node1' }

function signsOf(...lines: string[]): [string, Readonly<Record<string, string>>, number][] {
  return readServerLog(hop, lines.join('\n')).findings.map(({ sign, values, count }) => [sign, values, count])
}

describe('readServerLog()', () => {
  it.each([
    [
      '[FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 454.312."',
      'loop',
      { from: '127.0.0.1:55953', to: ':53', zone: '.' },
    ],
    [
      '[ERROR] plugin/reload: Corefile changed but reload failed: plugin/forward: not an IP address or file: "nowhere"',
      'reload-failed',
      { why: 'plugin/forward: not an IP address or file: "nowhere"' },
    ],
    [
      "[WARNING] plugin/reload: Corefile parse failed: /etc/coredns/Corefile:7 - Error during parsing: Unknown directive 'proxy'",
      'parse-failed',
      { why: "/etc/coredns/Corefile:7 - Error during parsing: Unknown directive 'proxy'" },
    ],
    [
      "/etc/coredns/Corefile:9 - Error during parsing: Unknown directive 'proxy'",
      'unknown-directive',
      { place: '/etc/coredns/Corefile:9', directive: 'proxy' },
    ],
    [
      'Listen: listen tcp 169.254.25.10:53: bind: address already in use',
      'bind-failed',
      { address: '169.254.25.10:53', why: 'address already in use' },
    ],
    [
      'W1122 reflector.go:533] failed to list *v1.EndpointSlice: endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:kube-system:coredns" cannot list resource "endpointslices" in API group "discovery.k8s.io" at the cluster scope',
      'forbidden',
      { resource: 'endpointslices.discovery.k8s.io', verb: 'list', group: 'discovery.k8s.io' },
    ],
    [
      'failed to list *v1.Service: Get "https://10.96.0.1:443/api/v1/services": dial tcp 10.96.0.1:443: i/o timeout',
      'dial-failed',
      { to: '10.96.0.1:443', why: 'i/o timeout' },
    ],
    [
      '[ERROR] plugin/errors: 2 example.com. A: concurrent queries exceeded maximum 1000',
      'max-concurrent',
      { max: '1000' },
    ],
    ['dnsmasq[21]: Maximum number of concurrent DNS queries reached (max: 150)', 'dnsmasq-limit', { max: '150' }],
    [
      '[ERROR] plugin/errors: 2 example.com. A: dial udp 10.0.0.2:53: socket: too many open files',
      'sockets-exhausted',
      { why: 'too many open files' },
    ],
    [
      '2026/01/01 [ERROR] Unable to lookup IP address of Upstream service kube-dns-upstream, env KUBE_DNS_UPSTREAM_SERVICE_HOST',
      'upstream-service-missing',
      { service: 'kube-dns-upstream' },
    ],
    [
      'Cannot fill in __PILLAR__CLUSTER__DNS__: the environment variable KUBE_DNS_SERVICE_HOST is not set; -upstreamsvc must name a Service',
      'upstream-service-missing',
      { variable: 'KUBE_DNS' },
    ],
    [
      'plugin/forward: /etc/coredns/Corefile:10 - Error during parsing: not an IP address or file: "__PILLAR__CLUSTER__DNS__"',
      'upstream-service-missing',
      { placeholder: '__PILLAR__CLUSTER__DNS__' },
    ],
    [
      '[ERROR] plugin/kubernetes: Failed to list *v1.Service: Cannot reach the API server https://10.96.0.1:443: no route to the host (in-cluster service account)',
      'dial-failed',
      { to: '10.96.0.1:443', why: 'no route to the host' },
    ],
    ['[INFO] plugin/kubernetes: waiting for Kubernetes API before starting server', 'waiting-for-api', {}],
  ])('reads %s', (line, sign, values) => {
    expect(signsOf(line)).toEqual([[sign, values, 1]])
  })

  it('counts equal findings once, with how often they were there', () => {
    const line = 'dial tcp 10.96.0.1:443: i/o timeout'
    expect(signsOf(line, 'something else', line)).toEqual([
      ['dial-failed', { to: '10.96.0.1:443', why: 'i/o timeout' }, 2],
    ])
  })

  it('finds nothing in what a healthy server says', () => {
    expect(
      signsOf(
        '.:53',
        '[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e738df59329c62c0b729d94e8b61db9961c2fa5',
        'CoreDNS-1.11.1',
        '[INFO] 10.244.1.30:41012 - 4711 "A IN example.com. udp 40 false 1232" NOERROR qr,rd,ra 78 0.002s',
      ),
    ).toEqual([])
  })

  it('keeps lines printable and their number bounded', () => {
    const lines = Array.from({ length: 500 }, (_, index) => `\u001B[2J dial tcp 10.0.0.${index}:443: i/o timeout`)
    const { findings } = readServerLog(hop, lines.join('\n'))
    expect(findings).toHaveLength(64)
    expect(findings[0]?.line).not.toMatch(/\p{Cc}/u)
  })
})

describe('findInLogs()', () => {
  it('gives the findings of one sign with their servers', () => {
    const other: Hop = { kind: 'node-cache', name: 'kube-system/node-local-dns-x' }
    const text = 'dial tcp 10.96.0.1:443: i/o timeout'
    const logs = [readServerLog(hop, text), readServerLog(other, text, true)]
    expect(findInLogs(logs, 'dial-failed').map(({ hop: { name }, isPrevious }) => [name, isPrevious])).toEqual([
      ['kube-system/coredns-a', false],
      ['kube-system/node-local-dns-x', true],
    ])
    expect(findInLogs(logs, 'dial-failed', ({ kind }) => kind === 'replica')).toHaveLength(1)
    expect(findInLogs(logs, 'loop')).toEqual([])
  })
})
