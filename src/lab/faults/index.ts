import { bridgeNetfilterDisabled } from './bridge-netfilter-disabled.ts'
import { crossNodeTrafficBroken } from './cross-node-traffic-broken.ts'
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
  networkPolicyBlocksEgress,
  crossNodeTrafficBroken,
  largeResponseLost,
  mtuBlackHole,
  vxlanPortBlocked,
  vxlanPortMismatch,
  bridgeNetfilterDisabled,
]

/** Finds a fault by its name. */
export function findFault(name: string): Fault | undefined {
  return FAULTS.find((fault) => fault.name === name)
}
