import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const service: GroupWording<(typeof CAUSE_GROUPS)['service'][number]> = {
  'dns-service-no-endpoints': {
    title: 'the DNS Service has no ready endpoint',
    summary: 'The DNS Service {service} ({address}) has no ready endpoint: only what caches still hold is answered',
    lines: {
      starting:
        'The {count} CoreDNS {count:pod|pods} of {service} ({address}) {count:was|were} started {seconds} s ago and {count:is|are} not ready yet',
      empty: 'Service {service} has {slices} {slices:EndpointSlice|EndpointSlices} and no endpoint in {slices:it|them}',
      'none-ready': 'Service {service} has {count} {count:endpoint|endpoints}, none of them ready',
      'no-pods': 'No CoreDNS pod was found; the Service selects {selector}',
      pods: '{ready} of {count} CoreDNS {count:pod|pods} ready: {states}',
      ready: 'Service {service} has {count} ready {count:endpoint|endpoints}',
      answers: 'Service {service} answers',
    },
  },
  'dns-service-selector-mismatch': {
    title: 'the DNS Service does not lead to the CoreDNS pods',
    summary:
      'The DNS Service {service} selects {selector}, which none of the {count} ready CoreDNS {count:pod|pods} carries',
    lines: {
      selector: 'Service {service}: spec.selector is {selector}',
      labels: '{count} CoreDNS {count:pod is|pods are} ready ({pods}) and labeled {labels}',
      'no-selector': 'Service {service} has no selector: its endpoints are written by something else',
      selected: 'Service {service} selects {count} CoreDNS {count:pod|pods}',
      ready: 'Service {service} has {count} ready {count:endpoint|endpoints}',
      'labels-not-ready':
        '{count} CoreDNS {count:pod is|pods are} there ({pods}), none of them ready, labeled {labels}',
      'wrong-port':
        'The DNS Service {service} sends port 53/{protocols} to port {target} of the CoreDNS pods, which listen at {served}',
      'no-port':
        'The DNS Service {service} has no port 53 for {protocols}: what is sent to {address} over {protocols} leads nowhere',
      ports: 'Service {service}: spec.ports are {ports}',
      'target-port':
        'Service {service}: port {port}/{protocol} has targetPort {target}, which is port {number} of the pods',
      listens: 'The Corefile in {configMap} has CoreDNS listen at port {served}, and nowhere else for plain DNS',
      'port-fails': '{count} {count:question|questions} to the Service over {protocols} brought no response',
      'port-answers': '{server} ({address}) answers at port {port}/{protocol}',
      'none-carries':
        'The DNS Service {service} selects {selector}, which none of the {count} CoreDNS {count:pod|pods} carries; none of them is ready',
    },
  },
  'unexpected-dns-service-name': {
    title: 'the DNS Service has another name than the node cache looks for',
    summary:
      'The node cache {cache} forwards cluster names to a Service {upstream}, which does not exist: the DNS Service is {service}',
    lines: {
      'found-by': 'The DNS Service is {service} ({address}): {how}',
      argument: 'The node cache {cache} looks for a Service named {upstream} (-upstreamsvc, or its default)',
      log: '{pod} logs: {text}',
      usual: 'The DNS Service has the usual name: {service}',
      'no-cache': 'No node cache looks for {service} by its name',
      matches: 'The node cache is told which Service to use ({told}); the DNS Service is {service}',
    },
  },
  'internal-traffic-policy-local': {
    title: 'the DNS Service keeps traffic on the node',
    summary:
      'The DNS Service {service} has internalTrafficPolicy Local, and no CoreDNS pod runs on {nodes}: queries from there are dropped',
    lines: {
      'not-compared': 'The DNS Service {service} has internalTrafficPolicy Local, and no CoreDNS pod runs on {nodes}',
      local: 'Service {service}: spec.internalTrafficPolicy is Local',
      'endpoints-on': 'Ready endpoints are on {nodes}, none on {without}',
      'same-set': 'From {nodes} the Service IP brought no response; from {fine} it answers',
      cluster: 'Service {service}: spec.internalTrafficPolicy is {policy}',
      everywhere: 'Every node has a ready endpoint of {service}',
      answers: 'Service {service} answers from nodes without an endpoint as well: {nodes}',
    },
  },
  'service-ip-unreachable': {
    title: 'the Service IP cannot be reached where the pods behind it can',
    summary:
      'The DNS Service IP {address} does not respond on {nodes}, while the CoreDNS pods behind it do: kube-proxy there is at fault',
    lines: {
      differs:
        'From {node}: {address} brought no response over {silent}; {replica} ({replicaAddress}) answered the same question over {answered} in {rttMs} ms',
      refuses:
        'From {node}: {address} refused {refused}; {replica} ({replicaAddress}) answered the same question over {answered} in {rttMs} ms',
      'refuses-partly':
        'From {node}: {address} refused {refused} and brought no response over {silent}; {replica} ({replicaAddress}) answered the same question over {answered} in {rttMs} ms',
      'proxy-absent': 'No kube-proxy pod runs on {node}',
      'proxy-not-ready': 'kube-proxy on {node} ({pod}) is not ready: {state}',
      'proxy-unhealthy': 'kube-proxy on {node} says on :10256/healthz: {status}',
      'rules-lack': 'No packet filter rule of {node} translates {address}',
      'rules-stale':
        "{node}'s rules of kube-proxy send {transport} for {address} to {targets}; the Service's endpoints are {endpoints}",
      rule: 'Rule on {node}: {rule}',
      'rule-translates':
        '{node}: another rule sends what is for {address} to {to} before kube-proxy sees it, {count} {count:connection|connections} so far: {rule}',
      'rule-redirects':
        '{node}: another rule keeps what is for {address} on the node itself, port {to}, before kube-proxy sees it, {count} {count:connection|connections} so far: {rule}',
      'rule-exempts':
        '{node}: another rule keeps what is for {address} from being translated, {count} {count:packet|packets} so far: {rule}',
      'rule-drops': '{node}: a rule drops what is for {address}, {count} {count:packet|packets} so far: {rule}',
      taken:
        'On {nodes} another rule takes {transports} for the DNS Service IP {address} before kube-proxy does: {rule}',
      'fallen-behind':
        'The rules of {nodes} send DNS over {transports} for {address} to {targets}, no endpoint of the Service: kube-proxy there has fallen behind',
      'over-one':
        'The DNS Service IP {address} does not respond over {transports} on {nodes}, while the CoreDNS pods behind it do: what translates the address there is at fault',
      elsewhere: 'From {nodes} the Service IP answers',
      answers: '{address} answered from {count} {count:place|places}',
      'answers-partly': '{address} answers over one transport from {nodes}: not the Service IP as such',
    },
  },
  'mixed-iptables-backends': {
    title: 'packet filter rules are split between iptables-legacy and iptables-nft',
    summary:
      'On {node} rules are split between iptables-legacy and iptables-nft, and kube-proxy writes to {backend} only',
    lines: {
      both: 'On {node} both iptables-legacy and iptables-nft hold rules',
      totals: '{node}: iptables-legacy holds {legacy} {legacy:rule|rules}, iptables-nft {nft}',
      'kube-chains': '{node}: the KUBE-* chains are in {backend} only',
      'kube-chains-both': '{node}: {count} of the two hold KUBE-* chains',
      policies: 'FORWARD policy: {legacy} in iptables-legacy, {nft} in iptables-nft',
      'one-backend': 'Only one of iptables-legacy and iptables-nft holds rules on {nodes}',
    },
  },
  'stale-udp-conntrack': {
    title: 'tracked UDP flows lead to a CoreDNS pod that is gone',
    summary:
      'On {nodes} the kernel still sends UDP flows of {clients} for the DNS Service {address} to {dead}, which is no endpoint any more',
    lines: {
      entry:
        '{node}: {client} -> {address}:53 is translated to {dead}; it leads nowhere and is kept for another {seconds} s',
      'entry-replied': '{node}: {client} -> {address}:53 is translated to {dead}; it is kept for another {seconds} s',
      endpoints: 'The endpoints of the DNS Service are {endpoints}; {dead} is none of them',
      more: '{count} such entries in all on {nodes}',
      none: 'No tracked UDP flow to {address} leads to an address that is no endpoint ({nodes})',
    },
  },
  'ipvs-stale-udp-connections': {
    title: 'IPVS connections lead to a CoreDNS pod that is gone',
    summary:
      'On {nodes} {count} IPVS {count:connection|connections} to {address} {count:leads|lead} to {dead}, which is no endpoint any more',
    lines: {
      mode: 'kube-proxy works in ipvs mode on {nodes}: {address} is a virtual service there',
      connection: '{node}: {client} -> {address}:53 leads to {dead} for another {seconds} s',
      none: 'No IPVS connection to {address} leads to an address that is no endpoint ({nodes})',
      'not-ipvs': '{address} is no IPVS service on {nodes}',
    },
  },
  'bridge-netfilter-disabled': {
    title: 'bridged packets skip the packet filter',
    summary:
      'On {node} bridged packets skip the packet filter ({setting}): responses of CoreDNS pods of the same node come from the wrong address',
    lines: {
      'only-set': 'On {node} bridged packets skip the packet filter ({setting})',
      pair: 'From {place}: a query to {asked} was answered by {from}, which is not the address that was asked',
      'same-node': '{count} such {count:response|responses}, each from a CoreDNS pod of {node} itself',
      off: '{node}: {setting} is 0',
      'not-loaded': '{node}: {setting} does not exist: br_netfilter is not loaded',
      enabled: '{node}: {setting} is 1',
      translated:
        'No response came from a pod instead of the Service IP, and no bridge of {nodes} skips the packet filter',
    },
  },
  'node-cache-wrong-source': {
    title: 'the node cache answers from another address than was asked',
    summary: 'On {node} queries to {asked} are answered from {from}: clients throw such responses away',
    lines: {
      pair: 'From {node}: {count} {count:query|queries} to {asked} brought a response from {from}',
      listens: 'The node cache {cache} listens on {addresses}',
      'no-cache': 'There is no node cache',
      'right-source':
        '{count} {count:question|questions} to node caches over UDP: no response came from another address',
    },
  },
  'application-service-no-endpoints': {
    title: 'not DNS: the Service behind the name has no ready endpoint',
    summary:
      'Not a DNS fault: {name} resolves to {address} as it should, but Service {service} has no ready endpoint to answer there',
    lines: {
      resolves: "{count} {count:server|servers} answered {name} with {address}, the Service's clusterIP",
      'none-ready': 'Service {service} has {count} {count:endpoint|endpoints}, none of them ready',
      selected: 'Its selector {selector} picks {count} {count:pod|pods}, {ready} of them ready',
      'no-selector': 'Service {service} has no selector: its endpoints are written by something else',
      'no-service': 'Service {service} does not exist',
      'no-address': 'Service {service} gives no ClusterIP for this name',
      'dns-service': '{service} is the DNS Service itself',
      ready: 'Service {service} has {count} ready {count:endpoint|endpoints}',
      'other-form': '{name} is not the name of a Service',
    },
  },
}

