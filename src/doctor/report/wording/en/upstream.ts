import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

/** Where an upstream stands and who asks it: said by several causes. */
const places = {
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
}
