// The places to ask from: every node of a small cluster, of a large one those that tell most.
import type { ClusterFacts } from '../facts/index.ts'
import { MAX_ORIGINS } from './plan-options.ts'
import type { Origin } from './plan-options.ts'

/** The cluster's nodes as origins: first those that run replicas, then others spread over the list. */
export function chooseNodeOrigins(facts: ClusterFacts, limit: number = MAX_ORIGINS): Origin[] {
  const withReplica = new Set(facts.dns.replicas.map(({ node }) => node))
  const names = facts.nodes.map(({ name }) => name)
  const first = names.filter((name) => withReplica.has(name)).slice(0, limit)
  const others = names.filter((name) => !first.includes(name))
  const room = limit - first.length
  const step = Math.max(1, others.length / Math.max(room, 1))
  const spread = Array.from({ length: Math.min(room, others.length) }, (_, index) => others[Math.floor(index * step)])
  const chosen = new Set([...first, ...spread])
  return names.filter((name) => chosen.has(name)).map((name) => ({ place: { kind: 'node', name }, node: name }))
}
