// What is known about one cluster's DNS before anything is asked: the API's objects and what follows from them.
// Plain data without functions: a bundle holds it as JSON and gives it back unchanged.
import type { ServerBlock } from '../../corefile/index.ts'
import type { ClusterObjects, EndpointSlice, Node, Pod, Service, Workload } from '../../kube/objects/index.ts'
import type { ResolvConf } from '../../route/index.ts'

/**
 * How a value came to be known: `observed` on the thing itself (a node's file, a flag of the running process), `stated` by
 * an object that is meant to configure it, `computed` from other facts, `assumed` because it is the default.
 */
export type Origin = 'assumed' | 'computed' | 'observed' | 'stated'

/** A value with where it came from. */
export interface Known<Value> {
  readonly value: Value
  readonly origin: Origin
  /** For people: `ConfigMap kube-system/kubelet-config, clusterDNS`, `node3:/var/lib/kubelet/config.yaml`. */
  readonly from: string
}

/** Something that was looked for and not seen. Never means that it does not exist. */
export interface MissingFact {
  /** A key of ClusterObjects, `serverVersion`, `node/NAME/kubelet` or `node/NAME/resolvConf`. */
  readonly what: string
  readonly why: string
  /** The permission (`list pods`) or place (`a vantage on node3`) that would show it. */
  readonly needs: string
}

export interface FactSource {
  readonly kind: 'kubeconfig' | 'lab' | 'manifests'
  /** For people: `context "prod" (https://10.0.0.1:6443)`, `manifests lab/reference`. */
  readonly description: string
  /** Of the kubeconfig's context; empty otherwise. */
  readonly context: string
  /** URL of the API server; empty for manifests. */
  readonly server: string
  /** Namespace that a bare pod name is looked for in. */
  readonly namespace: string
  /** Requests to the API server for everything that was seen, pages of a list counted as one; absent for manifests. */
  readonly calls?: number
}

/** The API server's `/version`. */
export interface ServerVersion {
  /** `v1.17.6`, or a distribution's `v1.30.4+k3s1`. */
  readonly gitVersion: string
  readonly major: number
  readonly minor: number
}

/** A Corefile and where it lies. Directives keep their places, with `namespace/name:key` as the file. */
export interface CorefileFact {
  readonly configMap: { readonly namespace: string; readonly name: string; readonly key: string }
  readonly text: string
  /** Empty when it cannot be parsed. */
  readonly blocks: readonly ServerBlock[]
  /** The parser's message when it cannot be parsed. */
  readonly error?: string
  /** What keeps a server from starting with it; absent where nobody looked. */
  readonly problems?: readonly CorefileProblem[]
}

/** One error in a Corefile. */
export interface CorefileProblem {
  /** Of lint: `unknown-directive`, `bad-option`. */
  readonly code: string
  /** Counted from 1. */
  readonly line: number
  readonly message: string
}

/** The Service that pods send their queries to. */
export interface DnsServiceFact {
  readonly service: Service
  /** `clusterIP is kubelet's clusterDNS`, `label k8s-app=kube-dns`, `name coredns`; at least one. */
  readonly foundBy: readonly string[]
  readonly clusterIPs: readonly string[]
  readonly slices: readonly EndpointSlice[]
}

/** A pod that runs CoreDNS as a cluster DNS server. */
export interface DnsReplica {
  readonly pod: Pod
  /** Empty while the pod has none. */
  readonly ips: readonly string[]
  readonly node: string
  readonly ready: boolean
  readonly image: string
  /** From the image's tag: `1.10.1`; absent when the tag tells no version. */
  readonly version?: string
  /** Whether the DNS Service's selector picks this pod. */
  readonly selected: boolean
}

export interface NodeCachePod {
  readonly pod: Pod
  readonly node: string
  /** The node's address: the pod is on the host network. */
  readonly ips: readonly string[]
  readonly ready: boolean
}

/** A NodeLocal DNSCache DaemonSet. */
export interface NodeCacheFact {
  /** Absent when DaemonSets could not be listed and only the pods were seen. */
  readonly daemonSet?: Workload
  readonly namespace: string
  readonly name: string
  readonly image: string
  /** Of its command line, by name without dashes: `localip`, `setupiptables`. */
  readonly flags: Readonly<Record<string, string>>
  /** From `-localip`; a Service address among them means that the cache takes its traffic over. */
  readonly localIPs: readonly string[]
  /** From `-upstreamsvc`; node-cache's default is `kube-dns`. */
  readonly upstreamService: string
  /** ClusterIPs of that Service; empty when it does not exist. */
  readonly upstreamIPs: readonly string[]
  readonly corefile?: CorefileFact
  /** Of the `prometheus` directive: 9253 as a rule; absent when there is none. */
  readonly metricsPort?: number
  /** Of the `health` directive, such as `169.254.25.10:9254`. */
  readonly healthAddress?: string
  readonly pods: readonly NodeCachePod[]
}

/** A DNS server that is not CoreDNS run by this cluster: kube-dns, a cloud's resolver, something that nobody explains. */
export interface OtherDnsServer {
  readonly name: string
  /** False for an address that kubelets hand out and nobody explains. */
  readonly isKnown: boolean
  readonly addresses: readonly string[]
  /** How it was noticed. */
  readonly from: string
}

export interface DnsFacts {
  /** Without a final dot: `cluster.local`. */
  readonly clusterDomain: Known<string>
  /** Undefined when no Service looks like it. */
  readonly service?: DnsServiceFact
  /** Other Services that look like a cluster DNS Service. */
  readonly otherServices: readonly DnsServiceFact[]
  /** Sorted by namespace and name. */
  readonly replicas: readonly DnsReplica[]
  /** Undefined when no ConfigMap with one was seen. */
  readonly corefile?: CorefileFact
  readonly nodeCaches: readonly NodeCacheFact[]
  readonly otherServers: readonly OtherDnsServer[]
}

export interface KubeletFacts {
  readonly clusterDNS: Known<readonly string[]>
  /** Without a final dot; empty when kubelet has none. */
  readonly clusterDomain: Known<string>
  /** Path on the node; empty means that pods inherit nothing. */
  readonly resolvConf: Known<string>
  /** `v1.17.6`; empty when unknown. */
  readonly version: string
}

export interface NodeFacts {
  readonly name: string
  /** Absent when nodes could not be listed. */
  readonly node?: Node
  readonly kubelet: KubeletFacts
  /** The file that `kubelet.resolvConf` names, as the node has it; absent when it was not seen. */
  readonly resolvConf?: {
    readonly path: string
    readonly text: string
    readonly conf: ResolvConf
    readonly from: string
  }
}

export interface ClusterFacts {
  readonly schemaVersion: 1
  readonly source: FactSource
  /** RFC 3339. */
  readonly collectedAt: string
  readonly serverVersion?: ServerVersion
  readonly objects: ClusterObjects
  readonly missing: readonly MissingFact[]
  readonly dns: DnsFacts
  /** Sorted by name. */
  readonly nodes: readonly NodeFacts[]
}
