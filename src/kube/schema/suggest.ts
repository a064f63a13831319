// What was probably meant by a name that does not exist: from the objects, each suggestion with what speaks for it.
import { isSubdomain, lowerName } from '../../dns/name.ts'
import type { DomainName, RRType } from '../../dns/message.ts'
import { describeAbsence, type Absence } from './absence.ts'
import type { ClusterIndex } from './cluster-index.ts'
import { closestTexts } from '../../base/edit-distance.ts'
import { endpointName, nameEndpoint } from './endpoint-name.ts'
import { OFFLINE_ENV, isReverseZone, primaryZone, type SchemaOptions } from './options.ts'
import { resolve } from './resolve.ts'
import { suggestForPodName } from './suggest-pod.ts'
import type { Evidence, Suggestion, SuggestionCode, SuggestionContext, SuggestionSources } from './suggestion.ts'

const MOST_SUGGESTIONS = 8

/**
 * Says what was probably meant by a name without records; best first, at most 8.
 *
 * Every `name` in it was resolved and has records (of some type). A name that has records gives no suggestions.
 */
export function suggest(
  index: ClusterIndex,
  question: { readonly name: DomainName; readonly type: RRType },
  options: SchemaOptions,
  sources: SuggestionSources,
): Suggestion[] {
  const zone = primaryZone(options)
  if (zone === undefined) return []
  const name = lowerName(question.name)
  const context: SuggestionContext = { index, sources, options, zone, type: question.type }
  const answer = resolve(index, { name, type: question.type }, options, OFFLINE_ENV)
  const found =
    answer.kind === 'not-in-zone'
      ? suggestOutside(context, name)
      : answer.kind === 'nxdomain' || answer.kind === 'nodata'
        ? suggestFor(context, name, answer.absence)
        : []
  const seen = new Set([name])
  return found
    .filter(({ name: meant }) => meant === undefined || (!seen.has(meant) && seen.add(meant)))
    .slice(0, MOST_SUGGESTIONS)
}

/** Whether a name has records of any type. */
export function hasRecords({ index, options, type }: SuggestionContext, name: DomainName): boolean {
  return [type, 'A', 'AAAA', 'SRV'].some((each) => {
    const { kind } = resolve(index, { name, type: each }, options, OFFLINE_ENV)
    return kind === 'records' || kind === 'delegate'
  })
}

function suggestFor(context: SuggestionContext, name: DomainName, absence: Absence): Suggestion[] {
  switch (absence.code) {
    case 'not-svc-or-pod':
      return suggestShape(context, relativeTo(name, context))
    case 'no-namespace':
      return [
        ...suggestShape(context, relativeTo(name, context)),
        ...suggestNamespace(context, name, absence.namespace),
      ]
    case 'no-service': {
      const pods = suggestForPodName(context, absence)
      return [...pods, ...suggestService(context, name, { ...absence, isPodName: pods.length > 0 })]
    }
    case 'no-endpoint':
      return suggestEndpoint(context, absence)
    case 'endpoint-not-ready':
    case 'no-ready-endpoints':
      return [suggestReadiness(context, absence)]
    case 'no-port':
      return suggestPort(context, absence)
    case 'external-name-is-address': {
      const object = { kind: 'Service', namespace: absence.namespace, name: absence.service } as const
      const text = `${describeAbsence(absence)}; a Service without selector and an EndpointSlice give an address a name`
      return [
        {
          code: 'external-name-is-address',
          text,
          because: [{ object, field: 'spec.externalName', value: absence.externalName }],
        },
      ]
    }
    case 'pods-disabled':
      return [
        {
          code: 'pods-disabled',
          text: `${describeAbsence(absence)}; "pods insecure" or "pods verified" in the Corefile gives them`,
          because: [],
        },
      ]
    default:
      return []
  }
}

// --- The shape of the name ---

/** Names outside every zone: the zone left out, or another cluster domain. */
function suggestOutside(context: SuggestionContext, name: DomainName): Suggestion[] {
  const relative = name.slice(0, -1)
  if (relative === '' || isReverseZone(`.${name}`)) return []
  const labels = relative.split('.')
  const svc = Math.max(labels.indexOf('svc'), labels.indexOf('pod'))
  if (svc >= 2) {
    const meant = `${labels.slice(0, svc + 1).join('.')}.${context.zone}`
    const text =
      svc === labels.length - 1
        ? `the search list appends the zone ${context.zone}; a name with a final dot must have it`
        : `the cluster's zone is ${context.zone}`
    const code = svc === labels.length - 1 ? 'append-zone' : 'other-zone'
    return hasRecords(context, meant)
      ? [{ code, name: meant, text, because: [] }]
      : suggest(context.index, { name: meant, type: context.type }, context.options, context.sources)
  }
  return suggestShape(context, relative)
}

