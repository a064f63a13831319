import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

/** Where an upstream stands and who asks it: said by several causes. */
export const places = {
  'in-file': '{file} lists {address} as nameserver {position} of {count}; kubelet hands this file to pods ({kubelet})',
  'in-corefile': 'ConfigMap {name}, Corefile line {line}, forwards to {address}',
  'felt-by-pods-first':
    "{count} {count:pod|pods} on {nodes} with the node's resolver (dnsPolicy Default or hostNetwork) {count:asks|ask} it first and {count:waits|wait} 5 s for every name: {pods}",
  'felt-by-pods-behind':
    "{count} {count:pod|pods} on {nodes} with the node's resolver (dnsPolicy Default or hostNetwork) {count:waits|wait} 5 s for it whenever {before} does not answer: {pods}",
  'asked-by-servers': 'On {nodes} it is asked by {servers}',
  'felt-by-servers':
    'On {nodes} it is asked by {servers}, and so for the {count} {count:pod|pods} behind the node cache there',
}

export const upstream: GroupWording<(typeof CAUSE_GROUPS)['upstream'][number]> = {
  'upstream-dead': {
    title: 'an upstream never answers',
    summary: 'Upstream {address} never answers; it is asked on {nodes}',
    lines: {
      ...places,
      silent:
        '{attempts} {attempts:query|queries} from {node} to {address} over UDP and TCP brought no response within {seconds} s',
      'silent-beside':
        '{attempts} queries from {node} to {address} over UDP and TCP brought no response within {seconds} s; {control} answered from there in {rttMs} ms',
      'counter-grew': '{server}: failed health checks of {to} grew by {growth} in {seconds} s',
      'log-timeouts': '{server} logged {count} {count:time|times}: read from {to}: i/o timeout',
      slow: '{server} took up to {seconds} s to answer external names ({count} {count:time|times}): it waited for another upstream first',
      answers: '{address} answers from {nodes} over {transports}',
      'cut-off':
        '{node} lists {address} as nameserver {position}: kubelet keeps three, so no pod there ever asks it; not part of this fault',
    },
  },
  'upstreams-not-equivalent': {
    title: 'upstreams know different names',
    summary: 'On {node} upstreams disagree about {name}: {knowing} knows it, {denying} says that it does not exist',
    lines: {
      ...places,
      knows: 'From {node}: {upstreams} answers {name}',
      denies: 'From {node}: {upstreams} says NXDOMAIN to {name}, which is final for whoever asked',
      'random-choice': 'forward picks one of them at random for each query: {servers}',
      agree: 'From {node} {upstreams} gave the same kind of answer',
    },
  },
  'upstream-health-check-mismatch': {
    title: 'an upstream is checked over a transport that it does not answer',
    summary:
      'Upstream {address} answers over {answering} and not over {silent}, by which its health is checked: it is marked down on {nodes} although it works',
    lines: {
      ...places,
      'one-transport':
        '{attempts} {attempts:query|queries} from {node} to {address} over {silent} brought no response within {seconds} s; over {answering} it answered in {rttMs} ms',
      'counter-grew': '{server}: failed health checks of {to} grew by {growth} in {seconds} s',
      'checked-over': 'Its health is checked over {silent} by {servers}: force_tcp decides about that too',
      answers: '{to} answers over {transports}',
      silent: '{to} answers over neither transport',
    },
  },
  'search-domain-servfail': {
    title: 'an inherited search domain fails instead of denying',
    summary:
      'Names below the search domain {suffix}, which pods on {nodes} inherit, fail: Alpine (musl) and Node.js pods stop there and never ask for the name itself',
    lines: {
      fails: '{server} says {rcode} to {name}',
      silent: '{server} gave no response to {name} within {seconds} s',
      plain: '{server} answers {name} itself',
      inherited: '{suffix} stands in the search list of {path} on {nodes}, which kubelet appends to that of its pods',
      who: 'musl ends a search at the first failure (EAI_AGAIN); glibc goes on to the name itself',
      'no-suffix': 'The nodes hand no search domain to pods',
      answered: 'Names below {suffixes} are answered or denied, as they should be',
    },
  },
  'too-many-search-domains': {
    title: 'a search list longer than kubelet lets through',
    summary: 'The search list of pods on {node} is too long: kubelet leaves out {omitted}',
    lines: {
      'by-event': 'The search list of {pod} on {node} is too long: kubelet applied {kept} and left out the rest',
      event:
        '{count} {count:event|events} DNSConfigForming there, such as for {pod}: the applied search list is {kept}',
      omitted: 'Of the list of {pod} kubelet ({version}) keeps {kept} and leaves out {omitted}',
      file: '{file} brings the search domains {searches}; kubelet puts three of the cluster before them',
      'omitted-answers': '{name}, below a search domain that is left out, is answered by {server}',
      none: "No search list on {count} {count:node|nodes} is over kubelet's limit",
    },
  },
  'search-domain-is-dot': {
    title: 'a search list of "." that an old kubelet empties',
    summary: 'kubelet {version} on {node} makes an empty search domain of the "search ." in {file}',
    lines: {
      'pod-file': '/etc/resolv.conf of {pods} has a search line with an empty domain',
      file: '{file} has "search ."',
      version: '{node} runs kubelet {version}; 1.25 is the first that leaves the root out',
      concerned: '{count} {count:pod|pods} on {node} {count:inherits|inherit} the list',
      'no-root': 'No search list on {count} {count:node|nodes} holds "."',
      recent: '{node} runs kubelet {version}, which leaves the root out',
    },
  },
  'resolv-conf-missing': {
    title: 'the file that kubelet hands to pods does not exist',
    summary: '{node} has no {path}, which kubelet there hands to pods: no new pod starts',
    lines: {
      event: '{count} {count:event|events}, such as for {pod}: open {path}: no such file or directory',
      configuration: "kubelet's resolvConf is {path} ({from})",
      absent: '{path} does not exist on {node}',
      stuck: '{count} {count:pod|pods} on {node} cannot start: {pods}',
      'no-event': 'No event tells of a resolv.conf that is not there',
      present: "The file that kubelet's resolvConf names was read on {count} {count:node|nodes}",
    },
  },
  'loopback-nameserver-in-pod': {
    title: "pods ask the node's stub, which is not there for them",
    summary:
      "{count} {count:pod|pods} on {node} {count:has|have} the node's stub resolver {addresses} as nameserver: nothing listens there inside a pod",
    lines: {
      asked: '{address} does not answer inside {pod}',
      file: '{file} lists {addresses}, which is the node itself',
      'handed-out': 'kubelet hands {path} to pods ({from})',
      policy:
        "{count} {count:pod|pods} {count:takes|take} the node's file (dnsPolicy {policy}) without being on its network: {pods}",
      none: 'No file of {count} {count:node|nodes} lists a loopback address',
      nobody: '{node} lists {addresses}, and no pod there has that file within a network of its own',
    },
  },
  'resolver-packet-rate-limit': {
    title: "the VPC's resolver drops what is over its packet rate",
    summary:
      "{node} sends more than 1024 packets/s to the VPC's resolver and other link-local services: its network drops the rest",
    lines: {
      grew: '{node}: linklocal_allowance_exceeded of {link} grew by {growth} in {seconds} s (now {total})',
      counted: '{node}: linklocal_allowance_exceeded of {link} is {total}',
      conntrack: '{node}: conntrack_allowance_exceeded of {link} grew by {growth} as well',
      limit: 'The limit holds for each network interface; on {node} these ask the resolver for others: {servers}',
      none: 'linklocal_allowance_exceeded does not grow on {nodes}',
    },
  },
  'too-many-nameservers': {
    title: 'more nameservers than resolvers read',
    summary: '{node} has {count} nameservers, of which pods get three: {cutOff} is never asked',
    lines: {
      file: '{file} lists {count} nameservers; kubelet keeps {kept} and cuts off {cutOff}',
      event: '{count} {count:event|events} DNSConfigForming there, such as for {pod}: applied are {kept}',
      'by-event':
        '{node} has more nameservers than the three that pods get: kubelet applied {kept} and left out the rest',
      'never-used': '{cutOff} never reached a pod on {node}: it cannot be the cause of anything that pods there see',
      'cut-off-answers': '{address}, which is cut off, answers from {node} what the kept ones do not',
      'within-limit': '{node} lists {count} {count:nameserver|nameservers}; three are allowed',
      'no-event': 'No DNSConfigForming event on {count} {count:node|nodes}',
    },
  },
}

