// An upstream that answers over one transport, while its health is checked over the other: it is marked down although it
// works.
import { phrase } from '../../ladder/index.ts'
import type { Rung, UpstreamUse } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Fix, Judgement, Subject } from '../judgement.ts'
import { askedRungs, excluded, notChecked, seconds } from '../support.ts'
import { counterLines, explainedByUpstream, objectsOfUses, placeOfUse, usesByEndpoint } from './upstream-evidence.ts'

export const upstreamHealthCheckMismatch: Cause = {
  code: 'upstream-health-check-mismatch',
  needs: [],
  judge(evidence) {
    const judgements = [...usesByEndpoint(evidence.facts)].map(([to, uses]) => judgeUpstream(evidence, to, uses))
    const found = judgements.filter(({ status }) => status === 'proven' || status === 'suspected')
    // One line for all that are well: an upstream says nothing about another.
    return found.length > 0 ? found : judgements.slice(0, 1)
  },
}

function judgeUpstream(evidence: Evidence, to: string, uses: readonly UpstreamUse[]): Judgement {
  const { facts, ladder } = evidence
  const address = uses[0]?.address ?? ''
  const subject: Subject = { kind: 'upstream', name: to.endsWith(':53') ? address : to }
  const checked = uses.filter(({ servers }) => servers.length > 0)
  if (checked.length === 0) return notChecked('not-checked.no-health-check', { address: subject.name }, subject)
  const rungs = askedRungs(ladder).filter((rung) => rung.hop.kind === 'upstream' && rung.to.address === address)
  const mismatched = checked.filter((use) => isMismatched(use, rungs))
  const [first] = mismatched
  if (first === undefined) {
    if (rungs.length === 0) return notChecked('not-checked.upstream-not-asked', {}, subject)
    const answers = rungs.filter(({ observed }) => observed.kind === 'response')
    const transports = [...new Set(answers.map(({ transport }) => transport.toUpperCase()))]
    return excluded(line('observed', transports.length === 0 ? 'silent' : 'answers', { to, transports }), subject)
  }
  const silentOver = first.checkedOver
  const answersOver = otherTransport(silentOver)
  const own = rungs.filter((rung) => mismatched.some(({ node }) => node === rung.fromNode))
  const lost = own.filter((rung) => rung.transport === silentOver)
  const answered = own.find((rung) => rung.transport === answersOver && rung.observed.kind === 'response')
  const nodes = [...new Set(mismatched.map(({ node }) => node))]
  const servers = new Set(mismatched.flatMap((use) => use.servers.map(({ name }) => name)))
  const growing = counterLines(ladder, to, mismatched)
  const values = {
    address: subject.name,
    nodes,
    silent: silentOver.toUpperCase(),
    answering: answersOver.toUpperCase(),
  }
  const finding = {
    subject,
    objects: objectsOfUses(mismatched),
    values,
    evidence: [
      line('observed', 'one-transport', {
        ...values,
        node: answered?.fromNode ?? '',
        rttMs: Math.round(answered?.rttMs ?? 0),
        attempts: lost.reduce((sum, rung) => sum + rung.attempts, 0),
        seconds: seconds(Math.max(0, ...lost.map(({ elapsedMs }) => elapsedMs))),
      }),
      ...growing,
      line('computed', 'checked-over', { ...values, servers: [...servers] }),
      placeOfUse(facts, first),
    ],
    fix: fixFor(first, values),
    isFault: true,
    explains: explainedByUpstream(ladder, mismatched, servers, silentOver),
  }
  return growing.length > 0
    ? { status: 'proven', ...finding }
    : {
        status: 'suspected',
        ...finding,
        missing: [
          phrase('upstream-health-check-mismatch.missing-counter', { address: subject.name, servers: [...servers] }),
        ],
      }
}

/** Nothing came over the transport of the health check, and something over the other one, from the same node. */
function isMismatched({ node, port, checkedOver }: UpstreamUse, rungs: readonly Rung[]): boolean {
  const own = rungs.filter((rung) => rung.fromNode === node && rung.to.port === port)
  const over = (transport: string): Rung[] => own.filter((rung) => rung.transport === transport)
  const answers = ({ observed }: Rung): boolean => observed.kind === 'response'
  const checked = over(checkedOver)
  return checked.length > 0 && !checked.some(answers) && over(otherTransport(checkedOver)).some(answers)
}

function otherTransport(transport: 'tcp' | 'udp'): 'tcp' | 'udp' {
  return transport === 'tcp' ? 'udp' : 'tcp'
}

function fixFor(use: UpstreamUse, values: Fix['values']): Fix {
  const server = use.servers[0]
  const namespace = use.source.kind === 'corefile' ? use.source.namespace : (server?.name.split('/')[0] ?? '')
  const map =
    use.source.kind === 'corefile' ? use.source.name : server?.kind === 'node-cache' ? 'node-local-dns' : 'coredns'
  const target = use.source.kind === 'corefile' ? use.address : '/etc/resolv.conf'
  const edit = `kubectl -n ${namespace} edit configmap ${map}`
  return use.checkedOver === 'udp'
    ? {
        key: 'upstream-health-check-mismatch.udp',
        values,
        command: `${edit}\n#   forward . ${target} {\n#       force_tcp\n#   }`,
      }
    : { key: 'upstream-health-check-mismatch.tcp', values, command: `${edit}\n#   forward . ${target}` }
}
