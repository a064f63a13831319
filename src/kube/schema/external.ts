// The schema of `k8s_external`: SERVICE.NAMESPACE.ZONE leads to how a Service is reached from outside the cluster.
import { addressFromReverse } from '../../dns/address.ts'
import { lowerName } from '../../dns/name.ts'
import type { DomainName, RRType } from '../../dns/message.ts'
import type { Reason, ReasonedRecord } from './answer.ts'
import type { ClusterIndex } from './cluster-index.ts'
import { endpointName } from './endpoint-name.ts'
import type { PortEntry, ServiceEntry } from './entries.ts'
import { isNamespaceHidden } from './finding.ts'
import type { SchemaEnv, SchemaOptions } from './options.ts'
import { addressRecord, familyOf, record, srvRecords, type Candidate } from './records.ts'
import { endpointReason } from './service-records.ts'

export interface ExternalOptions {
  /** The zone that matched, lower case. */
  readonly zone: DomainName
  /** Seconds. */
  readonly ttl: number
  /** Endpoints of headless Services have names too. */
  readonly headless: boolean
  /** Namespaces shown and endpoint names are the kubernetes plugin's. */
  readonly schema: SchemaOptions
}

export type ExternalAnswer =
  | { readonly kind: 'nodata' | 'nxdomain' }
  | {
      readonly kind: 'records'
      readonly answer: readonly ReasonedRecord[]
      readonly additional: readonly ReasonedRecord[]
    }
  /** A load balancer that has a name instead of an address: the caller resolves `targets` and appends. */
  | { readonly kind: 'delegate'; readonly answer: readonly ReasonedRecord[]; readonly targets: readonly DomainName[] }

/** Where an address outside the cluster, or an endpoint, comes from. */
interface Place {
  readonly host: string
  readonly port: number
  /** Owner of its address: the Service's external name, or the endpoint's. */
  readonly target: DomainName
  readonly reason: Reason
}

/** Answers for a name below (not at) the zone, or for a reverse name in any zone. */
export function resolveExternal(
  index: ClusterIndex,
  question: { readonly name: DomainName; readonly type: RRType },
  options: ExternalOptions,
): ExternalAnswer {
  const name = lowerName(question.name)
  const labels = name.slice(0, -options.zone.length - 1).split('.')
  const namespace = labels.pop() ?? ''
  if (isNamespaceHidden(options.schema, namespace) || !index.hasNamespace(namespace)) return { kind: 'nxdomain' }
  const service = labels.pop()
  if (service === undefined) return { kind: 'nodata' }
  const entry = index.service(namespace, service)
  if (entry?.fields === undefined || labels.length > 2) return { kind: 'nxdomain' }
  const [first, second] = labels.map((label) => (label.startsWith('_') ? label.slice(1) : label))
  const part: Part =
    second === undefined ? { endpoint: first ?? '' } : { endpoint: '', port: first ?? '', protocol: second }
  const places = placesOf(entry, part, options)
  if (places.length === 0) return { kind: 'nxdomain' }
  return answerWith(question, places, options.ttl)
}

/**
 * The PTR records of an address outside the cluster, or of an endpoint: names in `zone`. Empty when nobody has it.
 */
export function externalPointers(index: ClusterIndex, owner: DomainName, options: ExternalOptions): ReasonedRecord[] {
  const address = addressFromReverse(owner)
  if (address === undefined) return []
  const { zone, ttl, schema } = options
  const isShown = ({ namespace }: ServiceEntry): boolean => !isNamespaceHidden(schema, namespace)
  const services = index.externalServicesAt(address).filter(isShown)
  const names =
    services.length > 0
      ? services.map((entry) => ({ name: externalName(entry, zone), reason: externalReason(entry) }))
      : index.slicesAt(address).flatMap((slice) => {
          if (!isShown(slice.owner)) return []
          const at = slice.addresses.indexOf(address)
          const label = endpointName(slice, at, schema.endpointPodNames)
          return [{ name: `${label}.${externalName(slice.owner, zone)}`, reason: endpointReason(slice, at) }]
        })
  const seen = new Set<DomainName>()
  return names.flatMap(({ name, reason }) => {
    if (seen.has(name)) return []
    seen.add(name)
    return [record(owner, ttl, { type: 'PTR', ptrdname: name }, reason)]
  })
}

/**
 * The addresses of this server from outside: those of the Services whose endpoints it is one of; its own when it is no
 * endpoint.
 */
