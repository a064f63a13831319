// How a lab's namespaces and the devices in them are called.
import { createHash } from 'node:crypto'
import { valueAt } from '../cluster/raw-object.ts'
import { textAt } from '../cluster/raw-object.ts'
import type { RawObject } from '../cluster/raw-object.ts'

/** A lab's names start with its own name and a dot, which no lab's name contains. */
export function namePrefix(lab: string): string {
  return `${lab}.`
}

/** The network that nodes and upstreams are connected to. */
export function underlayNamespace(lab: string): string {
  return `${namePrefix(lab)}underlay`
}

export function nodeNamespace(lab: string, node: string): string {
  return `${namePrefix(lab)}${node}`
}

export function upstreamNamespace(lab: string, address: string): string {
  return `${namePrefix(lab)}upstream.${address}`
}

/** The namespace that a pod's programs run in: its own, or its node's. */
export function podNamespace(lab: string, pod: RawObject): string {
  if (isHostNetwork(pod)) return nodeNamespace(lab, textAt(pod, 'spec', 'nodeName'))
  return `${namePrefix(lab)}${podId(pod)}`
}

/** `NAMESPACE.POD`: unique in a lab, and fit for a file's name. */
export function podId(pod: RawObject): string {
  return `${pod.metadata.namespace ?? 'default'}.${pod.metadata.name}`
}

/** Where `ip netns` keeps a namespace. */
export function namespacePath(namespace: string): string {
  return `/run/netns/${namespace}`
}

export function isHostNetwork(pod: RawObject): boolean {
  return valueAt(pod, 'spec', 'hostNetwork') === true
}

/** Calico's name for the node's end of a pod's veth pair. */
export function calicoDevice(pod: RawObject): string {
  const { namespace = 'default', name } = pod.metadata
  return `cali${createHash('sha1').update(`${namespace}.${name}`).digest('hex').slice(0, 11)}`
}

/** A name of the kind that the bridge plugin of flannel's clusters gives; made from the pod, so that it stays. */
export function bridgeDevice(pod: RawObject): string {
  return `veth${createHash('sha1').update(podId(pod)).digest('hex').slice(0, 8)}`
}
