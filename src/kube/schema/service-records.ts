// Names of Services: cluster IPs, ports, ExternalNames; and below headless ones, their endpoints.
import { parseAddress } from '../../dns/address.ts'
import type { DomainName } from '../../dns/message.ts'
import type { Absence } from './absence.ts'
import type { Reason } from './answer.ts'
import { endpointName, nameEndpoint } from './endpoint-name.ts'
import type { PortEntry, ServiceEntry, ServiceFields, SliceEntry } from './entries.ts'
import type { ParsedName, ServicePart } from './parse-name.ts'
import { addressRecord, familyOf, record, srvRecords, type Candidate } from './records.ts'
import { found, isNamespaceHidden, missingNamespace, type Finding, type SchemaContext } from './finding.ts'

type ServiceName = Extract<ParsedName, { kind: 'service' }>

/** Answers for a Service, a port of it, or an endpoint of it; in a multicluster zone, of a ServiceImport. */
export function resolveService(context: SchemaContext, name: ServiceName, multicluster: boolean): Finding {
  const { index, options } = context
  const { namespace, service, part } = name
  const place = { namespace, service }
  if (isNamespaceHidden(options, namespace)) return nxdomain({ code: 'namespace-hidden', namespace })
  const entry = multicluster ? index.serviceImport(namespace, service) : index.service(namespace, service)
  const fields = entry?.fields
  if (entry === undefined || fields === undefined || !index.hasNamespace(namespace)) {
    return nxdomain(missingNamespace(context, namespace) ?? { code: 'no-service', ...place })
  }
  if (part.kind === 'too-long') return nxdomain({ code: 'too-many-labels', ...place })
  if (fields.kind === 'external-name') return resolveExternalName(context, fields, name)
  if (
    options.ignoreEmptyService &&
    fields.kind === 'cluster-ip' &&
    entry.slices.every((s) => s.addresses.length === 0)
  ) {
    return nxdomain({ code: 'service-ignored-as-empty', ...place })
  }
  if (part.kind === 'zonal' && fields.kind !== 'headless') return nxdomain({ code: 'too-many-labels', ...place })
  if (part.kind === 'endpoint' && hasPortsBelow(entry, part.endpoint)) {
    return nodata({ code: 'empty-non-terminal', of: `_PORT.${part.endpoint}.${service}.${namespace}.svc` })
  }
  if (fields.kind === 'cluster-ip' && part.kind !== 'endpoint')
    return resolveClusterIp(context, entry, { fields, part })
  if (!options.endpoints) return nxdomain({ code: 'endpoints-not-watched', ...place })
  return resolveEndpoints(context, entry, part)
}

/** The Service's own name, which targets of SRV and PTR records are made with. */
export function serviceName({ namespace, name }: ServiceEntry, zone: DomainName): DomainName {
  return `${name}.${namespace}.svc.${zone === '.' ? '' : zone}`
}

// --- Cluster IPs (specification 2.3) ---

function resolveClusterIp(
  context: SchemaContext,
  entry: ServiceEntry,
  { fields, part }: { readonly fields: ServiceFields; readonly part: ServicePart },
): Finding {
  const { owner, type, options } = context
  const place = { namespace: entry.namespace, service: entry.name }
  if (part.kind === 'port' && !fields.ports.some((port) => matchesPort(part, port))) return noPort(entry, part)
  const isImport = fields.ref.kind === 'ServiceImport'
  const reasons = fields.addresses.map((_, at): Reason =>
    isImport
      ? { object: fields.ref, field: `spec.ips[${at}]`, text: 'address of the imported Service' }
      : { object: fields.ref, field: `spec.clusterIPs[${at}]`, text: 'cluster IP of the Service' },
  )
  const reasonAt = (at: number): Reason => reasons[at] ?? { object: fields.ref, field: 'spec', text: '' }
  if (type === 'A' || type === 'AAAA') {
    const records = fields.addresses.flatMap((address, at) =>
      familyOf(address) === type ? [addressRecord(owner, options.ttl, address, reasonAt(at))] : [],
    )
    if (fields.addresses.length === 0) return nodata({ code: 'service-without-address', ...place })
    return found(records, { code: 'no-address-of-family', ...place, has: type === 'A' ? 'AAAA' : 'A' })
  }
  if (type !== 'SRV') return nodata({ code: 'other-type', owner: `Service ${entry.namespace}/${entry.name}` })
  const target = serviceName(entry, context.zone)
  const candidates: Candidate[] = []
  for (const [portAt, port] of fields.ports.entries()) {
    if (part.kind === 'port' && !matchesPort(part, port)) continue
    const portReason: Reason = { object: fields.ref, field: `spec.ports[${portAt}]`, text: portText(port, 'Service') }
    for (const [at, address] of fields.addresses.entries()) {
      candidates.push({ address, port: port.port, target, reason: reasonAt(at), portReason })
    }
  }
  const { answer, additional } = srvRecords(owner, options.ttl, candidates)
  return found(answer, { code: 'service-has-no-ports', ...place }, additional)
}

