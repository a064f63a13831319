// kubelet calls CoreDNS ready while it has no objects yet: the readiness probe asks /health, or there is no /ready.
import type { Container } from '../../../kube/objects/index.ts'
import type { CorefileFact, DnsReplica } from '../../facts/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { corefileRef, deploymentFor, isClusterQuestion, passesReplicas, replicaName } from '../coredns-support.ts'
import { excluded, failedIds, notChecked, podRef } from '../support.ts'
import { readyRung, waitingLines, waitingReplicas } from './waiting-replicas.ts'

export const readinessProbeOnHealth: Cause = {
  code: 'readiness-probe-on-health',
  needs: ['pods'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { replicas, corefile } = facts.dns
  const [replica] = replicas
  if (replica === undefined) return notChecked('not-checked.no-replicas')
  const why = replicas.flatMap((each) => misplaced(each, corefile))
  const [reason] = why
  if (reason === undefined) return excluded(line('observed', 'on-ready', { count: replicas.length }))
  // Pods that kubelet calls ready and that have no objects yet.
  const waiting = waitingReplicas(facts, ladder).filter((each) => each.replica.ready)
  const early = new Set([
    ...waiting.map((each) => replicaName(each.replica)),
    ...replicas
      .filter((each) => each.ready && readyRung(ladder, each) === undefined)
      .map(replicaName)
      .filter((name) => hasServfail(ladder.rungs, name)),
  ])
  const explains = failedIds(ladder, (rung) => {
    const { hop, observed, purpose } = rung
    if (early.size === 0 || !passesReplicas(rung)) return false
    if (hop.kind === 'replica' && !early.has(hop.name)) return false
    if (purpose === 'ready') return true
    return isClusterQuestion(rung) && observed.kind === 'response' && ['NXDOMAIN', 'SERVFAIL'].includes(observed.rcode)
  })
  const { namespace, name } = deploymentFor(facts)
  return {
    status: 'proven',
    subject: { kind: 'pod', name: replicaName(replica) },
    objects: [
      podRef(replica.pod, 'spec.containers.readinessProbe'),
      ...(corefile === undefined ? [] : [corefileRef(corefile)]),
    ],
    values: { pods: replicas.map(({ pod }) => pod.meta.name) },
    evidence: [
      reason,
      ...waitingLines(waiting),
      ...(early.size > 0 ? [line('observed', 'early', { servers: [...early], count: explains.length })] : []),
      line('computed', 'meaning', {}),
    ],
    fix: {
      key: 'readiness-probe-on-health',
      values: {},
      command: `kubectl -n ${namespace} patch deployment ${name} --type=json -p '[{"op":"replace","path":"/spec/template/spec/containers/0/readinessProbe/httpGet","value":{"path":"/ready","port":8181,"scheme":"HTTP"}}]'`,
    },
    isFault: false,
    explains,
  }
}

function misplaced({ pod }: DnsReplica, corefile: CorefileFact | undefined): EvidenceLine[] {
  const probe = pod.spec.containers.find(hasProbe)?.readinessProbe
  const hasReady =
    corefile === undefined ||
    corefile.error !== undefined ||
    corefile.blocks.some(({ directives }) => directives.some(({ name }) => name === 'ready'))
  if (probe?.path.startsWith('/health') === true) {
    return [line('observed', 'on-health', { pod: pod.meta.name, path: probe.path, port: probe.port })]
  }
  return probe !== undefined && !hasReady ? [line('stated', 'no-ready', { pod: pod.meta.name, path: probe.path })] : []
}

function hasProbe({ readinessProbe }: Container): boolean {
  return readinessProbe !== undefined
}

function hasServfail(rungs: Evidence['ladder']['rungs'], server: string): boolean {
  return rungs.some(
    (rung) =>
      rung.hop.name === server &&
      isClusterQuestion(rung) &&
      rung.observed.kind === 'response' &&
      rung.observed.rcode === 'SERVFAIL',
  )
}
