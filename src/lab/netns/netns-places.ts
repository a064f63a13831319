// The places of a lab of namespaces: how to enter them, what they are called, and the files they show.
import { LabError } from '../cluster/lab-error.ts'
import { keyOf, textAt } from '../cluster/raw-object.ts'
import { NODE_TYPE, POD_TYPE, SERVICE_TYPE } from '../cluster/resource-types.ts'
import type { NamespaceTarget, Place as VantagePlace, Skipped } from '../../vantage/index.ts'
import { isHostNetwork, namespacePath, podNamespace, upstreamNamespace } from './names.ts'
import type { NetnsLab } from './netns-lab.ts'
import type { Place } from './pods/place.ts'

/** What the register asks a lab about its places. */
export interface NetnsPlaces {
  readFile(place: VantagePlace, path: string): Promise<string | undefined>
  locate(place: VantagePlace): Promise<NamespaceTarget | Skipped>
  /** @throws {LabError} `not-supported` when there is no such place */
  enter(place: VantagePlace): Promise<string[]>
}

/** Answers for the places of a lab in this process. */
export function netnsPlaces(lab: NetnsLab): NetnsPlaces {
  return {
    readFile: (place, path) => Promise.resolve(findPlace(lab, place)?.read(path)),
    locate(place) {
      const found = findPlace(lab, place)
      if (found === undefined)
        return Promise.resolve({ kind: 'skipped', why: `lab "${lab.parts.name}" has no ${nameOf(place)}` })
      return Promise.resolve({
        netns: namespacePath(found.namespace),
        how: `lab ${lab.parts.name}`,
        files: [{ kind: 'root', path: found.root }],
      })
    },
    enter(place) {
      const found = findPlace(lab, place)
      if (found !== undefined) return Promise.resolve(found.enter())
      const isNode =
        place.kind === 'pod' && lab.parts.store.list(NODE_TYPE).some(({ metadata }) => metadata.name === place.name)
      const hint = isNode ? `; is node/${place.name} meant?` : ''
      return Promise.reject(
        new LabError('not-supported', `Cannot run a command: lab "${lab.parts.name}" has no ${nameOf(place)}${hint}`),
      )
    },
  }
}

function findPlace(lab: NetnsLab, place: VantagePlace): Place | undefined {
  if (place.kind === 'pod') return lab.parts.pods.place(place.namespace, place.name)
  return lab.nodePlace(place.kind === 'node' ? place.name : (lab.parts.store.list(NODE_TYPE)[0]?.metadata.name ?? ''))
}

function nameOf(place: VantagePlace): string {
  if (place.kind === 'pod') return `pod ${place.namespace}/${place.name}`
  return place.kind === 'node' ? `node ${place.name}` : 'node'
}

/** Every address of the cluster, and the namespace that has it; Service IPs are rules on every node. */
export function netnsAddresses(
  lab: NetnsLab,
): { readonly who: string; readonly address: string; readonly at: string }[] {
  const { name, store, network, upstreams } = lab.parts
  const services = store
    .list(SERVICE_TYPE)
    .map((service) => ({ service, address: textAt(service, 'spec', 'clusterIP') }))
    .filter(({ address }) => address !== '' && address !== 'None')
  const pods = store.list(POD_TYPE).filter((pod) => !isHostNetwork(pod) && textAt(pod, 'status', 'podIP') !== '')
  return [
    ...network.topology.nodes.map((node) => ({
      who: `node ${node.name}`,
      address: node.address,
      at: node.namespace,
    })),
    ...pods.map((pod) => ({
      who: `pod ${keyOf(pod)}`,
      address: textAt(pod, 'status', 'podIP'),
      at: podNamespace(name, pod),
    })),
    ...services.map(({ service, address }) => ({
      who: `service ${keyOf(service)}`,
      address,
      at: 'rules on every node',
    })),
    ...upstreams.map(({ address }) => ({
      who: `upstream ${address}`,
      address,
      at: upstreamNamespace(name, address),
    })),
  ]
}

/** What this machine lacks, and how the pods are connected. */
export function netnsNotes(lab: NetnsLab): string[] {
  const { network, lacks } = lab.parts
  const { cni, topology } = network
  return [
    `${topology.nodes.length} nodes, connected by ${cni.name} (pods' MTU ${cni.podMtu})`,
    ...(cni.name === 'flannel' ? ['NetworkPolicies are not enforced, as flannel does not'] : []),
    ...lacks.map(({ what, instead }) => `no ${what} here: ${instead}`),
  ]
}
