import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const podDns: GroupWording<(typeof CAUSE_GROUPS)['pod-dns'][number]> = {
  'cluster-dns-unset': {
    title: 'kubelet has no clusterDNS',
    summary: 'kubelet on {node} has no clusterDNS: its pods get the resolv.conf of the node and know no cluster name',
    lines: {
      event: "{count} {count:event|events} MissingClusterDNS for the node's pods, such as for {pod}",
      configuration: '{from}',
      concerned: '{count} {count:pod|pods} there with dnsPolicy ClusterFirst: {pods}',
      set: 'clusterDNS is {value} on {count} {count:node|nodes} ({from})',
    },
  },
  'cluster-dns-wrong-address': {
    title: "kubelet's clusterDNS is nobody's address",
    summary: 'kubelet on {nodes} gives pods the nameserver {address}, where nobody serves the cluster',
    lines: {
      'handed-out': 'clusterDNS on {nodes} is {address} ({from})',
      'served-at': 'The cluster is served at {addresses}',
      'no-answer': '{count} {count:query|queries} from {nodes} to {address} for a cluster name failed',
      answers: '{address} answers cluster names from {node}',
      'cache-address': '{address} is an address of a node-local cache',
      served: 'clusterDNS is {address}, which is {server}, on {count} {count:node|nodes}',
    },
  },
  'cluster-domain-mismatch': {
    title: "kubelet's cluster domain is not the zone that is served",
    summary: 'kubelet on {nodes} has cluster domain {domain}, but the Corefile serves {served}',
    lines: {
      kubelet: 'clusterDomain on {nodes} is {domain} ({from})',
      corefile: 'The kubernetes directive of ConfigMap {configMap} serves {served}',
      'search-list': 'Search lists of pods end in {domain}: short names are searched where nobody serves them',
      same: 'clusterDomain is {domain} on {count} {count:node|nodes}, as in the Corefile',
    },
  },
  'host-network-cluster-first': {
    title: 'a pod on the host network has dnsPolicy ClusterFirst',
    summary: '{owner} is on the host network with dnsPolicy ClusterFirst, which kubelet treats as Default',
    lines: {
      fields: 'hostNetwork: true and dnsPolicy: ClusterFirst on {count} {count:pod|pods}: {pods}',
      'becomes-default': '{owner} gets the resolv.conf of its node: no cluster name is known there',
      none: 'No such pod has hostNetwork and dnsPolicy ClusterFirst',
    },
  },
  'dns-policy-none-incomplete': {
    title: 'dnsPolicy None without what the cluster needs',
    summary: '{owner} has dnsPolicy None and a dnsConfig that does not lead to the cluster',
    lines: {
      policy: 'dnsPolicy: None on {count} {count:pod|pods}: {pods}',
      'no-nameserver': 'dnsConfig has no nameserver',
      'other-nameservers': 'Nameservers {nameservers} are none of {known}',
      'no-searches': 'dnsConfig has no search domains: short names do not resolve',
      meant: '{given} is asked as it stands; with the search list of ClusterFirst it would be {name}, which exists',
      complete:
        'dnsConfig of {owner} has a nameserver of the cluster and search domains ({count} {count:pod|pods}: {pods})',
      none: 'No such pod has dnsPolicy None',
    },
  },
  'dns-policy-default-inherits-node': {
    title: 'dnsPolicy Default inherits from the node',
    summary: '{owner} has dnsPolicy Default: it asks the nameservers of its node, which know no cluster name',
    lines: {
      field: 'dnsPolicy: Default on {count} {count:pod|pods}: {pods}',
      inherits: '{owner} gets the resolv.conf of its node; the policy without a field is ClusterFirst',
      none: 'No such pod has dnsPolicy Default',
    },
  },
  'pod-resolv-conf-outdated': {
    title: "the pod's resolv.conf is older than the settings",
    summary: '{pod} has another resolv.conf than kubelet would write today: from before a change, or edited',
    lines: {
      'other-nameservers': 'nameserver {has}; a new pod gets {now}',
      'other-searches': 'search {has}; a new pod gets {now}',
      'other-options': 'options {has}; a new pod gets {now}',
      'never-asked': 'With its search list {given} is asked for as {names}: never as {name}, which exists',
      older: '{pod} started at {at}, {what} was changed at {changed}',
      'written-once': 'The file of {pod} was written when its sandbox was made, and never since',
      same: '{pod} has what kubelet would write today',
      younger: '{pod} started at {at}, after the last change at {changed}',
    },
  },
  'ndots-query-amplification': {
    title: 'search lists multiply the queries',
    summary: '{percent} % of the answers of {servers} deny names made of search lists',
    lines: {
      counter: '{server}: {denied} of {count} responses are NXDOMAIN ({percent} %)',
      'search-list': 'With ndots:5 an external name is asked below every search domain of {domain} first, A and AAAA',
      share: '{percent} % of {count} responses are NXDOMAIN',
    },
  },
  'wildcard-search-domain': {
    title: 'a search domain answers to every name',
    summary: 'Search domain {suffix} answers to every name, with {records}',
    lines: {
      answered: '{name}, which nobody registered, is {records} at {server}',
      inherited: '{path} of {nodes} has search domain {suffix}: pods inherit it',
      denied: 'A made-up name below {suffixes} does not exist, as it should',
      'no-suffix': 'Pods inherit no search domain from their nodes',
    },
  },
  'namespace-shadows-tld': {
    title: 'a namespace is named like a top-level domain',
    summary: 'Namespace {namespace} is named like a top-level domain: {names} are found in the cluster first',
    lines: {
      names: 'Namespace {namespace} has {count} {count:Service|Services}, which pods reach as {names}',
      'search-list': 'The search domain svc.{domain} is tried before the name outside: NAME.{namespace} is a Service',
      asked: '{name} is read as one of them',
      outside: '{name} exists outside as well: {server} has an answer for it',
      'not-outside': '{name} does not exist outside, says {server}: the Service is what is meant',
      none: 'None of {count} namespaces with Services is named like a top-level domain',
    },
  },
  'host-aliases-shadow-dns': {
    title: 'hostAliases hide what DNS says',
    summary: '{owner} has {ip} for {name} in its hosts file: DNS is not asked',
    lines: {
      alias: 'spec.hostAliases gives {name} the address {ip} on {count} {count:pod|pods}: {pods}',
      answer: 'DNS says {answers} to {name}',
      'no-answer': 'DNS has no address for {name}',
      'in-hosts': '/etc/hosts of {pod} gives {name} the address {ip}',
      'not-an-alias': 'spec.hostAliases of {pod} does not say so: the image, a program or a person wrote it',
      none: 'Neither hostAliases nor /etc/hosts of {pods} give {name} another address',
    },
  },
  'short-name-other-namespace': {
    title: 'a short name is searched in the own namespace',
    summary: '{name} is no Service of namespace {namespace}; it exists as {services}',
    lines: {
      'not-here': 'Namespace {namespace} has no Service "{service}"',
      elsewhere: 'It exists as {services}',
      'search-list': 'A single label is searched in {namespace}.svc.{domain} only: other namespaces are never tried',
      'no-namespace': 'Namespace {namespace} does not exist, and so not its Service "{service}"',
      'read-as': '{name} is read as SERVICE.NAMESPACE: Service {service} in namespace {namespace}',
      'not-short': '{name} is no single label, and no Service in a namespace that does not exist',
      exists: 'Service {service} exists',
      nowhere: 'No namespace has a Service {name}',
    },
  },
}

