import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

const log = { log: '{server} logged {count} {count:time|times}: {text}' }
const crashing = { crashing: '{pods} cannot start: CrashLoopBackOff' }

export const corefile: GroupWording<(typeof CAUSE_GROUPS)['corefile'][number]> = {
  'forwarding-loop': {
    title: 'CoreDNS forwards to itself',
    summary: 'CoreDNS forwards zone {zone} to {address}, which is itself, and ends when it sees the loop',
    lines: {
      ...log,
      'loopback-in-file':
        '{file}, which kubelet hands to CoreDNS, names {address}: in the pod that is CoreDNS itself ({kubelet})',
      'own-upstream':
        'CoreDNS on {node} asks {address}, the DNS of the cluster itself, for names outside: its queries come back',
      'own-in-file':
        '{file}, which kubelet hands to CoreDNS, names {address}: that is the DNS of the cluster, CoreDNS itself ({kubelet})',
      'own-address': 'The Corefile {map} forwards to {address}, an address of CoreDNS itself',
      forward: 'ConfigMap {map}, Corefile line {line}: forward . {targets}',
      down: '{pods} is not ready',
      'no-forward': 'The Corefile has no forward for all names',
      elsewhere: 'No loop in a log; what is forwarded goes to other addresses than its own',
    },
  },
  'corefile-invalid': {
    title: 'the Corefile has an error',
    summary: 'CoreDNS refuses the Corefile in {map}: line {line}: {message}',
    lines: {
      ...log,
      ...crashing,
      error: 'ConfigMap {map}, Corefile line {line}: {message}',
      counter: '{server}: coredns_reload_failed_total is {count}',
      'old-one-runs': '{pods} still has the Corefile from before: it will not start again with this one',
      more: '{count} more {count:error|errors} in the same Corefile',
      valid: 'No error found in the Corefile of {map}',
    },
  },
  'corefile-not-reloaded': {
    title: 'an edited Corefile is not in use',
    summary: 'The Corefile in {map} was edited after {pods} started, and nothing makes CoreDNS read it again',
    lines: {
      'no-reload': 'The Corefile in {map} has no "reload": CoreDNS reads it at its start only',
      'sub-path': 'ConfigMap {map} is mounted with subPath: the file in the pod never changes',
      older: '{pods} started at {started}, the ConfigMap was changed at {changed}',
      otherwise: '{count} {count:answer is|answers are} not what this Corefile says',
      'started-later': 'Every replica started after the last change of {map} ({changed})',
      'has-reload': 'The Corefile in {map} has "reload", and the file is mounted so that it changes',
      'reload-soon': 'The Corefile in {map} has "reload" and was changed {seconds} s ago: it takes up to two minutes',
    },
  },
  'corefile-directive-removed': {
    title: 'the Corefile uses what this CoreDNS no longer has',
    summary: 'CoreDNS {version} no longer has "{directive}" (gone since {removedIn}), which the Corefile uses',
    lines: {
      ...log,
      ...crashing,
      used: 'ConfigMap {map}, Corefile line {line}: "{directive}" is gone since CoreDNS {removedIn}',
      image: '{pods} runs {image}',
      'all-known': 'CoreDNS {versions} has every directive of the Corefile in {map}, as far as releases took some away',
    },
  },
  'cluster-zone-overridden': {
    title: 'something stands before the kubernetes plugin',
    summary: '{name} is not answered from the cluster: line {line} of the Corefile in {map} takes it',
    lines: {
      'plugin-answers': 'Corefile line {line} of {map}: "{plugin}" takes {name} before kubernetes does: {text}',
      'block-without-kubernetes':
        'Corefile line {line} of {map}: the server block that takes {name} has nothing that answers it',
      'answers-otherwise': '{server} says to {name}: {answer}',
      'more-specific':
        'The server block of zone {zone} takes {name}: the longest zone wins, whatever the order in the file',
      expected: 'The objects of the cluster give {name} another answer',
      'kubernetes-answers': 'By the Corefile in {map} the kubernetes plugin answers the names that were asked',
    },
  },
  'stub-domain-broken': {
    title: 'the upstreams of a stub domain fail',
    summary: 'Names below {zone} fail: their own upstreams ({upstreams}) do not answer them',
    lines: {
      fails: '{server} says to names of {zone}: {answer}',
      health: '{server}: failed health checks of {to} grew by {growth}',
      rcodes: '{server} got {count} {count:answer|answers} {rcode} from {to}',
      forward: 'ConfigMap {map}, Corefile line {line}: forward to {upstreams}',
      answers: 'Names of {zone} are answered',
      'no-stub': 'No zone has upstreams of its own',
    },
  },
  'autopath-misidentifies-client': {
    title: 'autopath takes the client for another pod',
    summary: '{name} is answered with a CNAME record that autopath made (Corefile line {line} of {map})',
    lines: {
      'in-use':
        'The Corefile in {map} has autopath (line {line}): it guesses the namespace of a client from its address',
      cname: '{server} answers {name}, which no object gives, with a CNAME record to {target}',
      counted: '{server}: coredns_autopath_success_total is {count}',
      'behind-cache': 'Behind the node cache {cache} all clients have the address of the cache',
      windows: '{nodes} runs Windows, whose pods autopath does not support',
      'no-autopath': 'The Corefile in {map} has no autopath',
    },
  },
  'forward-max-concurrent-exceeded': {
    title: 'too many queries wait for upstreams',
    summary: '{server} refused {total} {total:query|queries}: as many as max_concurrent allows wait for an upstream',
    lines: {
      ...log,
      grew: '{server}: coredns_forward_max_concurrent_rejects_total grew by {growth}',
      total: '{server}: coredns_forward_max_concurrent_rejects_total is {total}, and did not grow meanwhile',
      refused: '{count} {count:question|questions} through {server} got REFUSED or SERVFAIL',
      limit: 'max_concurrent is {max}',
      'none-refused': 'No rejected query in the metrics of {count} {count:server|servers}',
    },
  },
  'dnsmasq-concurrent-query-limit': {
    title: 'dnsmasq has too many queries waiting',
    summary: 'dnsmasq in {server} reached its limit of {max} queries that wait for an upstream',
    lines: {
      ...log,
      image: '{server} runs dnsmasq ({image}): the cluster has kube-dns',
      fails: '{count} {count:question|questions} about names outside failed',
      'no-dnsmasq': 'No pod of the DNS Service runs dnsmasq',
      'not-reached': 'No such line in {count} {count:log|logs}',
    },
  },
  'stale-negative-cache': {
    title: 'a cache remembers that the name did not exist',
    summary: '{server} still denies {name}: somebody asked for it before it was there',
    lines: {
      'other-form': '{name} is not of the form SERVICE.NAMESPACE.svc.DOMAIN',
      denies: '{server} says {rcode} to {name}, with {ttl} s left in its cache (a fresh denial has {fresh})',
      'counts-down':
        '{server} says {rcode} to {name}, with {ttl} s left, and asked again with less: it counts down in a cache',
      knows: '{server} answers {name} as the objects say',
      'knows-type': '{server} has {name} when it is asked for {type}: its cache holds a denial of each type by itself',
      age: 'Service {service} was made {seconds} s before this was looked at',
      hits: '{server}: coredns_cache_hits_total, type "denial", is {count}',
      'not-denied': 'Nobody denies {name}',
      'fresh-denial': '{name} is denied with the whole TTL of {ttl} s: that is no cache',
    },
  },
  'stale-positive-cache': {
    title: 'a cache still gives an address that is gone',
    summary: '{server} answers {name} with {addresses}, which no Service and no endpoint has any more',
    lines: {
      gone: '{server} answers {name} with {addresses}: no EndpointSlice and no Service has it',
      aged: 'Its TTL is {ttl} s where a fresh answer of {server} has {fresh}: it comes from a cache',
      'counts-down': 'Its TTL is {ttl} s, and less when {server} is asked again: it counts down in a cache',
      right: '{server} answers {name} as the objects say',
      'serve-stale': 'Corefile line {line} of {map}: serve_stale, answers outlive their TTL',
      'all-known': 'Every address in the answers to {name} is known',
    },
  },
  'large-response-lost': {
    title: 'large responses are lost',
    summary: 'Responses larger than a small datagram do not arrive from {servers} at {places}: {name}',
    lines: {
      'tcp-closed': 'Truncated responses of {servers} send {places} to TCP, which is closed: {name}',
      'big-lost': '{name} at {server} from {place}, over UDP with room for {size} octets: no response',
      beside: 'The same at {server} from {place} over {how}: {name} is answered',
      truncated: '{server} truncates {name} to {place} over UDP: TCP has to bring it (RFC 7766)',
      'tcp-fails': '{name} at {server} from {place} over TCP: {why}',
      'no-bufsize': 'The Corefile has no bufsize: CoreDNS answers as large as the client says it takes',
      'small-works': '{server} answers {name}, which is small, over UDP',
      arrive: 'Large responses of {server} arrive, or TCP brings them',
    },
  },
}

