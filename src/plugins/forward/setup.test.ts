import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createTestEnv, parseDirective, type FakeFile } from '../../../test/support/plugin-rig.ts'
import { forwardPlugin } from './index.ts'
import type { ForwardRule } from './setup.ts'

const FILES = new Map<string, FakeFile>([
  [
    '/etc/resolv.conf',
    {
      text: 'search x\nnameserver 10.1.1.1 # first\n nameserver\t2001:db8::1\nnameserver fe80::1%eth0\nnameserver 10.1.1.1\n',
      mtimeMs: 1,
    },
  ],
  ['/etc/empty', { text: '# none\n', mtimeMs: 1 }],
  ['/etc/bad', { text: 'nameserver dns.example.org\n', mtimeMs: 1 }],
  ['/certs/ca.pem', { text: 'CA', mtimeMs: 1 }],
  ['/certs/cert.pem', { text: 'CERT', mtimeMs: 1 }],
  ['/certs/key.pem', { text: 'KEY', mtimeMs: 1 }],
])

function parseAll(directive: string): { readonly rules: readonly ForwardRule[]; readonly log: readonly string[] } {
  const { env, log } = createTestEnv({ clock: createFakeClock(), files: FILES })
  return { rules: parseDirective(forwardPlugin, directive, env).rules, log }
}

function parse(directive: string): ForwardRule {
  const [rule] = parseAll(directive).rules
  if (rule === undefined) throw new TypeError('no rule')
  return rule
}

function targetsOf(to: string): readonly string[] {
  return parse(`forward . ${to}`).targets.map(
    ({ scheme, host, port, serverName }) =>
      `${scheme} ${host} ${port}${serverName === undefined ? '' : ` ${serverName}`}`,
  )
}

describe('forward TO', () => {
  it.each([
    { to: '192.0.2.1', expected: ['dns 192.0.2.1 53'] },
    { to: '192.0.2.1:5353', expected: ['dns 192.0.2.1 5353'] },
    { to: 'dns://192.0.2.1', expected: ['dns 192.0.2.1 53'] },
    { to: '::1 [2001:db8::1]:5353 [::2]', expected: ['dns ::1 53', 'dns 2001:db8::1 5353', 'dns ::2 53'] },
    { to: 'fe80::1%eth0 [fe80::2%eth0]:5353', expected: ['dns fe80::1%eth0 53', 'dns fe80::2%eth0 5353'] },
    { to: 'tls://9.9.9.9', expected: ['tls 9.9.9.9 853'] },
    {
      to: 'tls://9.9.9.9%dns.quad9.net tls://9.9.9.9%dns.quad9.net:10853',
      expected: ['tls 9.9.9.9 853 dns.quad9.net', 'tls 9.9.9.9 10853 dns.quad9.net'],
    },
    { to: 'tls://[2620:fe::fe%dns.quad9.net]:10853', expected: ['tls 2620:fe::fe 10853 dns.quad9.net'] },
    {
      to: 'https://192.0.2.1 https://dns.example.org:8443',
      expected: ['https 192.0.2.1 443', 'https dns.example.org 8443'],
    },
    { to: '/etc/resolv.conf', expected: ['dns 10.1.1.1 53', 'dns 2001:db8::1 53', 'dns fe80::1%eth0 53'] },
    {
      to: '/etc/resolv.conf 8.8.8.8 10.1.1.1',
      expected: ['dns 10.1.1.1 53', 'dns 2001:db8::1 53', 'dns fe80::1%eth0 53', 'dns 8.8.8.8 53'],
    },
    { to: '/etc/empty 8.8.8.8', expected: ['dns 8.8.8.8 53'] },
    { to: 'resolver.kube-system.svc.cluster.local', expected: ['dns resolver.kube-system.svc.cluster.local 53'] },
  ])('reads $to', ({ to, expected }) => {
    expect(targetsOf(to)).toEqual(expected)
  })

  it.each([
    { to: '/etc/nofile', message: 'not an IP address or file: "/etc/nofile"' },
    { to: '/etc/empty', message: 'no valid upstream addresses found: no nameserver in /etc/empty' },
    { to: '/etc/bad', message: 'not an IP address in /etc/bad: "dns.example.org"' },
    { to: '10.0.0.300', message: 'not an IP address or file: "10.0.0.300"' },
    { to: 'grpc://192.0.2.1', message: "'grpc' is not supported as a destination protocol in forward: 192.0.2.1" },
    { to: 'https://192.0.2.1/dns-query', message: 'paths are not allowed in HTTPS upstream addresses' },
    { to: 'tls://', message: 'invalid address: "tls://"' },
    { to: '192.0.2.1:99999', message: 'not an IP address or file' },
    {
      to: Array.from({ length: 16 }, (_, index) => `192.0.2.${index}`).join(' '),
      message: 'more than 15 TOs configured: 16',
    },
  ])('refuses $to', ({ to, message }) => {
    expect(() => targetsOf(to)).toThrow(message)
  })
})

