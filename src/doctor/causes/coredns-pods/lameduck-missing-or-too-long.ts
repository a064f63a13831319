// A CoreDNS pod that ends stops answering while kube-proxy still sends it queries.
import { parseGoDuration } from '../../../base/index.ts'
import { optionsNamed, readStatements } from '../../../route/index.ts'
import type { CorefileFact, DnsReplica } from '../../facts/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { corefileRef, corefileSubject, editCorefile, replicaName } from '../coredns-support.ts'
import { excluded, failedIds, notChecked, podRef } from '../support.ts'

/** What kubelet grants where the pod does not say (`terminationGracePeriodSeconds`). */
const DEFAULT_GRACE_S = 30

export const lameduckMissingOrTooLong: Cause = {
  code: 'lameduck-missing-or-too-long',
  needs: ['config-maps', 'pods'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { corefile, replicas } = facts.dns
  if (corefile === undefined) return notChecked('not-checked.no-corefile')
  const subject = corefileSubject(corefile)
  if (corefile.error !== undefined) return notChecked('not-checked.corefile-unreadable', { map: subject.name }, subject)
  const lameduck = readLameduck(corefile)
  const graceS = Math.min(...replicas.map(graceOf), ...(replicas.length === 0 ? [DEFAULT_GRACE_S] : []))
  const wrong = wrongLine(subject.name, lameduck, graceS)
  if (wrong === undefined) {
    return excluded(
      line('stated', 'right', { map: subject.name, seconds: lameduck?.seconds ?? 0, grace: graceS }),
      subject,
    )
  }
  const leaving = replicas.filter(({ pod }) => pod.meta.deletionTimestamp !== undefined)
  const names = new Set(leaving.map(replicaName))
  const explains = failedIds(ladder, ({ hop, observed }) => {
    const isLost = observed.kind === 'timeout' || observed.kind === 'refused' || observed.kind === 'unreachable'
    return isLost && (names.has(hop.name) || (hop.kind === 'dns-service' && names.size > 0))
  })
  return {
    status: 'proven',
    subject,
    objects: [
      corefileRef(corefile, lameduck?.line),
      ...leaving.map(({ pod }) => podRef(pod, 'metadata.deletionTimestamp')),
    ],
    values: { map: subject.name },
    evidence: [
      wrong,
      ...leaving
        .slice(0, 2)
        .map(({ pod }) => line('observed', 'leaving', { pod: pod.meta.name, since: pod.meta.deletionTimestamp ?? '' })),
      ...(explains.length > 0 ? [line('observed', 'lost', { count: explains.length })] : []),
    ],
    fix: {
      key: 'lameduck-missing-or-too-long',
      values: {},
      command: [
        editCorefile(corefile),
        '#   health {',
        '#       lameduck 5s',
        '#   }',
        '# and terminationGracePeriodSeconds of the pods longer than that',
      ].join('\n'),
    },
    isFault: false,
    explains,
  }
}

interface Lameduck {
  readonly seconds: number
  readonly line: number
}

function readLameduck({ blocks }: CorefileFact): Lameduck | undefined {
  const options = blocks
    .flatMap(({ directives }) => directives)
    .filter(({ name }) => name === 'health')
    .flatMap((directive) => readStatements(directive))
    .flatMap((statement) => optionsNamed(statement, 'lameduck'))
  for (const { args, at } of options) {
    try {
      return { seconds: parseGoDuration(args[0] ?? '') / 1000, line: at.line }
    } catch {
      // No duration: CoreDNS refuses such a Corefile, which is another cause's.
    }
  }
  return undefined
}

function graceOf({ pod }: DnsReplica): number {
  return pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S
}

function wrongLine(map: string, lameduck: Lameduck | undefined, grace: number): EvidenceLine | undefined {
  if (lameduck === undefined || lameduck.seconds === 0) return line('stated', 'no-lameduck', { map })
  if (lameduck.seconds < grace) return undefined
  return line('stated', 'too-long', { map, line: lameduck.line, seconds: lameduck.seconds, grace })
}