export const corefileFixes: Readonly<Record<string, FixWording>> = {
  'forwarding-loop': {
    explanation:
      'Have kubelet hand out {file}, which holds the real nameservers of {node}, restart kubelet, and make the CoreDNS pods anew. Do not just remove "loop": then every query goes round until it times out.',
    risk: 'Pods with dnsPolicy Default that start from then on get the other file; running pods keep theirs.',
  },
  'forwarding-loop.own-file': {
    explanation:
      'Take {address} out of {file} on {node}: what CoreDNS asks there comes back to CoreDNS. Then make its pods anew, which copied the file when they started.',
    risk: 'Programs on {node} itself no longer resolve names of the cluster, if that is what the line was for.',
  },
  'forwarding-loop.corefile': {
    explanation: 'Put the addresses of the real resolvers in the place of {address}.',
    risk: 'A mistake in the Corefile stops new pods: check it with "fathom lint" first.',
  },
  'corefile-invalid': {
    explanation: 'Correct line {line}, and check the ConfigMap before it is applied.',
    risk: 'Servers with "reload" take the corrected file over within two minutes; crashed ones start again by themselves.',
  },
  'corefile-not-reloaded': {
    explanation:
      'Make the pods anew; for good, put "reload" into the Corefile and mount the ConfigMap without subPath.',
    risk: 'Pods are replaced one by one. If the edited Corefile has an error the new ones will not start: check it with "fathom lint" first.',
  },
  'corefile-directive-removed': {
    explanation: 'Instead of "{directive}" use {instead}; corefile-tool migrates a whole Corefile.',
    risk: 'The migrated Corefile must say the same as the old one: compare both before it is applied.',
  },
  'cluster-zone-overridden': {
    explanation:
      'Take line {line} out of the Corefile, narrow it, or give it "fallthrough", so that {name} reaches kubernetes.',
    risk: 'Whoever put it there may count on it for other names.',
  },
  'cluster-zone-overridden.own-line': {
    explanation: 'Take {name} out of line {line} of the Corefile, so that it reaches kubernetes.',
    risk: 'Whoever put it there may want {name} to lead elsewhere.',
  },
  'stub-domain-broken': {
    explanation:
      'Ask the upstreams of {zone} directly, from a node that runs CoreDNS, and correct line {line} of the Corefile, or have them answer the addresses of the CoreDNS pods.',
    risk: 'Names of {zone} depend on these servers alone.',
  },
  'autopath-misidentifies-client': {
    explanation: 'Take autopath (line {line}) out of the Corefile; a node cache lowers the load that it was meant for.',
    risk: 'Pods send the queries of their whole search list again: the load of CoreDNS grows.',
  },
  'forward-max-concurrent-exceeded': {
    explanation: 'Cure the slow upstream first; then raise max_concurrent (about 2 kB of memory for each query).',
    risk: 'A higher limit with a slow upstream takes memory until the pod ends for lack of it.',
  },
  'dnsmasq-concurrent-query-limit': {
    explanation: 'Look for a slow upstream; raise the limit of {max}, or go over to CoreDNS.',
    risk: 'The pods restart when the Deployment changes.',
  },
  'stale-negative-cache': {
    explanation: 'It is over in {seconds} s. For good, cache denials of the cluster zone for a few seconds only.',
    risk: 'Shorter denials mean more queries for names that do not exist, of which search lists make many.',
  },
  'stale-positive-cache': {
    explanation: 'It is over in {seconds} s. For good, lower "ttl" of kubernetes or "cache" of the cluster zone.',
    risk: 'Shorter times mean more queries.',
  },
  'stale-positive-cache.serve-stale': {
    explanation:
      'Take serve_stale away from the cluster zone (this answer has {seconds} s left): it is meant for names outside.',
    risk: 'Without it the zone has no answers while its server is away.',
  },
  'large-response-lost': {
    explanation:
      'Have CoreDNS send nothing over UDP that must be cut into fragments: "bufsize 1232"; what is larger then comes over TCP ({places}).',
    risk: 'TCP port 53 must be open; musl before 1.2.4 has no TCP.',
  },
  'large-response-lost.path': {
    explanation:
      'Somewhere between {places} and CoreDNS a link carries fewer octets than its ends believe, and nobody says so: find it, and give it or the pods their right MTU. "bufsize 512" helps over UDP alone.',
    risk: 'A smaller MTU of the pods takes effect when they are made anew.',
  },
  'large-response-lost.tcp': {
    explanation:
      'Open TCP port 53 wherever UDP port 53 is open, on the way from {places}: policies, firewalls, the Service.',
    risk: 'None: DNS needs both (RFC 7766).',
  },
}
