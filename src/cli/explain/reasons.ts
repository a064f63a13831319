// More of a record's reason than the schema tells: the endpoint that an SRV record leads to, and why a PTR record names
// an endpoint by its hostname or by its address.
import type { ClusterFacts } from '../../doctor/facts/index.ts'
import type { Endpoint } from '../../kube/objects/index.ts'
import { lowerName } from '../../dns/index.ts'
import type { ExplainedRecord, Lookup } from './explanation.ts'

/** Adds to the reasons of a lookup's records what the objects around them say. */
export function addReasons(facts: ClusterFacts, lookup: Lookup): Lookup {
  const { answer, additional } = lookup
  return {
    ...lookup,
    answer: answer.map((record) => {
      if (record.rdata.type === 'SRV') return withTarget(record, additional)
      return record.rdata.type === 'PTR' ? withNaming(facts, record) : record
    }),
  }
}

function withTarget(record: ExplainedRecord, additional: readonly ExplainedRecord[]): ExplainedRecord {
  const target = record.rdata.type === 'SRV' ? lowerName(record.rdata.target) : ''
  const leads = additional.find(({ name, object }) => lowerName(name) === target && object !== null)
  if (leads === undefined) return record
  return { ...record, why: `${record.why}; target: ${leads.why} (${leads.field})` }
}

function withNaming(facts: ClusterFacts, record: ExplainedRecord): ExplainedRecord {
  const found = endpointOf(facts, record)
  if (found === undefined) return record
  const { endpoint, service } = found
  const { target } = endpoint
  const pod = facts.objects.pods.find(
    ({ meta }) => target?.kind === 'Pod' && meta.namespace === target.namespace && meta.name === target.name,
  )
  const why = namingReason({
    hostname: endpoint.hostname,
    service,
    podName: target?.name,
    subdomain: pod?.spec.subdomain,
  })
  return why === undefined ? record : { ...record, why: `${record.why}; ${why}` }
}

interface Naming {
  readonly hostname: string | undefined
  readonly service: string
  readonly podName: string | undefined
  readonly subdomain: string | undefined
}

function namingReason({ hostname, service, podName, subdomain }: Naming): string | undefined {
  if (hostname !== undefined) return `named by its hostname "${hostname}"`
  if (podName === undefined) return undefined
  return subdomain === undefined
    ? 'named by its address: the pod has no hostname and subdomain'
    : `named by its address: the pod's subdomain is "${subdomain}", not "${service}"`
}

function endpointOf(
  facts: ClusterFacts,
  { object, field }: ExplainedRecord,
): { readonly endpoint: Endpoint; readonly service: string } | undefined {
  const at = /^endpoints\[(\d+)\]/.exec(field)?.[1]
  if (object?.kind !== 'EndpointSlice' || at === undefined) return undefined
  const slice = facts.objects.endpointSlices.find(
    ({ meta }) => meta.namespace === object.namespace && meta.name === object.name,
  )
  const endpoint = slice?.endpoints[Number(at)]
  return slice === undefined || endpoint === undefined ? undefined : { endpoint, service: slice.service }
}
