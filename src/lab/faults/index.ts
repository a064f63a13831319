import { aaaaQueryUnanswered } from './client/aaaa-query-unanswered.ts'
import { clientUdpPortsExhausted } from './client/client-udp-ports-exhausted.ts'
import { muslNoTcpFallback } from './client/musl-no-tcp-fallback.ts'
import { muslParallelQueries } from './client/musl-parallel-queries.ts'
import { nodejsThreadpoolExhausted } from './client/nodejs-threadpool-exhausted.ts'
import { apiServerUnreachable } from './coredns-pods/api-server-unreachable.ts'
import { corednsCpuThrottled } from './coredns-pods/coredns-cpu-throttled.ts'
import { corednsOutOfMemory } from './coredns-pods/coredns-out-of-memory.ts'
import { corednsSocketsExhausted } from './coredns-pods/coredns-sockets-exhausted.ts'
import { dnsPodsPending } from './coredns-pods/dns-pods-pending.ts'
import { endpointsliceAccessForbidden } from './coredns-pods/endpointslice-access-forbidden.ts'
import { lameduckMissingOrTooLong } from './coredns-pods/lameduck-missing-or-too-long.ts'
import { readinessProbeOnHealth } from './coredns-pods/readiness-probe-on-health.ts'
import { replicaAnswersDiffer } from './coredns-pods/replica-answers-differ.ts'
import { replicasOnOneNode } from './coredns-pods/replicas-on-one-node.ts'
import { autopathMisidentifiesClient } from './corefile/autopath-misidentifies-client.ts'
import { clusterZoneOverridden } from './corefile/cluster-zone-overridden.ts'
import { corefileDirectiveRemoved } from './corefile/corefile-directive-removed.ts'
import { corefileInvalid } from './corefile/corefile-invalid.ts'
import { corefileNotReloaded } from './corefile/corefile-not-reloaded.ts'
import { forwardMaxConcurrentExceeded } from './corefile/forward-max-concurrent-exceeded.ts'
import { forwardingLoop } from './corefile/forwarding-loop.ts'
import { largeResponseLost } from './corefile/large-response-lost.ts'
import { mtuBlackHole } from './corefile/mtu-black-hole.ts'
import { staleNegativeCache } from './corefile/stale-negative-cache.ts'
import { stalePositiveCache } from './corefile/stale-positive-cache.ts'
import { stubDomainBroken } from './corefile/stub-domain-broken.ts'
import { corednsMetricsUnavailable } from './false-alarm/coredns-metrics-unavailable.ts'
import { cloudFirewallBlocksDns } from './network/cloud-firewall-blocks-dns.ts'
import { conntrackRace } from './network/conntrack-race.ts'
import { conntrackTableFull } from './network/conntrack-table-full.ts'
import { crossNodeTrafficBroken } from './network/cross-node-traffic-broken.ts'
import { forwardingOff } from './network/forwarding-off.ts'
import { hostFirewallOrForwarding } from './network/host-firewall-or-forwarding.ts'
import { networkPolicyBlocksCoredns } from './network/network-policy-blocks-coredns.ts'
import { networkPolicyBlocksEgress } from './network/network-policy-blocks-egress.ts'
import { networkPolicyMissesNodeCache } from './network/network-policy-misses-node-cache.ts'
import { udp53Blocked } from './network/udp-53-blocked.ts'
import { vxlanChecksumOffload } from './network/vxlan-checksum-offload.ts'
import { vxlanPortBlocked } from './network/vxlan-port-blocked.ts'
import { vxlanPortMismatch } from './network/vxlan-port-mismatch.ts'
import { nodeCacheAddressMismatch } from './node-cache/node-cache-address-mismatch.ts'
import { nodeCacheBindFailed } from './node-cache/node-cache-bind-failed.ts'
import { nodeCacheDown } from './node-cache/node-cache-down.ts'
import { nodeCacheForceTcpBlocked } from './node-cache/node-cache-force-tcp-blocked.ts'
import { nodeCacheRulesInconsistent } from './node-cache/node-cache-rules-inconsistent.ts'
import { nodeCacheUpstreamServiceMissing } from './node-cache/node-cache-upstream-service-missing.ts'
import { nodeCacheUpstreamsOverridden } from './node-cache/node-cache-upstreams-overridden.ts'
import { securityGroupsBypassNodeCache } from './node-cache/security-groups-bypass-node-cache.ts'
import { clusterDnsUnset } from './pod-dns/cluster-dns-unset.ts'
import { clusterDnsWrongAddress } from './pod-dns/cluster-dns-wrong-address.ts'
import { clusterDomainMismatch } from './pod-dns/cluster-domain-mismatch.ts'
import { dnsPolicyDefaultInheritsNode } from './pod-dns/dns-policy-default-inherits-node.ts'
import { dnsPolicyNoneIncomplete } from './pod-dns/dns-policy-none-incomplete.ts'
import { hostAliasesShadowDns } from './pod-dns/host-aliases-shadow-dns.ts'
import { hostNetworkClusterFirst } from './pod-dns/host-network-cluster-first.ts'
import { namespaceShadowsTld } from './pod-dns/namespace-shadows-tld.ts'
import { ndotsQueryAmplification } from './pod-dns/ndots-query-amplification.ts'
import { podResolvConfOutdated } from './pod-dns/pod-resolv-conf-outdated.ts'
import { shortNameOtherNamespace } from './pod-dns/short-name-other-namespace.ts'
import { wildcardSearchDomain } from './pod-dns/wildcard-search-domain.ts'
import { aaaaNxdomainNotNodata } from './records/aaaa-nxdomain-not-nodata.ts'
import { externalNameIsIp } from './records/external-name-is-ip.ts'
import { externalNameLoop } from './records/external-name-loop.ts'
import { headlessServiceNoEndpoints } from './records/headless-service-no-endpoints.ts'
import { ipFamilyMissing } from './records/ip-family-missing.ts'
import { multiplePtrRecords } from './records/multiple-ptr-records.ts'
import { namespaceNotServed } from './records/namespace-not-served.ts'
import { podHostnameUnset } from './records/pod-hostname-unset.ts'
import { podNameIsNotAService } from './records/pod-name-is-not-a-service.ts'
import { podRecordsDisabled } from './records/pod-records-disabled.ts'
import { srvPortNameMismatch } from './records/srv-port-name-mismatch.ts'
import { statefulSetServiceNameWrong } from './records/statefulset-service-name-wrong.ts'
import { applicationServiceNoEndpoints } from './service/application-service-no-endpoints.ts'
import { bridgeNetfilterDisabled } from './service/bridge-netfilter-disabled.ts'
import { dnsServiceNoEndpoints } from './service/dns-service-no-endpoints.ts'
import { dnsServiceSelectorMismatch } from './service/dns-service-selector-mismatch.ts'
import { internalTrafficPolicyLocal } from './service/internal-traffic-policy-local.ts'
import { mixedIptablesBackends } from './service/mixed-iptables-backends.ts'
import { nodeCacheWrongSource } from './service/node-cache-wrong-source.ts'
import { serviceIpUnreachable } from './service/service-ip-unreachable.ts'
import { serviceRulesStale } from './service/service-rules-stale.ts'
import { staleUdpConntrack } from './service/stale-udp-conntrack.ts'
import { unexpectedDnsServiceName } from './service/unexpected-dns-service-name.ts'
import { loopbackNameserverInPod } from './upstream/loopback-nameserver-in-pod.ts'
import { resolvConfMissing } from './upstream/resolv-conf-missing.ts'
import { searchDomainIsDot } from './upstream/search-domain-is-dot.ts'
import { searchDomainServfail } from './upstream/search-domain-servfail.ts'
import { tooManyNameservers } from './upstream/too-many-nameservers.ts'
import { tooManySearchDomains } from './upstream/too-many-search-domains.ts'
import { upstreamDead } from './upstream/upstream-dead.ts'
import { upstreamHealthCheckMismatch } from './upstream/upstream-health-check-mismatch.ts'
import { upstreamsNotEquivalent } from './upstream/upstreams-not-equivalent.ts'
import type { Fault } from './fault.ts'