export const serviceFixes: Readonly<Record<string, FixWording>> = {
  'dns-service-no-endpoints.starting': {
    explanation: 'Wait until the pods that {service} selects are ready, then ask again.',
    risk: 'None: these commands only look.',
  },
  'dns-service-no-endpoints': {
    explanation: 'See why the pods that {service} selects are not ready, cure that, then restart them.',
    risk: 'A restart replaces the pods one by one; while none is ready there is nothing to lose.',
  },
  'dns-service-selector-mismatch': {
    explanation:
      'Make {service} select what the ready pods carry: {labels}. Helm or an add-on manager may write the old selector again: change it there as well.',
    risk: 'Takes effect at once for the whole cluster; the pods themselves are not touched.',
  },
  'dns-service-selector-mismatch.port': {
    explanation:
      'Lead {service} to the port where CoreDNS listens: {served}. Helm or an add-on manager may write the old targetPort again: change it there as well.',
    risk: 'Takes effect at once for the whole cluster; the pods themselves are not touched.',
  },
  'dns-service-selector-mismatch.no-port': {
    explanation:
      'Give {service} port 53 for {protocols} again. Helm or an add-on manager may take it away again: change it there as well.',
    risk: 'Takes effect at once for the whole cluster; the pods themselves are not touched.',
  },
  'service-ip-unreachable': {
    explanation: 'Restart kube-proxy on {nodes}: it writes the rules for the Service IP anew.',
    risk: 'Established connections stay; new ones to Services may fail on that node for a few seconds.',
  },
  'service-ip-unreachable.rule': {
    explanation:
      'Take the rule out on {nodes}, and stop what writes it: a script, a firewall, an agent of a network product would bring it back.',
    risk: 'Whatever the rule was meant for ends; look where it sends DNS first.',
  },
  'unexpected-dns-service-name': {
    explanation: 'Tell the node cache {cache} the name of the DNS Service: {service}.',
    risk: 'The cache pods restart one node after another; pods of that node have no DNS for a few seconds.',
  },
  'internal-traffic-policy-local': {
    explanation:
      'Let {service} use the endpoints of the whole cluster. To prefer the near ones set trafficDistribution, or run CoreDNS on every node.',
    risk: 'Takes effect at once; queries may cross nodes.',
  },
  'mixed-iptables-backends': {
    explanation:
      'Use one backend on {node}, for the host and for kube-proxy, network plugin and node cache images alike; a reboot clears the other one.',
    risk: 'The node restarts: drain it first. Rules that were written by hand in the other backend are gone.',
  },
  'stale-udp-conntrack': {
    explanation:
      'Delete the entries on {nodes}: the next datagram of those clients is translated anew. Newer kube-proxy versions do that by themselves.',
    risk: 'None for other flows: only entries to the address that is gone are deleted.',
  },
  'ipvs-stale-udp-connections': {
    explanation:
      'Shorten how long IPVS keeps UDP connections on {nodes} (kube-proxy: ipvs.udpTimeout), and let it drop those whose server is gone.',
    risk: 'Long pauses within one UDP flow may change its server; DNS does not mind.',
  },
  'bridge-netfilter-disabled': {
    explanation:
      'Load br_netfilter on {node} and let bridged packets pass the packet filter, now and after the next start.',
    risk: 'Every bridged packet passes iptables from then on: rules for FORWARD apply to it.',
  },
  'node-cache-wrong-source': {
    explanation:
      'Take out what translates {asked} to {from} on {node}, and let the cache listen on the address that pods ask; its restart writes the NOTRACK rules anew.',
    risk: 'Pods of the node have no DNS while the cache restarts, a few seconds.',
  },
  'application-service-no-endpoints': {
    explanation:
      "See why {service} has no ready pod: its selector, the pods' labels, their readiness. DNS needs no change.",
    risk: 'None: these commands only look.',
  },
}
