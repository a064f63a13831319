// What each tier of probing may do in a cluster, and what that lets Fathom decide. Every tier has the rights of those below.

export interface RbacRule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

export interface Tier {
  readonly number: number
  readonly decides: string
  /** For the whole cluster. */
  readonly cluster: readonly RbacRule[]
  /** For the namespace of the cluster's DNS alone. */
  readonly dns: readonly RbacRule[]
  /** For the namespace of the pods that are asked about. */
  readonly application: readonly RbacRule[]
}

const READ = ['get', 'list']

export const TIERS: readonly Tier[] = [
  {
    number: 0,
    decides: 'every cause that objects show',
    cluster: [
      { apiGroups: [''], resources: ['events', 'namespaces', 'nodes', 'pods', 'services'], verbs: READ },
      // Clusters before 1.21 have no discovery.k8s.io/v1; before 1.17, Endpoints alone.
      { apiGroups: [''], resources: ['endpoints'], verbs: READ },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
      { apiGroups: ['apps'], resources: ['daemonsets', 'deployments', 'statefulsets'], verbs: READ },
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: READ },
      { apiGroups: ['cilium.io'], resources: ['ciliumlocalredirectpolicies', 'ciliumnetworkpolicies'], verbs: READ },
      // Whether CoreDNS may read what it serves.
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterrolebindings', 'clusterroles'], verbs: READ },
    ],
    dns: [{ apiGroups: [''], resources: ['configmaps'], verbs: READ }],
    application: [],
  },
  {
    number: 1,
    decides: 'causes that the logs of DNS servers show',
    cluster: [],
    dns: [{ apiGroups: [''], resources: ['pods/log'], verbs: ['get'] }],
    application: [],
  },
  {
    number: 2,
    decides: 'causes that metrics, health and readiness show',
    cluster: [],
    dns: [{ apiGroups: [''], resources: ['pods/proxy'], verbs: ['get'] }],
    application: [],
  },
  {
    number: 3,
    decides: 'what each replica answers, over TCP',
    cluster: [],
    dns: [{ apiGroups: [''], resources: ['pods/portforward'], verbs: ['create', 'get'] }],
    application: [],
  },
  {
    number: 4,
    decides: "what the kernels of nodes show, and the nodes' resolv.conf (doctor --allow exec)",
    cluster: [],
    dns: [{ apiGroups: [''], resources: ['pods/exec'], verbs: ['create', 'get'] }],
    application: [],
  },
  {
    number: 5,
    decides: 'what a pod itself sees, over UDP too, from a container that is added to it (--allow ephemeral)',
    cluster: [],
    dns: [],
    application: [
      { apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['patch'] },
      { apiGroups: [''], resources: ['pods/exec'], verbs: ['create', 'get'] },
    ],
  },
]

/** All rules that a tier has in one scope. */
export function rulesUpTo(tier: number, scope: 'application' | 'cluster' | 'dns'): RbacRule[] {
  return TIERS.filter(({ number }) => number <= tier).flatMap((candidate) => candidate[scope])
}
