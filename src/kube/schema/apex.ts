// The zone's own names: apex, ns.dns, dns-version.
import type { DomainName } from '../../dns/message.ts'
import type { Reason, ReasonedRecord } from './answer.ts'
import { addressRecord, familyOf, record, soaRecord } from './records.ts'
import { found, isNamespaceHidden, type Finding, type SchemaContext } from './finding.ts'
import { endpointName } from './endpoint-name.ts'
import { endpointReason, serviceName } from './service-records.ts'

/** Version of the Kubernetes DNS specification that the answers follow. */
export const SCHEMA_VERSION = '1.1.0'
/** The version does not change while a cluster runs: 8 hours, whatever the option `ttl` says (CoreDNS). */
const SCHEMA_VERSION_TTL = 28_800

/** Answers at the apex: SOA, NS; other types are NODATA. */
export function resolveApex(context: SchemaContext): Finding {
  const { zone, options, env, type, owner } = context
  if (type === 'SOA') {
    const soa = soaRecord(zone, options.ttl, env.serial)
    const reason: Reason = { field: '', text: 'start of authority; the serial is the time of the last change' }
    return { kind: 'records', answer: [{ ...soa, name: owner, reason }], additional: [] }
  }
  if (type === 'NS') {
    const servers = nameServers(context)
    const seen = new Set<DomainName>()
    const answer = servers.flatMap(({ name, reason }): ReasonedRecord[] => {
      if (seen.has(name)) return []
      seen.add(name)
      return [record(owner, options.ttl, { type: 'NS', nsdname: name }, reason)]
    })
    const additional = servers.map(({ name, address, reason }) => addressRecord(name, options.ttl, address, reason))
    return found(answer, { code: 'server-has-no-address' }, additional)
  }
  return { kind: 'nodata', absence: { code: 'empty-non-terminal', of: 'NAME.NAMESPACE.svc' } }
}

/** Answers `dns-version` (TXT), `ns.dns` (the server's addresses) and `dns` (nothing but `ns` below it). */
export function resolveSpecial(context: SchemaContext, name: 'dns' | 'dns-version' | 'ns.dns'): Finding {
  const { options, owner, type } = context
  if (name === 'dns-version') {
    const reason: Reason = { field: '', text: 'version of the Kubernetes DNS specification' }
    const txt = record(owner, SCHEMA_VERSION_TTL, { type: 'TXT', strings: [SCHEMA_VERSION] }, reason)
    return found(type === 'TXT' ? [txt] : [], { code: 'other-type', owner: 'dns-version' })
  }
  const servers = nameServers(context)
  if (name === 'dns') {
    if (servers.length === 0) return { kind: 'nxdomain', absence: { code: 'not-svc-or-pod', label: 'dns' } }
    return { kind: 'nodata', absence: { code: 'empty-non-terminal', of: 'ns.dns' } }
  }
  const records = servers.flatMap(({ address, reason }) =>
    familyOf(address) === type ? [addressRecord(owner, options.ttl, address, reason)] : [],
  )
  return found(
    records,
    servers.length === 0 ? { code: 'server-has-no-address' } : { code: 'other-type', owner: 'ns.dns' },
  )
}

interface NameServer {
  readonly name: DomainName
  readonly address: string
  readonly reason: Reason
}

/**
 * Names and addresses of this server, as CoreDNS gives them: the Services whose endpoints it is one of, with their cluster
 * IPs, or all endpoints of headless ones; `ns.dns.ZONE` when it is no endpoint.
 */
function nameServers({ index, options, env, zone }: SchemaContext): NameServer[] {
  const servers = new Map<string, NameServer>()
  const add = (server: NameServer): unknown => servers.set(`${server.name} ${server.address}`, server)
  for (const local of env.localAddresses) {
    for (const slice of index.slicesAt(local)) {
      const { fields, namespace } = slice.owner
      if (fields === undefined || isNamespaceHidden(options, namespace)) continue
      const name = serviceName(slice.owner, zone)
      if (fields.kind === 'headless') {
        for (const [at, address] of slice.addresses.entries()) {
          const owner = `${endpointName(slice, at, options.endpointPodNames)}.${name}`
          add({ name: owner, address, reason: endpointReason(slice, at) })
        }
      } else {
        const reason: Reason = { object: fields.ref, field: 'spec.clusterIPs', text: `${local} is an endpoint of it` }
        for (const address of fields.addresses) add({ name, address, reason })
      }
    }
  }
  if (servers.size > 0) return [...servers.values()]
  const name = `ns.dns.${zone === '.' ? '' : zone}`
  return env.localAddresses.map((address) => ({ name, address, reason: { field: '', text: 'address of this server' } }))
}
