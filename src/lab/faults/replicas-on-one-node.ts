import { objectAt, objectsAt, textAt } from '../cluster/raw-object.ts'
import type { RawObject } from '../cluster/raw-object.ts'
import { withReadiness } from '../cluster/pod-status.ts'
import { POD_TYPE } from '../cluster/resource-types.ts'
import type { Fault, FaultStage } from './fault.ts'
import { coreDnsPods } from './pods.ts'

export const replicasOnOneNode: Fault = {
  name: 'replicas-on-one-node',
  summary: 'both CoreDNS replicas sit on one node: nothing fails yet, all DNS goes when that node goes',
  async inject(stage) {
    const [stays, ...others] = coreDnsPods(stage)
    if (stays === undefined) return () => Promise.resolve()
    const moved = others.map((pod, index) => replacePod(stage, pod, movedTo(stage, pod, { beside: stays, index })))
    await allStarted(stage, moved)
    return async () => {
      const back = others.map((pod, index) => replacePod(stage, moved[index] ?? pod, pod))
      await allStarted(stage, back)
    }
  },
}

async function allStarted(stage: FaultStage, pods: readonly RawObject[]): Promise<void> {
  await Promise.all(pods.map(({ metadata }) => stage.podStarted(metadata.namespace ?? 'default', metadata.name)))
}

function movedTo(
  { store }: FaultStage,
  pod: RawObject,
  { beside, index }: { readonly beside: RawObject; readonly index: number },
): RawObject {
  const taken = new Set(store.list(POD_TYPE).map((other) => textAt(other, 'status', 'podIP')))
  const podIP = nextAddress(textAt(beside, 'status', 'podIP'), taken)
  const { uid: _uid, resourceVersion: _resourceVersion, ...metadata } = pod.metadata
  const name = `${pod.metadata.name.replace(/-[^-]+$/, '')}-moved${index}`
  return {
    ...pod,
    metadata: { ...metadata, name },
    spec: { ...objectAt(pod, 'spec'), nodeName: textAt(beside, 'spec', 'nodeName') },
    status: {
      ...objectAt(pod, 'status'),
      podIP,
      podIPs: [{ ip: podIP }],
      hostIP: textAt(beside, 'status', 'hostIP'),
      containerStatuses: objectsAt(pod, 'status', 'containerStatuses'),
    },
  }
}

function nextAddress(address: string, taken: ReadonlySet<string>): string {
  const prefix = address.slice(0, address.lastIndexOf('.') + 1)
  for (let last = Number(address.slice(prefix.length)) + 1; last < 255; last += 1) {
    if (!taken.has(prefix + String(last))) return prefix + String(last)
  }
  return address
}

/** Takes one pod away and puts another one there, which becomes ready by its own probe. */
function replacePod({ store }: FaultStage, from: RawObject, to: RawObject): RawObject {
  store.delete(POD_TYPE, from.metadata.namespace, from.metadata.name)
  const { resourceVersion: _resourceVersion, ...metadata } = to.metadata
  const written = store.create(POD_TYPE, withReadiness({ ...to, metadata }, false))
  return written.kind === 'written' ? written.object : to
}
