// What a network plugin does in a lab: prepare the nodes, and connect each pod to its node.
import type { RawObject } from '../../cluster/raw-object.ts'
import type { NodeFacts, Topology } from './topology.ts'
import type { Wiring } from './wiring.ts'

export type CniName = 'calico' | 'flannel'

export interface PodPlace {
  readonly pod: RawObject
  /** The pod's own namespace. */
  readonly namespace: string
  readonly address: string
  readonly node: NodeFacts
}

export interface Cni {
  readonly name: CniName
  /** Of pods' interfaces, in octets. */
  readonly podMtu: number
  /** The node's device for pods of other nodes: `eth0`, `flannel.1`. */
  readonly crossDevice: string
  nodes(topology: Topology): Wiring
  pods(places: readonly PodPlace[], topology: Topology): Wiring
  /** The node's end of a pod's cable. */
  deviceOf(pod: RawObject): string
}
