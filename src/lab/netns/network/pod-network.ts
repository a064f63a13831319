// Pods' cables: plugged in when a pod comes, taken out when it goes.
import type { RawObject } from '../../cluster/raw-object.ts'
import { textAt } from '../../cluster/raw-object.ts'
import { foreignNamespaces, recordNamespaces, removeNamespace } from '../journal.ts'
import { isHostNetwork, podNamespace } from '../names.ts'
import { LabError } from '../../cluster/lab-error.ts'
import { runTool } from '../run-tool.ts'
import type { Cni, PodPlace } from './cni.ts'
import type { Topology } from './topology.ts'
import { applyWiring } from './wiring.ts'

export class PodNetwork {
  readonly cni: Cni
  readonly topology: Topology
  /** One change at a time: a pod that takes another one's address waits until that one's route is gone. */
  #work: Promise<void> = Promise.resolve()

  constructor(cni: Cni, topology: Topology) {
    this.cni = cni
    this.topology = topology
  }

  nodeNamespace(node: string): string {
    return this.topology.nodes.find(({ name }) => name === node)?.namespace ?? ''
  }

  /** Gives pods their namespaces, interfaces and routes; those on their node's network need none. @throws {LabError} */
  connect(pods: readonly RawObject[]): Promise<void> {
    return this.#inTurn(async () => {
      const places = pods.flatMap((pod) => this.#placeOf(pod) ?? [])
      const names = places.map(({ namespace }) => namespace)
      const { lab } = this.topology
      const [foreign] = foreignNamespaces(lab, names)
      if (foreign !== undefined) {
        throw new LabError('start-failed', `Cannot make namespace "${foreign}": somebody else has one of that name`)
      }
      recordNamespaces(lab, names)
      await applyWiring(this.cni.pods(places, this.topology))
    })
  }

  /** Takes a pod's namespace away; its route and the node's end of its cable go with it. */
  disconnect(pod: RawObject): Promise<void> {
    return this.#inTurn(async () => {
      if (isHostNetwork(pod)) return
      // The kernel takes a namespace apart some time later; the pod's route has to go now.
      const node = this.nodeNamespace(textAt(pod, 'spec', 'nodeName'))
      await runTool('ip', ['-n', node, 'link', 'delete', this.cni.deviceOf(pod)])
      await removeNamespace(podNamespace(this.topology.lab, pod))
    })
  }

  #placeOf(pod: RawObject): PodPlace | undefined {
    const node = this.topology.nodes.find(({ name }) => name === textAt(pod, 'spec', 'nodeName'))
    if (node === undefined || isHostNetwork(pod)) return undefined
    return { pod, namespace: podNamespace(this.topology.lab, pod), address: textAt(pod, 'status', 'podIP'), node }
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const result = this.#work.then(change)
    this.#work = result.catch(() => undefined)
    return result
  }
}
