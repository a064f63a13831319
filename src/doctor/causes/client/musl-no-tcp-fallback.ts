// musl before 1.2.4 never asks again over TCP: of a truncated response it takes what is there.
import type { Pod } from '../../../kube/objects/index.ts'
import { PLAIN_SIZE, phrase } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { concernedPods, groupRefs, groupSubject, groupValues } from '../pod-dns/pod-settings.ts'
import type { PodGroup } from '../pod-dns/pod-settings.ts'
import { workloadOfGroup } from '../pod-dns/workload-patch.ts'
import { shownName } from '../records/asked-service.ts'
import { askedRungs, excluded, notChecked, qualifiedName } from '../support.ts'
import { clientLibraryOf, isMusl, libraryLine } from './client-library.ts'
import type { ClientLibrary } from './client-library.ts'

export const muslNoTcpFallback: Cause = {
  code: 'musl-no-tcp-fallback',
  needs: ['asked-name', 'probes', 'pods'],
  judge(evidence) {
    const name = shownName(evidence.asked?.name ?? '')
    const plain = askedRungs(evidence.ladder).filter((rung) => isPlain(rung, evidence.asked?.name))
    const cut = plain.find(({ observed }) => observed.kind === 'response' && observed.tc)
    if (cut === undefined) {
      const fits = plain.length > 0 || askedRungs(evidence.ladder).some(isAnswerOf)
      return [fits ? excluded(line('observed', 'fits', { name })) : notChecked('not-checked.name-not-asked', { name })]
    }
    const libraryOf = (pod: Pod): ClientLibrary | undefined => clientLibraryOf(evidence.ladder, pod)
    const groups = concernedPods(evidence, (pod) => isOld(libraryOf(pod)))
    if (groups.length > 0) return groups.map((group) => judgeGroup(evidence, group, cut))
    const [pod] = evidence.pods
    const library = pod === undefined ? undefined : libraryOf(pod)
    if (pod !== undefined && library === undefined)
      return [notChecked('not-checked.no-library', { pod: qualifiedName(pod) })]
    return [
      pod === undefined || library === undefined
        ? excluded(line('observed', 'no-such-pods', { count: evidence.facts.objects.pods.length }))
        : excluded(libraryLine(pod, library)),
    ]
  },
}

function judgeGroup(evidence: Evidence, group: PodGroup, cut: Rung): Judgement {
  const [pod] = group.pods
  const library = pod === undefined ? undefined : clientLibraryOf(evidence.ladder, pod)
  if (pod === undefined || library === undefined) return notChecked('not-checked.no-pod')
  const name = shownName(evidence.asked?.name ?? '')
  const left = countOf(cut)
  const whole = askedRungs(evidence.ladder).find((rung) => rung.transport === 'tcp' && isAnswerOf(rung))
  const isAskedFrom = evidence.pods.includes(pod)
  const values = { ...groupValues(group), name, left, pod: qualifiedName(pod) }
  const isCertain = library.basis === 'observed' && library.alpine !== undefined
  const finding = {
    subject: groupSubject(group),
    objects: groupRefs(group, 'spec.containers[].image'),
    values,
    ...(left === 0 ? {} : { summary: 'some-only' }),
    evidence: [
      line('observed', 'truncated', { server: cut.hop.name, name, left }),
      ...(whole === undefined ? [] : [line('observed', 'whole', { server: whole.hop.name, count: countOf(whole) })]),
      libraryLine(pod, library),
      line('computed', 'no-fallback', { name }),
    ],
    fix: { key: 'musl-no-tcp-fallback', values: { owner: group.owner }, command: imageCommand(group) },
    // Some records are enough for most programs; none is a failure, and only from such a pod.
    isFault: isAskedFrom && left === 0 && isCertain,
    explains: isAskedFrom && left === 0 ? [ASKED_NAME] : [],
  }
  if (isCertain) return { status: 'proven', ...finding }
  return {
    status: 'suspected',
    ...finding,
    missing: [phrase('client.missing-system', { pod: qualifiedName(pod) })],
  }
}

function imageCommand(group: PodGroup): string {
  const { namespace, workload } = workloadOfGroup(group)
  return `kubectl -n ${namespace} set image ${workload} '*=IMAGE'   # made from alpine:3.18 or newer, or from a glibc image`
}

/** Whether a pod's C library may be one that does not; `musl` of an unknown version may. */
function isOld(library: ClientLibrary | undefined): boolean {
  if (library === undefined || !isMusl(library)) return false
  return library.resolver === 'musl-1.2.3' || library.alpine === undefined
}

/** The asked name as a client without EDNS gets it. */
function isPlain({ question, transport, observed }: Rung, name: string | undefined): boolean {
  if (transport !== 'udp' || question.kind !== 'dns' || observed.kind !== 'response') return false
  return question.name === name && question.udpPayloadSize === PLAIN_SIZE
}

function isAnswerOf({ purpose, observed }: Rung): boolean {
  return purpose === 'asked' && observed.kind === 'response' && observed.recordCount > 0
}

function countOf({ observed }: Rung): number {
  return observed.kind === 'response' ? observed.recordCount : 0
}
