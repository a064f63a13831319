// Replicas that wait for the API server: /ready names the kubernetes plugin, and cluster names are SERVFAIL meanwhile.
import type { ClusterFacts, DnsReplica } from '../../facts/index.ts'
import type { Ladder, Rung } from '../../ladder/index.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine } from '../judgement.ts'
import { isClusterQuestion, passesReplicas, replicaName } from '../coredns-support.ts'
import { failedIds } from '../support.ts'

/** A replica whose `/ready` is not 200 and lists the kubernetes plugin. */
export interface WaitingReplica {
  readonly replica: DnsReplica
  readonly rung: Rung
}

/** The replicas that wait for the cluster's objects. */
export function waitingReplicas({ dns }: ClusterFacts, ladder: Ladder): WaitingReplica[] {
  return dns.replicas.flatMap((replica) => {
    const rung = readyRung(ladder, replica)
    const { observed } = rung ?? {}
    const waits = observed?.kind === 'status' && observed.status !== 200 && observed.summary.includes('kubernetes')
    return rung !== undefined && waits ? [{ replica, rung }] : []
  })
}

export function readyRung({ rungs }: Ladder, replica: DnsReplica): Rung | undefined {
  return rungs.find(
    ({ hop, purpose, result }) => purpose === 'ready' && hop.name === replicaName(replica) && result !== 'skipped',
  )
}

export function waitingLines(waiting: readonly WaitingReplica[]): EvidenceLine[] {
  return waiting.slice(0, 2).map(({ replica, rung }) =>
    line('observed', 'not-ready', {
      server: replicaName(replica),
      status: rung.observed.kind === 'status' ? rung.observed.status : 0,
      plugins: rung.observed.kind === 'status' ? rung.observed.summary : '',
    }),
  )
}

/** What fails while these replicas have no objects: their cluster names, and, through the Service, everybody's. */
export function rungsWithoutObjects({ dns }: ClusterFacts, ladder: Ladder, names: ReadonlySet<string>): string[] {
  const noneLeft = dns.replicas.every((replica) => names.has(replicaName(replica)))
  return failedIds(ladder, (rung) => {
    const { hop, purpose, observed } = rung
    if (hop.kind === 'replica') return names.has(hop.name) && (purpose === 'ready' || isClusterQuestion(rung))
    if (!passesReplicas(rung) || names.size === 0) return false
    // Without a ready replica the Service has no endpoint: then nothing comes through it at all.
    if (noneLeft) return hop.kind === 'dns-service' || isClusterQuestion(rung)
    return isClusterQuestion(rung) && observed.kind === 'response' && observed.rcode === 'SERVFAIL'
  })
}
