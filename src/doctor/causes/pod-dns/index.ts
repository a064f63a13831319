import type { Cause } from '../cause.ts'
import { clusterDnsUnset } from './cluster-dns-unset.ts'
import { clusterDnsWrongAddress } from './cluster-dns-wrong-address.ts'
import { clusterDomainMismatch } from './cluster-domain-mismatch.ts'
import { dnsPolicyDefaultInheritsNode } from './dns-policy-default-inherits-node.ts'
import { dnsPolicyNoneIncomplete } from './dns-policy-none-incomplete.ts'
import { hostAliasesShadowDns } from './host-aliases-shadow-dns.ts'
import { hostNetworkClusterFirst } from './host-network-cluster-first.ts'
import { namespaceShadowsTld } from './namespace-shadows-tld.ts'
import { ndotsQueryAmplification } from './ndots-query-amplification.ts'
import { podResolvConfOutdated } from './pod-resolv-conf-outdated.ts'
import { shortNameOtherNamespace } from './short-name-other-namespace.ts'
import { wildcardSearchDomain } from './wildcard-search-domain.ts'

/** In the order of the catalogue. */
export const POD_DNS_CAUSES: readonly Cause[] = [
  clusterDnsUnset,
  clusterDnsWrongAddress,
  clusterDomainMismatch,
  hostNetworkClusterFirst,
  dnsPolicyNoneIncomplete,
  dnsPolicyDefaultInheritsNode,
  podResolvConfOutdated,
  ndotsQueryAmplification,
  wildcardSearchDomain,
  namespaceShadowsTld,
  hostAliasesShadowDns,
  shortNameOtherNamespace,
]
