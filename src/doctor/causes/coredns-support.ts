// What the causes of CoreDNS's pods and of its Corefile look up.
import type { ClusterFacts, CorefileFact, DnsReplica } from '../facts/index.ts'
import { findInLogs } from '../ladder/index.ts'
import type { Ladder, LogFinding, LogSign, Rung } from '../ladder/index.ts'
import { line } from './judgement.ts'
import type { EvidenceLine, ObjectRef, Subject } from './judgement.ts'
import { clusterNameRungs, deploymentOf } from './service-support.ts'
import { failedIds, objectRef, qualifiedName } from './support.ts'

/** A sign in a replica's log. */
export interface LogSighting {
  readonly server: string
  /** True where it stands in the log of a run that ended. */
  readonly isPrevious?: boolean
  readonly finding: LogFinding
}

/** What the replicas' logs say of one kind, the previous runs of crashed pods included. */
export function signsOfReplicas({ logs }: Ladder, sign: LogSign): LogSighting[] {
  return findInLogs(logs, sign, ({ kind }) => kind === 'replica').map(({ hop, isPrevious, finding }) => ({
    server: hop.name,
    isPrevious,
    finding,
  }))
}

/** The servers' own words; their wording stands under `log`. */
export function logEvidence(sightings: readonly LogSighting[]): EvidenceLine[] {
  return sightings.map(({ server, finding }) =>
    line('observed', 'log', { server, count: finding.count, text: finding.line }),
  )
}

export function replicaName({ pod }: DnsReplica): string {
  return qualifiedName(pod)
}

/** Whether kubelet waits with starting its container again because it ended too often. */
export function isCrashing({ pod }: DnsReplica): boolean {
  return pod.containerStatuses.some(({ state }) => state === 'waiting:CrashLoopBackOff')
}

/**
 * The failed rungs that follow when some replicas do not serve: their own, and, where no other replica is left, all that
 * needs the Service.
 */
export function rungsWithout({ dns }: ClusterFacts, ladder: Ladder, down: readonly DnsReplica[]): string[] {
  const names = new Set(down.map(replicaName))
  const others = dns.replicas.some((replica) => replica.ready && !names.has(replicaName(replica)))
  return failedIds(ladder, (rung) => {
    if (rung.hop.kind === 'replica') return names.has(rung.hop.name)
    if (others) return false
    return rung.hop.kind === 'dns-service' || clusterNameRungs(rung)
  })
}

/** Whether a rung is about a name that CoreDNS answers from the cluster's objects. */
export function isClusterQuestion({ purpose, expected }: Rung): boolean {
  return purpose === 'canary' || purpose === 'version' || (purpose === 'asked' && expected.kind === 'records')
}

/** Servers through which a query passes a replica: the replicas, and what stands before them. */
export function passesReplicas({ hop }: Rung): boolean {
  return hop.kind === 'replica' || hop.kind === 'dns-service' || hop.kind === 'node-cache'
}

export function corefileRef({ configMap }: CorefileFact, at?: number): ObjectRef {
  const { namespace, name, key } = configMap
  return objectRef('ConfigMap', `${namespace}/${name}`, at === undefined ? key : `${key}:${at}`)
}

export function corefileSubject({ configMap }: CorefileFact): Subject {
  return { kind: 'config-map', name: `${configMap.namespace}/${configMap.name}` }
}

export function editCorefile({ configMap }: CorefileFact): string {
  return `kubectl -n ${configMap.namespace} edit configmap ${configMap.name}`
}

/** Namespace and Deployment of the replicas, as `kubectl` takes them. */
export function deploymentFor({ dns }: ClusterFacts): { readonly namespace: string; readonly name: string } {
  const owner = dns.replicas.find(({ pod }) => pod.meta.owner !== undefined)
  const namespace = owner?.pod.meta.namespace ?? dns.service?.service.meta.namespace ?? 'kube-system'
  return { namespace, name: deploymentOf(owner?.pod.meta.owner?.name) }
}

/** Compares `1.10.1` with `1.9.3` part by part. @returns less than 0 when the first is older */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((text) => text.split('.').map(Number))
  for (let index = 0; index < 3; index += 1) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether a rung is about a name that CoreDNS asks its upstreams for. */
export function isForwardedQuestion({ purpose, expected }: Rung): boolean {
  return purpose === 'external' || (purpose === 'asked' && expected.kind === 'answer')
}

/** Whether the server gave the same answer again with less of its TTL left: kubernetes itself gives the whole one each time. */
export function countsDown({ rungs }: Ladder, rung: Rung, ttlOf: (rung: Rung) => number): boolean {
  const { hop, question, observed } = rung
  if (question.kind !== 'dns' || observed.kind !== 'response') return false
  return rungs.some(
    (later) =>
      later.purpose === 'again' &&
      later.hop.name === hop.name &&
      later.question.kind === 'dns' &&
      later.question.name === question.name &&
      later.question.type === question.type &&
      later.observed.kind === 'response' &&
      later.observed.rcode === observed.rcode &&
      later.observed.records.join() === observed.records.join() &&
      ttlOf(later) < ttlOf(rung),
  )
}
