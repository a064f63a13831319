// How the cluster reads a name: the last label before the namespace is a Service, what stands before it an endpoint.
import { isSubdomain, labelsOf, lowerName, parseName } from '../../../dns/index.ts'
import type { DomainName } from '../../../dns/message.ts'
import type { EndpointSlice, Pod, Service, Workload } from '../../../kube/objects/index.ts'
import type { Absence, SchemaAnswer } from '../../../kube/schema/index.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement, ObjectRef, Subject } from '../judgement.ts'
import { excluded } from '../support.ts'

/** A name of the form `[ENDPOINT.]SERVICE.NAMESPACE.svc.ZONE`. */
export interface AskedService {
  /** Without the final dot. */
  readonly name: string
  readonly namespace: string
  readonly service: string
  /** The label before the Service's; undefined when there is none. */
  readonly endpoint: string | undefined
  /** Labels before the Service's. */
  readonly depth: number
  readonly answer: SchemaAnswer
}

/** Judges a cause that is about the Service an asked name is read as; a name of another form excludes it. */
export function judgeAskedService(
  evidence: Evidence,
  judge: (asked: AskedService, evidence: Evidence) => Judgement,
): Judgement {
  const asked = readAskedService(evidence)
  if (asked !== undefined) return judge(asked, evidence)
  return excluded(line('computed', 'other-form', { name: shownName(evidence.asked?.name ?? '') }))
}

/** Reads the asked name as the cluster does; undefined when it has another form. */
function readAskedService({ asked, facts, explain }: Evidence): AskedService | undefined {
  if (asked === undefined || !asked.inCluster) return undefined
  const [kind, namespace, service, ...before] = clusterLabels(facts, asked.name)
  if (kind !== 'svc' || namespace === undefined || service === undefined) return undefined
  const answer = explain(asked.name, asked.type)
  return { name: shownName(asked.name), namespace, service, endpoint: before[0], depth: before.length, answer }
}

/** The labels of a name before the cluster domain, the last one first; none for a name outside it. */
export function clusterLabels(facts: ClusterFacts, name: DomainName): string[] {
  const domain = parseName(facts.dns.clusterDomain.value)
  if (!isSubdomain(name, domain)) return []
  return labelsOf(lowerName(name)).slice(0, -labelsOf(domain).length).toReversed()
}

/** Why the schema says that the name has no records; undefined when it has some. */
export function absenceOf(answer: SchemaAnswer): Absence | undefined {
  return answer.kind === 'nxdomain' || answer.kind === 'nodata' ? answer.absence : undefined
}

export function findPod(facts: ClusterFacts, namespace: string, name: string): Pod | undefined {
  return facts.objects.pods.find(({ meta }) => meta.namespace === namespace && meta.name === name)
}

export function findService(facts: ClusterFacts, namespace: string, name: string): Service | undefined {
  return facts.objects.services.find(({ meta }) => meta.namespace === namespace && meta.name === name)
}

/** The StatefulSet that a pod's name belongs to: the pod's owner, or `NAME` of `NAME-ORDINAL`. */
export function findStatefulSet(facts: ClusterFacts, namespace: string, pod: string): Workload | undefined {
  const owner = findPod(facts, namespace, pod)?.meta.owner
  const name = owner?.kind === 'StatefulSet' ? owner.name : pod.replace(/-\d+$/, '')
  if (owner === undefined && name === pod) return undefined
  return facts.objects.workloads.find(
    ({ kind, meta }) => kind === 'StatefulSet' && meta.namespace === namespace && meta.name === name,
  )
}

export function slicesOf({ objects }: ClusterFacts, { meta }: Service): EndpointSlice[] {
  return objects.endpointSlices.filter(
    (slice) => slice.meta.namespace === meta.namespace && slice.service === meta.name,
  )
}

export function nameSubject(asked: AskedService): Subject {
  return { kind: 'name', name: asked.name }
}

export function isHeadless({ clusterIPs, type }: Service): boolean {
  return type !== 'ExternalName' && clusterIPs[0] === 'None'
}

/** The asked name, and every rung that was to resolve it and failed. */
export function explainsAskedName({ ladder }: Evidence): string[] {
  const failed = ladder.rungs.filter((rung: Rung) => rung.purpose === 'asked' && rung.result === 'failed')
  return [ASKED_NAME, ...failed.map(({ id }) => id)]
}

export function namespaced(kind: string, namespace: string, name: string, field?: string): ObjectRef {
  return { kind, namespace, name, ...(field === undefined ? {} : { field }) }
}

/** The name a pod has below a headless Service: `HOSTNAME.SUBDOMAIN.NAMESPACE.svc.ZONE`; undefined when it has none. */
export function endpointNameOf({ facts, explain }: Evidence, pod: Pod): string | undefined {
  const { hostname, subdomain } = pod.spec
  if (hostname === undefined || hostname === '' || subdomain === undefined || subdomain === '') return undefined
  const name = `${hostname}.${subdomain}.${pod.meta.namespace}.svc.${parseName(facts.dns.clusterDomain.value)}`
  return explain(name, 'A').kind === 'records' || explain(name, 'AAAA').kind === 'records' ? shownName(name) : undefined
}

/** A name as people write it: without the final dot. */
export function shownName(name: string): string {
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name
}

/** How a person sees that a name resolves: asked at the DNS Service. */
export function digCommand({ facts }: Evidence, name: string, type?: string): string {
  const server = facts.dns.service?.clusterIPs[0]
  return `dig +short ${name}${type === undefined ? '' : ` ${type}`}${server === undefined ? '' : ` @${server}`}`
}
