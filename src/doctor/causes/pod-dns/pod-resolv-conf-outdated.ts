// A pod keeps the resolv.conf that its sandbox was made with: a fix to kubelet or node reaches only pods made after it.
import { lowerName } from '../../../dns/index.ts'
import { expandSearchList, parseResolvConf } from '../../../route/index.ts'
import type { ResolvConf } from '../../../route/index.ts'
import type { Pod } from '../../../kube/objects/index.ts'
import { podResolvConfOf } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { EvidenceLine, Judgement, Subject } from '../judgement.ts'
import { shownName } from '../records/asked-service.ts'
import { excluded, failedIds, notChecked, podRef, qualifiedName } from '../support.ts'

export const podResolvConfOutdated: Cause = {
  code: 'pod-resolv-conf-outdated',
  needs: ['pods'],
  judge(evidence) {
    if (evidence.pods.length === 0) return [notChecked('not-checked.no-pod')]
    return evidence.pods.map((pod) => judgePod(evidence, pod))
  },
}

function judgePod(evidence: Evidence, pod: Pod): Judgement {
  const { facts, ladder } = evidence
  const name = qualifiedName(pod)
  const subject: Subject = { kind: 'pod', name }
  const computed = podResolvConfOf(facts, pod)
  const file = ladder.podFiles.find((one) => one.namespace === pod.meta.namespace && one.pod === pod.meta.name)
  const change = configurationChange(evidence)
  const isOlder = change !== undefined && pod.startTime !== undefined && pod.startTime < change.at
  const differences = file === undefined ? undefined : compare(parseResolvConf(file.text), computed.conf)
  if (differences?.length === 0) return excluded(line('observed', 'same', { pod: name }), subject)
  if (differences === undefined && !isOlder) {
    return change === undefined
      ? notChecked('not-checked.no-pod-file', { pod: name }, subject)
      : excluded(line('observed', 'younger', { pod: name, at: pod.startTime ?? '', changed: change.at }), subject)
  }
  const neverAsked = file === undefined ? undefined : missesName(evidence, parseResolvConf(file.text), computed.conf)
  const explained = explainedBy(evidence, pod, file === undefined ? [] : parseResolvConf(file.text).nameservers)
  const finding = {
    subject,
    objects: [podRef(pod, 'status.startTime')],
    values: { pod: name },
    evidence: [
      ...(differences ?? []),
      ...(neverAsked === undefined ? [] : [neverAsked]),
      line('computed', 'written-once', { pod: name }),
      ...(change === undefined || !isOlder
        ? []
        : [line('observed', 'older', { pod: name, at: pod.startTime ?? '', changed: change.at, what: change.what })]),
    ],
    fix: {
      key: 'pod-resolv-conf-outdated',
      values: { pod: name },
      command: `kubectl -n ${pod.meta.namespace} delete pod ${pod.meta.name}`,
    },
    // Nothing fails where nothing is asked: the name resolves for everybody but this pod.
    isFault: neverAsked !== undefined,
    explains: neverAsked === undefined ? explained : [...new Set([ASKED_NAME, ...explained])],
  }
  const isWhole = computed.unseen === undefined
  return differences !== undefined && isWhole
    ? { status: 'proven', ...finding }
    : {
        status: 'suspected',
        ...finding,
        missing: [phrase('pod-resolv-conf-outdated.missing-file', { pod: name })],
      }
}

/** What failed at the nameservers of its old file, and the name that was asked about when it failed there. */
function explainedBy({ ladder, asked }: Evidence, { meta }: Pod, nameservers: readonly string[]): string[] {
  const failed = failedIds(
    ladder,
    ({ from, hop }) =>
      hop.kind === 'nameserver' &&
      nameservers.includes(hop.name) &&
      from.kind === 'pod' &&
      from.namespace === meta.namespace &&
      from.name === meta.name,
  )
  return asked === undefined || failed.length === 0 ? failed : [ASKED_NAME, ...failed]
}

/** A name that exists and that this pod does not come to ask for: its own search list leads elsewhere than the one of a new pod. */
function missesName({ asked }: Evidence, seen: ResolvConf, computed: ResolvConf): EvidenceLine | undefined {
  if (asked === undefined || !asked.inCluster) return undefined
  const namesOf = (conf: ResolvConf): string[] => expandSearchList(asked.given, conf).map(({ name }) => lowerName(name))
  const asksFor = namesOf(seen)
  if (asksFor.includes(asked.name) || !namesOf(computed).includes(asked.name)) return undefined
  return line('computed', 'never-asked', { given: asked.given, name: shownName(asked.name), names: asksFor.join(', ') })
}

function compare(seen: ResolvConf, computed: ResolvConf): EvidenceLine[] {
  return (['nameservers', 'searches', 'options'] as const)
    .filter((part) => [...seen[part]].join(' ') !== [...computed[part]].join(' '))
    .map((part) =>
      line('observed', `other-${part}`, { has: seen[part].join(' ') || '-', now: computed[part].join(' ') || '-' }),
    )
}

/** When kubelet's configuration was last written, as far as the API tells. */
function configurationChange({ facts }: Evidence): { readonly at: string; readonly what: string } | undefined {
  const map = facts.objects.configMaps.find(
    ({ meta }) => meta.namespace === 'kube-system' && /^kubelet-config(-\d+\.\d+)?$/.test(meta.name),
  )
  const at = map?.meta.lastChange
  return map === undefined || at === undefined
    ? undefined
    : { at, what: `ConfigMap ${map.meta.namespace}/${map.meta.name}` }
}