describe('forward setup', () => {
  it('has CoreDNS’s defaults', () => {
    expect(parse('forward . 192.0.2.1 192.0.2.2')).toMatchObject({
      from: '.',
      except: [],
      forceTcp: false,
      preferUdp: false,
      expireMs: 10_000,
      maxAgeMs: 0,
      maxIdle: 0,
      readTimeoutMs: 2000,
      maxFails: 2,
      maxAttempts: 4,
      httpMethod: 'POST',
      policy: 'random',
      health: { intervalMs: 500, recursionDesired: true, domain: '.' },
      maxConcurrent: 0,
      nextRcodes: [],
      nextOnNodata: false,
      failFast: false,
      failoverRcodes: [],
    })
  })

  it.each([
    { option: 'except Example.org b.example.', expected: { except: ['example.org.', 'b.example.'] } },
    { option: 'force_tcp', expected: { forceTcp: true } },
    { option: 'prefer_udp', expected: { preferUdp: true } },
    { option: 'expire 20s\n max_age 1m', expected: { expireMs: 20_000, maxAgeMs: 60_000 } },
    { option: 'max_idle_conns 3', expected: { maxIdle: 3 } },
    { option: 'read_timeout 500ms', expected: { readTimeoutMs: 500 } },
    { option: 'max_fails 0', expected: { maxFails: 0 } },
    { option: 'max_connect_attempts 0', expected: { maxAttempts: 0 } },
    { option: 'doh_method get', expected: { httpMethod: 'GET' } },
    { option: 'tls', expected: { tls: {} } },
    { option: 'tls /certs/ca.pem', expected: { tls: { ca: 'CA' } } },
    { option: 'tls /certs/cert.pem /certs/key.pem', expected: { tls: { cert: 'CERT', key: 'KEY' } } },
    {
      option: 'tls certs/cert.pem certs/key.pem certs/ca.pem',
      expected: { tls: { cert: 'CERT', key: 'KEY', ca: 'CA' } },
    },
    { option: 'tls_servername dns.example.org', expected: { tls: { serverName: 'dns.example.org' } } },
    { option: 'policy round_robin', expected: { policy: 'round_robin' } },
    { option: 'health_check 5s', expected: { health: { intervalMs: 5000, recursionDesired: true, domain: '.' } } },
    {
      option: 'health_check 5s no_rec domain example.org',
      expected: { health: { recursionDesired: false, domain: 'example.org.' } },
    },
    { option: 'max_concurrent 1000', expected: { maxConcurrent: 1000 } },
    { option: 'next NXDOMAIN refused', expected: { nextRcodes: ['NXDOMAIN', 'REFUSED'] } },
    { option: 'next_on_nodata', expected: { nextOnNodata: true } },
    { option: 'failfast_all_unhealthy_upstreams', expected: { failFast: true } },
    { option: 'failover SERVFAIL REFUSED', expected: { failoverRcodes: ['SERVFAIL', 'REFUSED'] } },
    { option: 'source_address 192.0.2.77', expected: { sourceAddress: '192.0.2.77' } },
    {
      option: 'resolver 192.0.2.53 [2001:db8::1]:5353',
      expected: {
        resolvers: [
          { address: '192.0.2.53', port: 53 },
          { address: '2001:db8::1', port: 5353 },
        ],
      },
    },
  ])('reads $option', ({ option, expected }) => {
    expect(parse(`forward . 192.0.2.1 {\n ${option}\n }`)).toMatchObject(expected)
  })

  it('reads every line of a block as a rule of its own, and empty braces', () => {
    const { rules } = parseAll('forward example.org 192.0.2.1\nforward . /etc/resolv.conf {\n }')
    expect(rules.map(({ from }) => from)).toEqual(['example.org.', '.'])
  })

  it('takes the first of several reverse zones, with a warning', () => {
    const { rules, log } = parseAll('forward 10.0.0.0/23 192.0.2.1')
    expect(rules[0]?.from).toBe('0.0.10.in-addr.arpa.')
    expect(log).toEqual([
      "warning Unsupported CIDR notation: '10.0.0.0/23' expands to multiple zones. Using only '0.0.10.in-addr.arpa.'.",
    ])
  })

  it.each([
    { directive: 'forward', message: "Wrong argument count or unexpected line ending after 'forward'" },
    { directive: 'forward .', message: "Wrong argument count or unexpected line ending after '.'" },
    { directive: 'forward . 192.0.2.1 {\n nope\n }', message: "unknown property 'nope'" },
    { directive: 'forward . 192.0.2.1 {\n force_tcp yes\n }', message: 'Wrong argument count' },
    { directive: 'forward . 192.0.2.1 {\n policy\n }', message: 'Wrong argument count' },
    { directive: 'forward . 192.0.2.1 {\n policy best\n }', message: "unknown policy 'best'" },
    { directive: 'forward . 192.0.2.1 {\n max_fails -1\n }', message: "max_fails can't be negative: -1" },
    { directive: 'forward . 192.0.2.1 {\n max_fails x\n }', message: 'strconv.Atoi: parsing "x": invalid syntax' },
    { directive: 'forward . 192.0.2.1 {\n expire -1s\n }', message: "expire can't be negative: -1s" },
    { directive: 'forward . 192.0.2.1 {\n max_age 5s\n }', message: 'max_age (5s) must not be less than expire (10s)' },
    { directive: 'forward . 192.0.2.1 {\n read_timeout 0\n }', message: 'read_timeout must be positive: 0' },
    { directive: 'forward . 192.0.2.1 {\n health_check 0.5s nope\n }', message: 'health_check: unknown option nope' },
    { directive: 'forward . 192.0.2.1 {\n health_check\n }', message: 'Wrong argument count' },
    { directive: 'forward . 192.0.2.1 {\n max_concurrent -4\n }', message: "max_concurrent can't be negative: -4" },
    { directive: 'forward . 192.0.2.1 {\n next NOPE\n }', message: 'NOPE is not a valid rcode' },
    { directive: 'forward . 192.0.2.1 {\n failover NOERROR\n }', message: 'NoError cannot be used in failover' },
    { directive: 'forward . 192.0.2.1 {\n doh_method PUT\n }', message: 'doh_method must be either POST or GET' },
    { directive: 'forward . 192.0.2.1 {\n source_address x\n }', message: 'source_address must be an IP address: "x"' },
    { directive: 'forward . 192.0.2.1 {\n resolver x\n }', message: 'resolver must be an IP address or IP:port: "x"' },
    { directive: 'forward . 192.0.2.1 {\n except\n }', message: 'Wrong argument count' },
    {
      directive: 'forward . tls://192.0.2.1 {\n tls /certs/none.pem\n }',
      message: 'error reading /certs/none.pem: open /certs/none.pem: no such file or directory',
    },
    {
      directive: 'forward . tls://192.0.2.1%a.org {\n tls_servername b.org\n }',
      message:
        "both forward ('b.org') and proxy level ('a.org') TLS servernames are set for upstream proxy '192.0.2.1'",
    },
  ])('refuses $directive', ({ directive, message }) => {
    expect(() => parse(directive)).toThrow(message)
  })
})
