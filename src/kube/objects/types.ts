// The few fields of Kubernetes objects that this program reads, as plain readonly data. Readers from JSON stand beside.

export interface ObjectMeta {
  /** Empty for cluster-scoped objects. */
  readonly namespace: string
  readonly name: string
  readonly uid?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** RFC 3339. */
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly owner?: { readonly kind: string; readonly name: string }
  /** Latest managedFields time, RFC 3339: when somebody last wrote the object. */
  readonly lastChange?: string
}

export type Selector = Readonly<Record<string, string>>

export interface LabelSelector {
  readonly matchLabels: Selector
  readonly matchExpressions: readonly {
    readonly key: string
    readonly operator: string
    readonly values: readonly string[]
  }[]
}

export interface Namespace {
  readonly kind: 'Namespace'
  readonly meta: ObjectMeta
}

export interface ServicePort {
  /** Empty when unnamed. */
  readonly name: string
  /** `TCP`, `UDP` or `SCTP`. */
  readonly protocol: string
  readonly port: number
  readonly targetPort?: number | string
}

export interface Service {
  readonly kind: 'Service'
  readonly meta: ObjectMeta
  readonly type: string
  /** Empty for ExternalName; `['None']` when headless. */
  readonly clusterIPs: readonly string[]
  readonly externalName: string
  readonly ports: readonly ServicePort[]
  /** Absent when the Service has none: endpoints are then written by somebody else. */
  readonly selector?: Selector
  readonly ipFamilies: readonly string[]
  readonly externalIPs: readonly string[]
  readonly loadBalancerAddresses: readonly { readonly ip?: string; readonly hostname?: string }[]
  readonly publishNotReadyAddresses: boolean
  /** `Cluster` or `Local`. */
  readonly internalTrafficPolicy: string
}

export interface Endpoint {
  readonly addresses: readonly string[]
  /** From the condition; absent counts as ready (EndpointSlice API). */
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  readonly hostname?: string
  readonly nodeName?: string
  readonly zone?: string
  readonly target?: { readonly kind: string; readonly namespace: string; readonly name: string }
}

export interface EndpointPort {
  readonly name: string
  readonly protocol: string
  /** Absent means every port of that protocol. */
  readonly port?: number
}

export interface EndpointSlice {
  readonly kind: 'EndpointSlice'
  readonly meta: ObjectMeta
  /** From the label `kubernetes.io/service-name`; empty when the slice belongs to no Service. */
  readonly service: string
  /** `IPv4`, `IPv6` or `FQDN`. */
  readonly addressType: string
  readonly endpoints: readonly Endpoint[]
  readonly ports: readonly EndpointPort[]
}

export interface PodDnsConfig {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly { readonly name: string; readonly value?: string }[]
}

export interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  readonly restartCount: number
  /** `running`, `waiting:CrashLoopBackOff`, `terminated:OOMKilled`. */
  readonly state: string
  /** Reason of the previous termination, such as `OOMKilled`. */
  readonly lastTerminationReason?: string
  readonly containerId?: string
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly containerPort: number }[]
  readonly limits: Readonly<Record<string, string>>
  /** Only variables that steer DNS (see pod-spec.ts), given as plain values: others may hold secrets. */
  readonly env: Readonly<Record<string, string>>
  readonly readinessProbe?: HttpProbe
  readonly livenessProbe?: HttpProbe
}

export interface HttpProbe {
  readonly path: string
  readonly port: number | string
  readonly host?: string
}

export interface PodSpec {
  readonly nodeName: string
  readonly hostNetwork: boolean
  /** `ClusterFirst`, `ClusterFirstWithHostNet`, `Default` or `None`. */
  readonly dnsPolicy: string
  readonly dnsConfig?: PodDnsConfig
  readonly hostname?: string
  readonly subdomain?: string
  readonly hostAliases: readonly { readonly ip: string; readonly hostnames: readonly string[] }[]
  readonly serviceAccountName: string
  readonly terminationGracePeriodSeconds?: number
  readonly containers: readonly Container[]
  /** ConfigMaps mounted as volumes, with the mounts' subPath use. */
  readonly configMaps: readonly { readonly name: string; readonly subPath: boolean }[]
}

export interface Pod {
  readonly kind: 'Pod'
  readonly meta: ObjectMeta
  readonly spec: PodSpec
  readonly phase: string
  readonly podIPs: readonly string[]
  readonly hostIP: string
  readonly startTime?: string
  readonly ready: boolean
  readonly conditions: readonly {
    readonly type: string
    readonly status: string
    readonly reason?: string
    readonly message?: string
  }[]
  readonly containerStatuses: readonly ContainerStatus[]
}

export interface Node {
  readonly kind: 'Node'
  readonly meta: ObjectMeta
  readonly internalIPs: readonly string[]
  readonly podCIDRs: readonly string[]
  readonly ready: boolean
  readonly kubeletVersion: string
  readonly kernelVersion: string
  readonly osImage: string
  /** `linux` or `windows`. */
  readonly operatingSystem: string
  readonly containerRuntimeVersion: string
  readonly conditions: readonly {
    readonly type: string
    readonly status: string
    readonly reason?: string
    readonly message?: string
  }[]
}

