// What the three causes about egress policies share: whose policies hold DNS back, and what that explains.
import type { LabelSelector, Pod } from '../../../kube/objects/index.ts'
import { formatPlace } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { EvidenceLine, Judgement, ObjectRef, Subject } from '../judgement.ts'
import { excluded, notChecked, objectRef, podRef, qualifiedName } from '../support.ts'
import { NAME_LABEL, egressViews, policyView } from './policy-view.ts'
import type { EgressView } from './policy-view.ts'

/** Pods that share an owner count as one: they have the same labels. */
const MAX_OWNERS = 20_000

/** Pods of one namespace, or the one pod that is asked about, whose policies deny. */
export interface Denials {
  readonly subject: Subject
  readonly views: readonly EgressView[]
  /** The user asks about this very pod. */
  readonly isAsked: boolean
}

/** One judgement for each namespace, or pod asked about, with such denials. */
export function judgeDenials(
  evidence: Evidence,
  picks: (view: EgressView) => boolean,
  judge: (denials: Denials) => Judgement,
): Judgement[] {
  const { facts, ladder } = evidence
  if (facts.missing.some(({ what }) => what === 'networkPolicies')) return [notChecked('not-checked.no-policies')]
  if (!facts.objects.networkPolicies.some(({ policyTypes }) => policyTypes.includes('Egress'))) {
    return [excluded(line('observed', 'no-policies', {}))]
  }
  const denials = findDenials(evidence, picks)
  if (denials.length === 0) {
    const count = facts.objects.networkPolicies.filter(({ policyTypes }) => policyTypes.includes('Egress')).length
    return [excluded(line('computed', 'admitted', { count }))]
  }
  return denials.map((denial) => {
    const answered = ladder.rungs.find((rung) => isFromPods(rung, denial.views) && isAnsweredUdp(rung, denial.views))
    if (answered === undefined) return judge(denial)
    return excluded(
      line('observed', 'not-enforced', { place: formatPlace(answered.from), address: answered.to.address }),
      denial.subject,
    )
  })
}

function findDenials(evidence: Evidence, picks: (view: EgressView) => boolean): Denials[] {
  const { facts, pods } = evidence
  if (pods.length > 0) {
    return pods.flatMap((pod): Denials[] => {
      const views = egressViews(facts, pod).filter(picks)
      return views.length === 0 ? [] : [{ subject: { kind: 'pod', name: qualifiedName(pod) }, views, isAsked: true }]
    })
  }
  const namespaces = new Set(facts.objects.networkPolicies.map(({ meta }) => meta.namespace))
  const found = new Map<string, EgressView[]>()
  for (const pod of onePerOwner(facts.objects.pods.filter(({ meta }) => namespaces.has(meta.namespace)))) {
    const views = egressViews(facts, pod).filter(picks)
    if (views.length > 0) found.set(pod.meta.namespace, [...(found.get(pod.meta.namespace) ?? []), ...views])
  }
  return [...found].map(([name, views]) => ({ subject: { kind: 'namespace', name }, views, isAsked: false }))
}

function onePerOwner(pods: readonly Pod[]): Pod[] {
  const seen = new Map<string, Pod>()
  for (const pod of pods) {
    if (pod.phase === 'Succeeded' || pod.phase === 'Failed' || seen.size > MAX_OWNERS) continue
    const { namespace, name, owner } = pod.meta
    const key = `${namespace}/${owner?.name ?? name}`
    if (!seen.has(key)) seen.set(key, pod)
  }
  return [...seen.values()]
}

// --- What it explains ---

/** What failed when the pods asked, and the name that was asked about from them. */
export function explainsDenials({ ladder, asked }: Evidence, { views, isAsked }: Denials): string[] {
  const onlyTcp = views.every(({ udp }) => udp)
  const failed = ladder.rungs.filter(
    (rung) =>
      rung.result === 'failed' &&
      isFromPods(rung, views) &&
      rung.observed.kind !== 'response' &&
      (!onlyTcp || rung.transport === 'tcp' || rung.purpose === 'large'),
  )
  return [...(isAsked && asked !== undefined && !onlyTcp ? [ASKED_NAME] : []), ...failed.map(({ id }) => id)]
}

