// Names under in-addr.arpa and ip6.arpa: from an address back to Services and endpoints.
import { addressFromReverse } from '../../dns/address.ts'
import type { DomainName } from '../../dns/message.ts'
import type { ReasonedRecord } from './answer.ts'
import { endpointName } from './endpoint-name.ts'
import type { SliceEntry } from './entries.ts'
import { primaryZone } from './options.ts'
import { record } from './records.ts'
import { found, isNamespaceHidden, type Finding, type SchemaContext } from './finding.ts'
import { endpointReason, serviceName } from './service-records.ts'

/** Whether a lower-case name is below in-addr.arpa or ip6.arpa. */
export function isReverseName(name: DomainName): boolean {
  return name.endsWith('.in-addr.arpa.') || name.endsWith('.ip6.arpa.')
}

/**
 * Answers PTR questions: the one Service with that cluster IP, else every endpoint with that address.
 *
 * Several PTRs are usual: one for each Service that selects the pod. Their order is that of namespace, Service and slice.
 */
export function resolveReverse(context: SchemaContext, name: DomainName): Finding {
  const address = addressFromReverse(name)
  if (address === undefined) return { kind: 'nxdomain', absence: { code: 'not-a-reverse-address' } }
  const records = pointersTo(context, address)
  if (records.length === 0) return { kind: 'nxdomain', absence: { code: 'no-object-with-address', address } }
  return found(context.type === 'PTR' ? records : [], { code: 'other-type', owner: 'the address' })
}

/** The PTR records of an address. */
function pointersTo(context: SchemaContext, address: string): ReasonedRecord[] {
  const { index, options, owner } = context
  const zone = primaryZone(options)
  if (zone === undefined) return []
  for (const service of index.servicesAt(address)) {
    if (service.fields === undefined || isNamespaceHidden(options, service.namespace)) continue
    const field = `spec.clusterIPs[${service.fields.addresses.indexOf(address)}]`
    const reason = { object: service.fields.ref, field, text: 'cluster IP of the Service' }
    return [record(owner, options.ttl, { type: 'PTR', ptrdname: serviceName(service, zone) }, reason)]
  }
  if (!options.endpoints) return []
  const seen = new Set<DomainName>()
  const slices = index.slicesAt(address)
  return (slices.length > 1 ? slices.toSorted(bySliceName) : slices).flatMap((slice) => {
    if (isNamespaceHidden(options, slice.owner.namespace)) return []
    return slice.addresses.flatMap((held, at) => {
      if (held !== address) return []
      const ptrdname = `${endpointName(slice, at, options.endpointPodNames)}.${serviceName(slice.owner, zone)}`
      if (seen.has(ptrdname)) return []
      seen.add(ptrdname)
      return [record(owner, options.ttl, { type: 'PTR', ptrdname }, endpointReason(slice, at))]
    })
  })
}

function bySliceName(left: SliceEntry, right: SliceEntry): number {
  const a = `${left.owner.namespace} ${left.owner.name} ${left.ref.name}`
  const b = `${right.owner.namespace} ${right.owner.name} ${right.ref.name}`
  return a < b ? -1 : a > b ? 1 : 0
}
