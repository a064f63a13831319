import { objectsAt, textAt, valueAt } from '../../raw-object.ts'
import type { RawObject } from '../../raw-object.ts'
import { AGE, NAME, textColumn } from './column.ts'
import type { Column } from './column.ts'

const ROLE = 'node-role.kubernetes.io/'

/** Columns of `kubectl get nodes`. */
export const NODE_COLUMNS: readonly Column[] = [
  NAME,
  { name: 'Status', cell: nodeStatus },
  { name: 'Roles', cell: nodeRoles },
  AGE,
  textColumn('Version', ['status', 'nodeInfo', 'kubeletVersion']),
  { name: 'Internal-IP', wide: true, cell: (node) => nodeAddress(node, 'InternalIP') },
  { name: 'External-IP', wide: true, cell: (node) => nodeAddress(node, 'ExternalIP') },
  textColumn('OS-Image', ['status', 'nodeInfo', 'osImage'], { none: '<unknown>', wide: true }),
  textColumn('Kernel-Version', ['status', 'nodeInfo', 'kernelVersion'], { none: '<unknown>', wide: true }),
  textColumn('Container-Runtime', ['status', 'nodeInfo', 'containerRuntimeVersion'], { none: '<unknown>', wide: true }),
]

function nodeStatus(node: RawObject): string {
  const ready = objectsAt(node, 'status', 'conditions').find((condition) => condition['type'] === 'Ready')
  const state = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'
  return valueAt(node, 'spec', 'unschedulable') === true ? `${state},SchedulingDisabled` : state
}

function nodeRoles(node: RawObject): string {
  const roles = Object.keys(node.metadata.labels ?? {})
    .filter((label) => label.startsWith(ROLE))
    .map((label) => label.slice(ROLE.length))
  return roles.length === 0 ? '<none>' : roles.sort().join(',')
}

function nodeAddress(node: RawObject, type: string): string {
  const address = objectsAt(node, 'status', 'addresses').find((candidate) => candidate['type'] === type)
  return address === undefined ? '<none>' : textAt(address, 'address')
}
