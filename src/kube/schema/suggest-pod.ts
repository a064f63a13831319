// A pod's name where a Service's must stand: what the pod is called in DNS, if and because hostname and subdomain say so.
import type { Pod, Workload } from '../objects/index.ts'
import { describeAbsence } from './absence.ts'
import { endpointName } from './endpoint-name.ts'
import { OFFLINE_ENV } from './options.ts'
import { resolve } from './resolve.ts'
import type { Evidence, Suggestion, SuggestionContext } from './suggestion.ts'

/** Suggests for `POD.NAMESPACE.svc.ZONE`; nothing when no pod, endpoint or StatefulSet goes by that label. */
export function suggestForPodName(
  context: SuggestionContext,
  { namespace, service: label }: { readonly namespace: string; readonly service: string },
): Suggestion[] {
  const { pods, workloads } = context.sources
  const pod = pods.find(({ meta }) => meta.namespace === namespace && meta.name === label)
  if (pod !== undefined) return [suggestForPod(context, pod)]
  const named = suggestNamedEndpoints(context, { namespace, label })
  if (named.length > 0) return named
  const set = workloads.find(
    ({ kind, meta }) =>
      kind === 'StatefulSet' && meta.namespace === namespace && ordinalOf(label, meta.name) !== undefined,
  )
  return set === undefined ? [] : [suggestForOrdinal(set, label)]
}

function suggestForPod(context: SuggestionContext, pod: Pod): Suggestion {
  const { namespace, name } = pod.meta
  const { hostname, subdomain } = pod.spec
  const object = { kind: 'Pod', namespace, name } as const
  const because: Evidence[] = []
  if (hostname !== undefined) because.push({ object, field: 'spec.hostname', value: hostname })
  if (subdomain !== undefined) because.push({ object, field: 'spec.subdomain', value: subdomain })
  if (hostname === undefined || subdomain === undefined) return suggestWithoutHostname(context, pod, because)
  const meant = `${hostname}.${subdomain}.${namespace}.svc.${context.zone}`
  const type = context.type === 'AAAA' ? 'AAAA' : 'A'
  const answer = resolve(context.index, { name: meant, type }, context.options, OFFLINE_ENV)
  if (answer.kind === 'records' || answer.kind === 'delegate') {
    const text = `"${name}" is a pod; its hostname "${hostname}" and subdomain "${subdomain}" name it below Service "${subdomain}"`
    return { code: 'pod-name', name: meant, text, because }
  }
  const why = 'absence' in answer ? describeAbsence(answer.absence) : 'it is outside the zones'
  const text = `"${name}" is a pod that hostname and subdomain would name ${meant}, but ${why}`
  return { code: 'pod-without-name', text, because: [...because, ...governingEvidence(context, pod)] }
}

function suggestWithoutHostname(context: SuggestionContext, pod: Pod, because: readonly Evidence[]): Suggestion {
  const { namespace, name } = pod.meta
  const missing = pod.spec.subdomain === undefined ? 'spec.subdomain' : 'spec.hostname'
  const text = `"${name}" is a pod without ${missing}, so it has no name of its own`
  for (const address of pod.podIPs) {
    for (const slice of context.index.slicesAt(address)) {
      const at = slice.addresses.indexOf(address)
      if (slice.owner.namespace !== namespace || slice.owner.fields === undefined) continue
      const label = endpointName(slice, at, context.options.endpointPodNames)
      const meant = `${label}.${slice.owner.name}.${namespace}.svc.${context.zone}`
      const evidence = { object: slice.ref, field: `endpoints[${slice.positions?.[at] ?? at}]`, value: address }
      const also = `${text}; as an endpoint of Service "${slice.owner.name}" it is named by its address`
      return { code: 'pod-name', name: meant, text: also, because: [...because, evidence] }
    }
  }
  return { code: 'pod-without-name', text, because: [...because, ...governingEvidence(context, pod)] }
}

/** The StatefulSet's `serviceName`, which gives its pods their subdomain. */
function governingEvidence({ sources }: SuggestionContext, pod: Pod): Evidence[] {
  const { owner, namespace } = pod.meta
  if (owner?.kind !== 'StatefulSet') return []
  const set = sources.workloads.find(
    ({ kind, meta }) => kind === 'StatefulSet' && meta.namespace === namespace && meta.name === owner.name,
  )
  if (set === undefined) return []
  const object = { kind: 'StatefulSet', namespace, name: set.meta.name } as const
  return [{ object, field: 'spec.serviceName', value: set.serviceName }]
}

/** Endpoints with that hostname or of a pod of that name; without the pods themselves, as in a dump of Services only. */
function suggestNamedEndpoints(
  context: SuggestionContext,
  { namespace, label }: { readonly namespace: string; readonly label: string },
): Suggestion[] {
  const found: Suggestion[] = []
  for (const { name, slices } of context.index.services(namespace)) {
    for (const slice of slices) {
      const at = slice.addresses.findIndex(
        (_, each) => slice.hostnames?.[each] === label || slice.targets?.[each] === label,
      )
      if (at < 0) continue
      const meant = `${endpointName(slice, at, context.options.endpointPodNames)}.${name}.${namespace}.svc.${context.zone}`
      const field = slice.hostnames?.[at] === label ? 'hostname' : 'targetRef.name'
      const evidence = { object: slice.ref, field: `endpoints[${slice.positions?.[at] ?? at}].${field}`, value: label }
      const text = `"${label}" is no Service but an endpoint of Service "${name}"`
      found.push({ code: 'pod-name', name: meant, text, because: [evidence] })
    }
  }
  // Names made of a hostname first: they are what StatefulSets are asked by.
  return found.toSorted((a, b) => Number(isDashed(a)) - Number(isDashed(b)))
}

function isDashed({ name = '' }: Suggestion): boolean {
  return /^[\da-f]+(-[\da-f]*)+\./.test(name)
}

function suggestForOrdinal(set: Workload, label: string): Suggestion {
  const object = { kind: 'StatefulSet', namespace: set.meta.namespace, name: set.meta.name } as const
  return {
    code: 'ordinal-beyond-replicas',
    text: `StatefulSet "${set.meta.name}" has ${set.replicas} replicas, so there is no pod "${label}"`,
    because: [
      { object, field: 'spec.replicas', value: String(set.replicas) },
      { object, field: 'spec.serviceName', value: set.serviceName },
    ],
  }
}

/** The number at the end of a StatefulSet pod's name; undefined when it is not one of that set. */
function ordinalOf(podName: string, setName: string): number | undefined {
  const rest = podName.startsWith(`${setName}-`) ? podName.slice(setName.length + 1) : ''
  return /^\d+$/.test(rest) ? Number(rest) : undefined
}
