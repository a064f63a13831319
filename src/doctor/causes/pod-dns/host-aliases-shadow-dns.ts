// hostAliases, the image or somebody put a name into /etc/hosts, which programs read before they ask DNS.
import type { Pod } from '../../../kube/objects/index.ts'
import type { AskedName } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded, notChecked, podRef, qualifiedName } from '../support.ts'
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
    const files = pods.flatMap((pod) => judgeFile(evidence, { pod, asked, answers }))
    if (shadowed.size === 0) return files.length > 0 ? files : [judgeAbsence(evidence, asked)]
    const aliases = [...shadowed].map(([key, { group, ip }]) => {
      const owner = key.split(' ')[0] ?? ''
      return judgeGroup(evidence, { owner, pods: group }, { ip, answers, name: shown(asked.name) })
    })
    return [...aliases, ...files]
  },
}

// --- The file itself ---

interface Looked {
  readonly pod: Pod
  readonly asked: AskedName
  readonly answers: readonly string[]
}

/** The name stands in the pod's own file, and its hostAliases do not say why. */
function judgeFile({ ladder }: Evidence, { pod, asked, answers }: Looked): Judgement[] {
  const ip = addressInHosts(hostsOf(ladder, pod) ?? '', asked)
  if (ip === undefined || answers.includes(ip) || aliasOf(pod, asked) === ip) return []
  const [name, podName] = [shown(asked.name), qualifiedName(pod)]
  return [
    {
      status: 'proven',
      subject: { kind: 'pod', name: podName },
      objects: [podRef(pod)],
      values: { owner: podName, name, ip },
      evidence: [
        line('observed', 'in-hosts', { pod: podName, name, ip }),
        answers.length === 0
          ? line('observed', 'no-answer', { name })
          : line('observed', 'answer', { name, answers: [...answers] }),
        line('stated', 'not-an-alias', { pod: podName, name }),
      ],
      fix: {
        key: 'host-aliases-shadow-dns.file',
        values: { pod: podName, name },
        command: `kubectl -n ${pod.meta.namespace} exec ${pod.meta.name} -- cat /etc/hosts\nkubectl -n ${pod.meta.namespace} delete pod ${pod.meta.name}`,
      },
      isFault: true,
      explains: [ASKED_NAME],
    },
  ]
}

/** Excluded only where every file that counts was read: images and people write to it as well. */
function judgeAbsence({ pods, ladder }: Evidence, asked: AskedName): Judgement {
  const name = shown(asked.name)
  const unread = pods.filter((pod) => hostsOf(ladder, pod) === undefined)
  if (pods.length === 0) return notChecked('not-checked.no-hosts-file-of-pods', { name })
  return unread.length === 0
    ? excluded(line('observed', 'none', { name, pods: pods.map(qualifiedName) }))
    : notChecked('not-checked.no-hosts-file', { name, pods: unread.map(qualifiedName).join(', ') })
}

function hostsOf({ podFiles }: Evidence['ladder'], { meta }: Pod): string | undefined {
  return podFiles.find(({ namespace, pod }) => namespace === meta.namespace && pod === meta.name)?.hosts
}

/** The first line with the name that has an address of the family asked for, see hosts(5). */
function addressInHosts(text: string, { given, name, type }: AskedName): string | undefined {
  const names = namesOf({ given, name })
  return text
    .split('\n')
    .map((row) => row.replace(/#.*/, '').trim().split(/\s+/))
    .find(([ip = '', ...hosts]) => {
      const isFamily = type === 'A' ? !ip.includes(':') : type === 'AAAA' ? ip.includes(':') : false
      return isFamily && hosts.some((host) => names.has(host.toLowerCase()))
    })?.[0]
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
  const names = namesOf({ given, name })
  return spec.hostAliases.find(({ hostnames }) => hostnames.some((one) => names.has(one.toLowerCase())))?.ip
}

function namesOf({ given, name }: Pick<AskedName, 'given' | 'name'>): Set<string> {
  return new Set([given.toLowerCase().replace(/\.$/, ''), shown(name)])
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
