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
  /** Largest first. */
  readonly udp: readonly Rung[]
  readonly tcp: readonly Rung[]
}

/** How large responses are lost there; `path` when not even what passes every network whole arrives. */
interface Loss {
  readonly kind: 'fragments' | 'no-tcp' | 'path'
  readonly lost: Rung
  readonly beside: Rung
}

function judge({ facts, ladder, asked }: Evidence): Judgement {
  const comparisons = compare(askedRungs(ladder))
  const losses = comparisons.flatMap(lossOf)
  const [loss] = losses
  if (loss === undefined) {
    const seen = comparisons.find(({ udp }) =>
      udp.some((rung) => (isAnswered(rung) && sizeOf(rung) > SAFE) || isTruncated(rung)),
    )
    if (seen === undefined) return notChecked('not-checked.no-large-name')
    return excluded(line('observed', 'arrive', { server: seen.udp[0]?.hop.name ?? '' }))
  }
  const name = nameOf(loss.lost)
  const places = [...new Set(losses.map(({ lost }) => lost.fromNode ?? formatPlace(lost.from)))]
  const servers = [...new Set(losses.map(({ lost }) => lost.hop.name))]
  const kinds = new Set(losses.map(({ kind }) => kind))
  const isAsked = asked !== undefined && losses.some(({ lost }) => nameOf(lost) === shownName(asked.name))
  const { corefile } = facts.dns
  const lacksBufsize = corefile !== undefined && !hasBufsize(corefile)
  const isFragments = kinds.has('fragments')
  const isPath = kinds.has('path')
  const key = isPath ? 'large-response-lost.path' : isFragments ? 'large-response-lost' : 'large-response-lost.tcp'
  return {
    status: 'proven',
    subject: { kind: 'name', name },
    objects: servers.map((server) => objectRef(loss.lost.hop.kind === 'dns-service' ? 'Service' : 'Pod', server)),
    values: { name, servers, places },
    ...(isFragments || isPath ? {} : { summary: 'tcp-closed' }),
    evidence: [
      ...losses.slice(0, 2).flatMap(evidenceOf),
      ...(lacksBufsize && isFragments ? [line('stated', 'no-bufsize', {})] : []),
      ...smallWorks(ladder.rungs, loss),
    ],
    fix: {
      key,
      values: { places },
      command: isPath
        ? `ping -M do -s 1200 ${loss.lost.to.address}   # from ${places.join(', ')}: less and less until it passes; then the MTU of that link or of the pods`
        : isFragments && corefile !== undefined
          ? `${editCorefile(corefile)}   # in every server block: bufsize ${SAFE}`
          : `# let TCP port 53 pass wherever UDP port 53 does, on the way from ${places.join(', ')}\nkubectl get networkpolicies -A`,
    },
    isFault: true,
    explains: [...explainedBy(ladder.rungs, losses), ...(isAsked ? [ASKED_NAME] : [])],
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
    udp: own.filter(({ transport }) => transport === 'udp').toSorted((a, b) => sizeOf(b) - sizeOf(a)),
    tcp: own.filter(({ transport }) => transport === 'tcp'),
  }))
}

function lossOf({ udp, tcp }: Comparison): Loss[] {
  const smaller = (rung: Rung): Rung | undefined =>
    udp.find((other) => isAnswered(other) && sizeOf(other) < sizeOf(rung))
  // The smallest that is lost beside a smaller one that arrives: between them lies what the path carries.
  const silent = udp.findLast(
    (rung) => rung.observed.kind === 'timeout' && (smaller(rung) ?? tcp.find(isAnswered)) !== undefined,
  )
  const answered = silent === undefined ? undefined : (smaller(silent) ?? tcp.find(isAnswered))
  if (silent !== undefined && answered !== undefined) {
    if (sizeOf(silent) > SAFE) return [{ kind: 'fragments', lost: silent, beside: answered }]
    // Small datagrams that are lost while TCP works are another fault: UDP is filtered.
    if (answered.transport === 'udp') return [{ kind: 'path', lost: silent, beside: answered }]
  }
  const truncated = udp.find(isTruncated)
  const closed = tcp.find(({ result, observed }) => result === 'failed' && observed.kind !== 'response')
  if (truncated !== undefined && closed !== undefined && !tcp.some(isAnswered)) {
    return [{ kind: 'no-tcp', lost: closed, beside: truncated }]
  }
  return []
}

function evidenceOf({ kind, lost, beside }: Loss): EvidenceLine[] {
  const place = lost.fromNode ?? formatPlace(lost.from)
  const values = { server: lost.hop.name, place, name: nameOf(lost) }
  if (kind !== 'no-tcp') {
    const how = beside.transport === 'tcp' ? 'TCP' : `UDP (${sizeOf(beside)})`
    return [
      line('observed', 'big-lost', { ...values, size: sizeOf(lost) }),
      line('observed', 'beside', { ...values, how }),
    ]
  }
  return [line('observed', 'truncated', values), line('observed', 'tcp-fails', { ...values, why: lost.observed.kind })]
}

/** What is lost, and on a path that carries little everything else that is as large and went the same way. */
function explainedBy(rungs: readonly Rung[], losses: readonly Loss[]): string[] {
  const paths = losses.filter(({ kind }) => kind === 'path').map(({ lost }) => lost)
  const others = rungs.filter(
    (rung) =>
      rung.observed.kind === 'timeout' &&
      paths.some(
        (lost) => nameOf(lost) === nameOf(rung) && lost.fromNode === rung.fromNode && rung.hop.kind !== 'upstream',
      ),
  )
  return [...new Set([...losses.map(({ lost }) => lost.id), ...others.map(({ id }) => id)])]
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
