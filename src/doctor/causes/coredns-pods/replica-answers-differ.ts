// The same question brings different answers from different replicas: one has a stale view, another Corefile.
import { phrase } from '../../ladder/index.ts'
import type { Ladder, Rung } from '../../ladder/index.ts'
import type { DnsReplica } from '../../facts/index.ts'
import { shownName } from '../records/asked-service.ts'
import type { Cause, Evidence } from '../cause.ts'
import type { CauseCode } from '../codes.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { askedRungs, excluded, failedIds, notChecked, podRef, qualifiedName } from '../support.ts'

export const replicaAnswersDiffer: Cause = {
  code: 'replica-answers-differ',
  needs: ['probes', 'pods'],
  judge: (evidence) => [judge(evidence)],
}

/** What a changed Corefile does to names of the cluster. */
const CHANGES: readonly CauseCode[] = ['cluster-domain-mismatch', 'cluster-zone-overridden']

/** One question's whole answers, one for each replica. */
interface Comparison {
  readonly question: string
  readonly rungs: readonly Rung[]
}

function judge(evidence: Evidence): Judgement {
  const comparisons = compareReplicas(evidence)
  const comparable = comparisons.filter(({ rungs }) => rungs.length > 1)
  const [first] = comparable
  if (first === undefined) return notChecked('not-checked.fewer-than-two-replicas')
  const differing = comparable.find(({ rungs }) => new Set(rungs.map(answerOf)).size > 1)
  if (differing === undefined) {
    return excluded(line('observed', 'agree', { count: first.rungs.length, questions: comparable.length }))
  }
  return judgeDifference(evidence, differing)
}

function judgeDifference({ facts, ladder, asked }: Evidence, { question, rungs }: Comparison): Judgement {
  const odd = oddOnes(rungs)
  const oddNames = odd.map(({ hop }) => hop.name)
  const [one] = odd
  const other = rungs.find((rung) => !odd.includes(rung))
  const replicas = facts.dns.replicas.filter(({ pod }) => oddNames.includes(qualifiedName(pod)))
  const hashes = describeHashes(ladder, oddNames)
  const differences = [...hashes, ...describeDifferences(facts.dns.replicas, oddNames)]
  const cached = odd.filter((rung) => isFromCache(rung))
  const pods = oddNames.map((name) => name.split('/')[1] ?? '')
  const namespace = replicas[0]?.pod.meta.namespace ?? 'kube-system'
  const finding = {
    subject: { kind: 'pod' as const, name: oddNames[0] ?? '' },
    objects: replicas.map(({ pod }) => podRef(pod)),
    values: { question, pods: oddNames },
    evidence: [
      ...(one === undefined ? [] : [line('observed', 'odd', sayingOf(one, question))]),
      ...(other === undefined ? [] : [line('observed', 'others', sayingOf(other, question))]),
      ...differences,
      ...(cached.length > 0 ? [line('observed', 'from-cache', { replica: cached[0]?.hop.name ?? '' })] : []),
    ],
    fix: {
      key: 'replica-answers-differ',
      values: { pods },
      command: `kubectl -n ${namespace} delete pod ${pods.join(' ')}`,
    },
    isFault: true,
    // While a change of the Corefile is taken over, replicas differ by what the change brought.
    ...(hashes.length > 0 ? { beneath: CHANGES } : {}),
    explains: [
      ...failedIds(ladder, (rung) => {
        const same = rung.question.kind === 'dns' && formatQuestion(rung) === question
        return same && (rung.hop.kind !== 'replica' || oddNames.includes(rung.hop.name)) && rung.hop.kind !== 'upstream'
      }),
      ...(asked !== undefined && question.startsWith(`${shownName(asked.name)} `) ? [ASKED_NAME] : []),
    ],
  }
  const missing = [
    ...(differences.length === 0 ? [phrase('replica-answers-differ.missing-difference')] : []),
    // Other Corefiles stay different however old an answer is; what differs else may be gone with it.
    ...(cached.length > 0 && hashes.length === 0 ? [phrase('replica-answers-differ.missing-fresh', { question })] : []),
  ]
  return missing.length === 0 ? { status: 'proven', ...finding } : { status: 'suspected', ...finding, missing }
}

