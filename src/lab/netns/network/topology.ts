// The network of a lab as facts: nodes with their addresses and blocks, upstreams, the gateway between them.
import type { ClusterDescription } from '../../cluster/description.ts'
import { LabError } from '../../cluster/lab-error.ts'
import type { ObjectStore } from '../../cluster/object-store.ts'
import { keyOf, objectsAt, textAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { NODE_TYPE, POD_TYPE } from '../../cluster/resource-types.ts'
import { isHostNetwork, nodeNamespace } from '../names.ts'
import { blockAround, commonBlock, freeAddress, isInBlock, readBlock } from './addresses.ts'
import type { Block } from './addresses.ts'

export interface NodeFacts {
  readonly name: string
  readonly namespace: string
  readonly address: string
  /** The addresses that its pods get. */
  readonly pods: Block
}

export interface Topology {
  readonly lab: string
  readonly nodes: readonly NodeFacts[]
  /** The network that the nodes' own addresses are in. */
  readonly underlay: Block
  /** The nodes' way to the upstreams, and to nothing else. */
  readonly gateway: string
  readonly podCidr: string
}

/** Calico's own address on a node, the first of its block. */
const CALICO_BLOCK = 'projectcalico.org/IPv4IPIPTunnelAddr'
const CALICO_BLOCK_LENGTH = 26

/** Reads a cluster's network. @throws {LabError} `bad-description` for addresses that cannot be */
export function readTopology(lab: string, description: ClusterDescription, store: ObjectStore): Topology {
  const nodes = store.list(NODE_TYPE).map((node): NodeFacts => {
    const addresses = objectsAt(node, 'status', 'addresses')
    const address = textAt(addresses.find((candidate) => candidate['type'] === 'InternalIP') ?? {}, 'address')
    const { name } = node.metadata
    if (readBlock(`${address}/32`) === undefined) throw bad(`node ${name} has no InternalIP that is IPv4`)
    return { name, namespace: nodeNamespace(lab, name), address, pods: podBlock(node) }
  })
  if (nodes.length === 0) throw bad('it has no node')
  const underlay = commonBlock(nodes.map(({ address }) => address))
  const taken = new Set(nodes.map(({ address }) => address))
  checkUnique([
    ...nodes.map(({ name, address }) => ({ who: `node ${name}`, address })),
    ...description.upstreams.map(({ address }) => ({ who: `upstream ${address}`, address })),
    ...store
      .list(POD_TYPE)
      .filter((pod) => !isHostNetwork(pod) && textAt(pod, 'status', 'podIP') !== '')
      .map((pod) => ({ who: `pod ${keyOf(pod)}`, address: textAt(pod, 'status', 'podIP') })),
  ])
  for (const { address } of description.upstreams) {
    if (isInBlock(address, underlay)) throw bad(`upstream ${address} lies in the nodes' network`)
  }
  return { lab, nodes, underlay, gateway: freeAddress(underlay, taken), podCidr: description.podCidr }
}

function podBlock(node: RawObject): Block {
  const calico = node.metadata.annotations?.[CALICO_BLOCK]
  if (calico !== undefined) return blockAround(calico, CALICO_BLOCK_LENGTH)
  const block = readBlock(textAt(node, 'spec', 'podCIDR'))
  if (block === undefined) throw bad(`node ${node.metadata.name} has no podCIDR that is IPv4`)
  return block
}

function checkUnique(owners: readonly { readonly who: string; readonly address: string }[]): void {
  const seen = new Map<string, string>()
  for (const { who, address } of owners) {
    const other = seen.get(address)
    if (other !== undefined) throw bad(`${who} and ${other} have the same address ${address}`)
    seen.set(address, who)
  }
}

function bad(why: string): LabError {
  return new LabError('bad-description', `Cannot lay out the cluster's network: ${why}`)
}
