// Writes what kubelet writes into a pod's status: readiness and the state of its containers.
import type { Json } from '../../kube/objects/index.ts'
import type { ObjectStore } from './object-store.ts'
import { numberAt, objectAt, objectsAt, textAt } from './raw-object.ts'
import type { RawObject } from './raw-object.ts'
import { POD_TYPE } from './resource-types.ts'

/** Whether a pod's status says that it is ready; key is `namespace/name`. */
export function isReadyNow(store: ObjectStore, key: string): boolean {
  const [namespace = '', name = ''] = key.split('/')
  const conditions = objectsAt(store.get(POD_TYPE, namespace, name) ?? {}, 'status', 'conditions')
  return conditions.some((condition) => condition['type'] === 'Ready' && condition['status'] === 'True')
}

/** Says whether a pod is ready; key is `namespace/name`. A pod that is gone is left alone. */
export function setReadiness(store: ObjectStore, key: string, ready: boolean): void {
  change(store, key, (pod) => withReadiness(pod, ready, store.timestamp()))
}

/** The pod with readiness in its conditions and in its running containers; `now` is the time of a transition. */
export function withReadiness(pod: RawObject, ready: boolean, now?: string): RawObject {
  const status = objectAt(pod, 'status')
  const wanted = ready ? 'True' : 'False'
  const conditions = objectsAt(status, 'conditions').map((condition) => {
    const isAboutReadiness = condition['type'] === 'Ready' || condition['type'] === 'ContainersReady'
    if (!isAboutReadiness || condition['status'] === wanted) return condition
    const { reason: _reason, message: _message, ...rest } = condition
    const why = ready ? {} : { reason: 'ContainersNotReady', message: 'containers with unready status' }
    return { ...rest, status: wanted, ...(now === undefined ? {} : { lastTransitionTime: now }), ...why }
  })
  const containerStatuses = objectsAt(status, 'containerStatuses').map((container) => ({
    ...container,
    ready: ready && 'running' in objectAt(container, 'state'),
  }))
  return { ...pod, status: { ...status, conditions, containerStatuses } }
}

/** Puts one container into a state, such as `{ waiting: { reason } }`; leaving a running one counts as a restart. */
export function setContainerState(store: ObjectStore, key: string, name: string, state: Json): void {
  change(store, key, (pod) => {
    const status = objectAt(pod, 'status')
    const containerStatuses = objectsAt(status, 'containerStatuses').map((container) =>
      container['name'] === name ? withState(container, state, store.timestamp()) : container,
    )
    return { ...pod, status: { ...status, containerStatuses } }
  })
}

function withState(container: Json, state: Json, now: string): Json {
  const wasRunning = 'running' in objectAt(container, 'state')
  const isRunning = 'running' in state
  const startedAt = textAt(container, 'state', 'running', 'startedAt') || now
  const lastState = { terminated: { reason: 'Error', exitCode: 1, startedAt, finishedAt: now } }
  return {
    ...container,
    state,
    // Whether it is ready is for its probe to say.
    ready: isRunning && container['ready'] === true,
    started: isRunning,
    ...(wasRunning && !isRunning ? { restartCount: numberAt(container, 'restartCount') + 1, lastState } : {}),
  }
}

function change(store: ObjectStore, key: string, apply: (pod: RawObject) => RawObject): void {
  const [namespace = '', name = ''] = key.split('/')
  const pod = store.get(POD_TYPE, namespace, name)
  if (pod !== undefined) store.update(POD_TYPE, apply(pod))
}
