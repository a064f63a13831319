import type { Json } from '../../../../kube/objects/index.ts'
import { numberAt, objectAt, objectsAt, textAt, valueAt } from '../../raw-object.ts'
import type { RawObject } from '../../raw-object.ts'
import { AGE, NAME, formatLabels } from './column.ts'
import type { Column } from './column.ts'

const CONTAINERS: Column = { name: 'Containers', wide: true, cell: (object) => containers(object, 'name') }
const IMAGES: Column = { name: 'Images', wide: true, cell: (object) => containers(object, 'image') }
const SELECTOR: Column = {
  name: 'Selector',
  wide: true,
  cell: (object) => formatLabels(objectAt(object, 'spec', 'selector', 'matchLabels')),
}

/** A column that shows the number at a path, 0 where there is none. */
function countColumn(name: string, ...path: readonly string[]): Column {
  return { name, cell: (object) => numberAt(object, ...path) }
}

function containers(object: RawObject, field: string): string {
  return objectsAt(object, 'spec', 'template', 'spec', 'containers')
    .map((container) => textAt(container, field))
    .join(',')
}

function wanted(object: Json): number {
  const replicas = valueAt(object, 'spec', 'replicas')
  return typeof replicas === 'number' ? replicas : 1
}

const READY: Column = {
  name: 'Ready',
  cell: (object) => `${numberAt(object, 'status', 'readyReplicas')}/${wanted(object)}`,
}

/** Columns of `kubectl get deployments`. */
export const DEPLOYMENT_COLUMNS: readonly Column[] = [
  NAME,
  READY,
  countColumn('Up-to-date', 'status', 'updatedReplicas'),
  countColumn('Available', 'status', 'availableReplicas'),
  AGE,
  CONTAINERS,
  IMAGES,
  SELECTOR,
]

/** Columns of `kubectl get replicasets`. */
export const REPLICA_SET_COLUMNS: readonly Column[] = [
  NAME,
  { name: 'Desired', cell: wanted },
  countColumn('Current', 'status', 'replicas'),
  countColumn('Ready', 'status', 'readyReplicas'),
  AGE,
  CONTAINERS,
  IMAGES,
  SELECTOR,
]

/** Columns of `kubectl get statefulsets`. */
export const STATEFUL_SET_COLUMNS: readonly Column[] = [NAME, READY, AGE, CONTAINERS, IMAGES]

/** Columns of `kubectl get daemonsets`. */
export const DAEMON_SET_COLUMNS: readonly Column[] = [
  NAME,
  countColumn('Desired', 'status', 'desiredNumberScheduled'),
  countColumn('Current', 'status', 'currentNumberScheduled'),
  countColumn('Ready', 'status', 'numberReady'),
  countColumn('Up-to-date', 'status', 'updatedNumberScheduled'),
  countColumn('Available', 'status', 'numberAvailable'),
  {
    name: 'Node Selector',
    cell: (object) => formatLabels(objectAt(object, 'spec', 'template', 'spec', 'nodeSelector')),
  },
  AGE,
  CONTAINERS,
  IMAGES,
  SELECTOR,
]
