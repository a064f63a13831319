// dnsPolicy None: the pod has what dnsConfig says and nothing else, and that is not enough for the cluster's names.
import type { Pod } from '../../../kube/objects/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { askedRungs, excluded, failedIds, notChecked } from '../support.ts'
import { clusterServers, concernedPods, explainsPods, groupRefs, groupSubject, groupValues } from './pod-settings.ts'
import type { PodGroup } from './pod-settings.ts'
import { workloadPatch } from './workload-patch.ts'

export const dnsPolicyNoneIncomplete: Cause = {
  code: 'dns-policy-none-incomplete',
  needs: ['pods'],
  judge(evidence) {
    const groups = concernedPods(evidence, ({ spec }) => spec.dnsPolicy === 'None')
    if (evidence.facts.objects.pods.length === 0) return [notChecked('not-checked.no-pods')]
    if (groups.length === 0) return [excluded(line('observed', 'none', {}))]
    return groups.map((group) => judgeGroup(evidence, group))
  },
}

function judgeGroup(evidence: Evidence, group: PodGroup): Judgement {
  const { facts, asked, pods } = evidence
  const [pod] = group.pods
  const subject = groupSubject(group)
  const lacks = pod === undefined ? [] : findLacks(evidence, pod)
  if (lacks.length === 0) return excluded(line('stated', 'complete', groupValues(group)), subject)
  const explains = explainsPods(evidence, group)
  const isAsked = asked?.inCluster === true && group.pods.some((one) => pods.includes(one))
  const meant = pod === undefined || !pods.includes(pod) ? undefined : nameMeant(evidence, pod)
  const address = facts.dns.service?.clusterIPs[0] ?? ''
  return {
    ...(isOpen(evidence, group)
      ? { status: 'suspected' as const, missing: [phrase('dns-policy-none-incomplete.missing-query', { address })] }
      : { status: 'proven' as const }),
    subject,
    objects: groupRefs(group, 'spec.dnsConfig'),
    values: groupValues(group),
    evidence: [
      line('stated', 'policy', groupValues(group)),
      ...lacks,
      ...(meant === undefined ? [] : [line('computed', 'meant', { given: asked?.given ?? '', name: meant })]),
    ],
    fix: {
      key: 'dns-policy-none-incomplete',
      values: { owner: group.owner },
      command: workloadPatch(group, { dnsPolicy: 'ClusterFirst', dnsConfig: null }),
    },
    isFault: false,
    explains: [
      ...new Set([
        ...(isAsked || meant !== undefined ? [ASKED_NAME] : []),
        ...(meant === undefined ? [] : failedIds(evidence.ladder, ({ purpose }) => purpose === 'asked')),
        ...explains,
      ]),
    ],
  }
}

/** The name of the cluster that a short name stands for with the search list of ClusterFirst, where the pod has none. */
function nameMeant({ facts, asked, explain }: Evidence, { meta, spec }: Pod): string | undefined {
  const searches = spec.dnsConfig?.searches ?? []
  if (asked === undefined || asked.inCluster || searches.length > 0 || asked.given.endsWith('.')) return undefined
  const domain = `${facts.dns.clusterDomain.value.replace(/\.$/, '')}.`
  const candidates = [`${meta.namespace}.svc.${domain}`, `svc.${domain}`, domain].map((suffix) => asked.name + suffix)
  return candidates.find((name) => explain(name, asked.type).kind === 'records')
}

function findLacks({ facts }: Evidence, { spec }: Pod): EvidenceLine[] {
  const { nameservers = [], searches = [] } = spec.dnsConfig ?? {}
  const known = clusterServers(facts)
  const strange = nameservers.filter((address) => !known.has(address))
  return [
    ...(nameservers.length === 0 ? [line('stated', 'no-nameserver', {})] : []),
    ...(strange.length > 0 && strange.length === nameservers.length
      ? [line('stated', 'other-nameservers', { nameservers: strange, known: [...known.keys()] })]
      : []),
    ...(searches.length === 0 ? [line('stated', 'no-searches', {})] : []),
  ]
}

/** Asked about, and its nameservers answer the cluster's names all the same. */
function isOpen({ ladder, pods }: Evidence, { pods: own }: PodGroup): boolean {
  const names = new Set(own.filter((pod) => pods.includes(pod)).map(({ meta }) => `${meta.namespace}/${meta.name}`))
  return askedRungs(ladder).some(
    ({ from, hop, purpose, result }) =>
      hop.kind === 'nameserver' &&
      from.kind === 'pod' &&
      names.has(`${from.namespace}/${from.name}`) &&
      purpose === 'canary' &&
      result === 'ok',
  )
}