export const upstreamFixes: Readonly<Record<string, FixWording>> = {
  'upstream.remove-from-file': {
    explanation:
      'Take {address} out of the file that kubelet hands to pods on {nodes}, and out of what writes that file; then make the pods anew that copied it when they started.',
    risk: 'The other nameservers carry the load; the pods named restart, CoreDNS and the node cache included: queries on that node may fail for a few seconds.',
  },
  'upstream.remove-from-generated-file': {
    explanation:
      'Take {address} out of the file that kubelet hands to pods on {nodes}. That file is generated: take it out of netplan, NetworkManager or DHCP as well, or it comes back. Then make the pods anew that copied it when they started.',
    risk: 'The other nameservers carry the load; the pods named restart, CoreDNS and the node cache included: queries on that node may fail for a few seconds.',
  },
  'upstream.remove-from-corefile': {
    explanation: 'Take {address} out of the forward line; CoreDNS reloads by itself where the Corefile has reload.',
    risk: 'A mistake in the Corefile keeps the old one running and stops new pods: check it with "fathom lint" first.',
  },
  'upstreams-not-equivalent': {
    explanation:
      'Send {zone} to the upstreams that know it ({upstreams}) in a server block of its own, or list only equivalent servers.',
    risk: 'Names of {zone} then depend on these servers alone.',
  },
  'too-many-nameservers': {
    explanation: 'Keep at most three nameservers in {path} on {node}, the ones that matter first.',
    risk: 'None for pods: the others were never read. Pods that run keep their copy until they are made anew.',
  },
  'upstream-health-check-mismatch.udp': {
    explanation:
      'Open UDP port 53 to {address}, or let the servers ask it, and check its health, over TCP only: force_tcp in the block of forward.',
    risk: 'force_tcp holds for all upstreams of the block; one that does not answer over TCP fails then.',
  },
  'upstream-health-check-mismatch.tcp': {
    explanation: 'Open TCP port 53 to {address}, or take force_tcp out of the block of forward.',
    risk: 'Over UDP large answers are cut and asked again over TCP, which {address} does not answer.',
  },
  'search-domain-servfail': {
    explanation:
      'Take {suffix} out of the search list of the file that kubelet hands to pods, or of what writes it (DHCP, netplan, systemd-resolved), and recreate the pods; or give the workload a dnsConfig with ndots:1, or names with a final dot.',
    risk: 'Short names that somebody means below {suffix} are not found any more.',
  },
  'too-many-search-domains': {
    explanation: 'Shorten the search list in {path} on {node}, or of what writes it; pods that run keep their copy.',
    risk: 'Short names below a domain that is taken out are not found any more.',
  },
  'search-domain-is-dot': {
    explanation:
      'Upgrade kubelet on {node} to 1.25 or later, or give the host a search domain of its own instead of "."; then recreate the pods.',
    risk: 'Every pod with the new search domain asks for names below it first.',
  },
  'resolv-conf-missing': {
    explanation:
      "Let kubelet's resolvConf on {node} name a file that is there, instead of {path}, and restart kubelet.",
    risk: 'A file with 127.0.0.53 would give pods a nameserver that is not there for them: see loopback-nameserver-in-pod.',
  },
  'resolv-conf-missing.systemd': {
    explanation: 'Start systemd-resolved on {node}, which writes {path}; or let resolvConf name a file that is there.',
    risk: "systemd-resolved takes over the host's own resolv.conf on some systems: look at it before and after.",
  },
  'loopback-nameserver-in-pod': {
    explanation:
      'Let kubelet on {node} hand out {path}, which lists the real upstreams, restart it and recreate the pods.',
    risk: 'None for pods that run: they keep their copy until they are made anew.',
  },
  'resolver-packet-rate-limit': {
    explanation:
      'Spread CoreDNS over more nodes, use a node-local cache, and cut the queries that search lists multiply (see ndots-query-amplification); {node} is over the limit.',
    risk: 'More CoreDNS pods watch the API server as well.',
  },
}

/** What would decide, and why nothing was checked. */
export const upstreamPhrases: Readonly<Record<string, string>> = {
  'upstream-health-check-mismatch.missing-counter': 'failed health checks of {address} in the metrics of {servers}',
  'search-domain-servfail.missing-name': 'a query for {name}',
  'too-many-search-domains.missing-events': 'permission to list events',
  'too-many-search-domains.missing-event': "kubelet's event DNSConfigForming",
  'search-domain-is-dot.missing-pod-file': '/etc/resolv.conf of a pod on {node} (--from NAMESPACE/POD)',
  'resolv-conf-missing.missing-event': 'an event of a pod on {node} that cannot start',
  'resolv-conf-missing.missing-configuration': "kubelet's configuration on {node}",
  'resolver-packet-rate-limit.missing-growth': 'a second reading of the counter on {node}, while queries fail',
  'not-checked.no-health-check': 'no server of the cluster forwards to {address}, so none checks its health',
  'not-checked.no-allowance-counters':
    'no interface that was seen counts linklocal_allowance_exceeded (the driver of AWS does, shown by ethtool on the node)',
}
