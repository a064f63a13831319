// More nameservers than a resolver reads: kubelet keeps the first three and says so in an event.
import { MAX_NAMESERVERS } from '../../../route/index.ts'
import type { ClusterEvent } from '../../../kube/objects/index.ts'
import type { NodeFacts } from '../../facts/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { askedRungs, excluded, failedIds, notChecked, qualifiedName, shellQuote } from '../support.ts'
import { listUpstreamUses, phrase, podsOnNode } from '../../ladder/index.ts'

const EVENT_TEXT = /^Nameserver limits were exceeded.*the applied nameserver line is: (.*)$/i

export const tooManyNameservers: Cause = {
  code: 'too-many-nameservers',
  needs: [],
  judge(evidence) {
    const { facts } = evidence
    const judgements = facts.nodes.map((node) => judgeNode(evidence, node))
    const found = judgements.filter(({ status }) => status !== 'excluded' && status !== 'not-checked')
    if (found.length > 0) return found
    const seen = judgements.find(({ status }) => status === 'excluded')
    const isBlind = facts.missing.some(({ what }) => what === 'events')
    if (facts.nodes.length === 0) return [notChecked('not-checked.no-events')]
    if (!isBlind) return [seen ?? noEvents(facts.nodes)]
    // Without events a node whose file was not seen stays open, whatever the others' files hold.
    const open = judgements.filter(({ status }) => status === 'not-checked')
    return [...(seen === undefined ? [] : [seen]), ...open]
  },
}

function noEvents(nodes: readonly NodeFacts[]): Judgement {
  return excluded(line('observed', 'no-event', { count: nodes.length }))
}

function judgeNode(evidence: Evidence, node: NodeFacts): Judgement {
  const { facts } = evidence
  const events = eventsOn(evidence, node.name)
  const listed = node.resolvConf?.conf.nameservers
  const isOver = listed !== undefined && listed.length > MAX_NAMESERVERS
  if (listed !== undefined && !isOver && events.length === 0) {
    return excluded(line('observed', 'within-limit', { node: node.name, count: listed.length }))
  }
  if (!isOver && events.length === 0) return notChecked('not-checked.node-file', { node: node.name })
  const kept = listed?.slice(0, MAX_NAMESERVERS) ?? keptByEvent(events[0])
  const cutOff = listed?.slice(MAX_NAMESERVERS) ?? []
  const lines: EvidenceLine[] = []
  if (node.resolvConf !== undefined && isOver) {
    const file = `${node.name}:${node.resolvConf.path}`
    lines.push(line('observed', 'file', { file, count: listed.length, kept, cutOff }))
  }
  const [event] = events
  if (event !== undefined) {
    lines.push(
      line('observed', 'event', {
        pod: `${event.regarding.namespace}/${event.regarding.name}`,
        count: events.length,
        kept: keptByEvent(event),
      }),
    )
  }
  if (cutOff.length > 0) lines.push(line('computed', 'never-used', { cutOff, node: node.name }))
  const explains = explainedByCutOff(evidence, node.name, cutOff)
  const helping = explains.length === 0 ? [] : answeringCutOff(evidence, node.name, cutOff)
  const finding = {
    subject: { kind: 'node' as const, name: node.name },
    objects: [
      ...(node.resolvConf === undefined
        ? []
        : [{ kind: 'File', namespace: '', name: `${node.name}:${node.resolvConf.path}` }]),
      ...events.slice(0, 3).map(({ meta }) => ({ kind: 'Event', namespace: meta.namespace, name: meta.name })),
    ],
    values: { node: node.name, count: listed?.length ?? 0, kept, cutOff },
    // Without the file nobody knows how many there are and which were cut off: the event names those that are left.
    ...(isOver ? {} : { summary: 'by-event' }),
    evidence: [
      ...helping.map((address) => line('observed', 'cut-off-answers', { address, node: node.name })),
      ...lines,
    ],
    fix: {
      key: 'too-many-nameservers',
      values: { node: node.name, path: node.resolvConf?.path ?? node.kubelet.resolvConf.value },
      command: `ssh -t ${shellQuote(node.name)} sudo vi ${shellQuote(node.resolvConf?.path ?? node.kubelet.resolvConf.value)}`,
    },
    isFault: false,
    explains,
  }
  // The event is kubelet's own word. Where the node's file was seen too, both must say it.
  const isProven = event !== undefined && (listed === undefined || isOver)
  if (isProven) return { status: 'proven', ...finding }
  const isBlind = facts.missing.some(({ what }) => what === 'events')
  const missing = phrase(isBlind ? 'too-many-nameservers.missing-events' : 'too-many-nameservers.missing-event')
  return {
    status: 'suspected',
    ...finding,
    missing: [event === undefined ? missing : phrase('too-many-nameservers.missing-file')],
  }
}

function eventsOn({ facts }: Evidence, node: string): ClusterEvent[] {
  const events = facts.objects.events.filter(
    ({ reason, message }) => reason === 'DNSConfigForming' && EVENT_TEXT.test(message),
  )
  if (events.length === 0) return []
  const pods = new Set(podsOnNode(facts, node).map(qualifiedName))
  return events.filter(
    ({ regarding }) =>
      pods.has(`${regarding.namespace}/${regarding.name}`) || (regarding.kind === 'Node' && regarding.name === node),
  )
}

function keptByEvent(event: ClusterEvent | undefined): string[] {
  const kept = event === undefined ? undefined : EVENT_TEXT.exec(event.message)?.[1]
  return kept?.split(/\s+/).filter((word) => word !== '') ?? []
}

/** A server that was cut off and would have answered what the kept ones could not: only then the limit is to blame. */
function answeringCutOff({ ladder }: Evidence, node: string, cutOff: readonly string[]): string[] {
  return cutOff.filter((address) =>
    askedRungs(ladder).some(
      (rung) =>
        rung.hop.kind === 'upstream' && rung.fromNode === node && rung.to.address === address && rung.result === 'ok',
    ),
  )
}

function explainedByCutOff(evidence: Evidence, node: string, cutOff: readonly string[]): string[] {
  if (answeringCutOff(evidence, node, cutOff).length === 0) return []
  const { facts, ladder } = evidence
  const uses = listUpstreamUses(facts).filter((use) => use.node === node && use.inEffect)
  const servers = new Set(uses.flatMap((use) => use.servers.map(({ name }) => name)))
  return failedIds(
    ladder,
    (rung) =>
      (rung.purpose === 'external' || rung.purpose === 'asked') &&
      ((rung.hop.kind === 'upstream' && rung.fromNode === node) || servers.has(rung.hop.name)),
  )
}
