// The workload controllers, as far as a lab needs them: pods that are deleted come back, scaling and rollouts work.
import { createHash } from 'node:crypto'
import type { Json } from '../../../kube/objects/index.ts'
import { randomSuffix } from '../api/write.ts'
import type { ObjectStore, StoreEvent } from '../object-store.ts'
import { isReadyNow } from '../pod-status.ts'
import { keyOf, numberAt, objectAt, textAt, textMapAt, valueAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import {
  DAEMON_SET_TYPE,
  DEPLOYMENT_TYPE,
  NODE_TYPE,
  POD_TYPE,
  REPLICA_SET_TYPE,
  STATEFUL_SET_TYPE,
} from '../resource-types.ts'
import type { ResourceType } from '../resource-types.ts'
import { isOwnedBy, ownerReference, podFromTemplate } from './pod-template.ts'

const HASH_LABEL = 'pod-template-hash'
const WORKLOADS: readonly ResourceType[] = [DEPLOYMENT_TYPE, REPLICA_SET_TYPE, DAEMON_SET_TYPE, STATEFUL_SET_TYPE]

/** Keeps pods in step with the workloads that own them, from now on; the result ends that. */
export function runWorkloadControllers(store: ObjectStore): () => void {
  const dirty = new Set<string>()
  let planned: NodeJS.Immediate | undefined
  const unsubscribe = store.subscribe((event) => {
    if (isTemplateChange(event)) replacePods(store, event)
    if (!WORKLOADS.includes(event.type) && event.type !== POD_TYPE && event.type !== NODE_TYPE) return
    dirty.add(event.type.kind)
    planned ??= setImmediate(() => {
      planned = undefined
      dirty.clear()
      reconcileAll(store)
    })
  })
  return () => {
    unsubscribe()
    if (planned !== undefined) clearImmediate(planned)
  }
}

function reconcileAll(store: ObjectStore): void {
  for (const deployment of store.list(DEPLOYMENT_TYPE)) reconcileDeployment(store, deployment)
  for (const set of store.list(REPLICA_SET_TYPE)) reconcileReplicaSet(store, set)
  for (const set of store.list(STATEFUL_SET_TYPE)) reconcileStatefulSet(store, set)
  for (const set of store.list(DAEMON_SET_TYPE)) reconcileDaemonSet(store, set)
}

function podsOf(store: ObjectStore, owner: RawObject): RawObject[] {
  return store.list(POD_TYPE, owner.metadata.namespace).filter((pod) => isOwnedBy(pod, owner))
}

function readyCount(store: ObjectStore, pods: readonly RawObject[]): number {
  return pods.filter((pod) => isReadyNow(store, keyOf(pod))).length
}

function writeStatus(store: ObjectStore, type: ResourceType, object: RawObject, status: Json): void {
  const observedGeneration = numberAt(object, 'metadata', 'generation')
  store.update(type, { ...object, status: { ...objectAt(object, 'status'), ...status, observedGeneration } })
}

// --- ReplicaSet ---

function reconcileReplicaSet(store: ObjectStore, set: RawObject): void {
  const pods = podsOf(store, set)
  const wanted = numberAt(set, 'spec', 'replicas')
  const { name, namespace } = set.metadata
  for (let missing = wanted - pods.length; missing > 0; missing -= 1) {
    const hash = textAt(set, 'metadata', 'labels', HASH_LABEL)
    const labels: Record<string, string> = hash === '' ? {} : { [HASH_LABEL]: hash }
    const pod = podFromTemplate({
      owner: set,
      name: `${name}-${randomSuffix()}`,
      labels,
      generateName: `${name}-`,
      spec: {},
    })
    store.create(POD_TYPE, pod)
  }
  // Those that are not ready go first.
  const surplus = [...pods].sort((a, b) => Number(isReadyNow(store, keyOf(a))) - Number(isReadyNow(store, keyOf(b))))
  for (const pod of surplus.slice(0, Math.max(0, pods.length - wanted)))
    store.delete(POD_TYPE, namespace, pod.metadata.name)
  const ready = readyCount(store, podsOf(store, set))
  writeStatus(store, REPLICA_SET_TYPE, set, {
    replicas: wanted,
    fullyLabeledReplicas: wanted,
    readyReplicas: ready,
    availableReplicas: ready,
  })
}

// --- Deployment ---

function reconcileDeployment(store: ObjectStore, deployment: RawObject): void {
  const { namespace } = deployment.metadata
  const sets = store.list(REPLICA_SET_TYPE, namespace).filter((set) => isOwnedBy(set, deployment))
  const template = templateText(deployment)
  const current = sets.find((set) => templateText(set) === template) ?? createReplicaSet(store, deployment)
  if (current === undefined) return
  const wanted = numberAt(deployment, 'spec', 'replicas')
  scale(store, current, wanted)
  const ready = readyCount(store, podsOf(store, current))
  const old = sets.filter((set) => set.metadata.uid !== current.metadata.uid && numberAt(set, 'spec', 'replicas') > 0)
  // The old pods stay until the new ones are ready, or must go first where the new ones have no place beside them.
  if (ready >= wanted || hasUnscheduled(store, current)) for (const set of old) scale(store, set, 0)
  const oldPods = old.flatMap((set) => podsOf(store, set))
  const allReady = ready + readyCount(store, oldPods)
  const isDone = ready >= wanted && old.length === 0
  writeStatus(store, DEPLOYMENT_TYPE, deployment, {
    replicas: wanted + oldPods.length,
    updatedReplicas: wanted,
    readyReplicas: allReady,
    availableReplicas: allReady,
    unavailableReplicas: allReady >= wanted ? undefined : wanted - allReady,
    conditions: [
      condition(
        store,
        deployment,
        'Available',
        allReady >= wanted
          ? ['True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.']
          : ['False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'],
      ),
      condition(store, deployment, 'Progressing', [
        'True',
        isDone ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
        `ReplicaSet "${current.metadata.name}" ${isDone ? 'has successfully progressed.' : 'is progressing.'}`,
      ]),
    ],
  })
}

function condition(
  store: ObjectStore,
  object: RawObject,
  type: string,
  [status, reason, message]: readonly [string, string, string],
): Json {
  const conditions = valueAt(object, 'status', 'conditions')
  const before = Array.isArray(conditions)
    ? (conditions as Json[]).find((candidate) => candidate['type'] === type)
    : undefined
  if (before !== undefined && before['status'] === status && before['reason'] === reason) return before
  const now = store.timestamp()
  return { type, status, reason, message, lastUpdateTime: now, lastTransitionTime: now }
}

function scale(store: ObjectStore, set: RawObject, replicas: number): void {
  if (numberAt(set, 'spec', 'replicas') === replicas) return
  const generation = numberAt(set, 'metadata', 'generation') + 1
  const metadata = { ...set.metadata, generation }
  store.update(REPLICA_SET_TYPE, { ...set, metadata, spec: { ...objectAt(set, 'spec'), replicas } })
}

function hasUnscheduled(store: ObjectStore, set: RawObject): boolean {
  return podsOf(store, set).some((pod) => textAt(pod, 'spec', 'nodeName') === '')
}

function createReplicaSet(store: ObjectStore, deployment: RawObject): RawObject | undefined {
  const { name, namespace = 'default' } = deployment.metadata
  const template = objectAt(deployment, 'spec', 'template')
  const hash = createHash('sha256').update(templateText(deployment)).digest('hex').slice(0, 10)
  const labels = { ...textMapAt(template, 'metadata', 'labels'), [HASH_LABEL]: hash }
  const outcome = store.create(REPLICA_SET_TYPE, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      generation: 1,
      ownerReferences: [ownerReference(deployment)],
    },
    spec: {
      replicas: numberAt(deployment, 'spec', 'replicas'),
      selector: { matchLabels: { ...textMapAt(deployment, 'spec', 'selector', 'matchLabels'), [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...objectAt(template, 'metadata'), labels } },
    },
    status: {},
  })
  return outcome.kind === 'written' ? outcome.object : undefined
}

