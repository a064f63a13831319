// The scheduler and the part of kubelet that gives a new pod its node, address and status.
import { matchesSelector } from '../../../kube/objects/index.ts'
import type { Json } from '../../../kube/objects/index.ts'
import type { ObjectStore } from '../object-store.ts'
import { objectAt, objectsAt, textAt, textMapAt, valueAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import { recordEvent } from '../record-event.ts'
import { NODE_TYPE, POD_TYPE } from '../resource-types.ts'
import type { ControllerOptions } from './controller-options.ts'

/** Calico's own address on a node, the first of the node's block of 64. */
const CALICO_BLOCK = 'projectcalico.org/IPv4IPIPTunnelAddr'
const BLOCK_SIZE = 64

/** Places pods that have no address yet, from now on; the result ends that. */
export function runScheduler({ store, runsProgram }: ControllerOptions): () => void {
  return store.subscribe(({ type, change }) => {
    if (type !== POD_TYPE && type !== NODE_TYPE) return
    // A pod that goes may make room for one that waits.
    if (type === POD_TYPE && change === 'modified') return
    for (const pod of store.list(POD_TYPE)) {
      if (textAt(pod, 'status', 'podIP') !== '' || textAt(pod, 'status', 'phase') !== 'Pending') continue
      if (isInKubeletsHands(pod)) continue
      place(store, pod, runsProgram)
    }
  })
}

/** Whether its kubelet has it already and cannot make a sandbox for it. */
function isInKubeletsHands(pod: RawObject): boolean {
  return objectsAt(pod, 'status', 'containerStatuses').some(
    (container) => textAt(container, 'state', 'waiting', 'reason') === 'ContainerCreating',
  )
}

function place(store: ObjectStore, pod: RawObject, runsProgram: ControllerOptions['runsProgram']): void {
  const node = chooseNode(store, pod)
  const address = node === undefined ? undefined : freeAddress(store, node, pod)
  if (node === undefined || address === undefined) {
    const message = node === undefined ? 'no node fits the pod' : 'no address is free on the node'
    const unscheduled = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }
    store.update(POD_TYPE, { ...pod, status: { ...objectAt(pod, 'status'), conditions: [unscheduled] } })
    recordEvent(store, pod, { reason: 'FailedScheduling', message, type: 'Warning', component: 'default-scheduler' })
    return
  }
  const spec = { ...objectAt(pod, 'spec'), nodeName: node.metadata.name }
  store.update(POD_TYPE, { ...pod, spec, status: runningStatus(store, pod, { node, address, runsProgram }) })
  const { name, namespace } = pod.metadata
  const message = `Successfully assigned ${namespace}/${name} to ${node.metadata.name}`
  recordEvent(store, pod, { reason: 'Scheduled', message, type: 'Normal', component: 'default-scheduler' })
}

/** The fitting node with the fewest pods; the one that the pod names, if it names one. */
function chooseNode(store: ObjectStore, pod: RawObject): RawObject | undefined {
  const named = textAt(pod, 'spec', 'nodeName')
  if (named !== '') return store.get(NODE_TYPE, undefined, named)
  const pods = store.list(POD_TYPE)
  const podsOn = (node: RawObject): RawObject[] =>
    pods.filter((other) => textAt(other, 'spec', 'nodeName') === node.metadata.name)
  const fitting = store.list(NODE_TYPE).filter((node) => {
    if (valueAt(node, 'spec', 'unschedulable') === true) return false
    if (!matchesSelector(textMapAt(pod, 'spec', 'nodeSelector'), node.metadata.labels ?? {})) return false
    return !podsOn(node).some((other) => repels(pod, other))
  })
  return fitting.sort((a, b) => podsOn(a).length - podsOn(b).length)[0]
}

/** Whether a required anti-affinity keeps the pod off the other one's node. */
function repels(pod: RawObject, other: RawObject): boolean {
  if (pod.metadata.namespace !== other.metadata.namespace) return false
  const terms = objectsAt(pod, 'spec', 'affinity', 'podAntiAffinity', 'requiredDuringSchedulingIgnoredDuringExecution')
  return terms.some((term) => {
    const labels = textMapAt(term, 'labelSelector', 'matchLabels')
    return Object.keys(labels).length > 0 && matchesSelector(labels, other.metadata.labels ?? {})
  })
}

function freeAddress(store: ObjectStore, node: RawObject, pod: RawObject): string | undefined {
  const nodeAddress = objectsAt(node, 'status', 'addresses').find((candidate) => candidate['type'] === 'InternalIP')
  if (valueAt(pod, 'spec', 'hostNetwork') === true) return textAt(nodeAddress ?? {}, 'address')
  const base = node.metadata.annotations?.[CALICO_BLOCK] ?? textAt(node, 'spec', 'podCIDR').split('/')[0] ?? ''
  const prefix = base.slice(0, base.lastIndexOf('.') + 1)
  const first = Number(base.slice(prefix.length))
  const taken = new Set(store.list(POD_TYPE).map((other) => textAt(other, 'status', 'podIP')))
  // In a podCIDR the first address is the bridge's.
  const firstOffset = node.metadata.annotations?.[CALICO_BLOCK] === undefined ? 2 : 1
  for (let offset = firstOffset; offset < BLOCK_SIZE && first + offset < 255; offset += 1) {
    const address = `${prefix}${first + offset}`
    if (!taken.has(address)) return address
  }
  return undefined
}

function runningStatus(
  store: ObjectStore,
  pod: RawObject,
  {
    node,
    address,
    runsProgram,
  }: { readonly node: RawObject; readonly address: string; readonly runsProgram: ControllerOptions['runsProgram'] },
): Json {
  const now = store.timestamp()
  const containers = objectsAt(pod, 'spec', 'containers')
  // A program says for itself when it is ready; the others are only pretended.
  const isReady = !containers.some(runsProgram)
  const status = (isTrue: boolean): string => (isTrue ? 'True' : 'False')
  const nodeAddress = objectsAt(node, 'status', 'addresses').find((candidate) => candidate['type'] === 'InternalIP')
  return {
    phase: 'Running',
    conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
      type,
      status: status(isReady || !type.endsWith('Ready')),
      lastTransitionTime: now,
    })),
    hostIP: textAt(nodeAddress ?? {}, 'address'),
    podIP: address,
    podIPs: [{ ip: address }],
    qosClass: 'BestEffort',
    startTime: now,
    containerStatuses: containers.map((container) => ({
      name: textAt(container, 'name'),
      image: textAt(container, 'image'),
      ready: isReady,
      started: true,
      restartCount: 0,
      lastState: {},
      state: { running: { startedAt: now } },
    })),
  }
}
