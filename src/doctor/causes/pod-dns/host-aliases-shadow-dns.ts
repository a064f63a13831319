// hostAliases put a name into /etc/hosts, which programs read before they ask DNS.
import type { Pod } from '../../../kube/objects/index.ts'
import type { AskedName } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded } from '../support.ts'
import { groupRefs, groupSubject, groupValues } from './pod-settings.ts'
import type { PodGroup } from './pod-settings.ts'
import { workloadPatch } from './workload-patch.ts'

export const hostAliasesShadowDns: Cause = {
  code: 'host-aliases-shadow-dns',
  needs: ['asked-name', 'pods'],
  judge(evidence) {
    const { asked, facts, pods } = evidence
    if (asked === undefined) return []
    const candidates = pods.length > 0 ? pods : facts.objects.pods
    const shadowed = new Map<string, { group: Pod[]; ip: string }>()
    const answers = answersTo(evidence)
    for (const pod of candidates) {
      const ip = aliasOf(pod, asked)
      if (ip === undefined || answers.includes(ip)) continue
      const key = `${pod.meta.namespace}/${pod.meta.owner?.name ?? pod.meta.name} ${ip}`
      const known = shadowed.get(key)
      if (known === undefined) shadowed.set(key, { group: [pod], ip })
      else known.group.push(pod)
    }
    if (shadowed.size === 0) return [excluded(line('observed', 'none', { name: shown(asked.name) }))]
    return [...shadowed].map(([key, { group, ip }]) => {
      const owner = key.split(' ')[0] ?? ''
      return judgeGroup(evidence, { owner, pods: group }, { ip, answers, name: shown(asked.name) })
    })
  },
}

function judgeGroup(
  evidence: Evidence,
  group: PodGroup,
  { ip, answers, name }: { readonly ip: string; readonly answers: readonly string[]; readonly name: string },
): Judgement {
  const isAskedFrom = group.pods.some((pod) => evidence.pods.includes(pod))
  return {
    status: 'proven',
    subject: groupSubject(group),
    objects: groupRefs(group, 'spec.hostAliases'),
    values: { ...groupValues(group), name, ip },
    evidence: [
      line('stated', 'alias', { ...groupValues(group), name, ip }),
      answers.length === 0
        ? line('observed', 'no-answer', { name })
        : line('observed', 'answer', { name, answers: [...answers] }),
    ],
    fix: {
      key: 'host-aliases-shadow-dns',
      values: { owner: group.owner, name },
      command: workloadPatch(group, { hostAliases: null }),
    },
    // Whoever asks about the name from this pod asks why the program goes elsewhere.
    isFault: isAskedFrom,
    explains: isAskedFrom ? [ASKED_NAME] : [],
  }
}

function aliasOf({ spec }: Pod, { given, name }: AskedName): string | undefined {
  const names = new Set([given.toLowerCase().replace(/\.$/, ''), shown(name)])
  return spec.hostAliases.find(({ hostnames }) => hostnames.some((one) => names.has(one.toLowerCase())))?.ip
}

/** What servers say today, else what the schema says. */
function answersTo({ asked, ladder, explain }: Evidence): readonly string[] {
  const seen = askedRungs(ladder).flatMap(({ purpose, observed }) =>
    purpose === 'asked' && observed.kind === 'response' ? observed.records : [],
  )
  if (seen.length > 0 || asked === undefined) return [...new Set(seen)].filter(isAddress)
  const answer = explain(asked.name, asked.type)
  if (answer.kind !== 'records') return []
  return answer.answer.flatMap(({ rdata }) => ('address' in rdata ? [rdata.address] : []))
}

/** Answers may hold CNAME records too. */
function isAddress(record: string): boolean {
  return /^[\d.]+$/.test(record) || record.includes(':')
}

function shown(name: string): string {
  return name.replace(/\.$/, '')
}