/** A template without what the Deployment controller adds to it, to be compared. */
function templateText(workload: RawObject): string {
  const template = objectAt(workload, 'spec', 'template')
  const { [HASH_LABEL]: _hash, ...labels } = textMapAt(template, 'metadata', 'labels')
  return sortedJson({
    labels,
    annotations: objectAt(template, 'metadata', 'annotations'),
    spec: objectAt(template, 'spec'),
  })
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )
}

// --- StatefulSet and DaemonSet ---

function reconcileStatefulSet(store: ObjectStore, set: RawObject): void {
  const { name, namespace } = set.metadata
  const wanted = numberAt(set, 'spec', 'replicas')
  const present = new Map(podsOf(store, set).map((pod) => [pod.metadata.name, pod]))
  for (let ordinal = 0; ordinal < wanted; ordinal += 1) {
    const podName = `${name}-${ordinal}`
    if (present.has(podName)) continue
    const labels = {
      'statefulset.kubernetes.io/pod-name': podName,
      'controller-revision-hash': textAt(set, 'status', 'currentRevision') || name,
    }
    const spec = { hostname: podName, subdomain: textAt(set, 'spec', 'serviceName') }
    store.create(POD_TYPE, podFromTemplate({ owner: set, name: podName, labels, generateName: `${name}-`, spec }))
  }
  for (const podName of present.keys()) {
    if (Number(podName.slice(name.length + 1)) >= wanted) store.delete(POD_TYPE, namespace, podName)
  }
  const ready = readyCount(store, podsOf(store, set))
  writeStatus(store, STATEFUL_SET_TYPE, set, {
    replicas: wanted,
    currentReplicas: wanted,
    updatedReplicas: wanted,
    readyReplicas: ready,
  })
}