/** Questions about the cluster's own names: for others the upstreams decide, and their records rotate. */
function compareReplicas({ ladder }: Evidence): Comparison[] {
  const own = askedRungs(ladder).filter(
    (rung) =>
      rung.hop.kind === 'replica' &&
      rung.question.kind === 'dns' &&
      rung.observed.kind === 'response' &&
      !rung.observed.tc &&
      (rung.purpose === 'canary' ||
        rung.purpose === 'version' ||
        (rung.purpose === 'asked' && rung.expected.kind === 'records')),
  )
  const byQuestion = new Map<string, Map<string, Rung>>()
  // TCP brings answers whole; where it is closed a datagram that was not cut says the same.
  for (const rung of own.toSorted((a, b) => (a.transport < b.transport ? -1 : 1))) {
    const replicas = byQuestion.get(formatQuestion(rung)) ?? new Map<string, Rung>()
    const known = replicas.get(rung.hop.name)
    // A failed one tells more than another place's success.
    if (known === undefined || (known.transport === rung.transport && rung.result === 'failed'))
      replicas.set(rung.hop.name, rung)
    byQuestion.set(formatQuestion(rung), replicas)
  }
  return [...byQuestion].map(([question, replicas]) => ({ question, rungs: [...replicas.values()] }))
}

/** Those that fail where others do not; without such, those in the minority. */
function oddOnes(rungs: readonly Rung[]): Rung[] {
  const failed = rungs.filter(({ result }) => result === 'failed')
  if (failed.length > 0 && failed.length < rungs.length) return failed
  const counts = new Map<string, number>()
  for (const rung of rungs) counts.set(answerOf(rung), (counts.get(answerOf(rung)) ?? 0) + 1)
  const least = Math.min(...counts.values())
  const rare = [...counts].find(([, count]) => count === least)?.[0]
  return rungs.filter((rung) => answerOf(rung) === rare)
}

/** The Corefiles that run, as the servers' own logs name them; the metric of that name may hold a rejected one. */
function describeHashes({ logs }: Ladder, oddNames: readonly string[]): EvidenceLine[] {
  const odd = logs.find(({ hop }) => oddNames.includes(hop.name))
  const other = logs.find(({ hop }) => hop.kind === 'replica' && !oddNames.includes(hop.name))
  const [oddHash, otherHash] = [odd?.configurationHash, other?.configurationHash]
  if (odd === undefined || other === undefined || oddHash === undefined || otherHash === undefined) return []
  if (oddHash === otherHash) return []
  return [
    line('observed', 'corefile', {
      odd: odd.hop.name,
      oddHash: oddHash.slice(0, 12),
      other: other.hop.name,
      otherHash: otherHash.slice(0, 12),
    }),
  ]
}

function describeDifferences(replicas: readonly DnsReplica[], oddNames: readonly string[]): EvidenceLine[] {
  const odd = replicas.find(({ pod }) => oddNames.includes(qualifiedName(pod)))
  const other = replicas.find(({ pod }) => !oddNames.includes(qualifiedName(pod)))
  if (odd === undefined || other === undefined) return []
  if (odd.image !== other.image) return [line('observed', 'image', { odd: odd.image, other: other.image })]
  const [oddStart, otherStart] = [odd.pod.startTime, other.pod.startTime]
  if (oddStart === undefined || otherStart === undefined || oddStart === otherStart) return []
  return [line('observed', 'start-time', { odd: oddStart, other: otherStart })]
}

function sayingOf(rung: Rung, question: string): EvidenceLine['values'] {
  return { replica: rung.hop.name, question, transport: rung.transport.toUpperCase(), answer: answerOf(rung) }
}

/** A negative answer whose SOA has aged comes from a cache: it may be right again in seconds (RFC 2308 §5). */
function isFromCache({ observed, expected }: Rung): boolean {
  if (observed.kind !== 'response' || observed.rcode === 'SERVFAIL') return false
  return (
    expected.kind === 'records' &&
    expected.ttl !== undefined &&
    (observed.soaTtl ?? observed.ttl ?? expected.ttl) < expected.ttl
  )
}

function formatQuestion({ question }: Rung): string {
  return question.kind === 'dns' ? `${shownName(question.name)} ${question.type}` : ''
}

function answerOf({ observed }: Rung): string {
  if (observed.kind !== 'response') return observed.kind
  return [observed.rcode, ...observed.records].join(' ')
}
