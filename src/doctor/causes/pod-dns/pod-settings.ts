// What causes about pods' own settings share: whose settings matter, and which servers know the cluster's names.
import type { Pod } from '../../../kube/objects/index.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Evidence } from '../cause.ts'
import { ASKED_NAME } from '../judgement.ts'
import type { ObjectRef, Subject } from '../judgement.ts'
import { failedIds, podRef, qualifiedName } from '../support.ts'

/** Namespaces whose pods have such settings on purpose: they run the cluster. */
const SYSTEM = /^(kube-|openshift-|calico-|cilium$|tigera-|kubesphere-monitoring|monitoring$)/

/** Pods with one setting that share an owner: they are judged once. */
export interface PodGroup {
  /** `namespace/owner`, or `namespace/pod` without one. */
  readonly owner: string
  readonly pods: readonly Pod[]
}

/**
 * The pods that a setting concerns: those that are asked about when there are any, else all but those that run the cluster
 * itself, by their owners.
 */
export function concernedPods({ facts, pods }: Evidence, picks: (pod: Pod) => boolean): PodGroup[] {
  const all = pods.length > 0 ? pods : facts.objects.pods.filter(isOrdinary)
  const groups = new Map<string, Pod[]>()
  for (const pod of all) {
    if (!picks(pod)) continue
    const { namespace, name, owner } = pod.meta
    const key = pods.length > 0 ? `${namespace}/${name}` : `${namespace}/${owner?.name ?? name}`
    const own = groups.get(key)
    if (own === undefined) groups.set(key, [pod])
    else own.push(pod)
  }
  return [...groups].map(([owner, members]) => ({ owner, pods: members }))
}

function isOrdinary({ meta, phase }: Pod): boolean {
  return !SYSTEM.test(meta.namespace) && phase !== 'Succeeded' && phase !== 'Failed'
}

export function groupSubject({ owner }: PodGroup): Subject {
  return { kind: 'pod', name: owner }
}

/** The first pods of a group, each with the field that decides. */
export function groupRefs({ pods }: PodGroup, field: string): ObjectRef[] {
  return pods.slice(0, 3).map((pod) => podRef(pod, field))
}

export function groupValues(group: PodGroup): { pods: readonly string[]; count: number; owner: string } {
  return { pods: group.pods.map(qualifiedName), count: group.pods.length, owner: group.owner }
}

/** What failed of the picked rungs when the asked-about pods' own nameservers were asked, and the name that was asked about from them. */
export function explainsPods(
  { ladder, pods, asked }: Evidence,
  group: PodGroup,
  picks: (rung: Rung) => boolean = () => true,
): string[] {
  const own = new Set(group.pods.filter((pod) => pods.includes(pod)).map(qualifiedName))
  if (own.size === 0) return []
  const failed = failedIds(
    ladder,
    (rung) =>
      rung.from.kind === 'pod' &&
      own.has(`${rung.from.namespace}/${rung.from.name}`) &&
      rung.hop.kind === 'nameserver' &&
      picks(rung),
  )
  return asked?.inCluster === true && failed.length > 0 ? [ASKED_NAME, ...failed] : failed
}

/** Addresses at which the cluster's names are known, with what each is. */
export function clusterServers({ dns }: ClusterFacts): ReadonlyMap<string, string> {
  const { service, otherServices, nodeCaches, replicas, otherServers } = dns
  return new Map([
    ...otherServers
      .filter(({ isKnown }) => isKnown)
      .flatMap(({ name, addresses }) => addresses.map((address) => [address, name] as const)),
    ...replicas.flatMap(({ pod, ips }) => ips.map((ip) => [ip, qualifiedName(pod)] as const)),
    ...otherServices.flatMap((other) => other.clusterIPs.map((ip) => [ip, qualifiedName(other.service)] as const)),
    ...nodeCaches.flatMap((cache) => cache.localIPs.map((ip) => [ip, `${cache.namespace}/${cache.name}`] as const)),
    ...(service?.clusterIPs ?? []).map((ip) => [ip, qualifiedName(service?.service ?? NO_SERVICE)] as const),
  ])
}

const NO_SERVICE = { meta: { namespace: '', name: '' } }
