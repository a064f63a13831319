// Objects to index entries.
import { intern } from '../objects/index.ts'
import type { EndpointSlice, Service, ServiceImport } from '../objects/index.ts'
import { parseAddress } from '../../dns/address.ts'
import type { ObjectRef } from './answer.ts'
import { canonicalAddress } from './canonical-address.ts'
import {
  NO_PORTS,
  type ExternalAddresses,
  type NotReadyEntry,
  type PortEntry,
  type ServiceEntry,
  type ServiceFields,
  type SliceEntry,
} from './entries.ts'

/** Ties a slice to a ServiceImport (KEP-1645). */
export const MULTICLUSTER_NAME_LABEL = 'multicluster.kubernetes.io/service-name'
const SOURCE_CLUSTER_LABEL = 'multicluster.kubernetes.io/source-cluster'

/** Reads a Service's kind, addresses and ports. */
export function serviceFields(service: Service, ref: ObjectRef): ServiceFields {
  const headless = service.clusterIPs.includes('None')
  const kind = service.type === 'ExternalName' ? 'external-name' : headless ? 'headless' : 'cluster-ip'
  const external = externalAddresses(service)
  return {
    ref,
    kind,
    addresses: kind === 'cluster-ip' ? service.clusterIPs.filter(isAddress).map(canonicalAddress) : [],
    externalName: service.externalName,
    ports: portEntries(service.ports),
    hasSelector: service.selector !== undefined,
    ...(external === undefined ? {} : { external }),
  }
}

/** Reads a ServiceImport. */
export function importFields(object: ServiceImport, ref: ObjectRef): ServiceFields {
  const headless = object.type === 'Headless'
  return {
    ref,
    kind: headless ? 'headless' : 'cluster-ip',
    addresses: headless ? [] : object.ips.filter(isAddress).map(canonicalAddress),
    externalName: '',
    ports: portEntries(object.ports),
    hasSelector: false,
  }
}

/** Reads a slice for the Service that owns it; addresses of FQDN slices are no addresses and are left out. */
export function sliceEntry(slice: EndpointSlice, owner: ServiceEntry): SliceEntry {
  const addresses: string[] = []
  const positions: number[] = []
  const hostnames: (string | undefined)[] = []
  const targets: (string | undefined)[] = []
  const zones: (string | undefined)[] = []
  const notReady: NotReadyEntry[] = []
  for (const [position, endpoint] of slice.endpoints.entries()) {
    const hostname = endpoint.hostname?.toLowerCase()
    const target = endpoint.target?.name
    for (const text of endpoint.addresses) {
      if (!isAddress(text)) continue
      const address = canonicalAddress(text)
      if (endpoint.ready) {
        addresses.push(address)
        positions.push(position)
        hostnames.push(hostname)
        targets.push(target)
        zones.push(endpoint.zone)
      } else {
        notReady.push({ address, position, hostname, target, terminating: endpoint.terminating })
      }
    }
  }
  return {
    ref: { kind: 'EndpointSlice', namespace: owner.namespace, name: slice.meta.name },
    owner,
    imported: slice.service === '',
    cluster: slice.service === '' ? (slice.meta.labels[SOURCE_CLUSTER_LABEL] ?? '').toLowerCase() : '',
    ports: portEntries(slice.ports),
    addresses,
    positions: positions.every((position, index) => position === index) ? undefined : positions,
    hostnames: orAbsent(hostnames),
    targets: orAbsent(targets),
    topologyZones: orAbsent(zones),
    notReady: notReady.length === 0 ? NONE_NOT_READY : notReady,
  }
}

const NONE_NOT_READY: readonly NotReadyEntry[] = []

function orAbsent<Value>(values: (Value | undefined)[]): (Value | undefined)[] | undefined {
  return values.some((value) => value !== undefined) ? values : undefined
}

function isAddress(text: string): boolean {
  return parseAddress(text) !== undefined
}

// --- Ports: most Services of a cluster have the same few lists ---

const MOST_LISTS = 10_000
const lists = new Map<string, readonly PortEntry[]>()

function portEntries(ports: readonly { name: string; protocol: string; port?: number }[]): readonly PortEntry[] {
  if (ports.length === 0) return NO_PORTS
  const key = ports.map(({ name, protocol, port }) => `${name}/${protocol}/${port ?? -1}`).join(',')
  const known = lists.get(key)
  if (known !== undefined) return known
  if (lists.size >= MOST_LISTS) lists.clear()
  const entries = ports.map(({ name, protocol, port }) => ({
    name: intern(name.toLowerCase()),
    protocol: intern(protocol.toLowerCase()),
    port: port ?? -1,
  }))
  lists.set(key, entries)
  return entries
}

/** External IPs, then what the load balancer gives: its address, or its name when it has none. */
function externalAddresses({ externalIPs, loadBalancerAddresses }: Service): ExternalAddresses | undefined {
  const ips = [...externalIPs, ...loadBalancerAddresses.map(({ ip }) => ip ?? '')].filter(isAddress)
  const hostnames = loadBalancerAddresses.flatMap(({ ip, hostname = '' }) =>
    ip === undefined && hostname !== '' ? [hostname] : [],
  )
  return ips.length === 0 && hostnames.length === 0 ? undefined : { ips: ips.map(canonicalAddress), hostnames }
}
