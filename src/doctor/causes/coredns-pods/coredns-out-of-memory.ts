// The kernel ended CoreDNS because it passed its memory limit.
import type { DnsReplica } from '../../facts/index.ts'
import { sumSamples } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { deploymentFor, replicaName, rungsWithout } from '../coredns-support.ts'
import { excluded, failedIds, findScrape, notChecked, podRef } from '../support.ts'

export const corednsOutOfMemory: Cause = {
  code: 'coredns-out-of-memory',
  needs: ['pods'],
  judge: (evidence) => [judge(evidence)],
}

function judge(evidence: Evidence): Judgement {
  const { facts, ladder } = evidence
  const { replicas } = facts.dns
  if (replicas.length === 0) return notChecked('not-checked.no-replicas')
  const killed = replicas.filter(wasKilled)
  const [first] = killed
  if (first === undefined) return excluded(line('observed', 'none-killed', { count: replicas.length }))
  const down = killed.filter(({ ready }) => !ready)
  const names = new Set(killed.map(replicaName))
  const { namespace, name } = deploymentFor(facts)
  const pods = killed.map(({ pod }) => pod.meta.name)
  return {
    status: 'proven',
    subject: { kind: 'pod', name: replicaName(first) },
    objects: killed.map(({ pod }) => podRef(pod, 'status.containerStatuses.lastState')),
    values: { pods },
    evidence: [
      ...killed
        .slice(0, 2)
        .map((replica) => line('observed', 'killed', { pod: replica.pod.meta.name, count: restartsOf(replica) })),
      ...killed.slice(0, 1).flatMap((replica) => memoryLines(evidence, replica)),
      ...(down.length > 0 ? [line('observed', 'down', { pods: down.map(({ pod }) => pod.meta.name) })] : []),
    ],
    fix: {
      key: 'coredns-out-of-memory',
      values: {},
      command: `kubectl -n ${namespace} set resources deployment/${name} --limits=memory=512Mi`,
    },
    isFault: down.length > 0,
    explains: [
      ...new Set([
        ...(down.length > 0 ? rungsWithout(facts, ladder, down) : []),
        ...failedIds(ladder, ({ hop, observed }) => names.has(hop.name) && observed.kind === 'timeout'),
      ]),
    ],
  }
}

function wasKilled({ pod }: DnsReplica): boolean {
  return pod.containerStatuses.some(
    ({ lastTerminationReason, state }) => lastTerminationReason === 'OOMKilled' || state === 'terminated:OOMKilled',
  )
}

function restartsOf({ pod }: DnsReplica): number {
  return Math.max(0, ...pod.containerStatuses.map(({ restartCount }) => restartCount))
}

function memoryLines({ ladder }: Evidence, replica: DnsReplica): EvidenceLine[] {
  const limit = replica.pod.spec.containers.find(({ limits }) => limits['memory'] !== undefined)?.limits['memory']
  if (limit === undefined) return []
  const scrape = findScrape(ladder, replicaName(replica))
  const used = scrape && sumSamples(scrape.second ?? scrape.first, 'process_resident_memory_bytes')
  return used === undefined
    ? [line('stated', 'limit', { pod: replica.pod.meta.name, limit })]
    : [line('observed', 'use', { pod: replica.pod.meta.name, limit, used: Math.round(used / 2 ** 20) })]
}
