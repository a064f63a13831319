import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const network: GroupWording<(typeof CAUSE_GROUPS)['network'][number]> = {
  'conntrack-race': {
    title: 'datagrams of one flow race to be tracked, and one is dropped',
    summary:
      'On {node} the kernel dropped datagrams that raced to be tracked, and {count} {count:query|queries} to the Service IP got lost: clients wait 5 s',
    lines: {
      'nothing-lost': 'On {node} the kernel dropped datagrams that raced to be tracked',
      grew: '{node}: insert_failed of connection tracking grew by {growth} in {seconds} s',
      halved:
        'From {place}: of {asked} pairs of queries to the Service IP, each pair from one socket, {count} got one response only',
      lost: 'From {node}: {count} of {all} UDP questions to the Service IP lost a datagram, the others did not',
      'direct-fine': 'From {node}: none of {count} UDP {count:question|questions} to CoreDNS pods themselves got lost',
      'no-growth': 'insert_failed of connection tracking did not grow on {nodes}',
    },
  },
  'conntrack-table-full': {
    title: 'the connection table of a node is full',
    summary: 'The connection table of {node} is {percent} % full: new flows are dropped, DNS queries first',
    lines: {
      reported: 'The connection table of {node} is full: new flows are dropped, DNS queries first',
      usage: '{node}: {entries} of {max} entries are in use ({percent} %)',
      dropped: '{node}: {count} {count:packet was|packets were} dropped for want of an entry between two readings',
      condition: '{node}: condition ConntrackFull is True: {message}',
      pods: '{count} {count:pod runs|pods run} on {node}',
      room: 'At most {percent} % of the connection tables of {nodes} is in use',
    },
  },
  'vxlan-checksum-offload': {
    title: 'encapsulated datagrams carry wrong checksums',
    summary:
      'Translated datagrams from {nodes} arrive with wrong checksums through {device} and are thrown away: the Service IP fails where pod addresses work',
    lines: {
      maybe:
        'The Service IP fails on {nodes} where pod addresses of other nodes work: as with wrong checksums on {device}',
      checksums:
        '{node}: {count} {count:datagram was|datagrams were} thrown away for a wrong UDP checksum between two readings',
      service: 'From {nodes}, which run no CoreDNS pod, {address} is silent or answers only after a retry',
      direct: '{count} {count:way|ways} from there to CoreDNS pods of other nodes by their own addresses worked',
      'no-vxlan': 'No VXLAN device was seen on {nodes}',
      'no-pattern': 'No node without a CoreDNS pod fails at the Service IP and reaches pods of other nodes',
      'checksums-fine': 'No datagram was thrown away for its checksum on {nodes}',
    },
  },
  'vxlan-port-blocked': {
    title: 'the UDP port of the pod network is blocked or differs',
    summary: 'UDP port {port}, which carries the pod network between nodes, is blocked on {nodes}',
    lines: {
      maybe: 'Pod traffic to and from {nodes} is dead: UDP port {port}, which carries it, may be blocked on the way',
      'different-ports': '{nodes} carries the pod network over another UDP port than {port}, which the other nodes use',
      rule: '{node}: a rule held back {count} {count:packet|packets} between two readings: {rule}',
      'other-port': '{node}: {device} uses UDP port {port}, the other nodes use {usual}',
      devices: '{count} VXLAN {count:device|devices} seen, UDP port {port}',
      annotation: "{nodes}: the network plugin's annotation says VXLAN",
      broken: '{count} {count:way|ways} between nodes brought nothing, {from} to {to} on {node} among them',
      'no-vxlan': 'No VXLAN device was seen on {nodes}',
      works: '{count} {count:way|ways} between nodes worked, none was silent',
    },
  },
  'cross-node-traffic-broken': {
    title: 'pod traffic between nodes is lost',
    summary: 'CoreDNS pods are reached from their own node only: pod traffic between {nodes} is lost',
    lines: {
      'route-ends': '{node} has a route of type {type} for {destination}: what it sends to {address} ends there',
      'route-missing': '{node} has no route to {address}: what it sends there never leaves it',
      route: '{node}: the route for {address} is "{type} {destination}"',
      'no-route': '{node}: no route in the main table leads to {address}, not even a default one',
      'way-lost': 'From {place} nothing of {server} ({address}) came back',
      'way-refused': 'From {place} to {server} ({address}): {detail}',
      'some-nodes': 'Pod traffic to and from {nodes} is lost; the other nodes reach each other',
      broken:
        '{count} {count:way|ways} between nodes brought nothing over UDP and TCP, {from} to {to} ({address}) on {node} among them',
      'broken-udp':
        '{count} {count:way|ways} between nodes brought nothing, {from} to {to} ({address}) on {node} among them; not all were asked over TCP',
      local: 'Within {nodes} {count} {count:way|ways} to a CoreDNS pod of the same node worked',
      diagonal: 'No way between two nodes worked',
      'others-work': '{count} {count:way|ways} between other nodes worked; each that failed has {nodes} at one end',
      'one-way': '{nodes} reaches its own pods only: what it sends to pods of other nodes is lost',
      'others-reach': '{count} {count:way|ways} between nodes worked, none of them from {nodes}',
      works: '{count} {count:way|ways} between nodes worked, none was silent',
      'no-pattern': '{broken} {broken:way|ways} between nodes failed and {working} worked, whichever node is looked at',
    },
  },
  'udp-53-blocked': {
    title: 'UDP port 53 is blocked where TCP is not',
    summary: 'From {nodes} UDP queries to {servers} are lost, while TCP queries to the same addresses are answered',
    lines: {
      differs:
        'From {place}: {attempts} UDP {attempts:query|queries} to {server} ({address}) brought nothing; it answered over TCP',
      all: 'The same on {count} of {of} ways',
      'at-server':
        '{pod} loses UDP queries from everywhere, from its own node {node} as well, while it answers TCP: what drops them is in its own namespace',
      'at-client':
        'Pod {pod} loses the UDP queries that it sends to {servers}, while TCP is answered and {node} itself loses none',
      'at-times': 'UDP queries to {servers} are dropped at times, by a rule on {nodes}; TCP hides it by sending again',
      'lost-at-times':
        'From {place}: {count} of {of} UDP queries to {server} ({address}) brought nothing; over TCP {tcp} of {tcpOf}',
      rule: '{node}: a rule held back {count} {count:packet|packets} between two readings: {rule}',
      both: '{count} {count:server was|servers were} asked over UDP and TCP: none answered over TCP alone',
    },
  },
  'cloud-firewall-blocks-dns': {
    title: 'a firewall between groups of nodes',
    summary:
      'Only nodes with {label}={value} are cut off: a security group or network ACL between the groups is likely',
    lines: {
      between: '{count} {count:way|ways} between {nodes} and {others} brought nothing',
      label: 'The nodes on one side are those with {label}={value}: {nodes}',
      within: '{count} {count:way|ways} between nodes of the same group worked',
      works: '{count} {count:way|ways} between nodes worked, none was silent',
      'no-group': 'The {count} {count:way|ways} that failed follow no label of node groups or zones',
    },
  },
  'host-firewall-or-forwarding': {
    title: 'a node does not forward for its pods',
    summary: '{node} forwards nothing for its pods: its firewall or its settings hold back what is not its own',
    lines: {
      'way-held': '{node} holds back what {place} and {server} ({address}) send each other, by its rule {rule}',
      'ways-held':
        '{node} holds back {count} ways to CoreDNS pods, {place} to {server} ({address}) among them, by its rule {rule}',
      'way-lost': 'From {place} nothing of {server} ({address}) came back',
      rejected: '{node} or something before it rejects what is sent to or by its pods',
      'forwarding-off': '{node}: net.ipv4.ip_forward is 0',
      policy: '{node}: the policy of the FORWARD chain is DROP ({backend})',
      chain: '{node}: the policy of nftables chain {chain}, which forwarded packets pass, is drop',
      rule: '{node}: a rule held back {count} {count:packet|packets} between two readings: {rule}',
      'nothing-forwarded':
        '{count} of {all} ways that {node} has to forward brought nothing, {place} to {server} among them',
      unreachable: '{count} {count:query was|queries were} rejected: {detail}',
      'tcp-to-replicas':
        '{node} drops TCP to port 53 that it has to forward: nobody elsewhere ({count} {count:place|places}) reaches {servers} over TCP',
      'tcp-of-pods': '{node} drops TCP to port 53 that it has to forward for its pods',
      'tcp-lost': 'TCP to {server} is lost from {places}',
      'tcp-lost-of-pod': 'TCP from {place} to {server} ({address}) is lost',
      'tcp-at-home': 'From {node} itself {server} answers over TCP',
      'udp-passes': 'Over UDP {count} such {count:way is|ways are} answered',
      forwards: 'What {nodes} has to forward for pods arrives',
    },
  },
  'network-policy-blocks-egress': {
    title: 'network policies keep pods from CoreDNS',
    summary: 'Network policies {policies} let {who} send to no CoreDNS pod',
    lines: {
      'one-transport':
        'Network policies {policies} let {who} reach CoreDNS over one transport only: {transport} is held back',
      selected: 'For egress {policies} select {pods}',
      'none-admits':
        'No egress rule of the {count} {count:policy|policies} admits port 53 of the pods behind {service} in {namespace}',
      'other-transport-only': 'No egress rule admits port 53 over {transport} of the pods behind {service}',
      asked: 'From {place}: {count} {count:question|questions} brought nothing, {address} among the servers',
      'no-policies': 'No network policy restricts egress',
      admitted: 'The egress policies ({count}) admit DNS for the pods they select',
      'not-enforced':
        'From {place}: {address} answered although the policies deny it: the network plugin does not enforce them',
    },
  },
  'network-policy-misses-node-cache': {
    title: 'network policies do not admit the node cache',
    summary:
      'Network policies {policies} let {who} ask the CoreDNS pods, but not the node cache {address}, which it asks',
    lines: {
      asks: '{pods}: the nameserver is {address}, a node cache on the host network, which no podSelector matches',
      'admits-replicas': '{policies} admit the CoreDNS pods, and no ipBlock holds {address}',
      asked: 'From {place}: {count} {count:question|questions} brought nothing, {address} among the servers',
      'no-policies': 'No network policy restricts egress',
      admitted: 'The egress policies ({count}) admit the node cache, or no selected pod asks one',
      'not-enforced':
        'From {place}: {address} answered although the policies deny it: the network plugin does not enforce them',
    },
  },
  'network-policy-misses-cloud-dns': {
    title: "network policies do not admit the cloud's resolver",
    summary: 'Network policies {policies} keep {who} from {address}, the server that it asks instead of CoreDNS',
    lines: {
      asks: '{pods}: the nameserver is {address} ({server}), neither the DNS Service nor a node cache',
      'no-block': 'No ipBlock of {policies} holds {address}',
      asked: 'From {place}: {count} {count:question|questions} brought nothing, {address} among the servers',
      'no-policies': 'No network policy restricts egress',
      admitted: 'The egress policies ({count}) admit what pods ask past CoreDNS, or no selected pod does so',
      'not-enforced':
        'From {place}: {address} answered although the policies deny it: the network plugin does not enforce them',
    },
  },
  'network-policy-blocks-coredns': {
    title: 'network policies on the CoreDNS pods hold DNS back',
    summary: 'Network policies {policies} on the CoreDNS pods keep {count} {count:client|clients} out: {clients}',
    lines: {
      egress: 'Network policies {policies} keep the CoreDNS pods from what they need: {targets}',
      selected: '{policies} select the {count} CoreDNS {count:pod|pods}',
      'kept-out': 'No ingress rule admits port 53 over both transports from {count} {count:client|clients}: {clients}',
      'no-way-to-api-server': 'No egress rule admits the API server ({address})',
      'no-way-to-upstreams': 'No egress rule admits port 53 of the upstreams ({address})',
      asked: 'From {place}: {server} brought nothing ({count} {count:question|questions} in all)',
      'no-policies': 'No network policy selects the {count} CoreDNS {count:pod|pods}',
      admitted: '{policies} admit clients, the API server and upstreams',
      'not-enforced': '{clients} got answers although the policies deny them: the network plugin does not enforce them',
    },
  },
  'service-mesh-dns-capture': {
    title: 'the service mesh answers in place of CoreDNS',
    summary: 'In {pod} the service mesh answers DNS queries itself ({how}), and not as CoreDNS does',
    lines: {
      'only-captured': 'In {pod} the service mesh answers DNS queries itself ({how})',
      captured: '{pod}: {how}',
      differs: 'From {pod}: {question} gives {answer}; {server} gives {right}',
      'no-capture': 'None of {count} {count:pod|pods} has its DNS captured by a service mesh',
      'same-answers': '{pod} got the right answers ({count} {count:question|questions})',
    },
  },
  'cilium-dns-proxy-conflict': {
    title: "Cilium's DNS proxy and the node cache disagree",
    summary:
      "Cilium's policies with DNS rules ({policies}) stand beside a node cache or redirection for {service}, and queries of pods get lost between them",
    lines: {
      'dns-rules':
        '{count} Cilium {count:policy has|policies have} DNS rules or toFQDNs, so its proxy answers: {policies}',
      'no-redirect': 'No CiliumLocalRedirectPolicy sends {service} to the node cache {cache}',
      redirect: 'CiliumLocalRedirectPolicy {policies} redirects {service}',
      failing: '{count} {count:question|questions} of pods or node caches failed',
      'no-dns-rules': 'None of {count} Cilium policies has DNS rules',
      'no-cache':
        '{count} Cilium {count:policy has|policies have} DNS rules, but there is neither a node cache nor a redirection',
    },
  },
}

