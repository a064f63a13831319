// Responses that do not fit a small datagram are lost: as fragments, or because TCP is closed to who is told to use it.
import type { CorefileFact } from '../../facts/index.ts'
import { formatPlace } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import { shownName } from '../records/asked-service.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { editCorefile } from '../coredns-support.ts'
import { askedRungs, excluded, notChecked, objectRef } from '../support.ts'

/** Octets of a datagram that passes every network whole. */
const SAFE = 1232

export const largeResponseLost: Cause = {
  code: 'large-response-lost',
  needs: ['probes'],
  judge: (evidence) => [judge(evidence)],
}

/** The same question from one place to one server, in several sizes and over both transports. */
interface Comparison {
  readonly big: readonly Rung[]
  readonly small: readonly Rung[]
  readonly tcp: readonly Rung[]
}

/** How large responses are lost there. */
interface Loss {
  readonly kind: 'fragments' | 'no-tcp'
  readonly lost: Rung
  readonly beside: Rung
}

function judge({ facts, ladder, asked }: Evidence): Judgement {
  const comparisons = compare(askedRungs(ladder))
  const losses = comparisons.flatMap(lossOf)
  const [loss] = losses
  if (loss === undefined) {
    const seen = comparisons.find(({ big, small }) => big.some(isAnswered) || small.some(isTruncated))
    if (seen === undefined) return notChecked('not-checked.no-large-name')
    const server = (seen.big[0] ?? seen.small[0])?.hop.name ?? ''
    return excluded(line('observed', 'arrive', { server }))
  }
  const name = nameOf(loss.lost)
  const places = [...new Set(losses.map(({ lost }) => lost.fromNode ?? formatPlace(lost.from)))]
  const servers = [...new Set(losses.map(({ lost }) => lost.hop.name))]
  const kinds = new Set(losses.map(({ kind }) => kind))
  const isAsked = asked !== undefined && losses.some(({ lost }) => nameOf(lost) === shownName(asked.name))
  const { corefile } = facts.dns
  const lacksBufsize = corefile !== undefined && !hasBufsize(corefile)
  const isFragments = kinds.has('fragments')
  const key = isFragments ? 'large-response-lost' : 'large-response-lost.tcp'
  return {
    status: 'proven',
    subject: { kind: 'name', name },
    objects: servers.map((server) => objectRef(loss.lost.hop.kind === 'dns-service' ? 'Service' : 'Pod', server)),
    values: { name, servers, places },
    ...(isFragments ? {} : { summary: 'tcp-closed' }),
    evidence: [
      ...losses.slice(0, 2).flatMap(evidenceOf),
      ...(lacksBufsize && isFragments ? [line('stated', 'no-bufsize', {})] : []),
      ...smallWorks(ladder.rungs, loss),
    ],
    fix: {
      key,
      values: { places },
      command:
        isFragments && corefile !== undefined
          ? `${editCorefile(corefile)}   # in every server block: bufsize ${SAFE}`
          : `# let TCP port 53 pass wherever UDP port 53 does, on the way from ${places.join(', ')}\nkubectl get networkpolicies -A`,
    },
    isFault: true,
    explains: [...losses.map(({ lost }) => lost.id), ...(isAsked ? [ASKED_NAME] : [])],
  }
}

function compare(rungs: readonly Rung[]): Comparison[] {
  const groups = new Map<string, Rung[]>()
  for (const rung of rungs) {
    const { purpose, question, hop } = rung
    if ((purpose !== 'large' && purpose !== 'asked') || question.kind !== 'dns' || hop.kind === 'upstream') continue
    const key = `${hop.name} ${formatPlace(rung.from)} ${question.name} ${question.type}`
    groups.set(key, [...(groups.get(key) ?? []), rung])
  }
  return [...groups.values()].map((own) => ({
    big: own.filter((rung) => rung.transport === 'udp' && sizeOf(rung) > SAFE),
    small: own.filter((rung) => rung.transport === 'udp' && sizeOf(rung) <= SAFE),
    tcp: own.filter(({ transport }) => transport === 'tcp'),
  }))
}

function lossOf({ big, small, tcp }: Comparison): Loss[] {
  const silent = big.find(({ observed }) => observed.kind === 'timeout')
  const answered = [...small, ...tcp].find(isAnswered)
  if (silent !== undefined && answered !== undefined) return [{ kind: 'fragments', lost: silent, beside: answered }]
  const truncated = [...small, ...big].find(isTruncated)
  const closed = tcp.find(({ result, observed }) => result === 'failed' && observed.kind !== 'response')
  if (truncated !== undefined && closed !== undefined && !tcp.some(isAnswered)) {
    return [{ kind: 'no-tcp', lost: closed, beside: truncated }]
  }
  return []
}

function evidenceOf({ kind, lost, beside }: Loss): EvidenceLine[] {
  const place = lost.fromNode ?? formatPlace(lost.from)
  const values = { server: lost.hop.name, place, name: nameOf(lost) }
  if (kind === 'fragments') {
    const how = beside.transport === 'tcp' ? 'TCP' : `UDP (${sizeOf(beside)})`
    return [
      line('observed', 'big-lost', { ...values, size: sizeOf(lost) }),
      line('observed', 'beside', { ...values, how }),
    ]
  }
  return [line('observed', 'truncated', values), line('observed', 'tcp-fails', { ...values, why: lost.observed.kind })]
}

/** A small name over UDP, from the same place at the same server. */
function smallWorks(rungs: readonly Rung[], { lost }: Loss): EvidenceLine[] {
  const small = rungs.find(
    ({ hop, fromNode, transport, purpose, result }) =>
      hop.name === lost.hop.name &&
      fromNode === lost.fromNode &&
      transport === 'udp' &&
      purpose === 'canary' &&
      result === 'ok',
  )
  return small === undefined ? [] : [line('observed', 'small-works', { server: small.hop.name, name: nameOf(small) })]
}

function sizeOf({ question }: Rung): number {
  return question.kind === 'dns' ? (question.udpPayloadSize ?? SAFE) : 0
}

function isAnswered({ observed }: Rung): boolean {
  return observed.kind === 'response'
}

function isTruncated({ observed }: Rung): boolean {
  return observed.kind === 'response' && observed.tc
}

function nameOf({ question }: Rung): string {
  return question.kind === 'dns' ? shownName(question.name) : ''
}

function hasBufsize({ blocks }: CorefileFact): boolean {
  return blocks.some(({ directives }) => directives.some(({ name }) => name === 'bufsize'))
}