// --- Endpoints (specification 2.4) ---

function resolveEndpoints(context: SchemaContext, entry: ServiceEntry, part: ServicePart): Finding {
  const { owner, type, options } = context
  const candidates = endpointCandidates(context, entry, part)
  if (candidates.length === 0) return missingEndpoints(context, entry, part)
  if (type === 'SRV') {
    const { answer, additional } = srvRecords(owner, options.ttl, candidates)
    return found(answer, { code: 'service-has-no-ports', namespace: entry.namespace, service: entry.name }, additional)
  }
  if (type !== 'A' && type !== 'AAAA') return nodata({ code: 'other-type', owner: 'the name' })
  const seen = new Set<string>()
  const records = candidates.flatMap(({ address, reason }) => {
    if (familyOf(address) !== type || seen.has(address)) return []
    seen.add(address)
    return [addressRecord(owner, options.ttl, address, reason)]
  })
  const has = type === 'A' ? 'AAAA' : 'A'
  return found(records, { code: 'no-address-of-family', namespace: entry.namespace, service: entry.name, has })
}

/** Every (ready endpoint, port) pair that the asked part of the Service means. */
function endpointCandidates(context: SchemaContext, entry: ServiceEntry, part: ServicePart): Candidate[] {
  const { options, type } = context
  const all: Candidate[] = []
  const suffix = serviceName(entry, context.zone)
  for (const slice of entry.slices) {
    const ports = part.kind === 'port' ? slice.ports.filter((port) => matchesPort(part, port)) : slice.ports
    if (ports.length === 0 || (part.kind === 'endpoint' && !isClusterAsked(slice, part.cluster))) continue
    for (const [at, address] of slice.addresses.entries()) {
      if (part.kind === 'zonal' && part.mode === 'pin' && slice.topologyZones?.[at] !== part.topologyZone) continue
      // The name is only made when it is asked for or shown.
      const name = part.kind === 'endpoint' || type === 'SRV' ? endpointName(slice, at, options.endpointPodNames) : ''
      if (part.kind === 'endpoint' && name !== part.endpoint) continue
      const target = slice.cluster === '' ? `${name}.${suffix}` : `${name}.${slice.cluster}.${suffix}`
      const reason = endpointReason(slice, at)
      if (type !== 'SRV') {
        all.push({ address, port: -1, target, reason, portReason: reason })
        continue
      }
      for (const port of ports) {
        const field = `ports[${slice.ports.indexOf(port)}]`
        const portReason: Reason = { object: slice.ref, field, text: portText(port, 'endpoints') }
        all.push({ address, port: port.port, target, reason, portReason })
      }
    }
  }
  return part.kind === 'zonal' && part.mode === 'prefer' ? preferZone(all, entry, part.topologyZone) : all
}

/** With `prefer`, endpoints of the zone when there are any, else all. */
function preferZone(all: Candidate[], entry: ServiceEntry, topologyZone: string): Candidate[] {
  const inZone = new Set(
    entry.slices.flatMap((slice) => slice.addresses.filter((_, at) => slice.topologyZones?.[at] === topologyZone)),
  )
  return inZone.size === 0 ? all : all.filter(({ address }) => inZone.has(address))
}

