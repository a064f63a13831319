import type { Json } from '../../../../kube/objects/index.ts'
import { numberAt, objectAt, objectsAt, textAt, valueAt } from '../../raw-object.ts'
import type { RawObject } from '../../raw-object.ts'
import { AGE, NAME, textColumn } from './column.ts'
import type { Column } from './column.ts'

/** Columns of `kubectl get pods`. */
export const POD_COLUMNS: readonly Column[] = [
  NAME,
  { name: 'Ready', cell: (pod) => `${readyContainers(pod)}/${objectsAt(pod, 'spec', 'containers').length}` },
  { name: 'Status', cell: podStatus },
  { name: 'Restarts', cell: (pod) => statuses(pod).reduce((sum, status) => sum + numberAt(status, 'restartCount'), 0) },
  AGE,
  textColumn('IP', ['status', 'podIP'], { none: '<none>', wide: true }),
  textColumn('Node', ['spec', 'nodeName'], { none: '<none>', wide: true }),
  textColumn('Nominated Node', ['status', 'nominatedNodeName'], { none: '<none>', wide: true }),
  { name: 'Readiness Gates', wide: true, cell: readinessGates },
]

function statuses(pod: RawObject): Json[] {
  return objectsAt(pod, 'status', 'containerStatuses')
}

function readyContainers(pod: RawObject): number {
  return statuses(pod).filter((status) => status['ready'] === true).length
}

// The phase, unless a container or the pod itself has something more telling to say.
function podStatus(pod: RawObject): string {
  if (valueAt(pod, 'metadata', 'deletionTimestamp') !== undefined) return 'Terminating'
  for (const status of [...statuses(pod)].reverse()) {
    const waiting = textAt(status, 'state', 'waiting', 'reason')
    if (waiting !== '') return waiting
    const terminated = objectAt(status, 'state', 'terminated')
    if (Object.keys(terminated).length > 0) {
      return textAt(terminated, 'reason') || `ExitCode:${numberAt(terminated, 'exitCode')}`
    }
  }
  return textAt(pod, 'status', 'reason') || textAt(pod, 'status', 'phase') || 'Pending'
}

function readinessGates(pod: RawObject): string {
  const gates = objectsAt(pod, 'spec', 'readinessGates')
  if (gates.length === 0) return '<none>'
  const conditions = objectsAt(pod, 'status', 'conditions')
  const isTrue = (type: string): boolean =>
    conditions.some((condition) => condition['type'] === type && condition['status'] === 'True')
  return `${gates.filter((gate) => isTrue(textAt(gate, 'conditionType'))).length}/${gates.length}`
}