export interface ConfigMap {
  readonly kind: 'ConfigMap'
  readonly meta: ObjectMeta
  readonly data: Readonly<Record<string, string>>
}

/** Deployment, DaemonSet or StatefulSet. */
export interface Workload {
  readonly kind: 'Deployment' | 'DaemonSet' | 'StatefulSet'
  readonly meta: ObjectMeta
  /** Wanted pods; a DaemonSet's desired number. */
  readonly replicas: number
  readonly readyReplicas: number
  readonly selector: LabelSelector
  /** A StatefulSet's governing Service; empty otherwise. */
  readonly serviceName: string
  readonly template: { readonly labels: Selector; readonly spec: PodSpec }
}

export interface NetworkPolicyPeer {
  readonly podSelector?: LabelSelector
  readonly namespaceSelector?: LabelSelector
  readonly ipBlock?: { readonly cidr: string; readonly except: readonly string[] }
}

export interface NetworkPolicyRule {
  /** Empty: every peer. */
  readonly peers: readonly NetworkPolicyPeer[]
  /** Empty: every port. */
  readonly ports: readonly { readonly protocol: string; readonly port?: number | string; readonly endPort?: number }[]
}

export interface NetworkPolicy {
  readonly kind: 'NetworkPolicy'
  readonly meta: ObjectMeta
  readonly podSelector: LabelSelector
  readonly policyTypes: readonly string[]
  readonly ingress: readonly NetworkPolicyRule[]
  readonly egress: readonly NetworkPolicyRule[]
}

export interface ClusterEvent {
  readonly kind: 'Event'
  readonly meta: ObjectMeta
  readonly regarding: { readonly kind: string; readonly namespace: string; readonly name: string }
  readonly reason: string
  readonly message: string
  /** `Normal` or `Warning`. */
  readonly type: string
  readonly count: number
  readonly lastSeen?: string
}

export interface ServiceImport {
  readonly kind: 'ServiceImport'
  readonly meta: ObjectMeta
  /** `ClusterSetIP` or `Headless`. */
  readonly type: string
  readonly ips: readonly string[]
  readonly ports: readonly ServicePort[]
}

export interface ClusterRole {
  readonly kind: 'ClusterRole'
  readonly meta: ObjectMeta
  readonly rules: readonly {
    readonly apiGroups: readonly string[]
    readonly resources: readonly string[]
    readonly verbs: readonly string[]
  }[]
}

export interface ClusterRoleBinding {
  readonly kind: 'ClusterRoleBinding'
  readonly meta: ObjectMeta
  /** Name of the ClusterRole. */
  readonly role: string
  readonly subjects: readonly { readonly kind: string; readonly namespace: string; readonly name: string }[]
}

/** CiliumNetworkPolicy, cluster-wide (without a namespace) or not. */
export interface CiliumNetworkPolicy {
  readonly kind: 'CiliumNetworkPolicy'
  readonly meta: ObjectMeta
  /** Egress rules with `rules.dns`: Cilium's DNS proxy answers for these pods. */
  readonly hasDnsRules: boolean
  readonly hasFqdnRules: boolean
}

export interface CiliumLocalRedirectPolicy {
  readonly kind: 'CiliumLocalRedirectPolicy'
  readonly meta: ObjectMeta
  /** The Service whose traffic is redirected; absent where an address is given. */
  readonly service?: { readonly namespace: string; readonly name: string }
  /** Empty where a Service is given. */
  readonly address: string
}

export type KubeObject =
  | Namespace
  | Service
  | EndpointSlice
  | Pod
  | Node
  | ConfigMap
  | Workload
  | NetworkPolicy
  | ClusterEvent
  | ServiceImport
  | ClusterRole
  | ClusterRoleBinding
  | CiliumNetworkPolicy
  | CiliumLocalRedirectPolicy

/** Every object that was seen, by kind; an empty list may also mean "not permitted", which the facts' `missing` tells. */
export interface ClusterObjects {
  readonly namespaces: readonly Namespace[]
  readonly services: readonly Service[]
  readonly endpointSlices: readonly EndpointSlice[]
  readonly pods: readonly Pod[]
  readonly nodes: readonly Node[]
  readonly configMaps: readonly ConfigMap[]
  readonly workloads: readonly Workload[]
  readonly networkPolicies: readonly NetworkPolicy[]
  readonly events: readonly ClusterEvent[]
  readonly serviceImports: readonly ServiceImport[]
  readonly clusterRoles: readonly ClusterRole[]
  readonly clusterRoleBindings: readonly ClusterRoleBinding[]
  readonly ciliumNetworkPolicies: readonly CiliumNetworkPolicy[]
  readonly ciliumLocalRedirectPolicies: readonly CiliumLocalRedirectPolicy[]
}
