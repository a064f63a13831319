import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const nodeCache: GroupWording<(typeof CAUSE_GROUPS)['node-cache'][number]> = {
  'node-cache-down': {
    title: 'a node has no working node cache',
    summary: '{nodes} {count:has|have} no ready pod of node cache {cache}, and pods there have no other nameserver',
    lines: {
      'no-pod': '{node} has no pod of it',
      'not-ready': 'Pod {pod} on {node} is not ready: {state}',
      'handed-out': 'kubelet on {nodes} gives pods the nameserver {address} ({from})',
      unanswered: '{count} {count:question|questions} to it from {node} were asked, none was answered',
      elsewhere: '{count} of {all} such nodes have a ready pod of it',
      'not-handed-out':
        'No kubelet hands out an address of {cache} ({addresses}): pods have the Service IP to fall back to',
      answers: '{address} answers on {nodes}',
      'all-ready': 'Pods of {cache} are ready on all {count} {count:node|nodes} that need them',
    },
  },
  'node-cache-bind-failed': {
    title: 'the node cache cannot listen on its address',
    summary: 'Node cache {pod} on {node} cannot listen on {address}: {why}',
    lines: {
      log: 'Log of {server} ({count} {count:time|times}): {text}',
      'not-ready': 'Pod {pod} is not ready: {state}',
      holders: "On {node} these pods use port 53 of the node's network too: {pods}",
      listening: 'On {node} something listens on port 53 of {addresses}',
      'no-interface': '{flag}: somebody else has to make the interface',
      'all-ready': 'All {count} {count:pod|pods} of {cache} are ready',
      'other-log': 'The logs of {pods} say nothing of it',
    },
  },
  'node-cache-address-mismatch': {
    title: "the node cache's address differs between kubelet, its arguments and its Corefile",
    summary: 'Node cache {cache} listens on {localIPs}, but {other} is given elsewhere',
    lines: {
      localip: 'DaemonSet {cache}: -localip {addresses}',
      'handed-out': 'kubelet on {nodes} gives pods the nameserver {address} ({from}), at which no node cache listens',
      'in-corefile': 'Its Corefile, line {line}: {directive} {address}',
      failed: '{count} {count:question|questions} to {address} failed',
      agree: '{cache} and its Corefile agree on {addresses}, and no kubelet hands out another address like it',
    },
  },
  'node-cache-bypassed-under-ipvs': {
    title: 'the node cache is not in the way: kube-proxy is in ipvs mode',
    summary:
      'Node cache {cache} gets no queries: kube-proxy is in ipvs mode and kubelet on {nodes} hands out the Service IP',
    lines: {
      mode: "kube-proxy's mode is {mode} ({from})",
      'handed-out': 'kubelet on {nodes} gives pods the nameserver {address} ({from})',
      shared: 'DaemonSet {cache}: -localip has the Service IP {addresses}, which the kernel takes first in ipvs mode',
      requests: '{server} got {count} {count:query|queries} in {minutes} minutes, ours left out',
      'other-mode': "kube-proxy's mode is {mode} ({from})",
      'own-address': "No kubelet hands out the Service IP; the cache's own address is {address}",
      busy: '{server} got {count} {count:query|queries}',
    },
  },
  'node-cache-rules-inconsistent': {
    title: "a node cache's address or rules are not as they should be",
    summary: 'On {node} the address or the rules of node cache {cache} are missing, doubled or left behind',
    lines: {
      'setup-errors': '{server} counted {count} {count:error|errors} of type {type} while it set up',
      'left-over': '{node} has no pod of it, and yet {what}',
      'address-missing': '{addresses} is on no interface of {node}: queries to it leave the node',
      'rules-missing': 'The raw table of {node} has no NOTRACK rule for {addresses}',
      'rules-doubled': 'The raw table of {node} has {count} {count:rule|rules} twice',
      works: 'The cache on {node} answers all the same',
      lost: '{count} {count:question|questions} to the cache from {node} brought nothing',
      'in-order': 'The address and rules of {cache} are in order on {count} {count:node|nodes}',
    },
  },
  'node-cache-upstream-service-missing': {
    title: 'the Service that the node cache forwards to is missing',
    summary: 'Node cache {cache} forwards cluster names to Service {service}, which does not exist',
    lines: {
      'nobodys-address': 'Node cache {cache} forwards cluster names to {address}, which is no Service of the cluster',
      'nothing-behind': 'Node cache {cache} forwards cluster names to Service {service}, which has no ready endpoint',
      argument: 'DaemonSet {cache}: -upstreamsvc {service}',
      absent: 'Service {service} does not exist',
      'no-service-at': 'No Service has the address {address}, to which its Corefile forwards cluster names',
      'selects-nothing': 'Service {service} has no ready endpoint',
      log: 'Log of {server} ({count} {count:time|times}): {text}',
      failed: '{count} {count:question|questions} about cluster names to the caches failed',
      'to-replica': 'Its Corefile forwards to a CoreDNS pod: {address}',
      there: 'Service {service} has {count} ready {count:endpoint|endpoints}',
      'is-dns-service': 'It forwards to the DNS Service {service}, which has no ready endpoint itself',
    },
  },
  'node-cache-force-tcp-blocked': {
    title: 'the node cache asks over TCP, which does not get through',
    summary: 'Node cache {cache} asks {address} over TCP only, and TCP does not get there from {nodes}',
    lines: {
      'force-tcp': 'ConfigMap {configMap}, line {line}: forward to {targets} with force_tcp',
      'no-tcp-port': 'The DNS Service {address} has no port 53/TCP',
      'tcp-lost': 'From {node} {address} answers over UDP and not over TCP',
      failed: '{count} {count:question|questions} about cluster names to the caches on {nodes} failed',
      held: 'The caches on {nodes} only answer what they still hold: the TTL of their answers has run down',
      'no-answers': '{server} counted no NOERROR response of {address} meanwhile',
      'no-force': 'ConfigMap {configMap}, line {line}: forward without force_tcp',
      works: 'Cluster names resolve through {cache}',
      'not-tcp': 'From {nodes} the DNS Service answers over TCP, or over UDP neither',
    },
  },
  'node-cache-upstreams-overridden': {
    title: "the kube-dns ConfigMap overrides the node cache's upstreams",
    summary: 'ConfigMap {configMap} overrides what node cache {cache} forwards to: {keys}',
    lines: {
      unreadable: 'ConfigMap {configMap} cannot be read by node cache {cache} ({keys}): it keeps its old upstreams',
      bad: 'ConfigMap {configMap}: {key} is not the JSON that it must be',
      upstreams: 'upstreamNameservers: {upstreams}',
      stubs: 'stubDomains: {domains}',
      mounted: 'DaemonSet {cache} mounts ConfigMap {configMap}',
      'setup-errors': '{server} counted {count} configmap {count:error|errors}',
      failed:
        "{count} {count:question|questions} about names outside failed at the cache, while the node's own nameservers answer",
      'no-map': 'There is no ConfigMap kube-dns with upstreams beside {cache}',
      'not-mounted': 'DaemonSet {cache} does not mount ConfigMap {configMap}',
    },
  },
  'node-cache-bypassed-by-cilium': {
    title: 'the node cache is not in the way: Cilium replaces kube-proxy',
    summary:
      'Node cache {cache} gets no queries: Cilium replaces kube-proxy, and no CiliumLocalRedirectPolicy leads to it',
    lines: {
      replacement: 'ConfigMap {configMap}: kube-proxy-replacement is {value}',
      'no-policy': 'No CiliumLocalRedirectPolicy is for Service {service}',
      requests: '{server} got {count} {count:query|queries} in {minutes} minutes, ours left out',
      'no-replacement': 'Cilium does not replace kube-proxy here',
      policy: 'CiliumLocalRedirectPolicy {policy} is for the DNS Service',
      'own-address': "kubelets hand out the cache's own address {address}",
      busy: '{server} got {count} {count:query|queries}',
    },
  },
  'security-groups-bypass-node-cache': {
    title: 'pods with security groups do not reach the node cache',
    summary: '{count} {count:pod has|pods have} security groups and cannot reach node cache {cache}: {pods}',
    lines: {
      annotated: '{count} {count:pod has|pods have} the annotation {annotation}: {pods}',
      unanswered: '{count} {count:question|questions} from such a pod to {addresses} brought nothing',
      control: 'From {node} itself {address} answers',
      none: 'No pod has security groups of its own (annotation vpc.amazonaws.com/pod-eni)',
      answers: '{addresses} answers such a pod',
    },
  },
}

