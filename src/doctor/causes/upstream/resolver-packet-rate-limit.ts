// AWS drops what an interface sends to the VPC's resolver beyond 1024 packets a second; its driver counts them.
import { phrase } from '../../ladder/index.ts'
import type { KernelReading } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, seconds, shellQuote } from '../support.ts'

const LINK_LOCAL = 'linklocal_allowance_exceeded'

export const resolverPacketRateLimit: Cause = {
  code: 'resolver-packet-rate-limit',
  needs: [],
  judge(evidence) {
    const readings = evidence.ladder.kernels.read.filter(({ place }) => place.kind !== 'pod')
    const counting = readings.filter((reading) => countersOf(reading).length > 0)
    const [first] = counting
    if (first === undefined) return [notChecked('not-checked.no-allowance-counters')]
    const found = counting.flatMap((reading) => judgeReading(evidence, reading) ?? [])
    return found.length > 0 ? found : [excluded(line('observed', 'none', { nodes: counting.map(nameOf) }))]
  },
}

interface Counter {
  readonly link: string
  readonly total: number
  /** Undefined without a second reading. */
  readonly growth?: number
}

function judgeReading(evidence: Evidence, reading: KernelReading): Judgement | undefined {
  const counters = countersOf(reading).filter(({ total }) => total > 0)
  const [worst] = counters.toSorted((a, b) => (b.growth ?? 0) - (a.growth ?? 0) || b.total - a.total)
  // A counter that stands still tells of another hour.
  if (worst === undefined || worst.growth === 0) return undefined
  const node = nameOf(reading)
  const values = { node, link: worst.link, total: worst.total, growth: worst.growth ?? 0 }
  const tracked = growthOf(reading, worst.link, 'conntrack_allowance_exceeded')
  const servers = [
    ...evidence.facts.dns.replicas.map(({ pod, node: on }) => ({ meta: pod.meta, on })),
    ...evidence.facts.dns.nodeCaches.flatMap(({ pods }) => pods.map(({ pod, node: on }) => ({ meta: pod.meta, on }))),
  ].filter(({ on }) => on === reading.node)
  const names = new Set(servers.map(({ meta }) => `${meta.namespace}/${meta.name}`))
  const finding = {
    subject: { kind: 'node' as const, name: node },
    objects: [{ kind: 'Node', namespace: '', name: node }],
    values,
    evidence: [
      worst.growth === undefined
        ? line('observed', 'counted', values)
        : line('observed', 'grew', { ...values, seconds: seconds(reading.apartMs) }),
      ...(tracked > 0 ? [line('observed', 'conntrack', { ...values, growth: tracked })] : []),
      ...(names.size > 0 ? [line('computed', 'limit', { node, servers: [...names] })] : []),
    ],
    fix: {
      key: 'resolver-packet-rate-limit',
      values: { node },
      command: `ssh ${shellQuote(node)} 'ethtool -S ${worst.link} | grep allowance_exceeded'\nkubectl -n kube-system get pods -o wide -l k8s-app=kube-dns`,
    },
    isFault: worst.growth !== undefined,
    explains: failedIds(
      evidence.ladder,
      ({ hop, fromNode, purpose }) =>
        (hop.kind === 'upstream' && fromNode === reading.node) ||
        ((purpose === 'external' || purpose === 'asked') && (names.has(hop.name) || hop.kind === 'dns-service')),
    ),
  }
  return worst.growth === undefined
    ? { status: 'suspected', ...finding, missing: [phrase('resolver-packet-rate-limit.missing-growth', { node })] }
    : { status: 'proven', ...finding }
}

function countersOf(reading: KernelReading): Counter[] {
  return linksOf(reading.first).flatMap(({ name, allowances }) => {
    const total = allowances?.[LINK_LOCAL]
    if (total === undefined) return []
    return [
      reading.second === undefined
        ? { link: name, total }
        : { link: name, total, growth: growthOf(reading, name, LINK_LOCAL) },
    ]
  })
}

function growthOf({ first, second }: KernelReading, link: string, counter: string): number {
  const count = (tables: KernelReading['first'] | undefined): number | undefined =>
    tables === undefined ? undefined : linksOf(tables).find(({ name }) => name === link)?.allowances?.[counter]
  return Math.max(0, (count(second) ?? 0) - (count(first) ?? 0))
}

function linksOf({ links }: KernelReading['first']): Exclude<typeof links, { readonly kind: 'skipped' }> {
  return 'kind' in links ? [] : links
}

function nameOf({ place, node }: KernelReading): string {
  return node ?? (place.kind === 'node' ? place.name : 'here')
}
