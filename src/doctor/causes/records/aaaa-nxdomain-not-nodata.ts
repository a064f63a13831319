// A server that answers NXDOMAIN for AAAA says that the name does not exist at all: clients then forget its A records.
import type { Evidence, Cause } from '../cause.ts'
import type { HopKind, Rung } from '../../ladder/index.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement, ObjectRef, Subject } from '../judgement.ts'
import { askedRungs, excluded, failedIds, notChecked, objectRef } from '../support.ts'
import { shownName } from './asked-service.ts'

export const aaaaNxdomainNotNodata: Cause = {
  code: 'aaaa-nxdomain-not-nodata',
  needs: ['probes'],
  judge(evidence) {
    const pairs = findPairs(evidence)
    if (pairs.length === 0) return [notChecked('not-checked.families-not-asked')]
    const denying = pairs.filter(({ other }) => rcodeOf(other) === 'NXDOMAIN')
    if (denying.length === 0) return [excluded(agreeLine(pairs))]
    const names = [...new Set(denying.map(({ given }) => nameOf(given)))]
    return names.map((name) =>
      judgeName(
        evidence,
        name,
        denying.filter(({ given }) => nameOf(given) === name),
      ),
    )
  },
}

/** Two questions about one name to one server from one place: one type was given, and the other asked for. */
interface Pair {
  readonly given: Rung
  readonly other: Rung
}

/** The farther from the pod, the closer to the origin of an answer that is passed on. */
const DEPTH: Readonly<Record<HopKind, number>> = {
  upstream: 4,
  replica: 3,
  'dns-service': 2,
  'node-cache': 1,
  nameserver: 1,
  'kube-proxy': 0,
}

function findPairs({ ladder }: Evidence): Pair[] {
  const rungs = askedRungs(ladder).filter(
    ({ question, observed }) => question.kind === 'dns' && observed.kind === 'response',
  )
  const key = (rung: Rung): string => `${nameOf(rung)} ${rung.hop.kind} ${rung.to.address} ${rung.fromNode ?? ''}`
  const given = new Map<string, Rung>()
  for (const rung of rungs) {
    const hasAnswer =
      rung.observed.kind === 'response' && rung.observed.rcode === 'NOERROR' && rung.observed.recordCount > 0
    if (hasAnswer && (typeOf(rung) === 'A' || typeOf(rung) === 'AAAA') && !given.has(key(rung)))
      given.set(key(rung), rung)
  }
  // Where a server on the way says that the name does not exist at all, whoever passes answers on may have both from it.
  const denied = new Set(
    rungs.filter((rung) => rcodeOf(rung) === 'NXDOMAIN').map((rung) => `${nameOf(rung)} ${typeOf(rung)}`),
  )
  return rungs.flatMap((other) => {
    const first = given.get(key(other))
    const isOther = typeOf(other) === 'AAAA' || typeOf(other) === 'A'
    if (first === undefined || !isOther || typeOf(first) === typeOf(other)) return []
    const isDisputed = other.hop.kind !== 'upstream' && denied.has(`${nameOf(first)} ${typeOf(first)}`)
    return isDisputed ? [] : [{ given: first, other }]
  })
}

function judgeName({ facts, ladder }: Evidence, name: string, denying: readonly Pair[]): Judgement {
  const deepest = Math.max(...denying.map(({ other }) => DEPTH[other.hop.kind]))
  const origin = denying.filter(({ other }) => DEPTH[other.hop.kind] === deepest)
  const servers = [...new Set(origin.map(({ other }) => other.hop.name))]
  const [first] = origin
  const type = first === undefined ? '' : typeOf(first.other)
  const [server = ''] = servers
  const isUpstream = first?.other.hop.kind === 'upstream' || first?.other.hop.kind === 'nameserver'
  const behind = [...new Set(denying.filter((pair) => !origin.includes(pair)).map(({ other }) => other.hop.name))]
  const { corefile } = facts.dns
  const template = isUpstream
    ? undefined
    : corefile?.blocks.flatMap(({ directives }) => directives).find(({ name: own }) => own === 'template')
  const subject: Subject = { kind: isUpstream ? 'upstream' : 'pod', name: server }
  const objects: ObjectRef[] =
    isUpstream || corefile === undefined
      ? []
      : [objectRef('ConfigMap', `${corefile.configMap.namespace}/${corefile.configMap.name}`)]
  return {
    status: 'proven',
    subject,
    objects,
    values: { servers, name: shownName(name), type, given: first === undefined ? '' : typeOf(first.given) },
    evidence: [
      ...origin.slice(0, 2).flatMap(pairLines),
      ...(template === undefined ? [] : [line('stated', 'template', { line: template.tokens[0]?.line ?? 0 })]),
      ...(behind.length === 0 ? [] : [line('observed', 'passed-on', { servers: behind })]),
    ],
    fix: {
      key: isUpstream ? 'aaaa.upstream' : 'aaaa.corefile',
      values: { servers },
      command: origin
        .slice(0, 1)
        .map(({ other }) => other.equivalent)
        .join('\n'),
    },
    isFault: true,
    explains: failedIds(
      ladder,
      (rung) =>
        denying.some(({ other }) => other.id === rung.id) ||
        (rung.purpose === 'families' && rcodeOf(rung) === 'NXDOMAIN' && nameOf(rung) === name),
    ),
  }
}

function pairLines({ given, other }: Pair): EvidenceLine[] {
  const { name: server } = other.hop
  const records = given.observed.kind === 'response' ? given.observed.records : []
  return [
    line('observed', 'given', { server, name: shownName(nameOf(given)), type: typeOf(given), records }),
    line('observed', 'denied', { server, name: shownName(nameOf(other)), type: typeOf(other) }),
  ]
}

function agreeLine(pairs: readonly Pair[]): EvidenceLine {
  const servers = [...new Set(pairs.map(({ other }) => other.hop.name))]
  return line('observed', 'agrees', { servers, count: pairs.length })
}

function rcodeOf({ observed }: Rung): string {
  return observed.kind === 'response' ? observed.rcode : ''
}

function nameOf({ question }: Rung): string {
  return question.kind === 'dns' ? question.name : ''
}

function typeOf({ question }: Rung): string {
  return question.kind === 'dns' ? question.type : ''
}