function isFromPods({ from }: Rung, views: readonly EgressView[]): boolean {
  return (
    from.kind === 'pod' && views.some(({ pod }) => pod.meta.namespace === from.namespace && pod.meta.name === from.name)
  )
}

/** The server answered over a transport that the policies deny: nobody enforces them. */
function isAnsweredUdp({ to, transport, observed }: Rung, views: readonly EgressView[]): boolean {
  return (
    observed.kind === 'response' &&
    views.some(
      ({ server, udp, tcp }) =>
        server.address === to.address && ((transport === 'udp' && !udp) || (transport === 'tcp' && !tcp)),
    )
  )
}

// --- Lines ---

export function policyNames(views: readonly EgressView[]): string[] {
  return [...new Set(views.flatMap(({ policies }) => policies.map(qualifiedName)))].sort()
}

export function policyRefs(views: readonly EgressView[]): ObjectRef[] {
  return [
    ...policyNames(views).map((name) => objectRef('NetworkPolicy', name, 'spec.egress')),
    ...views.slice(0, 3).map(({ pod }) => podRef(pod)),
  ]
}

export function podNames(views: readonly EgressView[]): string[] {
  return [...new Set(views.map(({ pod }) => qualifiedName(pod)))]
}

/** What was seen when they asked; nothing where no pod of them was asked from. */
export function failedLines({ ladder }: Evidence, views: readonly EgressView[]): EvidenceLine[] {
  const failed = ladder.rungs.filter(
    (rung) => rung.result === 'failed' && isFromPods(rung, views) && rung.observed.kind !== 'response',
  )
  const [first] = failed
  return first === undefined
    ? []
    : [line('observed', 'asked', { place: formatPlace(first.from), address: first.to.address, count: failed.length })]
}

/**
 * A command that adds policies beside those that are there, one for each of their selectors: policies add up. A pod that no egress
 * policy selects may send anywhere, and the first that selects it would end that: so it takes the selectors as they are.
 */
export function allowDns(views: readonly EgressView[], peers: readonly object[]): string {
  const policies = views.flatMap((view) => view.policies)
  const selectors = [...new Set(policies.map(({ podSelector }) => JSON.stringify(selectorJson(podSelector))))]
  // One that selects all pods stands for the others.
  const chosen = selectors.includes('{}') ? ['{}'] : selectors
  const namespace = policies[0]?.meta.namespace ?? ''
  const documents = chosen.map((selector, index) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: index === 0 ? 'allow-dns' : `allow-dns-${index + 1}`, namespace },
    spec: {
      podSelector: JSON.parse(selector) as object,
      policyTypes: ['Egress'],
      egress: [
        {
          to: peers,
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
      ],
    },
  }))
  return `kubectl apply -f - <<'EOF'\n${documents.map((document) => JSON.stringify(document)).join('\n---\n')}\nEOF`
}

/** The pods of a namespace in a policy, by what the namespace has: Kubernetes labels it with its name from 1.21 on. */
export function podsOf({ facts }: Evidence, namespace: string, labels: Readonly<Record<string, string>>): object {
  const name = policyView(facts).namespaces.get(namespace)?.[NAME_LABEL]
  // Without that label any namespace is meant: a pod elsewhere with the labels of CoreDNS is asked by nobody.
  const namespaceSelector = name === undefined ? {} : { matchLabels: { [NAME_LABEL]: name } }
  return { namespaceSelector, podSelector: { matchLabels: labels } }
}

/** One address in a policy. */
export function blockOf(address: string): object {
  return { ipBlock: { cidr: `${address}/${address.includes(':') ? 128 : 32}` } }
}

/** As a manifest has it, without what is empty. */
function selectorJson({ matchLabels, matchExpressions }: LabelSelector): object {
  return {
    ...(Object.keys(matchLabels).length === 0 ? {} : { matchLabels }),
    ...(matchExpressions.length === 0
      ? {}
      : {
          matchExpressions: matchExpressions.map(({ key, operator, values }) => ({
            key,
            operator,
            ...(values.length === 0 ? {} : { values }),
          })),
        }),
  }
}