function reconcileDaemonSet(store: ObjectStore, set: RawObject): void {
  const { name, namespace } = set.metadata
  const nodes = store.list(NODE_TYPE).map((node) => node.metadata.name)
  const pods = podsOf(store, set)
  for (const nodeName of nodes) {
    if (pods.some((pod) => textAt(pod, 'spec', 'nodeName') === nodeName)) continue
    const labels = {
      'controller-revision-hash': name,
      'pod-template-generation': String(numberAt(set, 'metadata', 'generation')),
    }
    store.create(
      POD_TYPE,
      podFromTemplate({
        owner: set,
        name: `${name}-${randomSuffix()}`,
        labels,
        generateName: `${name}-`,
        spec: { nodeName },
      }),
    )
  }
  for (const pod of pods) {
    if (!nodes.includes(textAt(pod, 'spec', 'nodeName'))) store.delete(POD_TYPE, namespace, pod.metadata.name)
  }
  const ready = readyCount(store, podsOf(store, set))
  const { length } = nodes
  writeStatus(store, DAEMON_SET_TYPE, set, {
    desiredNumberScheduled: length,
    currentNumberScheduled: length,
    updatedNumberScheduled: length,
    numberReady: ready,
    numberAvailable: ready,
    numberMisscheduled: 0,
  })
}

// --- Rollouts of these two: all pods are replaced when the template changes ---

function isTemplateChange({ type, change, object, before }: StoreEvent): boolean {
  const isOne = type === STATEFUL_SET_TYPE || type === DAEMON_SET_TYPE
  return isOne && change === 'modified' && before !== undefined && templateText(object) !== templateText(before)
}

function replacePods(store: ObjectStore, { object }: StoreEvent): void {
  for (const pod of podsOf(store, object)) store.delete(POD_TYPE, pod.metadata.namespace, pod.metadata.name)
}
