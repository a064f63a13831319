import { objectAt, objectsAt, textAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { POD_TYPE } from '../../cluster/resource-types.ts'
import type { Fault, FaultStage } from '../fault.ts'
import { ANSWERED, CONSOLE, NAME, dig, kubectl } from '../look.ts'
import { coreDnsPods, recoverPods } from '../support/pods.ts'

const NODE = 'node3'
/** By SIGKILL, as the kernel ends whoever has more than its limit. */
const KILLED = 137

export const corednsOutOfMemory: Fault = {
  name: 'coredns-out-of-memory',
  summary: `the CoreDNS pod of ${NODE} was killed for its memory limit again and again: it is down for minutes, the other one has all the work`,
  imitated: "the program is killed and the pod's status says OOMKilled: no memory limit is set",
  looks: [
    dig(CONSOLE, `+notcp @{coredns@${NODE}} ${NAME}`, { broken: /connection refused|timed out/, whole: ANSWERED }),
    kubectl(
      "-n kube-system get pods -l k8s-app=kube-dns -o jsonpath='{.items[*].status.containerStatuses[*].lastState.terminated.reason}'",
      {
        broken: /OOMKilled/,
        whole: /^(?![^]*OOMKilled)/,
      },
    ),
  ],
  async inject(stage) {
    const pods = replicas(stage)
    const before = new Map(pods.map((pod) => [pod.metadata.name, lastStates(pod)]))
    await Promise.all(pods.map((pod) => stage.crashPod(pod, 'signal: killed')))
    for (const pod of replicas(stage)) {
      const finishedAt = stage.store.timestamp()
      setLastStates(stage, pod, [
        { terminated: { reason: 'OOMKilled', exitCode: KILLED, startedAt: finishedAt, finishedAt } },
      ])
    }
    return async () => {
      await recoverPods(stage, replicas(stage))
      for (const pod of replicas(stage)) setLastStates(stage, pod, before.get(pod.metadata.name) ?? [])
    }
  },
  isThere: (stage) => replicas(stage).some((pod) => stage.isCrashed(pod)),
}

function replicas(stage: FaultStage): RawObject[] {
  return coreDnsPods(stage).filter((pod) => textAt(pod, 'spec', 'nodeName') === NODE)
}

function lastStates(pod: RawObject): unknown[] {
  return objectsAt(pod, 'status', 'containerStatuses').map((container) => container['lastState'])
}

function setLastStates({ store }: FaultStage, pod: RawObject, states: readonly unknown[]): void {
  const containerStatuses = objectsAt(pod, 'status', 'containerStatuses').map((container, index) => ({
    ...container,
    lastState: states[index] ?? {},
  }))
  store.update(POD_TYPE, { ...pod, status: { ...objectAt(pod, 'status'), containerStatuses } })
}