/** Why an address of a ready endpoint is in an answer. */
export function endpointReason(slice: SliceEntry, at: number): Reason {
  const field = `endpoints[${slice.positions?.[at] ?? at}]`
  const target = slice.targets?.[at]
  return { object: slice.ref, field, text: target === undefined ? 'ready endpoint' : `ready endpoint, pod ${target}` }
}

function missingEndpoints(context: SchemaContext, entry: ServiceEntry, part: ServicePart): Finding {
  const place = { namespace: entry.namespace, service: entry.name }
  const notReady = entry.slices.flatMap((slice) => slice.notReady)
  const hasReady = entry.slices.some((slice) => slice.addresses.length > 0)
  switch (part.kind) {
    case 'endpoint': {
      const { endpoint } = part
      const podNames = context.options.endpointPodNames
      const waits = notReady.some((one) => nameEndpoint(one.address, { ...one, podNames }) === endpoint)
      return nxdomain({ code: waits ? 'endpoint-not-ready' : 'no-endpoint', ...place, endpoint })
    }
    case 'port':
      if (hasReady) return noPort(entry, part)
      break
    case 'zonal':
      // A headless Service has such a name for every zone, drained and mistyped ones too.
      return nodata({ code: 'no-endpoint-in-zone', ...place, topologyZone: part.topologyZone })
    default:
  }
  return nxdomain({ code: 'no-ready-endpoints', ...place, notReady: notReady.length })
}

function isClusterAsked(slice: SliceEntry, cluster: string | undefined): boolean {
  return slice.imported ? slice.cluster === cluster : cluster === undefined
}

// --- Ports ---

function noPort(entry: ServiceEntry, part: Extract<ServicePart, { kind: 'port' }>): Finding {
  const { port, protocol } = part
  return nxdomain({ code: 'no-port', namespace: entry.namespace, service: entry.name, port, protocol })
}

function matchesPort(part: Extract<ServicePart, { kind: 'port' }>, port: PortEntry): boolean {
  return (part.port === '' || part.port === port.name) && (part.protocol === '' || part.protocol === port.protocol)
}

/** Whether a label is `_tcp` and the like, and a named port of that protocol makes names below it (RFC 8020 §2). */
function hasPortsBelow({ fields, slices }: ServiceEntry, label: string): boolean {
  if (!label.startsWith('_')) return false
  const ports = fields?.kind === 'headless' ? slices.flatMap((slice) => slice.ports) : (fields?.ports ?? [])
  return ports.some(({ name, protocol }) => name !== '' && protocol === label.slice(1))
}

function portText({ name, protocol }: PortEntry, of: string): string {
  return name === '' ? `unnamed ${protocol.toUpperCase()} port of the ${of}` : `port "${name}" of the ${of}`
}

// --- ExternalName (specification 2.5) ---

function resolveExternalName(context: SchemaContext, fields: ServiceFields, name: ServiceName): Finding {
  const { namespace, service, part } = name
  const place = { namespace, service }
  if (part.kind !== 'whole') return nxdomain({ code: 'external-name-has-no-endpoints', ...place })
  const { externalName } = fields
  if (parseAddress(externalName) !== undefined) {
    return nxdomain({ code: 'external-name-is-address', ...place, externalName })
  }
  if (!isDomainName(externalName)) return nxdomain({ code: 'external-name-is-no-name', ...place, externalName })
  const { type } = context
  if (type !== 'A' && type !== 'AAAA' && type !== 'CNAME') {
    return nodata({ code: 'external-name-has-no-such-type', ...place })
  }
  const target = externalName.endsWith('.') ? externalName : `${externalName}.`
  const reason: Reason = { object: fields.ref, field: 'spec.externalName', text: 'name that the Service stands for' }
  const cname = record(context.owner, context.options.ttl, { type: 'CNAME', cname: target }, reason)
  return type === 'CNAME'
    ? { kind: 'records', answer: [cname], additional: [] }
    : { kind: 'delegate', answer: [cname], target }
}

/** At most 253 characters in labels of 1 to 63 (RFC 1035 §2.3.4), of what an API server admits. */
function isDomainName(text: string): boolean {
  return text.length <= 254 && /^(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?$/.test(text)
}

function nodata(absence: Absence): Finding {
  return { kind: 'nodata', absence }
}

function nxdomain(absence: Absence): Finding {
  return { kind: 'nxdomain', absence }
}
