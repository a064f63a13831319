// A nameserver in the forward list, or in the resolv.conf that pods inherit, never answers.
import { formatEndpoint, listUpstreamUses } from '../../ladder/index.ts'
import type { Rung, UpstreamUse } from '../../ladder/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement, Subject } from '../judgement.ts'
import { askedRungs, excluded, notChecked, seconds } from '../support.ts'
import { upstreamFix } from './upstream-fix.ts'
import {
  counterLines,
  describeUsers,
  explainedByUpstream,
  objectsOfUses,
  placeOfUse,
  usesByEndpoint,
} from './upstream-evidence.ts'

export const upstreamDead: Cause = {
  code: 'upstream-dead',
  needs: [],
  judge(evidence) {
    return [...usesByEndpoint(evidence.facts)].map(([to, own]) => judgeUpstream(evidence, to, own))
  },
}

/** A loopback address is another server in every network namespace: what leads to it is the fault, not a server there. */
const OF_LOOPBACK = ['forwarding-loop', 'loopback-nameserver-in-pod'] as const

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

/** An upstream seen from one node. */
interface Sighting {
  readonly use: UpstreamUse
  /** Direct questions that were asked. */
  readonly rungs: readonly Rung[]
  readonly answered: boolean
  /** Another upstream that answered from the same node. */
  readonly control: Rung | undefined
}

function judgeUpstream(evidence: Evidence, to: string, uses: readonly UpstreamUse[]): Judgement {
  const address = uses[0]?.address ?? ''
  const subject: Subject = { kind: 'upstream', name: to.endsWith(':53') ? address : to }
  const sightings = uses.map((use) => sight(evidence, use))
  const asked = sightings.filter(({ rungs }) => rungs.length > 0)
  const silent = asked.filter(({ answered, rungs }) => !answered && hasBothTransports(rungs))
  const growing = [...counterLines(evidence.ladder, to, uses), ...logLines(evidence, to, uses)]
  const answering = asked.filter(({ answered }) => answered)
  if (silent.length === 0) {
    if (answering.length > 0) return excluded(answerLine(answering, subject), subject)
    if (growing.length === 0) return notChecked('not-checked.upstream-not-asked', {}, subject)
  }
  const concerned = silent.length > 0 ? silent.map(({ use }) => use) : uses
  const servers = new Set(concerned.flatMap((use) => use.servers.map(({ name }) => name)))
  // Where no server of the cluster forwards to it, there is no counter to look at: then silence, beside another upstream
  // that answers from the same place, is all there is to see.
  const onlyPods = servers.size === 0 && silent.every(({ control }) => control !== undefined)
  const isProven = silent.length > 0 && answering.length === 0 && (growing.length > 0 || onlyPods)
  const finding = {
    subject,
    objects: objectsOfUses(concerned),
    values: { address: subject.name, nodes: [...new Set(concerned.map(({ node }) => node))] },
    evidence: [
      ...silent.slice(0, 2).map((sighting) => silenceLine(sighting, subject)),
      ...growing.slice(0, 1),
      ...concerned.slice(0, 1).map((use) => placeOfUse(evidence.facts, use)),
      ...describeUsers(evidence.facts, concerned),
      ...slowLines(evidence, servers),
      ...growing.slice(1),
      ...(answering.length > 0 && silent.length > 0 ? [answerLine(answering, subject)] : []),
      ...cutOffLines(evidence, address, to),
    ],
    fix: upstreamFix(evidence.facts, subject.name, concerned),
    isFault: true,
    ...(isLoopback(address) ? { beneath: OF_LOOPBACK } : {}),
    explains: explainedByUpstream(evidence.ladder, concerned, servers),
  }
  if (isProven) return { status: 'proven', ...finding }
  const missing =
    silent.length === 0
      ? phrase('upstream-dead.missing-direct', { address: subject.name, nodes: finding.values.nodes })
      : answering.length > 0
        ? phrase('upstream-dead.missing-everywhere', { address: subject.name })
        : phrase('upstream-dead.missing-counter', { address: subject.name, servers: [...servers] })
  return { status: 'suspected', ...finding, missing: [missing] }
}

