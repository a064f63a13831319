// What a real API server does to an object before it keeps it: checks, defaults, and the fields that may not change.
import { isIPv4 } from 'node:net'
import type { Json } from '../../kube/objects/index.ts'
import { ApiError } from './api/api-error.ts'
import type { ObjectStore } from './object-store.ts'
import { objectAt, objectsAt, textAt, valueAt } from './raw-object.ts'
import type { RawObject } from './raw-object.ts'
import { NAMESPACE_TYPE, SERVICE_TYPE } from './resource-types.ts'
import type { ResourceType } from './resource-types.ts'

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
/** Names of roles may hold any path segment (`system:coredns`). */
const PATH_SEGMENT = /^(?!\.{1,2}$)[^/%]+$/

export interface AdmissionOptions {
  readonly store: ObjectStore
  /** Where ClusterIPs are taken from, such as `10.233.0.0/18`. */
  readonly serviceCidr: string
}

/** Checks a new object and fills in what its creator left open. @throws {ApiError} `Invalid`, `NotFound` */
export function admitCreate(type: ResourceType, object: RawObject, options: AdmissionOptions): RawObject {
  checkName(type, object)
  const { store } = options
  const { namespace } = object.metadata
  if (type.namespaced && namespace !== undefined) {
    if (store.get(NAMESPACE_TYPE, undefined, namespace) === undefined) {
      throw new ApiError('NotFound', `namespaces "${namespace}" not found`, { name: namespace, kind: 'namespaces' })
    }
  }
  const { resourceVersion: _resourceVersion, uid: _uid, creationTimestamp: _created, ...given } = object.metadata
  const hasGeneration = type.subresources.includes('status') && type.group !== ''
  const metadata = { ...given, ...(hasGeneration ? { generation: 1 } : {}) } as RawObject['metadata']
  return withDefaults({ ...object, metadata }, options)
}

/** Checks a changed object against the present one. @throws {ApiError} `Invalid` */
export function admitUpdate(type: ResourceType, object: RawObject, current: RawObject): RawObject {
  if (type.kind === 'Service') return checkServiceUpdate(object, current)
  if (type.kind === 'StatefulSet') checkStatefulSetUpdate(object, current)
  const generation = valueAt(current, 'metadata', 'generation')
  if (typeof generation !== 'number') return object
  const isSpecChanged = JSON.stringify(object['spec']) !== JSON.stringify(current['spec'])
  return { ...object, metadata: { ...object.metadata, generation: isSpecChanged ? generation + 1 : generation } }
}

function checkName(type: ResourceType, { kind, metadata }: RawObject): void {
  const { name } = metadata
  const isRole = type.group === 'rbac.authorization.k8s.io'
  const isLabel = type.kind === 'Service' || type.kind === 'Namespace'
  const limit = isLabel ? 63 : 253
  const pattern = isRole ? PATH_SEGMENT : isLabel ? DNS_LABEL : DNS_SUBDOMAIN
  if (name.length > limit) throw invalid(type, kind, name, 'metadata.name', `must be no more than ${limit} characters`)
  if (!pattern.test(name)) {
    const form = isLabel ? 'a DNS-1123 label' : 'a lowercase RFC 1123 subdomain'
    throw invalid(
      type,
      kind,
      name,
      'metadata.name',
      `${form} must consist of lower case alphanumeric characters or '-'`,
    )
  }
}

function invalid(type: ResourceType, kind: string, name: string, field: string, why: string): ApiError {
  return new ApiError('Invalid', `${kind} "${name}" is invalid: ${field}: Invalid value: "${name}": ${why}`, {
    name,
    group: type.group,
    kind,
    causes: [{ reason: 'FieldValueInvalid', message: why, field }],
  })
}

// --- Fields that may not change ---

