// Which resources the embedded API server has: names, scope, verbs, as discovery tells them.

export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string
  /** The version objects are kept in. */
  readonly version: string
  /** Other versions they are served in, converted on the way. */
  readonly otherVersions: readonly string[]
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly subresources: readonly string[]
  readonly verbs: readonly string[]
}

const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

interface Extra {
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly subresources?: readonly string[]
  readonly namespaced?: boolean
  readonly otherVersions?: readonly string[]
  readonly plural?: string
  readonly verbs?: readonly string[]
}

function type(groupVersion: string, kind: string, extra: Extra = {}): ResourceType {
  const [first = '', second] = groupVersion.split('/')
  const singular = kind.toLowerCase()
  return {
    group: second === undefined ? '' : first,
    version: second ?? first,
    otherVersions: extra.otherVersions ?? [],
    kind,
    plural: extra.plural ?? `${singular}s`,
    singular,
    namespaced: extra.namespaced ?? true,
    shortNames: extra.shortNames ?? [],
    categories: extra.categories ?? [],
    subresources: extra.subresources ?? [],
    verbs: extra.verbs ?? ALL_VERBS,
  }
}

const cluster = { namespaced: false } as const
const all = ['all']

export const RESOURCE_TYPES: readonly ResourceType[] = [
  type('v1', 'ConfigMap', { shortNames: ['cm'] }),
  type('v1', 'Endpoints', { plural: 'endpoints', shortNames: ['ep'] }),
  type('v1', 'Event', { shortNames: ['ev'] }),
  type('v1', 'LimitRange', { shortNames: ['limits'] }),
  type('v1', 'Namespace', { ...cluster, shortNames: ['ns'], subresources: ['status', 'finalize'] }),
  type('v1', 'Node', { ...cluster, shortNames: ['no'], subresources: ['status', 'proxy'] }),
  type('v1', 'PersistentVolume', { ...cluster, shortNames: ['pv'], subresources: ['status'] }),
  type('v1', 'PersistentVolumeClaim', { shortNames: ['pvc'], subresources: ['status'] }),
  type('v1', 'Pod', {
    shortNames: ['po'],
    categories: all,
    subresources: ['status', 'log', 'proxy', 'exec', 'attach', 'portforward', 'eviction', 'ephemeralcontainers'],
  }),
  type('v1', 'ReplicationController', { shortNames: ['rc'], categories: all, subresources: ['status', 'scale'] }),
  type('v1', 'ResourceQuota', { shortNames: ['quota'], subresources: ['status'] }),
  type('v1', 'Secret'),
  type('v1', 'ServiceAccount', { shortNames: ['sa'] }),
  type('v1', 'Service', { shortNames: ['svc'], categories: all, subresources: ['status', 'proxy'] }),
  type('apps/v1', 'ControllerRevision'),
  type('apps/v1', 'DaemonSet', { shortNames: ['ds'], categories: all, subresources: ['status'] }),
  type('apps/v1', 'Deployment', { shortNames: ['deploy'], categories: all, subresources: ['status', 'scale'] }),
  type('apps/v1', 'ReplicaSet', { shortNames: ['rs'], categories: all, subresources: ['status', 'scale'] }),
  type('apps/v1', 'StatefulSet', { shortNames: ['sts'], categories: all, subresources: ['status', 'scale'] }),
  type('authorization.k8s.io/v1', 'SelfSubjectAccessReview', { ...cluster, verbs: ['create'] }),
  type('authorization.k8s.io/v1', 'SelfSubjectRulesReview', { ...cluster, verbs: ['create'] }),
  type('batch/v1', 'Job', { categories: all, subresources: ['status'] }),
  type('coordination.k8s.io/v1', 'Lease'),
  // 1.17 has v1beta1 alone; v1 is served too, because today's CoreDNS watches nothing else.
  type('discovery.k8s.io/v1', 'EndpointSlice', { otherVersions: ['v1beta1'] }),
  type('networking.k8s.io/v1', 'NetworkPolicy', { plural: 'networkpolicies', shortNames: ['netpol'] }),
  type('policy/v1beta1', 'PodDisruptionBudget', { shortNames: ['pdb'], subresources: ['status'] }),
  type('rbac.authorization.k8s.io/v1', 'ClusterRole', cluster),
  type('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', cluster),
  type('rbac.authorization.k8s.io/v1', 'Role'),
  type('rbac.authorization.k8s.io/v1', 'RoleBinding'),
]

/** Types that the lab itself works with. */
export const NODE_TYPE: ResourceType = known('v1', 'Node')
export const POD_TYPE: ResourceType = known('v1', 'Pod')
export const SERVICE_TYPE: ResourceType = known('v1', 'Service')
export const ENDPOINTS_TYPE: ResourceType = known('v1', 'Endpoints')
export const ENDPOINT_SLICE_TYPE: ResourceType = known('discovery.k8s.io/v1', 'EndpointSlice')
export const CONFIG_MAP_TYPE: ResourceType = known('v1', 'ConfigMap')
export const NAMESPACE_TYPE: ResourceType = known('v1', 'Namespace')
export const DEPLOYMENT_TYPE: ResourceType = known('apps/v1', 'Deployment')
export const REPLICA_SET_TYPE: ResourceType = known('apps/v1', 'ReplicaSet')
export const DAEMON_SET_TYPE: ResourceType = known('apps/v1', 'DaemonSet')
export const STATEFUL_SET_TYPE: ResourceType = known('apps/v1', 'StatefulSet')
export const EVENT_TYPE: ResourceType = known('v1', 'Event')

function known(apiVersion: string, kind: string): ResourceType {
  const type = resourceTypeOf(apiVersion, kind)
  if (type === undefined) throw new TypeError(`No resource type ${apiVersion} ${kind}`)
  return type
}

/** `apps/v1`; the core group's is `v1`. */
export function groupVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`
}

/** A resource's name with its group, as in `deployments.apps`; unique among all types. */
export function resourceId(type: ResourceType): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`
}

/** Finds a type by the plural in a request path; undefined when this server has no such resource in that version. */
export function findResourceType(group: string, version: string, plural: string): ResourceType | undefined {
  return RESOURCE_TYPES.find(
    (type) => type.group === group && type.plural === plural && versionsOf(type).includes(version),
  )
}

/** Finds a type by an object's apiVersion and kind. */
export function resourceTypeOf(apiVersion: string, kind: string): ResourceType | undefined {
  return RESOURCE_TYPES.find(
    (type) =>
      type.kind === kind && versionsOf(type).some((version) => groupVersionOf(type.group, version) === apiVersion),
  )
}

/** All versions a type is served in, the stored one first. */
export function versionsOf(type: ResourceType): readonly string[] {
  return [type.version, ...type.otherVersions]
}