export const networkFixes: Readonly<Record<string, FixWording>> = {
  'conntrack-race': {
    explanation:
      'Keep DNS out of connection tracking with a node cache, or let glibc use one socket a query (single-request-reopen) in the pods that suffer on {node}.',
    risk: 'Changing the template restarts the pods of that workload.',
  },
  'conntrack-table-full': {
    explanation:
      'Raise the limit on {node} (for good: kube-proxy conntrack.maxPerCore), and find who holds so many flows.',
    risk: 'Each entry takes about 300 octets of kernel memory.',
  },
  'vxlan-checksum-offload': {
    explanation:
      'Let the kernel compute the checksums on {device} of {nodes}; a newer kernel or network plugin cures it for good.',
    risk: 'Slightly more CPU time; the setting is lost when the device is made anew.',
  },
  'vxlan.open-port': {
    explanation:
      'Let UDP port {port} pass between all nodes, {nodes} above all: on the hosts, in security groups and on switches.',
    risk: 'Opens one port between nodes; keep it closed to the outside.',
  },
  'vxlan.align-port': {
    explanation:
      'Use the same port ({port}) on all nodes: on {nodes} it differs. Set it in the network plugin and restart it there.',
    risk: 'Pod traffic of those nodes is interrupted while the device is made anew; it is dead anyway.',
  },
  'cross-node-traffic-broken.route': {
    explanation: 'Take the route out on {node}; the network plugin has its own, less specific one for those pods.',
    risk: 'Somebody or something put it there: it may come back.',
  },
  'cross-node-traffic-broken': {
    explanation:
      "Look at the network plugin's pods, routes, tunnels and firewalls of {nodes}; watch on both ends whether what leaves one node arrives at the other.",
    risk: 'None: these commands only look.',
  },
  'udp-53-blocked': {
    explanation:
      'Let UDP port 53 pass on {nodes} and between nodes. Until then pods can use TCP (options use-vc), and a node cache force_tcp.',
    risk: 'Opens DNS between nodes and pods only.',
  },
  'udp-53-blocked.in-pod': {
    explanation:
      'Let UDP port 53 pass in the namespace of {pod}: a rule there goes with the pod, and comes back with whatever wrote it (a sidecar, a network plugin, a policy).',
    risk: 'One pod less for a moment; a pod without a controller does not come back by itself.',
  },
  'cloud-firewall-blocks-dns': {
    explanation:
      'In the cloud, let nodes with {label}={value} and the others reach each other: port 53 over UDP and TCP, and whatever carries the pod network.',
    risk: 'Opens ports between the nodes of this cluster only, if the rule names their security groups.',
  },
  'host-firewall-or-forwarding.rule': {
    explanation: 'Take the rule out on {node}, and stop what writes it: a firewall or a script would bring it back.',
    risk: 'A rule may be there on purpose: see who wrote it first.',
  },
  'host-firewall-or-forwarding': {
    explanation:
      "Let {node} forward for its pods, now and after the next start (sysctl.d, the firewall's own configuration).",
    risk: 'A host firewall may be there on purpose: open what the cluster needs rather than switch it off where it guards the node.',
  },
  'network-policy-blocks-egress': {
    explanation:
      'Add a policy in {namespace} for the same pods that admits DNS over UDP and TCP. Policies add up: none has to be changed.',
    risk: 'Opens port 53 of the DNS servers to pods that egress policies select already; no other pod is touched.',
  },
  'network-policy-misses-node-cache': {
    explanation: 'Add a policy in {namespace} that admits {address} and the DNS Service by address, over UDP and TCP.',
    risk: 'Opens port 53 of the DNS servers to pods that egress policies select already; no other pod is touched.',
  },
  'network-policy-misses-cloud-dns': {
    explanation: 'Add a policy in {namespace} that admits {address}, over UDP and TCP.',
    risk: 'On some clouds this address serves instance metadata as well: the rule opens port 53 only.',
  },
  'network-policy-blocks-coredns': {
    explanation:
      'Add a policy that lets everybody ask CoreDNS, and CoreDNS reach the API server and its upstreams. {policies} may stay: policies add up.',
    risk: 'Opens port 53 of the CoreDNS pods to the cluster, as it is without policies.',
  },
  'service-mesh-dns-capture': {
    explanation:
      'Switch DNS capture off for the workload of {pod}, or make the name known to the mesh with a ServiceEntry.',
    risk: 'Without capture names that only the mesh knows no longer resolve in that workload.',
  },
  'cilium-dns-proxy-conflict': {
    explanation:
      "Follow Cilium's guide for a node-local cache: a CiliumLocalRedirectPolicy for {service}, and DNS rules that name the servers which pods really ask.",
    risk: 'None: these commands only look.',
  },
}