export const podDnsFixes: Readonly<Record<string, FixWording>> = {
  'cluster-dns-unset': {
    explanation:
      'Set clusterDNS: [{address}] in the configuration of kubelet on {node}, restart kubelet, and make its pods anew.',
    risk: 'Restarting kubelet leaves pods running; pods have to be made anew to get the new file.',
  },
  'cluster-dns-wrong-address': {
    explanation:
      'Set clusterDNS to {right} instead of {address} on {nodes}, restart kubelet, and make the pods there anew.',
    risk: 'Restarting kubelet leaves pods running; pods keep {address} until they are made anew.',
  },
  'cluster-domain-mismatch': {
    explanation:
      "Make kubelet's clusterDomain and the Corefile's zone the same: {served} instead of {domain}, or the other way round; then make the pods anew.",
    risk: 'Programs that have the other domain written into their settings have to follow.',
  },
  'host-network-cluster-first': {
    explanation: 'Set dnsPolicy: ClusterFirstWithHostNet on {owner}.',
    risk: 'Its pods are replaced.',
  },
  'dns-policy-none-incomplete': {
    explanation: 'Go back to ClusterFirst on {owner}, and keep in dnsConfig only what is to be added.',
    risk: 'Its pods are replaced; nameservers of its own are asked no more.',
  },
  'dns-policy-default-inherits-node': {
    explanation: 'Set dnsPolicy: ClusterFirst on {owner}, or leave the field out.',
    risk: 'Its pods are replaced.',
  },
  'pod-resolv-conf-outdated': {
    explanation: 'Make {pod} anew: its controller replaces it.',
    risk: 'One pod less for a moment; a pod without a controller does not come back by itself.',
  },
  'ndots-query-amplification': {
    explanation:
      'Give the busiest clients ndots:2, write external names with a final dot, and use a node-local cache. Not autopath.',
    risk: 'With ndots:2 names such as SERVICE.NAMESPACE.svc are tried outside first.',
  },
  'wildcard-search-domain': {
    explanation:
      'Take {suffix} out of the file that pods inherit, or the wildcard out of its zone; then make the pods anew.',
    risk: 'Short names that pods use below {suffix} have to be written out.',
  },
  'namespace-shadows-tld': {
    explanation:
      'Write names outside with a final dot, or move the Services of {namespace} to a namespace of another name.',
    risk: 'Reads only; moving Services changes their names.',
  },
  'host-aliases-shadow-dns.file': {
    explanation:
      'Take {name} out of /etc/hosts of {pod}: a new pod gets a new file. Where the line comes back, the image or its start script writes it.',
    risk: 'The pod is replaced; one without an owner does not come back.',
  },
  'host-aliases-shadow-dns': {
    explanation: 'Take {name} out of hostAliases of {owner}.',
    risk: 'Its pods are replaced; from then on they follow DNS.',
  },
  'short-name-other-namespace': {
    explanation: 'Ask for {name}: the namespace belongs to the name.',
    risk: 'None.',
  },
}
