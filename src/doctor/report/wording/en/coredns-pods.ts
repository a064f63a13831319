import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const corednsPods: GroupWording<(typeof CAUSE_GROUPS)['coredns-pods'][number]> = {
  'dns-pods-pending': {
    title: 'CoreDNS pods are pending',
    summary: '{count} of {all} CoreDNS {all:pod|pods} cannot start: {pods}',
    lines: {
      unscheduled: '{pod} is not scheduled: {reason}: {message}',
      sandbox: '{pod}: {reason}: {message}',
      pending: '{count} of {all} CoreDNS {all:pod|pods} in phase Pending: {pods}',
      'none-pending': 'None of the {count} CoreDNS {count:pod|pods} is pending',
    },
  },
  'replicas-on-one-node': {
    title: 'all CoreDNS replicas are on one node',
    summary: 'All CoreDNS replicas ({count}) run on {node}: when it goes, DNS goes',
    lines: {
      'all-on': '{count} ready {count:endpoint|endpoints} of the DNS Service, on {node} only: {pods}',
      'node-not-ready': 'Node {node} is not ready',
      'other-nodes': '{count} other {count:node has|nodes have} no replica',
      spread: '{count} ready endpoints on {nodes}',
      'single-node': 'The cluster has one node, {node}',
    },
  },
  'coredns-out-of-memory': {
    title: 'CoreDNS ran out of memory',
    summary: 'The kernel ended CoreDNS in {pods}: it passed its memory limit',
    lines: {
      killed: '{pod} was ended with OOMKilled; started again {count} {count:time|times}',
      use: '{pod} uses {used} MiB, its limit is {limit}',
      limit: 'The memory limit of {pod} is {limit}',
      down: '{pods} is not ready',
      'none-killed': 'None of the {count} CoreDNS {count:pod|pods} was ended with OOMKilled',
    },
  },
  'coredns-cpu-throttled': {
    title: 'CoreDNS cannot keep up',
    summary: '{server} takes {ms} ms to answer its own health request: it has too little CPU for its load',
    lines: {
      slow: '{server}: its own health requests took {ms} ms on average (coredns_health_request_duration_seconds)',
      'slow-since-start':
        '{server}: its own health requests took {ms} ms on average since it started (coredns_health_request_duration_seconds)',
      stuck: '{server}: its own health request, one a second, did not come back for {ms} ms or more',
      failures: '{server}: coredns_health_request_failures_total is {count}',
      cpu: '{server} used {cpus} CPUs between the readings, its limit is {limit}',
      late: '{count} {count:question|questions} that {server} answers from memory {count:was|were} answered after more than {ms} ms or not in time',
      rate: '{server} answered {rate} queries a second between the readings',
      unlimited: '{server} took {ms} ms for its own health requests on average since it started; it has no CPU limit',
      'spare-unlimited':
        '{server} took {ms} ms for its own health requests and used {cpus} CPUs; it has no CPU limit: it is not short of CPU time by its own load',
      spare:
        '{server} took {ms} ms for its own health requests and used {cpus} CPUs of its limit of {limit}: it had CPU to spare',
      quick: 'The own health requests of {count} {count:pod|pods} took {ms} ms on average at most',
    },
  },
  'api-server-unreachable': {
    title: 'CoreDNS cannot reach the API server',
    summary: '{servers} cannot reach the API server from {nodes}: it has no objects, and cluster names are SERVFAIL',
    lines: {
      log: '{server} logged {count} {count:time|times}: {text}',
      'not-ready': '{server}: /ready says {status} and names {plugins}',
      errors:
        '{server}: {count} requests to the API server got no answer (coredns_kubernetes_rest_client_requests_total)',
      synced: '/ready of {count} CoreDNS {count:pod|pods} does not wait for kubernetes',
      refused: 'The API server is reached and refuses: {server} logged {text}',
    },
  },
  'endpointslice-access-forbidden': {
    title: 'CoreDNS may not read EndpointSlices',
    summary: 'The ServiceAccount {account} of CoreDNS {version} may not list and watch EndpointSlices',
    lines: {
      log: '{server} logged {count} {count:time|times}: {text}',
      'no-rule': 'ClusterRole {role}, bound to {account}, has no rule for endpointslices of discovery.k8s.io',
      counted: '{server}: the API server answered 403 {count} {count:time|times}',
      'not-ready': '{server}: /ready says {status} and names {plugins}',
      allowed: 'The ServiceAccount {account} may list and watch EndpointSlices',
      'not-needed': 'The ServiceAccount {account} has no such rule, and CoreDNS does not wait for it',
    },
  },
  'readiness-probe-on-health': {
    title: 'the readiness probe of CoreDNS asks the wrong thing',
    summary: 'kubelet calls {pods} ready before CoreDNS has read the cluster: the readiness probe does not ask /ready',
    lines: {
      'on-health': 'The readiness probe of {pod} asks {path} at port {port}, which only says that the process lives',
      'no-ready': 'The readiness probe of {pod} asks {path}, and the Corefile has no "ready"',
      'not-ready': '{server} is ready for kubelet; its own /ready says {status} and names {plugins}',
      early: '{servers} gets queries without having the objects: {count} wrong {count:answer|answers}',
      meaning: 'Until the objects are read, cluster names are SERVFAIL or NXDOMAIN there: at each rollout',
      'on-ready': 'The readiness probe of {count} CoreDNS {count:pod|pods} does not ask /health',
    },
  },
  'lameduck-missing-or-too-long': {
    title: 'CoreDNS ends too early',
    summary: 'By the Corefile in {map} a CoreDNS pod that ends drops queries that are still sent to it',
    lines: {
      'no-lameduck': 'The Corefile in {map} has no "lameduck": the process ends while kube-proxy still sends queries',
      'too-long': 'Corefile line {line} of {map}: lameduck {seconds} s, but kubelet kills the pod after {grace} s',
      leaving: '{pod} is ending, since {since}',
      lost: '{count} {count:query|queries} brought nothing meanwhile',
      right: 'The Corefile in {map} has lameduck {seconds} s, the pods have {grace} s to end',
    },
  },
  'replica-answers-differ': {
    title: 'replicas answer differently',
    summary: '{pods} answers {question} differently from the other replicas',
    lines: {
      odd: '{replica} says to {question} over {transport}: {answer}',
      others: '{replica} says to {question} over {transport}: {answer}',
      corefile:
        'They run different Corefiles: {odd} has {oddHash}…, {other} has {otherHash}… (SHA-512, from their logs)',
      image: 'The images differ: {odd} against {other}',
      'start-time': 'Started at {odd}, the other at {other}',
      'from-cache': 'The answer of {replica} has aged in a cache: it may be right again in seconds',
      agree: '{count} replicas gave the same answers to {questions} {questions:question|questions}',
    },
  },
  'coredns-sockets-exhausted': {
    title: 'CoreDNS has no sockets left',
    summary: '{server} has no socket left to ask its upstreams with',
    lines: {
      log: '{server} logged {count} {count:time|times}: {text}',
      descriptors: '{server} has {open} of {max} file descriptors open',
      fails:
        '{count} {count:question|questions} to {server} or through it brought no connection, or SERVFAIL for a name outside',
      free: 'At most {percent} % of the file descriptors of {count} {count:server|servers} are open',
    },
  },
}

