import type { Cause } from '../cause.ts'
import { ciliumDnsProxyConflict } from './cilium-dns-proxy-conflict.ts'
import { cloudFirewallBlocksDns } from './cloud-firewall-blocks-dns.ts'
import { conntrackRace } from './conntrack-race.ts'
import { conntrackTableFull } from './conntrack-table-full.ts'
import { crossNodeTrafficBroken } from './cross-node-traffic-broken.ts'
import { hostFirewallOrForwarding } from './host-firewall-or-forwarding.ts'
import { networkPolicyBlocksCoredns } from './network-policy-blocks-coredns.ts'
import { networkPolicyBlocksEgress } from './network-policy-blocks-egress.ts'
import { networkPolicyMissesCloudDns } from './network-policy-misses-cloud-dns.ts'
import { networkPolicyMissesNodeCache } from './network-policy-misses-node-cache.ts'
import { serviceMeshDnsCapture } from './service-mesh-dns-capture.ts'
import { udp53Blocked } from './udp-53-blocked.ts'
import { vxlanChecksumOffload } from './vxlan-checksum-offload.ts'
import { vxlanPortBlocked } from './vxlan-port-blocked.ts'

/** In the order of the catalogue. */
export const NETWORK_CAUSES: readonly Cause[] = [
  conntrackRace,
  conntrackTableFull,
  vxlanChecksumOffload,
  vxlanPortBlocked,
  crossNodeTrafficBroken,
  udp53Blocked,
  cloudFirewallBlocksDns,
  hostFirewallOrForwarding,
  networkPolicyBlocksEgress,
  networkPolicyMissesNodeCache,
  networkPolicyMissesCloudDns,
  networkPolicyBlocksCoredns,
  serviceMeshDnsCapture,
  ciliumDnsProxyConflict,
]