export const networkPhrases: Readonly<Record<string, string>> = {
  'conntrack-race.missing-loss':
    'a query from {node} to the Service IP that gets lost while others, and those to the pods themselves, do not',
  'cross-node-traffic-broken.missing-tcp': 'TCP to CoreDNS pods of other nodes: UDP alone may be what is held back',
  'cross-node-traffic-broken.missing-local':
    'a CoreDNS pod on {nodes} that answers there: without one it may be the node itself',
  'vxlan-port-blocked.missing-capture':
    'a capture of UDP port {port} on {nodes} and on another node: what leaves one does not arrive at the other',
  'vxlan-checksum-offload.missing-checksums':
    'datagrams with a wrong checksum on {nodes}: /proc/net/snmp read twice, or "UDP: bad checksum" in the kernel log',
  'cloud-firewall-blocks-dns.missing-cloud':
    "the cloud's own view: security groups and network ACLs of nodes with {label}={value}",
  'host-firewall-or-forwarding.missing-reason': 'the FORWARD policy, firewall rules and net.ipv4.ip_forward of {node}',
  'network-policy-misses-cloud-dns.missing-query':
    'a query to {address} from {pods}, or request counters of CoreDNS that stand still',
  'service-mesh-dns-capture.missing-answer': 'a query from {pod} that is answered otherwise than by CoreDNS',
  'not-checked.conntrack-read-once': 'counters of connection tracking were not read twice',
  'not-checked.no-cross-node': 'no CoreDNS pod of another node was asked',
  'not-checked.no-links': 'the network devices of no node were seen',
  'not-checked.no-transports': 'no server was asked over UDP and TCP',
  'not-checked.no-policies': 'network policies were not seen',
  'not-checked.no-cilium-policies': 'the policies of Cilium were not seen',
  'not-checked.captured-pods':
    'a mesh answers for {count} {count:pod|pods}; none of them was asked about (--from NAMESPACE/POD)',
}