function checkServiceUpdate(object: RawObject, current: RawObject): RawObject {
  const before = textAt(current, 'spec', 'clusterIP')
  const after = textAt(object, 'spec', 'clusterIP')
  const isExternalName = [object, current].some((service) => textAt(service, 'spec', 'type') === 'ExternalName')
  if (before === after || before === '' || isExternalName) return object
  // Left out means "as it is".
  if (after === '') return { ...object, spec: { ...objectAt(object, 'spec'), clusterIP: before } }
  const { name } = object.metadata
  throw new ApiError(
    'Invalid',
    `Service "${name}" is invalid: spec.clusterIP: Invalid value: "${after}": field is immutable`,
    {
      name,
      kind: 'Service',
      causes: [{ reason: 'FieldValueInvalid', message: 'field is immutable', field: 'spec.clusterIP' }],
    },
  )
}

const STATEFUL_SET_MUTABLE = ['replicas', 'template', 'updateStrategy']

function checkStatefulSetUpdate(object: RawObject, current: RawObject): void {
  const fixedPart = (set: RawObject): string => {
    const entries = Object.entries(objectAt(set, 'spec')).filter(([key]) => !STATEFUL_SET_MUTABLE.includes(key))
    return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  if (fixedPart(object) === fixedPart(current)) return
  const { name } = object.metadata
  const why =
    "updates to statefulset spec for fields other than 'replicas', 'template', and 'updateStrategy' are forbidden"
  throw new ApiError('Invalid', `StatefulSet.apps "${name}" is invalid: spec: Forbidden: ${why}`, {
    name,
    group: 'apps',
    kind: 'StatefulSet',
  })
}

// --- Defaults ---

function withDefaults(object: RawObject, options: AdmissionOptions): RawObject {
  switch (object.kind) {
    case 'Namespace':
      return { ...object, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }
    case 'Service':
      return withServiceDefaults(object, options)
    case 'Pod':
      return {
        ...object,
        spec: podSpecDefaults(objectAt(object, 'spec')),
        status: { phase: 'Pending', ...objectAt(object, 'status') },
      }
    case 'Deployment':
    case 'ReplicaSet':
    case 'StatefulSet':
      return { ...object, spec: { replicas: 1, ...withTemplateDefaults(objectAt(object, 'spec')) }, status: {} }
    case 'DaemonSet':
      return { ...object, spec: withTemplateDefaults(objectAt(object, 'spec')), status: {} }
    default:
      return object
  }
}

function withTemplateDefaults(spec: Json): Json {
  const template = objectAt(spec, 'template')
  return { ...spec, template: { ...template, spec: podSpecDefaults(objectAt(template, 'spec')) } }
}

function podSpecDefaults(spec: Json): Json {
  return {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    serviceAccountName: 'default',
    terminationGracePeriodSeconds: 30,
    ...spec,
  }
}

function withServiceDefaults(service: RawObject, options: AdmissionOptions): RawObject {
  const spec = { sessionAffinity: 'None', type: 'ClusterIP', ...objectAt(service, 'spec') }
  const ports = objectsAt(spec, 'ports').map((port) => ({ protocol: 'TCP', targetPort: port['port'], ...port }))
  const isExternalName = textAt(spec, 'type') === 'ExternalName'
  const clusterIP = textAt(spec, 'clusterIP') || (isExternalName ? '' : freeServiceAddress(options))
  return {
    ...service,
    spec: { ...spec, ...(ports.length > 0 ? { ports } : {}), ...(clusterIP === '' ? {} : { clusterIP }) },
    status: { loadBalancer: {} },
  }
}

function freeServiceAddress({ store, serviceCidr }: AdmissionOptions): string {
  const taken = new Set(store.list(SERVICE_TYPE).map((service) => textAt(service, 'spec', 'clusterIP')))
  const [base = '', length = '24'] = serviceCidr.split('/')
  if (!isIPv4(base)) throw new ApiError('InternalError', `cannot allocate a ClusterIP from "${serviceCidr}"`)
  const size = 2 ** (32 - Number(length))
  const start = base.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
  // From the middle on, so that fresh addresses are told apart from those a description chose.
  for (let offset = Math.floor(size / 2); offset < size - 1; offset += 1) {
    const value = start + offset
    const address = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
    if (!taken.has(address)) return address
  }
  throw new ApiError('InternalError', `failed to allocate a ClusterIP: range ${serviceCidr} is full`)
}