export const corednsPodsFixes: Readonly<Record<string, FixWording>> = {
  'dns-pods-pending': {
    explanation:
      'The events at the end of the output say what is missing: a network plugin, a toleration, or resources.',
    risk: 'Reads only.',
  },
  'replicas-on-one-node': {
    explanation:
      'Have the replicas scheduled anew, away from {node}; for good: podAntiAffinity or topologySpreadConstraints, and a PodDisruptionBudget.',
    risk: 'Pods are replaced one by one; without anti-affinity the scheduler may choose the same node again.',
  },
  'replica-answers-differ': {
    explanation: 'Delete {pods}: the new pod reads the cluster and its Corefile afresh.',
    risk: 'One replica less for a few seconds; its log, which says why it fell behind, is lost: save it first.',
  },
  'coredns-out-of-memory': {
    explanation: 'Raise the memory limit; where an upstream is dead, cure that first: waiting queries take the memory.',
    risk: 'The pods are replaced one by one.',
  },
  'coredns-cpu-throttled': {
    explanation: 'Add a replica and raise or remove the CPU limit; a node cache and a lower ndots lower the load.',
    risk: 'The pods are replaced one by one when limits change.',
  },
  'api-server-unreachable': {
    explanation:
      'Repair the way from {nodes} to the API server: network plugin, firewall, kube-proxy, NetworkPolicies of kube-system.',
    risk: 'The commands only look.',
  },
  'endpointslice-access-forbidden': {
    explanation: 'Give ClusterRole {role} the rule that this version of CoreDNS needs; it takes effect at once.',
    risk: 'None: it allows reading EndpointSlices.',
  },
  'readiness-probe-on-health': {
    explanation: 'Point the readiness probe at /ready, port 8181, and have "ready" in the Corefile.',
    risk: 'The pods are replaced one by one; without "ready" in the Corefile they would never become ready.',
  },
  'lameduck-missing-or-too-long': {
    explanation: 'Let CoreDNS answer for a while after it was told to end, and give the pods longer than that to end.',
    risk: 'Rollouts take longer by that time.',
  },
  'coredns-sockets-exhausted': {
    explanation: 'Cure the slow upstream; bound the queries that {server} has waiting; raise its limit of open files.',
    risk: 'With max_concurrent, queries beyond it are refused.',
  },
}
