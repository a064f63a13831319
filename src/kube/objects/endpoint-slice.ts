// EndpointSlices: discovery.k8s.io v1 and v1beta1, and what older clusters have instead, core/v1 Endpoints.
import { isIPv6 } from 'node:net'
import {
  optionalUniqueText,
  uniqueText,
  uniqueTexts,
  child,
  children,
  flag,
  optional,
  optionalNumber,
  optionalText,
  text,
  textMap,
} from './json.ts'
import type { Json } from './json.ts'
import { readMeta } from './meta.ts'
import type { Endpoint, EndpointPort, EndpointSlice } from './types.ts'

/** The label that ties a slice to its Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'

/** Reads a discovery.k8s.io EndpointSlice; v1beta1's `topology` gives the node and the zone. */
export function readEndpointSlice(json: Json): EndpointSlice {
  const meta = readMeta(json)
  const endpoints = children(json, 'endpoints').map(readEndpoint)
  return {
    kind: 'EndpointSlice',
    meta,
    service: meta.labels[SERVICE_NAME_LABEL] ?? '',
    addressType: text(json, 'addressType') || familyOf(endpoints[0]?.addresses[0]),
    endpoints,
    ports: children(json, 'ports').map(readEndpointPort),
  }
}

/**
 * Turns core/v1 Endpoints into the slices that would say the same: one for each subset and address family.
 *
 * Addresses under `notReadyAddresses` become endpoints that are not ready. Slice names are made up from the object's.
 */
export function readEndpoints(json: Json): EndpointSlice[] {
  const meta = readMeta(json)
  return children(json, 'subsets').flatMap((subset, index) => {
    const ports = children(subset, 'ports').map(readEndpointPort)
    const endpoints = [
      ...children(subset, 'addresses').map((address) => readEndpointAddress(address, true)),
      ...children(subset, 'notReadyAddresses').map((address) => readEndpointAddress(address, false)),
    ].filter((endpoint) => endpoint.addresses.length > 0)
    return ['IPv4', 'IPv6'].flatMap((addressType): EndpointSlice[] => {
      const ofFamily = endpoints.filter((endpoint) => familyOf(endpoint.addresses[0]) === addressType)
      if (ofFamily.length === 0) return []
      return [
        {
          kind: 'EndpointSlice',
          meta: { ...meta, name: `${meta.name}-${addressType.toLowerCase()}-${index}` },
          service: meta.name,
          addressType,
          endpoints: ofFamily,
          ports,
        },
      ]
    })
  })
}

function readEndpoint(json: Json): Endpoint {
  const conditions = child(json, 'conditions')
  const ready = flag(conditions, 'ready', true)
  const topology = textMap(json, 'topology')
  return {
    addresses: uniqueTexts(json, 'addresses').filter((address) => address !== ''),
    ready,
    serving: flag(conditions, 'serving', ready),
    terminating: flag(conditions, 'terminating'),
    ...optional('hostname', optionalUniqueText(json, 'hostname')),
    ...optional('nodeName', optionalText(json, 'nodeName') ?? topology['kubernetes.io/hostname']),
    ...optional('zone', optionalText(json, 'zone') ?? topology['topology.kubernetes.io/zone']),
    ...optional('target', readTarget(json)),
  }
}

function readEndpointAddress(json: Json, ready: boolean): Endpoint {
  const ip = uniqueText(json, 'ip')
  return {
    addresses: ip === '' ? [] : [ip],
    ready,
    serving: ready,
    terminating: false,
    ...optional('hostname', optionalUniqueText(json, 'hostname')),
    ...optional('nodeName', optionalText(json, 'nodeName')),
    ...optional('target', readTarget(json)),
  }
}

function readTarget(json: Json): Endpoint['target'] {
  const target = child(json, 'targetRef')
  const name = uniqueText(target, 'name')
  return name === '' ? undefined : { kind: text(target, 'kind'), namespace: text(target, 'namespace'), name }
}

function readEndpointPort(json: Json): EndpointPort {
  return {
    name: text(json, 'name'),
    protocol: text(json, 'protocol') || 'TCP',
    ...optional('port', optionalNumber(json, 'port')),
  }
}

function familyOf(address: string | undefined): string {
  return address !== undefined && isIPv6(address) ? 'IPv6' : 'IPv4'
}
