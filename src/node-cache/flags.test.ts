import { describe, expect, it } from 'vitest'
import { parseNodeCacheFlags } from './flags.ts'

const DEFAULTS = {
  action: 'serve',
  localAddresses: ['169.254.25.10'],
  setupInterface: true,
  interfaceName: 'nodelocaldns',
  syncIntervalMs: 60_000,
  metricsAddress: '0.0.0.0:9353',
  setupIptables: true,
  baseCorefile: '/etc/coredns/Corefile.base',
  corefile: '/etc/Corefile',
  upstreamService: 'kube-dns',
  healthPort: 8080,
  skipTeardown: false,
  reloadWithSignal: false,
  prometheusAddress: ':9253',
  dnsPort: 53,
  pidfile: undefined,
  workers: undefined,
  serveStaleMs: undefined,
  guard: false,
}

describe('parseNodeCacheFlags()', () => {
  it.each([
    { who: 'nobody in particular', args: '-localip 169.254.25.10', flags: {} },
    {
      who: 'the upstream manifest',
      args: '-localip 169.254.20.10,10.96.0.10 -conf /etc/Corefile -upstreamsvc kube-dns-upstream -pidfile /run/node-cache.pid',
      flags: {
        localAddresses: ['169.254.20.10', '10.96.0.10'],
        upstreamService: 'kube-dns-upstream',
        pidfile: '/run/node-cache.pid',
      },
    },
    {
      who: 'kubespray',
      args: '-localip 169.254.25.10 -conf /etc/coredns/Corefile -upstreamsvc coredns -skipteardown',
      flags: { corefile: '/etc/coredns/Corefile', upstreamService: 'coredns', skipTeardown: true },
    },
    {
      who: 'kubekey',
      args: '-localip 169.254.25.10 -metrics-listen-address 127.0.0.1:9353',
      flags: { metricsAddress: '127.0.0.1:9353' },
    },
    { who: 'kops', args: '-localip=169.254.25.10 -setupiptables=false', flags: { setupIptables: false } },
    {
      who: 'Cilium',
      args: '-localip 169.254.25.10 -skipteardown=true -setupinterface=false -setupiptables=false',
      flags: { skipTeardown: true, setupInterface: false, setupIptables: false },
    },
    { who: 'bare seconds', args: '-localip 169.254.25.10 -syncinterval 90', flags: { syncIntervalMs: 90_000 } },
    { who: 'a duration', args: '--localip 169.254.25.10 -syncinterval=1m30s', flags: { syncIntervalMs: 90_000 } },
    { who: 'serve-stale', args: '-localip 169.254.25.10 -serve-stale 1h', flags: { serveStaleMs: 3_600_000 } },
    { who: 'threads', args: '-localip 169.254.25.10 -workers 2', flags: { workers: 2 } },
  ])('reads the command line of $who', ({ args, flags }) => {
    expect(parseNodeCacheFlags(args.split(' '))).toMatchObject({ ...DEFAULTS, ...flags })
  })

  it.each([
    { args: '', message: 'Invalid localip specified - ""' },
    { args: '-localip 10.0.0.256', message: 'Invalid localip specified - "10.0.0.256"' },
    { args: '-localip 10.0.0.1,fd00::1', message: 'Unexpected IP Family for localIP' },
    { args: '-localip 10.0.0.1 -syncinterval fast', message: 'Invalid value "fast" for flag -syncinterval' },
    { args: '-localip 10.0.0.1 -syncinterval 0', message: 'expected at least 1s' },
    { args: '-localip 10.0.0.1 -health-port 0', message: 'expected a port, 1 to 65535' },
    { args: '-localip 10.0.0.1 -interfacename a/b', message: 'expected the name of a network interface' },
    { args: '-localip 10.0.0.1 -metrics-listen-address 9353', message: 'expected ADDRESS:PORT' },
    { args: '-localip 10.0.0.1 -skipteardown=maybe', message: 'expected true or false' },
    { args: '-localip 10.0.0.1 more', message: 'Extra command line arguments: "more"' },
    { args: '-localip 10.0.0.1 -workers 0', message: 'expected a number of threads, 1 to 64' },
    { args: '-nosuch', message: 'Flag provided but not defined: -nosuch' },
    { args: '-localip', message: 'Flag needs an argument: -localip' },
  ])('refuses "$args"', ({ args, message }) => {
    expect(() => parseNodeCacheFlags(args === '' ? [] : args.split(' '))).toThrow(message)
  })

  it.each([
    {
      args: ['-upstreamsvc', 'bad name'],
      message: 'Invalid value "bad name" for flag -upstreamsvc: expected the name',
    },
    { args: ['-serve-stale', '5'], message: 'Invalid value "5" for flag -serve-stale: expected a duration' },
  ])('refuses $args', ({ args, message }) => {
    expect(() => parseNodeCacheFlags(['-localip', '169.254.25.10', ...args])).toThrow(message)
  })
})
