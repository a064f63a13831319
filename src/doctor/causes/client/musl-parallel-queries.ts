// musl asks every nameserver at once and takes the first response: with servers that know different names, chance decides.
import type { Pod } from '../../../kube/objects/index.ts'
import { MAX_NAMESERVERS } from '../../../route/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { concernedPods, groupRefs, groupSubject, groupValues } from '../pod-dns/pod-settings.ts'
import type { PodGroup } from '../pod-dns/pod-settings.ts'
import { workloadPatch } from '../pod-dns/workload-patch.ts'
import { shownName } from '../records/asked-service.ts'
import { askedRungs, excluded, notChecked, qualifiedName } from '../support.ts'
import { clientLibraryOf, isMusl, libraryLine } from './client-library.ts'
import { resolvConfOf } from './observed-world.ts'

export const muslParallelQueries: Cause = {
  code: 'musl-parallel-queries',
  needs: ['pods', 'probes'],
  judge(evidence) {
    const { ladder, pods } = evidence
    const [asked] = pods
    if (asked !== undefined && clientLibraryOf(ladder, asked) === undefined) {
      return [notChecked('not-checked.no-library', { pod: qualifiedName(asked) })]
    }
    const groups = concernedPods(evidence, (pod) => {
      const library = clientLibraryOf(ladder, pod)
      return library !== undefined && isMusl(library)
    })
    if (groups.length === 0) {
      const library = asked === undefined ? undefined : clientLibraryOf(ladder, asked)
      return [
        asked === undefined || library === undefined
          ? excluded(line('observed', 'no-musl', { count: evidence.facts.objects.pods.length }))
          : excluded(libraryLine(asked, library)),
      ]
    }
    const judged = groups.map((group) => judgeGroup(evidence, group))
    const found = judged.filter(({ status }) => status !== 'excluded' && status !== 'not-checked')
    return found.length > 0 ? found : judged.slice(0, 1)
  },
}

function judgeGroup(evidence: Evidence, group: PodGroup): Judgement {
  const [pod] = group.pods
  const library = pod === undefined ? undefined : clientLibraryOf(evidence.ladder, pod)
  if (pod === undefined || library === undefined) return notChecked('not-checked.no-pod')
  const subject = groupSubject(group)
  const nameservers = resolvConfOf(evidence, pod).nameservers.slice(0, MAX_NAMESERVERS)
  const [first = ''] = nameservers
  const name = qualifiedName(pod)
  if (nameservers.length < 2) return excluded(line('computed', 'one', { pod: name, nameserver: first }), subject)
  const seen = rungsAt(evidence, pod, nameservers)
  const split = findSplit(seen)
  if (split === undefined) {
    return new Set(seen.map(({ to }) => to.address)).size < 2
      ? notChecked('not-checked.nameservers-not-asked', { pod: name, nameservers: nameservers.join(', ') }, subject)
      : excluded(line('observed', 'agree', { pod: name, nameservers }), subject)
  }
  const { question, knowing, denying } = split
  const isAskedFrom = evidence.pods.includes(pod)
  const isAskedName = question === `${evidence.asked?.name ?? ''} ${evidence.asked?.type ?? ''}`
  const values = { ...groupValues(group), nameservers, knowing: addressesOf(knowing), denying: addressesOf(denying) }
  const shown = shownName(question.split(' ')[0] ?? '')
  const isCertain = library.basis === 'observed'
  const finding = {
    subject,
    objects: groupRefs(group, 'spec.dnsConfig.nameservers'),
    values: { ...values, name: shown },
    evidence: [
      line('observed', 'knows', { nameservers: values.knowing, name: shown }),
      line('observed', 'denies', { nameservers: values.denying, name: shown }),
      libraryLine(pod, library),
      line('computed', 'first-wins', { first }),
    ],
    fix: {
      key: 'musl-parallel-queries',
      values: { owner: group.owner, keep: values.knowing },
      command: workloadPatch(group, { dnsPolicy: 'None', dnsConfig: { nameservers: values.knowing.slice(0, 1) } }),
    },
    isFault: isAskedFrom && isCertain,
    explains: [
      ...(isAskedFrom && isAskedName ? [ASKED_NAME] : []),
      ...(isAskedFrom ? denying.filter(({ result }) => result === 'failed').map(({ id }) => id) : []),
    ],
  }
  if (isCertain) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('client.missing-system', { pod: name })] }
}

/** What came from a pod's nameservers when they were asked from the pod or its node. */
function rungsAt({ ladder }: Evidence, pod: Pod, nameservers: readonly string[]): Rung[] {
  return askedRungs(ladder).filter(({ from, fromNode, to, transport, question }) => {
    if (transport !== 'udp' || question.kind !== 'dns' || !nameservers.includes(to.address)) return false
    const isOwn = from.kind === 'pod' && from.namespace === pod.meta.namespace && from.name === pod.meta.name
    return isOwn || (from.kind !== 'pod' && fromNode === pod.spec.nodeName)
  })
}

interface Split {
  /** `NAME TYPE`. */
  readonly question: string
  readonly knowing: readonly Rung[]
  readonly denying: readonly Rung[]
}

/** The first question that one nameserver answers and another one denies. */
function findSplit(rungs: readonly Rung[]): Split | undefined {
  const questions = new Map<string, Rung[]>()
  for (const rung of rungs) {
    const key = rung.question.kind === 'dns' ? `${rung.question.name} ${rung.question.type}` : ''
    questions.set(key, [...(questions.get(key) ?? []), rung])
  }
  // The asked name first: that is the one that fails.
  const sorted = [...questions].toSorted(([, a], [, b]) => rank(a) - rank(b))
  for (const [question, own] of sorted) {
    const knowing = own.filter(({ observed }) => observed.kind === 'response' && observed.recordCount > 0)
    const denying = own.filter(({ observed }) => observed.kind === 'response' && observed.rcode === 'NXDOMAIN')
    if (knowing.length > 0 && denying.length > 0) return { question, knowing, denying }
  }
  return undefined
}

function rank(rungs: readonly Rung[]): number {
  return rungs.some(({ purpose }) => purpose === 'asked') ? 0 : 1
}

function addressesOf(rungs: readonly Rung[]): string[] {
  return [...new Set(rungs.map(({ to }) => to.address))]
}
