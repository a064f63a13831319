// The network path: from pods to CoreDNS, over kernels, firewalls, policies and meshes.

export const NETWORK_CODES = [
  'conntrack-race',
  'conntrack-table-full',
  'vxlan-checksum-offload',
  'vxlan-port-blocked',
  'cross-node-traffic-broken',
  'udp-53-blocked',
  'cloud-firewall-blocks-dns',
  'host-firewall-or-forwarding',
  'network-policy-blocks-egress',
  'network-policy-misses-node-cache',
  'network-policy-misses-cloud-dns',
  'network-policy-blocks-coredns',
  'service-mesh-dns-capture',
  'cilium-dns-proxy-conflict',
] as const
