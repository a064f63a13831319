// Two datagrams of one flow race to be tracked and one is dropped: a query through the Service IP is lost now and then.
import type { KernelReading, Rung } from '../../ladder/index.ts'
import { formatPlace, isFailing, phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded, notChecked, objectRef, seconds, shellQuote } from '../support.ts'
import { nodeKernels, seen } from './kernels.ts'

export const conntrackRace: Cause = {
  code: 'conntrack-race',
  needs: ['dns-service'],
  judge(evidence) {
    const twice = nodeKernels(evidence.ladder).filter((reading) => growthOf(reading) !== undefined)
    const nodes = twice.map(({ node }) => node ?? '')
    if (twice.length === 0) return [notChecked('not-checked.conntrack-read-once')]
    const growing = twice.filter((reading) => (growthOf(reading) ?? 0) > 0)
    if (growing.length === 0) return [excluded(line('observed', 'no-growth', { nodes }))]
    return growing.map((reading) => judgeNode(evidence, reading))
  },
}

function judgeNode({ ladder }: Evidence, reading: KernelReading): Judgement {
  const { node = '', apartMs } = reading
  const all = askedRungs(ladder).filter(({ fromNode, transport }) => fromNode === node && transport === 'udp')
  const udp = all.filter(({ purpose }) => purpose !== 'pair')
  const halved = all.flatMap((rung) => pairsOf(rung).map((pairs) => ({ rung, ...pairs })))
  const halves = halved.reduce((sum, { count }) => sum + count, 0)
  const service = udp.filter(({ hop }) => hop.kind === 'dns-service')
  const lost = service.filter(isLost)
  const direct = udp.filter(({ hop }) => hop.kind === 'replica')
  const isIntermittent = service.some(({ observed }) => observed.kind === 'response')
  const isDirectFine = direct.length > 0 && !direct.some(isLost)
  const count = lostOf(service) + halves
  const finding = {
    subject: { kind: 'node', name: node } as const,
    objects: [objectRef('Node', node)],
    values: { node, count },
    ...(count === 0 ? { summary: 'nothing-lost' } : {}),
    evidence: [
      line('observed', 'grew', { node, growth: growthOf(reading) ?? 0, seconds: seconds(apartMs) }),
      ...halved
        .slice(0, 2)
        .map(({ rung, ...pairs }) => line('observed', 'halved', { place: formatPlace(rung.from), ...pairs })),
      ...(lost.length === 0 ? [] : [line('observed', 'lost', { node, count: lostOf(service), all: askedOf(service) })]),
      ...(isDirectFine ? [line('observed', 'direct-fine', { node, count: askedOf(direct) })] : []),
    ],
    fix: {
      key: 'conntrack-race',
      values: { node },
      command: [
        `ssh ${shellQuote(node)} sudo conntrack -S`,
        'kubectl -n NAMESPACE patch deployment NAME -p \'{"spec":{"template":{"spec":{"dnsConfig":{"options":[{"name":"single-request-reopen"}]}}}}}\'',
      ].join('\n'),
    },
    isFault: false,
    explains: [...lost.filter(isFailing), ...halved.map(({ rung }) => rung)].map(({ id }) => id),
  }
  return count > 0 && isIntermittent && isDirectFine
    ? { status: 'proven', ...finding }
    : { status: 'suspected', ...finding, missing: [phrase('conntrack-race.missing-loss', { node })] }
}

/** Pairs of queries from one socket of which only one was answered, at the Service IP: the very race. */
function pairsOf({ observed, purpose, result }: Rung): { readonly count: number; readonly asked: number }[] {
  if (purpose !== 'pair' || result !== 'failed' || observed.kind !== 'timeout' || observed.pairs === undefined)
    return []
  return [{ count: observed.pairs.halved, asked: observed.pairs.asked }]
}

/** A datagram brought nothing: the rung failed so, at times perhaps, or was answered only when it was asked again. */
function isLost({ observed, attempts, repeats }: Rung): boolean {
  if (repeats !== undefined) return repeats.timeouts > 0
  return observed.kind === 'timeout' || (observed.kind === 'response' && attempts > 1)
}

/** Questions that lost a datagram, each counted once; of repeated ones every attempt is a question. */
function lostOf(rungs: readonly Rung[]): number {
  return rungs.reduce((sum, rung) => sum + (rung.repeats?.timeouts ?? Number(isLost(rung))), 0)
}

function askedOf(rungs: readonly Rung[]): number {
  return rungs.reduce((sum, { repeats }) => sum + (repeats?.asked ?? 1), 0)
}

function growthOf({ first, second }: KernelReading): number | undefined {
  const [before, after] = [seen(first.conntrackStatistics), seen(second?.conntrackStatistics)]
  return before === undefined || after === undefined ? undefined : after.insertFailed - before.insertFailed
}
