// What the index keeps of each object: few fields, strings shared, so that 100,000 endpoints fit into 30 MB.
import type { ObjectRef } from './answer.ts'

export interface PortEntry {
  /** Lower case; empty when unnamed. */
  readonly name: string
  /** `tcp`, `udp` or `sctp`. */
  readonly protocol: string
  /** -1 stands for "no ports": addresses exist, SRV records do not. */
  readonly port: number
}

/** What a Service without ports is read as, so that it still has addresses. */
export const NO_PORTS: readonly PortEntry[] = [{ name: '', protocol: '', port: -1 }]

/** Fields of a Service or ServiceImport. */
export interface ServiceFields {
  readonly ref: ObjectRef
  readonly kind: 'cluster-ip' | 'external-name' | 'headless'
  readonly addresses: readonly string[]
  /** As configured. */
  readonly externalName: string
  readonly ports: readonly PortEntry[]
  readonly external?: ExternalAddresses
  /** False for a headless Service whose endpoints somebody else writes. */
  readonly hasSelector: boolean
}

/** How a Service is reached from outside; for `k8s_external`. */
export interface ExternalAddresses {
  readonly ips: readonly string[]
  readonly hostnames: readonly string[]
}

/** A Service's place: made when the Service or the first of its slices comes, gone with the last of them. */
export interface ServiceEntry {
  readonly namespace: string
  readonly name: string
  fields: ServiceFields | undefined
  /** In order of their names, so that all replicas answer in the same order. */
  slices: readonly SliceEntry[]
}

/** One EndpointSlice; the arrays run in parallel, one element for each address of a ready endpoint. */
export interface SliceEntry {
  readonly ref: ObjectRef
  readonly owner: ServiceEntry
  /** Belongs to a ServiceImport, not to a Service. */
  readonly imported: boolean
  /** The cluster that an imported slice came from; empty otherwise. */
  readonly cluster: string
  readonly ports: readonly PortEntry[]
  readonly addresses: readonly string[]
  /** Index in the slice's `endpoints`; absent when it is the same as in `addresses`. */
  readonly positions: readonly number[] | undefined
  /** Lower case; absent when no endpoint has one. */
  readonly hostnames: readonly (string | undefined)[] | undefined
  readonly targets: readonly (string | undefined)[] | undefined
  readonly topologyZones: readonly (string | undefined)[] | undefined
  readonly notReady: readonly NotReadyEntry[]
}

export interface NotReadyEntry {
  readonly address: string
  readonly position: number
  readonly hostname: string | undefined
  readonly target: string | undefined
  readonly terminating: boolean
}

export interface PodEntry {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>> | undefined
}
