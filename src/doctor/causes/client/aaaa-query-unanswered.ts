// An upstream answers A and drops AAAA: whoever asks for both waits for the one that never comes.
import { simulateLookup } from '../../../route/index.ts'
import type { ResolvConf } from '../../../route/index.ts'
import { EMPTY_RESOLV_CONF } from '../../../route/index.ts'
import { formatEndpoint } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { shownName } from '../records/asked-service.ts'
import { askedRungs, excluded, failedIds, notChecked, seconds } from '../support.ts'
import { describeUsers, objectsOfUses, placeOfUse, usesByEndpoint } from '../upstream/upstream-evidence.ts'
import { upstreamFix } from '../upstream/upstream-fix.ts'

export const aaaaQueryUnanswered: Cause = {
  code: 'aaaa-query-unanswered',
  needs: ['probes'],
  judge(evidence) {
    const pairs = findPairs(evidence)
    if (pairs.length === 0) return [notChecked('not-checked.families-not-asked')]
    const dropping = pairs.filter(({ aaaa }) => aaaa.observed.kind === 'timeout')
    const servers = [...new Set(dropping.map(({ a }) => formatEndpoint(a.to)))]
    if (servers.length === 0) {
      return [excluded(line('observed', 'both', { servers: [...new Set(pairs.map(({ a }) => a.hop.name))] }))]
    }
    return servers.map((server) =>
      judgeServer(
        evidence,
        server,
        dropping.filter(({ a }) => formatEndpoint(a.to) === server),
      ),
    )
  },
}

/** The same name asked for both families at one upstream from one place; A was answered. */
interface Pair {
  readonly a: Rung
  readonly aaaa: Rung
}

function findPairs({ ladder }: Evidence): Pair[] {
  const udp = askedRungs(ladder).filter(({ hop, transport }) => hop.kind === 'upstream' && transport === 'udp')
  const key = ({ question, to, fromNode }: Rung): string =>
    `${question.kind === 'dns' ? question.name : ''} ${formatEndpoint(to)} ${fromNode ?? ''}`
  const answered = new Map(
    udp
      .filter(
        ({ question, observed }) =>
          question.kind === 'dns' && question.type === 'A' && observed.kind === 'response' && observed.recordCount > 0,
      )
      .map((rung) => [key(rung), rung]),
  )
  return udp.flatMap((aaaa) => {
    const a = aaaa.question.kind === 'dns' && aaaa.question.type === 'AAAA' ? answered.get(key(aaaa)) : undefined
    return a === undefined ? [] : [{ a, aaaa }]
  })
}

function judgeServer(evidence: Evidence, server: string, pairs: readonly Pair[]): Judgement {
  const { facts, ladder, asked } = evidence
  const [first] = pairs
  if (first === undefined) return notChecked('not-checked.families-not-asked')
  const { a, aaaa } = first
  const nodes = [...new Set(pairs.flatMap((pair) => pair.a.fromNode ?? []))]
  const uses = (usesByEndpoint(facts).get(server) ?? []).filter(({ node }) => nodes.includes(node))
  const name = a.question.kind === 'dns' ? shownName(a.question.name) : ''
  const address = a.hop.name
  const servers = new Set(uses.flatMap((use) => use.servers.map((hop) => hop.name)))
  return {
    status: 'proven',
    subject: { kind: 'upstream', name: address },
    objects: objectsOfUses(uses),
    values: { address, nodes },
    evidence: [
      line('observed', 'silent', { address, name, nodes, seconds: seconds(aaaa.elapsedMs), attempts: aaaa.attempts }),
      line('observed', 'answers', { address, name, ms: Math.ceil(a.rttMs ?? 0) }),
      line('computed', 'waits', { seconds: seconds(waitOf(address)) }),
      ...uses.slice(0, 1).map((use) => placeOfUse(facts, use)),
      ...describeUsers(facts, uses),
    ],
    fix: upstreamFix(facts, address, uses),
    isFault: true,
    explains: [
      ...failedIds(ladder, (rung) => {
        const isOfType = rung.question.kind === 'dns' && rung.question.type === 'AAAA'
        if (rung.hop.kind === 'upstream') return isOfType && formatEndpoint(rung.to) === server
        return isOfType && (servers.has(rung.hop.name) || rung.hop.kind === 'dns-service')
      }),
      ...(asked?.type === 'AAAA' && !asked.inCluster ? [ASKED_NAME] : []),
    ],
  }
}

/** What glibc waits before it has given up on AAAA, with this nameserver alone and its defaults. */
function waitOf(nameserver: string): number {
  const conf: ResolvConf = { ...EMPTY_RESOLV_CONF, nameservers: [nameserver] }
  const world = ({ type }: { readonly type: string }): 'answers' | 'silent' => (type === 'A' ? 'answers' : 'silent')
  return simulateLookup({ resolver: 'glibc', conf, name: 'example.com.' }, world).tookMs
}
