// What nameservers do with a pod's questions, from what they were seen to do: the world that resolvers are simulated in.
import type { Pod } from '../../../kube/objects/index.ts'
import { parseResolvConf } from '../../../route/index.ts'
import type { QuestionTo, ResolvConf, ServerAct, World } from '../../../route/index.ts'
import { podResolvConfOf } from '../../facts/index.ts'
import { MADE_UP } from '../../ladder/index.ts'
import type { Observation, Rung } from '../../ladder/index.ts'
import type { Evidence } from '../cause.ts'
import { clusterServers } from '../pod-dns/pod-settings.ts'
import { askedRungs } from '../support.ts'

/** The pod's own file where it was read, else the one that kubelet would write. */
export function resolvConfOf({ facts, ladder }: Evidence, pod: Pod): ResolvConf {
  const { namespace, name } = pod.meta
  const file = ladder.podFiles.find((one) => one.namespace === namespace && one.pod === name)
  return file === undefined ? podResolvConfOf(facts, pod).conf : parseResolvConf(file.text)
}

/** A world that tells which rung it knows an act from. */
export interface ObservedWorld {
  readonly world: World
  /** The rung that shows what a nameserver does with a question; undefined where the objects had to tell. */
  readonly rungOf: (question: QuestionTo) => Rung | undefined
}

/**
 * Makes the world of one pod.
 *
 * What was asked from the pod counts before what was asked from its node, and that before the rest. A search domain does
 * with every name what it did with a made-up one; what nobody asked is as the cluster's objects say, and elsewhere absent.
 */
export function observedWorld(evidence: Evidence, pod: Pod): ObservedWorld {
  const { facts, ladder, explain } = evidence
  const known = new Map<string, Rung>()
  const suffixes = new Map<string, Rung>()
  const existing = new Set<string>()
  for (const rung of nearestFirst(askedRungs(ladder), pod)) {
    const { question, transport, to, observed } = rung
    if (question.kind !== 'dns' || transport === 'http') continue
    const key = `${to.address} ${question.name.toLowerCase()} ${question.type} ${transport}`
    if (!known.has(key)) known.set(key, rung)
    if (rung.purpose === 'suffix' && question.name.startsWith(`${MADE_UP}.`)) {
      const suffix = question.name.slice(MADE_UP.length)
      if (!suffixes.has(suffix)) suffixes.set(suffix, rung)
    }
    if (observed.kind === 'response' && observed.recordCount > 0) existing.add(`${question.name} ${question.type}`)
  }
  const servers = clusterServers(facts)
  const rungOf = ({ nameserver, name, type, transport }: QuestionTo): Rung | undefined => {
    const exact = known.get(`${nameserver} ${name.toLowerCase()} ${type} ${transport}`)
    return exact ?? [...suffixes].find(([suffix]) => name.toLowerCase().endsWith(suffix.toLowerCase()))?.[1]
  }
  const bySchema = ({ nameserver, name, type }: QuestionTo): ServerAct => {
    const answer = explain(name, type)
    switch (answer.kind) {
      case 'records':
      case 'delegate':
        return servers.has(nameserver) ? 'answers' : 'nxdomain'
      case 'nodata':
        return servers.has(nameserver) ? 'nodata' : 'nxdomain'
      case 'nxdomain':
        return 'nxdomain'
      default:
        if (existing.has(`${name} ${type}`)) return 'answers'
        return ['A', 'AAAA'].some((other) => existing.has(`${name} ${other}`)) ? 'nodata' : 'nxdomain'
    }
  }
  const world: World = (question) => {
    const rung = rungOf(question)
    return rung === undefined ? bySchema(question) : actOf(rung.observed)
  }
  return { world, rungOf }
}

function nearestFirst(rungs: readonly Rung[], pod: Pod): Rung[] {
  const distance = ({ from, fromNode }: Rung): number => {
    if (from.kind === 'pod' && from.namespace === pod.meta.namespace && from.name === pod.meta.name) return 0
    return fromNode === pod.spec.nodeName ? 1 : 2
  }
  return rungs.toSorted((a, b) => distance(a) - distance(b))
}

const ACTS: Readonly<Record<string, ServerAct>> = {
  FORMERR: 'formerr',
  NOTIMP: 'notimp',
  NXDOMAIN: 'nxdomain',
  REFUSED: 'refused',
  SERVFAIL: 'servfail',
}

function actOf(observed: Observation): ServerAct {
  if (observed.kind !== 'response') return observed.kind === 'refused' ? 'closed' : 'silent'
  if (observed.rcode !== 'NOERROR') return ACTS[observed.rcode] ?? 'servfail'
  if (observed.recordCount > 0) return 'answers'
  return observed.tc ? 'truncated' : 'nodata'
}