/** Every fault that a lab can stage; those with `needs` change the kernel of a node. */
export const FAULTS: readonly Fault[] = [
  upstreamDead,
  dnsServiceNoEndpoints,
  dnsServiceSelectorMismatch,
  replicasOnOneNode,
  replicaAnswersDiffer,
  serviceIpUnreachable,
  headlessServiceNoEndpoints,
  statefulSetServiceNameWrong,
  udp53Blocked,
  nodeCacheDown,
  nodeCacheForceTcpBlocked,
  nodeCacheRulesInconsistent,
  nodeCacheWrongSource,
  staleUdpConntrack,
  serviceRulesStale,
  hostFirewallOrForwarding,
  forwardingOff,
  networkPolicyBlocksEgress,
  crossNodeTrafficBroken,
  largeResponseLost,
  mtuBlackHole,
  vxlanPortBlocked,
  vxlanPortMismatch,
  bridgeNetfilterDisabled,
  internalTrafficPolicyLocal,
  applicationServiceNoEndpoints,
  forwardingLoop,
  corefileInvalid,
  corefileDirectiveRemoved,
  clusterZoneOverridden,
  stubDomainBroken,
  namespaceNotServed,
  podRecordsDisabled,
  corednsMetricsUnavailable,
  lameduckMissingOrTooLong,
  upstreamsNotEquivalent,
  tooManyNameservers,
  tooManySearchDomains,
  clusterDnsUnset,
  clusterDnsWrongAddress,
  clusterDomainMismatch,
  hostNetworkClusterFirst,
  dnsPolicyNoneIncomplete,
  loopbackNameserverInPod,
  hostAliasesShadowDns,
  shortNameOtherNamespace,
  externalNameIsIp,
  externalNameLoop,
  srvPortNameMismatch,
  podHostnameUnset,
  ipFamilyMissing,
  endpointsliceAccessForbidden,
  networkPolicyMissesNodeCache,
  nodeCacheUpstreamServiceMissing,
  unexpectedDnsServiceName,
  readinessProbeOnHealth,
  autopathMisidentifiesClient,
  searchDomainServfail,
  wildcardSearchDomain,
  searchDomainIsDot,
  resolvConfMissing,
  dnsPolicyDefaultInheritsNode,
  podResolvConfOutdated,
  namespaceShadowsTld,
  networkPolicyBlocksCoredns,
  nodeCacheAddressMismatch,
  nodeCacheUpstreamsOverridden,
  podNameIsNotAService,
  multiplePtrRecords,
  aaaaNxdomainNotNodata,
  muslNoTcpFallback,
  muslParallelQueries,
  nodejsThreadpoolExhausted,
  corednsOutOfMemory,
  dnsPodsPending,
  corefileNotReloaded,
  staleNegativeCache,
  stalePositiveCache,
  forwardMaxConcurrentExceeded,
  ndotsQueryAmplification,
  apiServerUnreachable,
  upstreamHealthCheckMismatch,
  aaaaQueryUnanswered,
  cloudFirewallBlocksDns,
  securityGroupsBypassNodeCache,
  nodeCacheBindFailed,
  clientUdpPortsExhausted,
  conntrackTableFull,
  mixedIptablesBackends,
  vxlanChecksumOffload,
  corednsCpuThrottled,
  corednsSocketsExhausted,
  conntrackRace,
]

/** Finds a fault by its name. */
export function findFault(name: string): Fault | undefined {
  return FAULTS.find((fault) => fault.name === name)
}