export const nodeCacheFixes: Readonly<Record<string, FixWording>> = {
  'node-cache-down': {
    explanation:
      'See why {cache} does not run on {nodes} (taints, eviction, a crash), and delete its pod so that it is made anew. A priorityClassName of system-node-critical keeps it from being evicted.',
    risk: 'The pods there have no DNS anyway; restarting the cache takes a second or two.',
  },
  'node-cache-bind.taken': {
    explanation: 'See what listens on port 53 of {node}; stop it, or bind it to other addresses than {address}.',
    risk: 'The command reads only. Stopping a DNS server of the node may take its own resolution away.',
  },
  'node-cache-bind.absent': {
    explanation: 'See whether the interface of {node} has {address}; node-cache makes it unless -setupinterface=false.',
    risk: 'Reads only.',
  },
  'node-cache-address.corefile': {
    explanation: 'Put {address} where the Corefile has {other}.',
    risk: 'Check it with "fathom lint" first; the caches reload within 30 s where the Corefile has reload.',
  },
  'node-cache-address.kubelet': {
    explanation:
      'Either let the cache listen on {other} too, or set clusterDNS to {address} on {nodes} and recreate the pods there: their resolv.conf was written when they started.',
    risk: 'Changing the DaemonSet restarts the caches, one node after the other.',
  },
  'node-cache-ipvs': {
    explanation: "Set kubelet's clusterDNS on {nodes} to {address}, the cache's own address, and recreate the pods.",
    risk: 'Pods then depend on the cache of their node: there is no fallback when it is down.',
  },
  'node-cache-rules.remove': {
    explanation: 'Remove what a former node cache left on {node}: its rules and the interface nodelocaldns.',
    risk: 'All rules whose comment says NodeLocal go. Look at them first: iptables-save | grep NodeLocal.',
  },
  'node-cache-rules.restart': {
    explanation:
      'Restart {pod}: it sets up its address and rules anew. If they go again, look for what takes them away on {node}.',
    risk: 'Pods of the node have no DNS for a second or two.',
  },
  'node-cache-upstream-service': {
    explanation:
      'Create Service {service} (a copy of the DNS Service with the same selector), or correct -upstreamsvc of {cache}; then restart the caches, which read its address when they start.',
    risk: 'Caches restart one node after the other.',
  },
  'node-cache-tcp.port': {
    explanation: 'Add port 53/TCP to the DNS Service {address}.',
    risk: 'None for what works today; caches on {nodes} answer cluster names again.',
  },
  'node-cache-tcp.open': {
    explanation:
      'Find what drops TCP to port 53 on the way from {nodes} to {address}; until then let the cache ask over UDP.',
    risk: 'prefer_udp goes through connection tracking again, which force_tcp was to avoid.',
  },
  'node-cache-upstreams': {
    explanation: 'Correct upstreamNameservers or stubDomains of ConfigMap {configMap}, or delete it.',
    risk: "Caches take the change over within seconds; without the ConfigMap they use the nodes' resolv.conf.",
  },
  'node-cache-cilium': {
    explanation:
      'Apply a CiliumLocalRedirectPolicy that leads the DNS Service to {cache} (Cilium needs localRedirectPolicy=true).',
    risk: 'All pods then ask the cache of their node. It must run without -setupinterface and -setupiptables, as in the Cilium guide.',
  },
  'security-groups': {
    explanation:
      'Set POD_SECURITY_GROUP_ENFORCING_MODE=standard of the VPC CNI and recreate the pods, or give {pods} the Service IP as their nameserver (dnsConfig).',
    risk: 'Changes how security groups apply to traffic within the node; aws-node restarts on every node.',
  },
}
