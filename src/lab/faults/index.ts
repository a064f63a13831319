import { conntrackRace } from './conntrack-race.ts'
import { apiServerUnreachable } from './api-server-unreachable.ts'
import { upstreamHealthCheckMismatch } from './upstream-health-check-mismatch.ts'
import { aaaaQueryUnanswered } from './aaaa-query-unanswered.ts'
import { cloudFirewallBlocksDns } from './cloud-firewall-blocks-dns.ts'
import { securityGroupsBypassNodeCache } from './security-groups-bypass-node-cache.ts'
import { nodeCacheBindFailed } from './node-cache-bind-failed.ts'
import { clientUdpPortsExhausted } from './client-udp-ports-exhausted.ts'
import { conntrackTableFull } from './conntrack-table-full.ts'
import { mixedIptablesBackends } from './mixed-iptables-backends.ts'
import { vxlanChecksumOffload } from './vxlan-checksum-offload.ts'
import { corednsCpuThrottled } from './coredns-cpu-throttled.ts'
import { corednsSocketsExhausted } from './coredns-sockets-exhausted.ts'
import { corednsOutOfMemory } from './coredns-out-of-memory.ts'
import { dnsPodsPending } from './dns-pods-pending.ts'
import { corefileNotReloaded } from './corefile-not-reloaded.ts'
import { staleNegativeCache } from './stale-negative-cache.ts'
import { stalePositiveCache } from './stale-positive-cache.ts'
import { forwardMaxConcurrentExceeded } from './forward-max-concurrent-exceeded.ts'
import { ndotsQueryAmplification } from './ndots-query-amplification.ts'
import { unexpectedDnsServiceName } from './unexpected-dns-service-name.ts'
import { readinessProbeOnHealth } from './readiness-probe-on-health.ts'
import { autopathMisidentifiesClient } from './autopath-misidentifies-client.ts'
import { searchDomainServfail } from './search-domain-servfail.ts'
import { wildcardSearchDomain } from './wildcard-search-domain.ts'
import { searchDomainIsDot } from './search-domain-is-dot.ts'
import { resolvConfMissing } from './resolv-conf-missing.ts'
import { dnsPolicyDefaultInheritsNode } from './dns-policy-default-inherits-node.ts'
import { podResolvConfOutdated } from './pod-resolv-conf-outdated.ts'
import { namespaceShadowsTld } from './namespace-shadows-tld.ts'
import { networkPolicyBlocksCoredns } from './network-policy-blocks-coredns.ts'
import { nodeCacheAddressMismatch } from './node-cache-address-mismatch.ts'
import { nodeCacheUpstreamsOverridden } from './node-cache-upstreams-overridden.ts'
import { podNameIsNotAService } from './pod-name-is-not-a-service.ts'
import { multiplePtrRecords } from './multiple-ptr-records.ts'
import { aaaaNxdomainNotNodata } from './aaaa-nxdomain-not-nodata.ts'
import { muslNoTcpFallback } from './musl-no-tcp-fallback.ts'
import { muslParallelQueries } from './musl-parallel-queries.ts'
import { nodejsThreadpoolExhausted } from './nodejs-threadpool-exhausted.ts'
import { nodeCacheUpstreamServiceMissing } from './node-cache-upstream-service-missing.ts'
import { internalTrafficPolicyLocal } from './internal-traffic-policy-local.ts'
import { applicationServiceNoEndpoints } from './application-service-no-endpoints.ts'
import { forwardingLoop } from './forwarding-loop.ts'
import { corefileInvalid } from './corefile-invalid.ts'
import { corefileDirectiveRemoved } from './corefile-directive-removed.ts'
import { clusterZoneOverridden } from './cluster-zone-overridden.ts'
import { stubDomainBroken } from './stub-domain-broken.ts'
import { namespaceNotServed } from './namespace-not-served.ts'
import { podRecordsDisabled } from './pod-records-disabled.ts'
import { corednsMetricsUnavailable } from './coredns-metrics-unavailable.ts'
import { lameduckMissingOrTooLong } from './lameduck-missing-or-too-long.ts'
import { upstreamsNotEquivalent } from './upstreams-not-equivalent.ts'
import { tooManyNameservers } from './too-many-nameservers.ts'
import { tooManySearchDomains } from './too-many-search-domains.ts'
import { clusterDnsUnset } from './cluster-dns-unset.ts'
import { clusterDnsWrongAddress } from './cluster-dns-wrong-address.ts'
import { clusterDomainMismatch } from './cluster-domain-mismatch.ts'
import { hostNetworkClusterFirst } from './host-network-cluster-first.ts'
import { dnsPolicyNoneIncomplete } from './dns-policy-none-incomplete.ts'
import { loopbackNameserverInPod } from './loopback-nameserver-in-pod.ts'
import { hostAliasesShadowDns } from './host-aliases-shadow-dns.ts'
import { shortNameOtherNamespace } from './short-name-other-namespace.ts'
import { externalNameIsIp } from './external-name-is-ip.ts'
import { externalNameLoop } from './external-name-loop.ts'
import { srvPortNameMismatch } from './srv-port-name-mismatch.ts'
import { podHostnameUnset } from './pod-hostname-unset.ts'
import { ipFamilyMissing } from './ip-family-missing.ts'
import { endpointsliceAccessForbidden } from './endpointslice-access-forbidden.ts'
import { networkPolicyMissesNodeCache } from './network-policy-misses-node-cache.ts'
import { bridgeNetfilterDisabled } from './bridge-netfilter-disabled.ts'
import { crossNodeTrafficBroken } from './cross-node-traffic-broken.ts'
import { forwardingOff } from './forwarding-off.ts'
import { hostFirewallOrForwarding } from './host-firewall-or-forwarding.ts'
import { largeResponseLost } from './large-response-lost.ts'
import { mtuBlackHole } from './mtu-black-hole.ts'
import { networkPolicyBlocksEgress } from './network-policy-blocks-egress.ts'
import { nodeCacheDown } from './node-cache-down.ts'
import { nodeCacheForceTcpBlocked } from './node-cache-force-tcp-blocked.ts'
import { nodeCacheRulesInconsistent } from './node-cache-rules-inconsistent.ts'
import { nodeCacheWrongSource } from './node-cache-wrong-source.ts'
import { serviceRulesStale } from './service-rules-stale.ts'
import { staleUdpConntrack } from './stale-udp-conntrack.ts'
import { udp53Blocked } from './udp-53-blocked.ts'
import { vxlanPortBlocked } from './vxlan-port-blocked.ts'
import { vxlanPortMismatch } from './vxlan-port-mismatch.ts'
import { dnsServiceNoEndpoints } from './dns-service-no-endpoints.ts'
import { dnsServiceSelectorMismatch } from './dns-service-selector-mismatch.ts'
import type { Fault } from './fault.ts'
import { headlessServiceNoEndpoints } from './headless-service-no-endpoints.ts'
import { replicaAnswersDiffer } from './replica-answers-differ.ts'
import { replicasOnOneNode } from './replicas-on-one-node.ts'
import { serviceIpUnreachable } from './service-ip-unreachable.ts'
import { statefulSetServiceNameWrong } from './statefulset-service-name-wrong.ts'
import { upstreamDead } from './upstream-dead.ts'

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