/** `SERVICE.NAMESPACE` without `svc`, and the two swapped. */
function suggestShape(context: SuggestionContext, relative: string): Suggestion[] {
  const labels = relative.split('.').filter((label) => label !== 'svc')
  const swapped = [...labels.slice(0, -2), labels.at(-1) ?? '', labels.at(-2) ?? '']
  return [
    { code: 'missing-svc-label', order: labels, text: 'a Service is named SERVICE.NAMESPACE.svc' },
    { code: 'swapped-labels', order: swapped, text: 'the Service comes before its namespace' },
  ].flatMap(({ code, order, text }): Suggestion[] => {
    const meant = `${order.join('.')}.svc.${context.zone}`
    if (order.length < 2 || !hasRecords(context, meant)) return []
    return [{ code: code as SuggestionCode, name: meant, text, because: serviceEvidence(context, order) }]
  })
}

function serviceEvidence({ index }: SuggestionContext, labels: readonly string[]): Evidence[] {
  const ref = index.service(labels.at(-1) ?? '', labels.at(-2) ?? '')?.fields?.ref
  return ref === undefined ? [] : [{ object: ref, field: 'metadata.name', value: ref.name }]
}

// --- Other Services, other namespaces ---

function suggestNamespace(context: SuggestionContext, name: DomainName, namespace: string): Suggestion[] {
  const { index } = context
  const [service = ''] = relativeTo(name, context).split('.').slice(-3)
  const similar = closestTexts(namespace, index.namespaces())
  const named = similar.flatMap((other): Suggestion[] => {
    const meant = replaceLabels(name, context, { namespace: other })
    if (meant === undefined || !hasRecords(context, meant)) return []
    const object = { kind: 'Namespace', namespace: '', name: other } as const
    const because = [{ object, field: 'metadata.name', value: other }]
    return [{ code: 'namespace-similar', name: meant, text: `there is a namespace "${other}"`, because }]
  })
  return [...named, ...suggestElsewhere(context, name, service)]
}

/** Services of the same name in other namespaces. */
function suggestElsewhere(context: SuggestionContext, name: DomainName, service: string): Suggestion[] {
  const { index } = context
  return [...index.namespaces()].flatMap((other): Suggestion[] => {
    const ref = index.service(other, service)?.fields?.ref
    const meant = replaceLabels(name, context, { namespace: other })
    if (ref === undefined || meant === undefined || !hasRecords(context, meant)) return []
    const because = [{ object: ref, field: 'metadata.namespace', value: other }]
    const text = `namespace "${other}" has a Service of that name`
    return [{ code: 'service-in-other-namespace', name: meant, text, because }]
  })
}

function suggestService(
  context: SuggestionContext,
  name: DomainName,
  {
    namespace,
    service,
    isPodName,
  }: { readonly namespace: string; readonly service: string; readonly isPodName: boolean },
): Suggestion[] {
  const { index } = context
  const elsewhere = suggestElsewhere(context, name, service)
  const names = [...index.services(namespace)].map((entry) => entry.name)
  // A pod's name of old put where the Service's belongs, such as web-0 or web-5d8c7b9f4-x2x7k.
  const trunks = isPodName ? [] : names.filter((each) => service.startsWith(`${each}-`))
  trunks.sort((a, b) => b.length - a.length)
  const similar = [...new Set([...trunks.slice(0, 1), ...closestTexts(service, names)])].flatMap(
    (other): Suggestion[] => {
      const ref = index.service(namespace, other)?.fields?.ref
      const meant = replaceLabels(name, context, { service: other })
      if (ref === undefined || meant === undefined || !hasRecords(context, meant)) return []
      const because = [{ object: ref, field: 'metadata.name', value: other }]
      return [{ code: 'service-similar', name: meant, text: `there is a Service "${other}"`, because }]
    },
  )
  const swapped = suggestShape(context, `${namespace}.${service}`)
  return [...swapped, ...elsewhere, ...similar]
}

// --- Parts of a Service ---