function sight({ ladder }: Evidence, use: UpstreamUse): Sighting {
  const fromNode = askedRungs(ladder).filter((rung) => rung.hop.kind === 'upstream' && rung.fromNode === use.node)
  const rungs = fromNode.filter((rung) => rung.to.address === use.address && rung.to.port === use.port)
  return {
    use,
    rungs,
    answered: rungs.some((rung) => rung.observed.kind === 'response'),
    control: fromNode.find((rung) => !rungs.includes(rung) && rung.observed.kind === 'response'),
  }
}

/** UDP and TCP must both have brought nothing: an upstream that answers over one of them is not dead. */
function hasBothTransports(rungs: readonly Rung[]): boolean {
  return rungs.some(({ transport }) => transport === 'udp') && rungs.some(({ transport }) => transport === 'tcp')
}

// --- Lines of evidence ---

function silenceLine({ use, rungs, control }: Sighting, subject: Subject): EvidenceLine {
  const values = {
    address: subject.name,
    node: use.node,
    attempts: rungs.reduce((sum, rung) => sum + rung.attempts, 0),
    seconds: seconds(Math.max(...rungs.map(({ elapsedMs }) => elapsedMs))),
  }
  if (control === undefined) return line('observed', 'silent', values)
  const rttMs = Math.round(control.rttMs ?? 0)
  return line('observed', 'silent-beside', { ...values, control: control.hop.name, rttMs })
}

/** The servers' own words: `read udp …->1.2.4.8:53: i/o timeout`. */
function logLines({ ladder }: Evidence, to: string, uses: readonly UpstreamUse[]): EvidenceLine[] {
  const servers = new Set(uses.flatMap((use) => use.servers.map(({ name }) => name)))
  return ladder.logs
    .filter(({ hop, upstreamTimeouts }) => servers.has(hop.name) && (upstreamTimeouts[to] ?? 0) > 0)
    .map(({ hop, upstreamTimeouts }) =>
      line('observed', 'log-timeouts', { server: hop.name, to, count: upstreamTimeouts[to] ?? 0 }),
    )
}

/** External names that the servers answered only after they had waited for the dead upstream. */
function slowLines({ ladder }: Evidence, servers: ReadonlySet<string>): EvidenceLine[] {
  const slow = askedRungs(ladder)
    .filter((rung) => servers.has(rung.hop.name) && rung.purpose === 'external' && (rung.rttMs ?? 0) >= SLOW_MS)
    .sort((a, b) => (b.rttMs ?? 0) - (a.rttMs ?? 0))
  const worst = slow[0]
  if (worst === undefined) return []
  return [line('observed', 'slow', { server: worst.hop.name, seconds: seconds(worst.rttMs ?? 0), count: slow.length })]
}

function answerLine(answering: readonly Sighting[], subject: Subject): EvidenceLine {
  const rungs = answering.flatMap((sighting) => sighting.rungs.filter((rung) => rung.observed.kind === 'response'))
  const transports = [...new Set(rungs.map(({ transport }) => transport.toUpperCase()))]
  const nodes = answering.map(({ use }) => use.node)
  return line('observed', 'answers', { address: subject.name, nodes, transports })
}

/** The same address beyond kubelet's limit elsewhere: listed, never in use, and no part of the fault. */
function cutOffLines({ facts }: Evidence, address: string, to: string): EvidenceLine[] {
  return listUpstreamUses(facts)
    .filter((use) => !use.inEffect && formatEndpoint(use) === to)
    .map((use) => line('computed', 'cut-off', { address, node: use.node, position: use.position }))
}

/** CoreDNS gives an upstream 2 s before it asks another: answers that late have waited for one. */
const SLOW_MS = 1500
