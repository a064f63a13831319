// Table responses (`as=Table;g=meta.k8s.io;v=v1`): what makes `kubectl get` print the columns that the server chose.
import type { Json } from '../../../../kube/objects/index.ts'
import { toServedVersion } from '../../convert-version.ts'
import { numberAt, objectAt, textAt } from '../../raw-object.ts'
import type { RawObject } from '../../raw-object.ts'
import { resourceId } from '../../resource-types.ts'
import type { ResourceType } from '../../resource-types.ts'
import { AGE, NAME, formatAge, textColumn } from './column.ts'
import type { Column } from './column.ts'
import {
  ENDPOINTS_COLUMNS,
  ENDPOINT_SLICE_COLUMNS,
  NETWORK_POLICY_COLUMNS,
  SERVICE_COLUMNS,
} from './network-columns.ts'
import { NODE_COLUMNS } from './node-columns.ts'
import { POD_COLUMNS } from './pod-columns.ts'
import {
  DAEMON_SET_COLUMNS,
  DEPLOYMENT_COLUMNS,
  REPLICA_SET_COLUMNS,
  STATEFUL_SET_COLUMNS,
} from './workload-columns.ts'

const EVENT_COLUMNS: readonly Column[] = [
  {
    name: 'Last Seen',
    cell: (event, now) => formatAge(textAt(event, 'lastTimestamp') || textAt(event, 'eventTime'), now),
  },
  textColumn('Type', ['type']),
  textColumn('Reason', ['reason']),
  { name: 'Object', cell: involvedObject },
  textColumn('Subobject', ['involvedObject', 'fieldPath'], { wide: true }),
  { name: 'Source', wide: true, cell: eventSource },
  textColumn('Message', ['message']),
  { name: 'First Seen', wide: true, cell: (event, now) => formatAge(textAt(event, 'firstTimestamp'), now) },
  { name: 'Count', wide: true, cell: (event) => Math.max(1, numberAt(event, 'count')) },
  { ...NAME, wide: true },
]

const ROLE_REF: Column = {
  name: 'Role',
  cell: (binding) => `${textAt(binding, 'roleRef', 'kind')}/${textAt(binding, 'roleRef', 'name')}`,
}

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  configmaps: [NAME, { name: 'Data', cell: (map) => Object.keys(objectAt(map, 'data')).length }, AGE],
  'clusterrolebindings.rbac.authorization.k8s.io': [NAME, ROLE_REF, AGE],
  'daemonsets.apps': DAEMON_SET_COLUMNS,
  'deployments.apps': DEPLOYMENT_COLUMNS,
  endpoints: ENDPOINTS_COLUMNS,
  'endpointslices.discovery.k8s.io': ENDPOINT_SLICE_COLUMNS,
  events: EVENT_COLUMNS,
  namespaces: [NAME, textColumn('Status', ['status', 'phase']), AGE],
  'networkpolicies.networking.k8s.io': NETWORK_POLICY_COLUMNS,
  nodes: NODE_COLUMNS,
  pods: POD_COLUMNS,
  'replicasets.apps': REPLICA_SET_COLUMNS,
  'rolebindings.rbac.authorization.k8s.io': [NAME, ROLE_REF, AGE],
  secrets: [
    NAME,
    textColumn('Type', ['type']),
    { name: 'Data', cell: (secret) => Object.keys(objectAt(secret, 'data')).length },
    AGE,
  ],
  services: SERVICE_COLUMNS,
  'statefulsets.apps': STATEFUL_SET_COLUMNS,
}
/** Kinds without columns of their own show what the API's generic table shows. */
const GENERIC: readonly Column[] = [
  NAME,
  { name: 'Created At', cell: (object) => textAt(object, 'metadata', 'creationTimestamp') },
]

export interface TableOptions {
  /** As asked for with the Accept header. */
  readonly tableVersion: string
  /** The version in which `includeObject=Object` shows objects. */
  readonly version: string
  /** `Metadata` (default), `Object` or `None`. */
  readonly includeObject: string
  readonly metadata: Json
  readonly now: number
  /** Column definitions are left out of all but the first table of a watch. */
  readonly withoutColumns?: boolean
}

/** Renders objects of one resource as a meta.k8s.io Table. */
export function tableObject(type: ResourceType, objects: readonly RawObject[], options: TableOptions): Json {
  const columns = COLUMNS[resourceId(type)] ?? GENERIC
  const { now } = options
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.tableVersion}`,
    metadata: options.metadata,
    columnDefinitions: options.withoutColumns === true ? null : columns.map(columnDefinition),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, now)),
      object: rowObject(type, object, options),
    })),
  }
}

function columnDefinition(column: Column): Json {
  return {
    name: column.name,
    type: 'string',
    format: column === NAME ? 'name' : '',
    description: '',
    priority: column.wide === true ? 1 : 0,
  }
}

function rowObject(
  type: ResourceType,
  object: RawObject,
  { includeObject, tableVersion, version }: TableOptions,
): Json | undefined {
  if (includeObject === 'None') return undefined
  if (includeObject === 'Object') return toServedVersion(type, version, object)
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${tableVersion}`, metadata: object.metadata }
}

function involvedObject(event: RawObject): string {
  return `${textAt(event, 'involvedObject', 'kind').toLowerCase()}/${textAt(event, 'involvedObject', 'name')}`
}

function eventSource(event: RawObject): string {
  const component = textAt(event, 'source', 'component') || textAt(event, 'reportingComponent')
  const host = textAt(event, 'source', 'host')
  return host === '' ? component : `${component}, ${host}`
}
