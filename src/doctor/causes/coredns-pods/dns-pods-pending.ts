// CoreDNS pods are not running: not scheduled, or their sandbox cannot be made.
import type { DnsReplica } from '../../facts/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, podRef, qualifiedName } from '../support.ts'
import { clusterNameRungs } from '../service-support.ts'
import { phrase } from '../../ladder/index.ts'

const SANDBOX_REASONS = new Set(['FailedCreatePodSandBox', 'NetworkNotReady'])

export const dnsPodsPending: Cause = {
  code: 'dns-pods-pending',
  needs: ['pods'],
  judge: (evidence) => [judge(evidence)],
}

function judge(evidence: Evidence): Judgement {
  const { facts, ladder } = evidence
  const { replicas } = facts.dns
  if (replicas.length === 0) return notChecked('not-checked.no-replicas')
  const pending = replicas.filter(({ pod }) => pod.phase === 'Pending')
  const [first] = pending
  if (first === undefined) return excluded(line('observed', 'none-pending', { count: replicas.length }))
  const reasons = pending.flatMap((replica) => reasonLines(evidence, replica))
  const noneReady = replicas.every((replica) => !replica.ready)
  const { namespace } = first.pod.meta
  const finding = {
    subject: { kind: 'pod' as const, name: qualifiedName(first.pod) },
    objects: pending.map(({ pod }) => podRef(pod, 'status.conditions')),
    values: { count: pending.length, all: replicas.length, pods: pending.map(({ pod }) => pod.meta.name) },
    evidence: [
      ...reasons,
      line('observed', 'pending', {
        count: pending.length,
        all: replicas.length,
        pods: pending.map(({ pod }) => pod.meta.name),
      }),
    ],
    fix: {
      key: 'dns-pods-pending',
      values: {},
      command: `kubectl -n ${namespace} describe pod ${pending.map(({ pod }) => pod.meta.name).join(' ')}`,
    },
    isFault: noneReady,
    explains: noneReady
      ? failedIds(ladder, (rung) => ['dns-service', 'replica'].includes(rung.hop.kind) || clusterNameRungs(rung))
      : [],
  }
  return reasons.length > 0
    ? { status: 'proven', ...finding }
    : { status: 'suspected', ...finding, missing: [phrase('dns-pods-pending.missing-reason')] }
}

function reasonLines({ facts }: Evidence, { pod }: DnsReplica): EvidenceLine[] {
  const name = pod.meta.name
  const unscheduled = pod.conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  if (unscheduled !== undefined) {
    const { reason = '', message = '' } = unscheduled
    return [line('observed', 'unscheduled', { pod: name, reason, message })]
  }
  const event = facts.objects.events.find(
    ({ reason, message, regarding }) =>
      regarding.name === name &&
      regarding.namespace === pod.meta.namespace &&
      (SANDBOX_REASONS.has(reason) || /network.*not ready/i.test(message)),
  )
  return event === undefined
    ? []
    : [line('observed', 'sandbox', { pod: name, reason: event.reason, message: event.message })]
}
