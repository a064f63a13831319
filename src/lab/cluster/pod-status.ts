// Writes what kubelet writes into a pod's status: readiness and the state of its containers.
import type { Json } from '../../kube/objects/index.ts'
import type { ObjectStore } from './object-store.ts'
import { numberAt, objectAt, objectsAt } from './raw-object.ts'
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
  change(store, key, (status) => ({
    ...status,
    conditions: objectsAt(status, 'conditions').map((condition) => {
      const isAboutReadiness = condition['type'] === 'Ready' || condition['type'] === 'ContainersReady'
      const wanted = ready ? 'True' : 'False'
      if (!isAboutReadiness || condition['status'] === wanted) return condition
      const { reason: _reason, message: _message, ...rest } = condition
      const why = ready ? {} : { reason: 'ContainersNotReady', message: 'containers with unready status' }
      return { ...rest, status: wanted, lastTransitionTime: store.timestamp(), ...why }
    }),
    containerStatuses: objectsAt(status, 'containerStatuses').map((container) => ({
      ...container,
      ready: ready && 'running' in objectAt(container, 'state'),
    })),
  }))
}

/** Puts one container into a state, such as `{ waiting: { reason } }`; leaving a running one counts as a restart. */
export function setContainerState(store: ObjectStore, key: string, name: string, state: Json): void {
  change(store, key, (status) => ({
    ...status,
    containerStatuses: objectsAt(status, 'containerStatuses').map((container) => {
      if (container['name'] !== name) return container
      const wasRunning = 'running' in objectAt(container, 'state')
      const isRunning = 'running' in state
      const ended = { terminated: { reason: 'Error', exitCode: 1, finishedAt: store.timestamp() } }
      return {
        ...container,
        state,
        // Whether it is ready is for its probe to say.
        ready: isRunning && container['ready'] === true,
        started: isRunning,
        ...(wasRunning && !isRunning ? { restartCount: numberAt(container, 'restartCount') + 1, lastState: ended } : {}),
      }
    }),
  }))
}

function change(store: ObjectStore, key: string, apply: (status: Json) => Json): void {
  const [namespace = '', name = ''] = key.split('/')
  const pod = store.get(POD_TYPE, namespace, name)
  if (pod === undefined) return
  const changed: RawObject = { ...pod, status: apply(objectAt(pod, 'status')) }
  store.update(POD_TYPE, changed)
}
