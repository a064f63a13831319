// A search list that is longer than kubelet lets through: the rest is left out, and kubelet says so in an event.
import { lowerName, parseName } from '../../../dns/index.ts'
import type { ClusterEvent } from '../../../kube/objects/index.ts'
import type { NodeFacts } from '../../facts/index.ts'
import { omittedSearchesOf, omittedSearchesOn, phrase, podsOnNode } from '../../ladder/index.ts'
import type { OmittedSearches, Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded, failedIds, notChecked, qualifiedName, shellQuote } from '../support.ts'

const EVENT_TEXT = /^Search Line limits were exceeded.*the applied search line is: (.*)$/i

export const tooManySearchDomains: Cause = {
  code: 'too-many-search-domains',
  needs: [],
  judge(evidence) {
    const { facts } = evidence
    const events = eventsByNode(evidence)
    const found = facts.nodes.flatMap((node) => judgeNode(evidence, node, events.get(node.name) ?? []) ?? [])
    if (found.length > 0) return found
    const seen = facts.nodes.filter(({ resolvConf }) => resolvConf !== undefined)
    const isBlind = facts.missing.some(({ what }) => what === 'events')
    if (isBlind && (seen.length === 0 || seen.length < facts.nodes.length)) return [notChecked('not-checked.no-events')]
    return [excluded(line(isBlind ? 'computed' : 'observed', 'none', { count: facts.nodes.length }))]
  },
}

function judgeNode(evidence: Evidence, node: NodeFacts, events: readonly ClusterEvent[]): Judgement | undefined {
  const { facts } = evidence
  const [event] = events
  const cut = cutOn(evidence, node, event)
  if (cut === undefined && event === undefined) return undefined
  const kept = keptByEvent(event) ?? cut?.kept ?? []
  const omitted = cut?.omitted.filter((suffix) => !kept.includes(suffix)) ?? []
  const answers = answersBelow(evidence, omitted)
  const pod = event === undefined ? (cut === undefined ? '' : qualifiedName(cut.pod)) : regarding(event)
  const values = { node: node.name, kept, omitted, pod }
  const path = node.resolvConf?.path ?? node.kubelet.resolvConf.value
  const finding = {
    subject: { kind: 'node' as const, name: node.name },
    objects: events.slice(0, 3).map(({ meta }) => ({ kind: 'Event', namespace: meta.namespace, name: meta.name })),
    values,
    // Without the node's file nobody knows what was left out.
    ...(omitted.length > 0 ? {} : { summary: 'by-event' }),
    evidence: [
      ...answers.map((rung) => line('observed', 'omitted-answers', { name: nameOf(rung), server: rung.hop.name })),
      ...(event === undefined ? [] : [line('observed', 'event', { ...values, count: events.length })]),
      ...(omitted.length > 0 ? [line('computed', 'omitted', { ...values, version: node.kubelet.version })] : []),
      ...(node.resolvConf === undefined
        ? []
        : [line('observed', 'file', { file: `${node.name}:${path}`, searches: node.resolvConf.conf.searches })]),
    ],
    fix: {
      key: 'too-many-search-domains',
      values: { node: node.name, path },
      command: `ssh -t ${shellQuote(node.name)} sudo vi ${shellQuote(path)}`,
    },
    isFault: false,
    explains:
      answers.length === 0 ? [] : [ASKED_NAME, ...failedIds(evidence.ladder, ({ purpose }) => purpose === 'asked')],
  }
  if (event !== undefined) return { status: 'proven', ...finding }
  const isBlind = facts.missing.some(({ what }) => what === 'events')
  const missing = phrase(`too-many-search-domains.missing-${isBlind ? 'events' : 'event'}`)
  return { status: 'suspected', ...finding, missing: [missing] }
}

/** Of the pod that the event names, of one that is asked about, or of any pod there. */
function cutOn(
  { facts, pods }: Evidence,
  node: NodeFacts,
  event: ClusterEvent | undefined,
): OmittedSearches | undefined {
  const named =
    event === undefined
      ? undefined
      : podsOnNode(facts, node.name).find((pod) => qualifiedName(pod) === regarding(event))
  const own = [...pods.filter(({ spec }) => spec.nodeName === node.name), ...(named === undefined ? [] : [named])]
  for (const pod of own) {
    const cut = omittedSearchesOf(facts, pod)
    if (cut !== undefined) return cut
  }
  return omittedSearchesOn(facts, node)
}

function eventsByNode({ facts }: Evidence): Map<string, ClusterEvent[]> {
  const events = facts.objects.events.filter(
    ({ reason, message }) => reason === 'DNSConfigForming' && EVENT_TEXT.test(message),
  )
  const byNode = new Map<string, ClusterEvent[]>()
  if (events.length === 0) return byNode
  const wanted = new Set(events.map(regarding))
  const nodeOf = new Map(
    facts.objects.pods
      .filter((pod) => wanted.has(qualifiedName(pod)))
      .map((pod) => [qualifiedName(pod), pod.spec.nodeName] as const),
  )
  for (const event of events) {
    const node = event.regarding.kind === 'Node' ? event.regarding.name : (nodeOf.get(regarding(event)) ?? '')
    byNode.set(node, [...(byNode.get(node) ?? []), event])
  }
  return byNode
}

function regarding(event: ClusterEvent): string {
  return `${event.regarding.namespace}/${event.regarding.name}`
}

function keptByEvent(event: ClusterEvent | undefined): string[] | undefined {
  const kept = event === undefined ? undefined : EVENT_TEXT.exec(event.message)?.[1]
  return kept?.split(/\s+/).filter((word) => word !== '')
}

/** Answers to the asked name below a domain that was left out: only then the limit is to blame. */
function answersBelow({ ladder, asked }: Evidence, omitted: readonly string[]): Rung[] {
  if (asked === undefined) return []
  const names = new Set(omitted.map((suffix) => lowerName(parseName(asked.given) + parseName(suffix))))
  return askedRungs(ladder).filter(
    ({ purpose, question, observed }) =>
      purpose === 'suffix' &&
      question.kind === 'dns' &&
      names.has(question.name) &&
      observed.kind === 'response' &&
      observed.recordCount > 0,
  )
}

function nameOf({ question }: Rung): string {
  return question.kind === 'dns' ? question.name.replace(/\.$/, '') : ''
}
