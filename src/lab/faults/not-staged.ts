// Causes of the catalogue that no lab on one machine can have, and why. What is an alarm about nothing has no fault either.

/** Code -> the reason. */
export const NOT_STAGED: Readonly<Record<string, string>> = {
  'ipvs-stale-udp-connections': "it needs IPVS, which the lab's kube-proxy does not speak and many kernels lack",
  'dnsmasq-concurrent-query-limit': 'it needs a cluster whose DNS is kube-dns with dnsmasq; the lab runs CoreDNS',
  'resolver-packet-rate-limit': "the limit is a cloud network card's, and so is the counter that proves it",
  'network-policy-misses-cloud-dns':
    'it needs the metadata server of a cloud at 169.254.169.254, a program of the node that answers for the cluster',
  'service-mesh-dns-capture': "it needs a mesh's proxy in the pod that answers in the place of CoreDNS",
  'cilium-dns-proxy-conflict': 'it needs Cilium: its agent, its eBPF programs and its own kinds of objects',
  'node-cache-bypassed-under-ipvs': "it needs IPVS, which the lab's kube-proxy does not speak and many kernels lack",
  'node-cache-mixed-iptables': 'it is another name for mixed-iptables-backends, which is staged',
  'node-cache-bypassed-by-cilium': 'it needs Cilium in the place of kube-proxy: its agent and its eBPF programs',
  'busybox-nslookup-misleads': 'nothing is broken: it is how certain versions of a tool print',
  'application-caches-address': 'it happens inside an application: nothing on the network or in the cluster shows it',
  'windows-dotted-short-name': 'it needs a Windows node',
  'forward-metrics-renamed': 'nothing is broken: any CoreDNS since 1.11 has the new names',
  'dig-mdns-warning': 'nothing is broken: every dig prints it for a name in .local',
  'dig-ignores-search-list': 'nothing is broken: it is how dig asks without +search',
  'nsenter-uses-node-resolv-conf': 'nothing is broken: it is what nsenter -n does',
}
