import { objectAt, textAt, valueAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { NODE_TYPE, POD_TYPE } from '../../cluster/resource-types.ts'
import type { Fault, FaultStage } from '../fault.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, REFUSED, dig, kubectl } from '../look.ts'
import { coreDnsPods } from '../support/pods.ts'

// As in a cluster whose nodes were all cordoned, or whose new taints nobody tolerates, before CoreDNS was started anew.
export const dnsPodsPending: Fault = {
  name: 'dns-pods-pending',
  summary: 'no node takes new pods, and the CoreDNS pods were made anew: they are Pending, and nothing resolves',
  looks: [
    kubectl('-n kube-system get pods -l k8s-app=kube-dns', {
      broken: /Pending[^]*Pending/,
      whole: /1\/1 +Running[^]*1\/1 +Running/,
    }),
    dig(CONSOLE, `@${DNS_SERVICE} ${NAME}`, { broken: REFUSED, whole: ANSWERED }),
  ],
  async inject(stage) {
    const { store } = stage
    const homes = coreDnsPods(stage).map((pod) => textAt(pod, 'spec', 'nodeName'))
    const closed = store.list(NODE_TYPE).filter((node) => !isClosed(node))
    for (const node of closed) setClosed(stage, node.metadata.name, true)
    for (const { metadata } of coreDnsPods(stage)) store.delete(POD_TYPE, metadata.namespace, metadata.name)
    await Promise.resolve()
    return async () => {
      const names = closed.map(({ metadata }) => metadata.name)
      // Where they were first, so that they come back there.
      const order = [...homes, ...names.filter((name) => !homes.includes(name))]
      for (const name of order.filter((candidate) => names.includes(candidate))) {
        setClosed(stage, name, false)
        await Promise.all(coreDnsPods(stage).map((pod) => stage.podStarted(pod)))
      }
    }
  },
  isThere: ({ store }) => store.list(NODE_TYPE).every(isClosed),
}

function isClosed(node: RawObject): boolean {
  return valueAt(node, 'spec', 'unschedulable') === true
}

function setClosed({ store }: FaultStage, name: string, closed: boolean): void {
  const node = store.get(NODE_TYPE, undefined, name)
  if (node === undefined) return
  const { unschedulable: _unschedulable, ...spec } = objectAt(node, 'spec')
  store.update(NODE_TYPE, { ...node, spec: closed ? { ...spec, unschedulable: true } : spec })
}
