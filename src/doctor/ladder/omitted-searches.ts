// Search domains that a pod's list has no room for: kubelet cuts it to a number of domains and of characters.
import { KUBELET_LIMITS } from '../../route/index.ts'
import type { Pod } from '../../kube/objects/index.ts'
import { podResolvConfOf } from '../facts/index.ts'
import type { ClusterFacts, NodeFacts } from '../facts/index.ts'
import { podsOnNode } from './upstream-uses.ts'

export interface OmittedSearches {
  /** A pod whose list is cut. */
  readonly pod: Pod
  readonly kept: readonly string[]
  readonly omitted: readonly string[]
}

/** What kubelet leaves out of the search list of a pod; undefined when all of it fits. Computed from the pod and its node. */
export function omittedSearchesOf(facts: ClusterFacts, pod: Pod): OmittedSearches | undefined {
  const { conf, entries } = podResolvConfOf(facts, pod)
  const omitted = entries.flatMap(({ kind, value, cut }) =>
    kind === 'search' && cut !== undefined && value !== '.' ? [value] : [],
  )
  return omitted.length === 0 ? undefined : { pod, kept: conf.searches, omitted }
}

/**
 * Of the first pod of a node that is concerned: one with the node's own search list is enough, as the namespace changes
 * only how long the first domain is. Pods with a list of their own are looked at where kubelet's events name them.
 */
export function omittedSearchesOn(facts: ClusterFacts, node: NodeFacts): OmittedSearches | undefined {
  const inherited = node.resolvConf?.conf.searches ?? []
  const characters = inherited.join(' ').length
  const { before126: least } = KUBELET_LIMITS
  // kubelet adds three domains of its own, which are rarely longer than this.
  if (inherited.length + 3 <= least.domains && characters + LONGEST_OWN <= least.characters) return undefined
  for (const pod of podsOnNode(facts, node.name)) {
    if (pod.spec.dnsPolicy === 'None' || pod.phase === 'Succeeded' || pod.phase === 'Failed') continue
    const found = omittedSearchesOf(facts, pod)
    if (found !== undefined) return found
    if (pod.spec.dnsPolicy === 'ClusterFirst' && !pod.spec.hostNetwork) return undefined
  }
  return undefined
}

const LONGEST_OWN = 160
