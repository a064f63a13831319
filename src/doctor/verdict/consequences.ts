// Which cause is the consequence of which, from the near-miss lines of the catalogue. Data only.
import type { CauseCode } from '../causes/index.ts'

/** A cause -> the causes that lie beneath it when they are found as well, nearest first. */
export const CONSEQUENCES: Readonly<Partial<Record<CauseCode, readonly CauseCode[]>>> = {
  'dns-service-no-endpoints': [
    'dns-service-selector-mismatch',
    'dns-pods-pending',
    'forwarding-loop',
    'corefile-invalid',
    'corefile-directive-removed',
    'coredns-out-of-memory',
    'api-server-unreachable',
    'endpointslice-access-forbidden',
  ],
  'application-service-no-endpoints': ['namespace-shadows-tld'],
  'dns-policy-default-inherits-node': ['loopback-nameserver-in-pod'],
  'forward-max-concurrent-exceeded': ['upstream-dead'],
  'dnsmasq-concurrent-query-limit': ['upstream-dead'],
  'service-ip-unreachable': [
    'dns-service-selector-mismatch',
    'internal-traffic-policy-local',
    'mixed-iptables-backends',
    'vxlan-checksum-offload',
    // The Service leads to the replica that has nothing left to answer with.
    'coredns-sockets-exhausted',
    'coredns-cpu-throttled',
  ],
  'cross-node-traffic-broken': [
    'vxlan-port-blocked',
    'host-firewall-or-forwarding',
    'network-policy-blocks-coredns',
    'conntrack-table-full',
    'cloud-firewall-blocks-dns',
  ],
  'vxlan-port-blocked': ['host-firewall-or-forwarding', 'network-policy-blocks-coredns'],
  'udp-53-blocked': ['network-policy-blocks-egress', 'network-policy-blocks-coredns', 'client-udp-ports-exhausted'],
  'host-firewall-or-forwarding': ['network-policy-blocks-coredns'],
  'cloud-firewall-blocks-dns': ['vxlan-port-blocked', 'host-firewall-or-forwarding', 'network-policy-blocks-coredns'],
  'dns-pods-pending': ['resolv-conf-missing'],
  'node-cache-down': ['node-cache-bind-failed', 'node-cache-upstream-service-missing', 'unexpected-dns-service-name'],
  // A server that accepts no connection, or none in time, answers datagrams all the same.
  'node-cache-force-tcp-blocked': ['coredns-sockets-exhausted', 'coredns-cpu-throttled', 'host-firewall-or-forwarding'],
  'node-cache-upstream-service-missing': ['unexpected-dns-service-name'],
  'node-cache-bind-failed': ['node-cache-address-mismatch'],
  'coredns-out-of-memory': ['upstream-dead'],
  'coredns-sockets-exhausted': ['upstream-dead'],
  // What a line of the Corefile answers is kept by caches as well.
  'stale-positive-cache': ['cluster-zone-overridden'],
  'stale-negative-cache': ['cluster-zone-overridden'],
  'readiness-probe-on-health': ['api-server-unreachable', 'endpointslice-access-forbidden'],
  'api-server-unreachable': ['network-policy-blocks-coredns', 'host-firewall-or-forwarding', 'service-ip-unreachable'],
  'large-response-lost': [
    'network-policy-blocks-egress',
    'network-policy-misses-node-cache',
    'network-policy-misses-cloud-dns',
    'network-policy-blocks-coredns',
    'host-firewall-or-forwarding',
  ],
  'musl-parallel-queries': ['upstreams-not-equivalent', 'dns-policy-none-incomplete'],
  'nodejs-threadpool-exhausted': ['search-domain-servfail', 'upstream-dead', 'node-cache-down'],
}

/** Causes that hold at those who ask alone: what fails at other places as well is no consequence of them. */
export const AT_ASKERS: ReadonlySet<CauseCode> = new Set([
  'network-policy-blocks-egress',
  'network-policy-misses-node-cache',
  'network-policy-misses-cloud-dns',
  'client-udp-ports-exhausted',
])