export function serverAddresses(index: ClusterIndex, env: SchemaEnv, options: ExternalOptions): string[] {
  const addresses = new Set<string>()
  let isEndpoint = false
  for (const local of env.localAddresses) {
    for (const slice of index.slicesAt(local)) {
      isEndpoint = true
      const fields = slice.owner.fields
      const held = options.headless && fields?.kind === 'headless' ? slice.addresses : (fields?.external?.ips ?? [])
      for (const address of held) addresses.add(address)
    }
  }
  return isEndpoint ? [...addresses] : [...env.localAddresses]
}

interface Part {
  readonly endpoint: string
  readonly port?: string
  readonly protocol?: string
}

function placesOf(entry: ServiceEntry, part: Part, options: ExternalOptions): Place[] {
  const { fields } = entry
  if (fields === undefined) return []
  const external = fields.external
  const hosts = external === undefined ? [] : [...external.ips, ...external.hostnames]
  const isAsked = ({ name, protocol }: PortEntry): boolean =>
    (part.port ?? '') === '' || (part.port === name && ((part.protocol ?? '') === '' || part.protocol === protocol))
  if (options.headless && hosts.length === 0 && (fields.kind === 'headless' || part.endpoint !== '')) {
    return endpointPlaces(entry, part, { ...options, isAsked })
  }
  // CoreDNS answers for a Service whatever stands in the endpoint's place.
  const target = externalName(entry, options.zone)
  const reason = externalReason(entry)
  return hosts.flatMap((host) =>
    fields.ports.filter(isAsked).map(({ port }): Place => ({ host, port, target, reason })),
  )
}

function endpointPlaces(
  entry: ServiceEntry,
  part: Part,
  options: ExternalOptions & { readonly isAsked: (port: PortEntry) => boolean },
): Place[] {
  return entry.slices.flatMap((slice) =>
    slice.addresses.flatMap((host, at) => {
      const label = endpointName(slice, at, options.schema.endpointPodNames)
      if (part.endpoint !== '' && part.endpoint !== label) return []
      const target = `${label}.${externalName(entry, options.zone)}`
      const reason = endpointReason(slice, at)
      return slice.ports.filter(options.isAsked).map(({ port }): Place => ({ host, port, target, reason }))
    }),
  )
}

function answerWith(
  question: { readonly name: DomainName; readonly type: RRType },
  places: readonly Place[],
  ttl: number,
): ExternalAnswer {
  const { name: owner, type } = question
  const named = places.filter(({ host }) => isName(host))
  if (type === 'SRV') {
    const candidates = places.map(({ host, port, target, reason }): Candidate => {
      const address = isName(host) ? '' : host
      return { address, port, target: isName(host) ? absolute(host) : target, reason, portReason: reason }
    })
    const { answer, additional } = srvRecords(owner, ttl, candidates)
    const glue = additional.filter(({ rdata }) => !('address' in rdata) || rdata.address !== '')
    return answer.length === 0 ? { kind: 'nodata' } : { kind: 'records', answer, additional: glue }
  }
  if (type !== 'A' && type !== 'AAAA') return { kind: 'nodata' }
  const seen = new Set<string>()
  const answer = places.flatMap(({ host, reason }) => {
    if (seen.has(host)) return []
    seen.add(host)
    if (isName(host)) return [record(owner, ttl, { type: 'CNAME', cname: absolute(host) }, reason)]
    return familyOf(host) === type ? [addressRecord(owner, ttl, host, reason)] : []
  })
  if (named.length > 0)
    return { kind: 'delegate', answer, targets: [...new Set(named.map(({ host }) => absolute(host)))] }
  return answer.length === 0 ? { kind: 'nodata' } : { kind: 'records', answer, additional: [] }
}

function externalName({ namespace, name }: ServiceEntry, zone: DomainName): DomainName {
  return `${name}.${namespace}.${zone === '.' ? '' : zone}`
}

function externalReason({ namespace, name, fields }: ServiceEntry): Reason {
  const object = fields?.ref ?? { kind: 'Service', namespace, name }
  return { object, field: 'spec.externalIPs, status.loadBalancer', text: 'address of the Service outside the cluster' }
}

function isName(host: string): boolean {
  return !/^[\d.]+$|:/.test(host)
}

function absolute(host: string): DomainName {
  return host.endsWith('.') ? host : `${host}.`
}