function suggestEndpoint(
  context: SuggestionContext,
  { namespace, service, endpoint }: { readonly namespace: string; readonly service: string; readonly endpoint: string },
): Suggestion[] {
  const { index, options, zone } = context
  const slices = index.service(namespace, service)?.slices ?? []
  const byName = new Map<string, Evidence>()
  for (const slice of slices) {
    for (const at of slice.addresses.keys()) {
      const label = endpointName(slice, at, options.endpointPodNames)
      const field = `endpoints[${slice.positions?.[at] ?? at}]`
      const evidence = { object: slice.ref, field, value: slice.targets?.[at] ?? slice.addresses[at] ?? '' }
      // Asked by pod name or by address, while the endpoint is named otherwise.
      const other = nameEndpoint(slice.addresses[at] ?? '', { podNames: false })
      if (slice.targets?.[at] === endpoint || other === endpoint) {
        const text = `the endpoint of ${slice.targets?.[at] ?? slice.addresses[at]} is named "${label}"`
        return [
          { code: 'endpoint-name', name: `${label}.${service}.${namespace}.svc.${zone}`, text, because: [evidence] },
        ]
      }
      byName.set(label, evidence)
    }
  }
  return closestTexts(endpoint, byName.keys()).map((label) => {
    const evidence = byName.get(label)
    return {
      code: 'endpoint-name',
      name: `${label}.${service}.${namespace}.svc.${zone}`,
      text: `there is an endpoint "${label}"`,
      because: evidence === undefined ? [] : [evidence],
    }
  })
}

function suggestReadiness(
  { index }: SuggestionContext,
  absence: Extract<Absence, { code: 'endpoint-not-ready' | 'no-ready-endpoints' }>,
): Suggestion {
  const entry = index.service(absence.namespace, absence.service)
  const because = (entry?.slices ?? []).flatMap((slice) =>
    slice.notReady.map(({ position, target, address, terminating }): Evidence => {
      const value = `${target ?? address} is ${terminating ? 'terminating' : 'not ready'}`
      return { object: slice.ref, field: `endpoints[${position}].conditions`, value }
    }),
  )
  const text =
    because.length === 0 && entry?.fields?.hasSelector === true
      ? `${describeAbsence(absence)}: its selector matches no running pod`
      : `${describeAbsence(absence)}; only ready endpoints have names`
  return { code: absence.code, text, because }
}

function suggestPort(
  context: SuggestionContext,
  { namespace, service, port, protocol }: Extract<Absence, { code: 'no-port' }>,
): Suggestion[] {
  const entry = context.index.service(namespace, service)
  const fields = entry?.fields
  if (entry === undefined || fields === undefined) return []
  // Headless Services have the ports of their endpoints, which may be others than the Service says.
  const holders = fields.kind === 'headless' ? entry.slices : [fields]
  const found = holders.flatMap(({ ref, ports }) =>
    ports.flatMap(({ name, protocol: transport, port: number }, at): { isClose: boolean; suggestion: Suggestion }[] => {
      const meant = `_${name}._${transport}.${service}.${namespace}.svc.${context.zone}`
      if (name === '' || !hasRecords(context, meant)) return []
      const field = ref.kind === 'EndpointSlice' ? `ports[${at}].name` : `spec.ports[${at}].name`
      const text = `port ${number} is named "${name}" with protocol ${transport.toUpperCase()}`
      const isClose = name === port || transport === protocol
      const because = [{ object: ref, field, value: name }]
      return [{ isClose, suggestion: { code: 'port-name', name: meant, text, because } }]
    }),
  )
  const close = found.filter(({ isClose }) => isClose)
  return (close.length > 0 ? close : found).map(({ suggestion }) => suggestion)
}

// --- Names ---

function relativeTo(name: DomainName, { zone }: SuggestionContext): string {
  return isSubdomain(name, zone) && name.length > zone.length ? name.slice(0, -zone.length - 1) : name.slice(0, -1)
}

/** The name with its Service's or namespace's label changed. */
function replaceLabels(
  name: DomainName,
  context: SuggestionContext,
  change: { readonly namespace?: string; readonly service?: string },
): DomainName | undefined {
  const labels = relativeTo(name, context).split('.')
  const [service, namespace] = labels.slice(-3)
  if (labels.length < 3 || service === undefined || namespace === undefined) return undefined
  const rest = labels.slice(0, -3)
  return [...rest, change.service ?? service, change.namespace ?? namespace, 'svc', context.zone].join('.')
}
