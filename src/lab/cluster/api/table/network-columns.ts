import type { Json } from '../../../../kube/objects/index.ts'
import { numberAt, objectAt, objectsAt, textAt, textsAt } from '../../raw-object.ts'
import type { RawObject } from '../../raw-object.ts'
import { AGE, NAME, formatLabels, textColumn } from './column.ts'
import type { Column } from './column.ts'

/** Addresses and ports shown before the rest is counted. */
const SHOWN = 3

/** Columns of `kubectl get services`. */
export const SERVICE_COLUMNS: readonly Column[] = [
  NAME,
  textColumn('Type', ['spec', 'type']),
  textColumn('Cluster-IP', ['spec', 'clusterIP'], { none: '<none>' }),
  { name: 'External-IP', cell: externalIp },
  { name: 'Port(s)', cell: servicePorts },
  AGE,
  { name: 'Selector', wide: true, cell: (service) => formatLabels(objectAt(service, 'spec', 'selector')) },
]

/** Columns of `kubectl get endpoints`. */
export const ENDPOINTS_COLUMNS: readonly Column[] = [NAME, { name: 'Endpoints', cell: endpointList }, AGE]

/** Columns of `kubectl get endpointslices`. */
export const ENDPOINT_SLICE_COLUMNS: readonly Column[] = [
  NAME,
  textColumn('AddressType', ['addressType']),
  {
    name: 'Ports',
    cell: (slice) =>
      shorten(
        objectsAt(slice, 'ports').map((port) => String(numberAt(port, 'port') || '*')),
        '<unset>',
      ),
  },
  {
    name: 'Endpoints',
    cell: (slice) =>
      shorten(
        objectsAt(slice, 'endpoints').flatMap((endpoint) => textsAt(endpoint, 'addresses')),
        '<unset>',
      ),
  },
  AGE,
]

/** Columns of `kubectl get networkpolicies`. */
export const NETWORK_POLICY_COLUMNS: readonly Column[] = [
  NAME,
  { name: 'Pod-Selector', cell: (policy) => formatLabels(objectAt(policy, 'spec', 'podSelector', 'matchLabels')) },
  AGE,
]

function externalIp(service: RawObject): string {
  const type = textAt(service, 'spec', 'type')
  if (type === 'ExternalName') return textAt(service, 'spec', 'externalName')
  const external = textsAt(service, 'spec', 'externalIPs')
  const balanced = objectsAt(service, 'status', 'loadBalancer', 'ingress').map(
    (ingress) => textAt(ingress, 'ip') || textAt(ingress, 'hostname'),
  )
  const all = [...balanced, ...external]
  if (all.length > 0) return all.join(',')
  return type === 'LoadBalancer' ? '<pending>' : '<none>'
}

function servicePorts(service: RawObject): string {
  const ports = objectsAt(service, 'spec', 'ports').map((port) => {
    const nodePort = numberAt(port, 'nodePort')
    return `${numberAt(port, 'port')}${nodePort === 0 ? '' : `:${nodePort}`}/${textAt(port, 'protocol') || 'TCP'}`
  })
  return ports.length === 0 ? '<none>' : ports.join(',')
}

function endpointList(endpoints: RawObject): string {
  const all = objectsAt(endpoints, 'subsets').flatMap((subset) =>
    objectsAt(subset, 'ports').flatMap((port) => addressPorts(subset, port)),
  )
  return shorten(all, '<none>')
}

function addressPorts(subset: Json, port: Json): string[] {
  return objectsAt(subset, 'addresses').map((address) => `${textAt(address, 'ip')}:${numberAt(port, 'port')}`)
}

function shorten(items: readonly string[], none: string): string {
  if (items.length === 0) return none
  const rest = items.length - SHOWN
  return items.slice(0, SHOWN).join(',') + (rest > 0 ? ` + ${rest} more...` : '')
}
