import { objectAt, textAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { withReadiness } from '../../cluster/pod-status.ts'
import { POD_TYPE } from '../../cluster/resource-types.ts'
import type { Fault, FaultStage } from '../fault.ts'
import { coreDnsPods } from '../support/pods.ts'
import { kubectl } from '../look.ts'

export const replicasOnOneNode: Fault = {
  name: 'replicas-on-one-node',
  summary: 'both CoreDNS replicas sit on one node: nothing fails yet, all DNS goes when that node goes',
  looks: [
    kubectl("-n kube-system get pods -l k8s-app=kube-dns -o jsonpath='{.items[*].spec.nodeName}'", {
      broken: /^(node\d) \1$/,
      whole: /^node3 node4$|^node4 node3$/,
    }),
  ],
  async inject(stage) {
    const [stays, ...others] = coreDnsPods(stage)
    if (stays === undefined) return () => Promise.resolve()
    const moved = others.map((pod, index) => replacePod(stage, pod, movedTo(stage, pod, { beside: stays, index })))
    await allStarted(stage, moved)
    return async () => {
      // One that somebody deleted is replaced by its workload already.
      const back = others.flatMap((pod, index) => {
        const now = stage.store.get(POD_TYPE, pod.metadata.namespace, moved[index]?.metadata.name ?? '')
        return now === undefined ? [] : replacePod(stage, now, movedBack(stage, now, pod))
      })
      await allStarted(stage, back)
    }
  },
  isThere(stage) {
    const nodes = coreDnsPods(stage).map((pod) => textAt(pod, 'spec', 'nodeName'))
    return nodes.length > 1 && new Set(nodes).size === 1
  },
}

async function allStarted(stage: FaultStage, pods: readonly RawObject[]): Promise<void> {
  await Promise.all(pods.map((pod) => stage.podStarted(pod)))
}

function movedTo(
  stage: FaultStage,
  pod: RawObject,
  { beside, index }: { readonly beside: RawObject; readonly index: number },
): RawObject {
  const { uid: _uid, ...metadata } = pod.metadata
  const name = `${pod.metadata.name.replace(/-[^-]+$/, '')}-moved${index}`
  const podIP = nextAddress(textAt(beside, 'status', 'podIP'), takenAddresses(stage))
  return withPlace({ ...pod, metadata: { ...metadata, name } }, beside, podIP)
}

/** The moved pod as it is now, under its first name and at its first place. */
function movedBack(stage: FaultStage, now: RawObject, first: RawObject): RawObject {
  const { name, uid } = first.metadata
  const podIP = textAt(first, 'status', 'podIP')
  const taken = takenAddresses(stage)
  const free = taken.has(podIP) ? nextAddress(podIP, taken) : podIP
  return withPlace({ ...now, metadata: { ...now.metadata, name, uid } }, first, free)
}

function withPlace(pod: RawObject, at: RawObject, podIP: string): RawObject {
  const spec = { ...objectAt(pod, 'spec'), nodeName: textAt(at, 'spec', 'nodeName') }
  const hostIP = textAt(at, 'status', 'hostIP')
  return { ...pod, spec, status: { ...objectAt(pod, 'status'), podIP, podIPs: [{ ip: podIP }], hostIP } }
}

function takenAddresses({ store }: FaultStage): ReadonlySet<string> {
  return new Set(store.list(POD_TYPE).map((pod) => textAt(pod, 'status', 'podIP')))
}

function nextAddress(address: string, taken: ReadonlySet<string>): string {
  const prefix = address.slice(0, address.lastIndexOf('.') + 1)
  for (let last = Number(address.slice(prefix.length)) + 1; last < 255; last += 1) {
    if (!taken.has(prefix + String(last))) return prefix + String(last)
  }
  return address
}

/** Takes one pod away and puts another one there, which becomes ready by its own probe. */
function replacePod(stage: FaultStage, from: RawObject, to: RawObject): RawObject {
  const { store } = stage
  stage.podReplaced(from, to)
  store.delete(POD_TYPE, from.metadata.namespace, from.metadata.name)
  const { resourceVersion: _resourceVersion, ...metadata } = to.metadata
  const written = store.create(POD_TYPE, withReadiness({ ...to, metadata }, false))
  return written.kind === 'written' ? written.object : to
}
