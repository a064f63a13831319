import type { Cause } from '../cause.ts'
import { applicationServiceNoEndpoints } from './application-service-no-endpoints.ts'
import { bridgeNetfilterDisabled } from './bridge-netfilter-disabled.ts'
import { dnsServiceNoEndpoints } from './dns-service-no-endpoints.ts'
import { dnsServiceSelectorMismatch } from './dns-service-selector-mismatch.ts'
import { internalTrafficPolicyLocal } from './internal-traffic-policy-local.ts'
import { ipvsStaleUdpConnections } from './ipvs-stale-udp-connections.ts'
import { mixedIptablesBackends } from './mixed-iptables-backends.ts'
import { nodeCacheWrongSource } from './node-cache-wrong-source.ts'
import { serviceIpUnreachable } from './service-ip-unreachable.ts'
import { staleUdpConntrack } from './stale-udp-conntrack.ts'
import { unexpectedDnsServiceName } from './unexpected-dns-service-name.ts'

/** In the order of the catalogue. */
export const SERVICE_CAUSES: readonly Cause[] = [
  dnsServiceNoEndpoints,
  dnsServiceSelectorMismatch,
  unexpectedDnsServiceName,
  internalTrafficPolicyLocal,
  serviceIpUnreachable,
  mixedIptablesBackends,
  staleUdpConntrack,
  ipvsStaleUdpConnections,
  bridgeNetfilterDisabled,
  nodeCacheWrongSource,
  applicationServiceNoEndpoints,
]
