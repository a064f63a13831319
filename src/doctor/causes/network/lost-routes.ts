// Routes that end what a node sends to a CoreDNS pod, or a pod's node sends back: blackhole, unreachable, prohibit, or none at all.
import { containsAddress } from '../../../kube/policy/index.ts'
import type { KernelReading, Ladder } from '../../ladder/index.ts'
import type { Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { objectRef, shellQuote } from '../support.ts'
import { addressesOfAsker } from './asker-addresses.ts'
import { kernelOfNode, seen } from './kernels.ts'
import { explainedByBrokenWays } from './node-matrix.ts'
import { isSilent, waysTo } from './ways.ts'
import type { Way } from './ways.ts'

/** A route, or the lack of one, and the ways that it ends. */
export interface LostRoute {
  readonly node: string
  /** What was to be reached. */
  readonly address: string
  readonly type: 'blackhole' | 'missing' | 'prohibit' | 'unreachable'
  /** As the node's table has it; empty where there is none. */
  readonly destination: string
  readonly ways: readonly Way[]
}

/** Ways to replicas that answer on their own node, or were not asked there, and that end in a routing table. */
export function lostRoutes({ facts, ladder }: Evidence): LostRoute[] {
  const ways = waysTo(ladder, 'replica')
  const dead = new Set(ways.filter((way) => way.node === way.hop.node && isSilent(way)).map(({ hop }) => hop.name))
  const found = new Map<string, LostRoute>()
  for (const way of ways.filter((one) => isSilent(one) && !dead.has(one.hop.name) && one.node !== one.hop.node)) {
    const [asker] = addressesOfAsker({ facts, ladder }, way)
    const isRefused = way.rungs.some(({ observed }) => observed.kind === 'unreachable')
    const lost =
      lostAt(ladder, { node: way.node, address: way.address, isRefused }) ??
      (asker === undefined || way.hop.node === undefined
        ? undefined
        : lostAt(ladder, { node: way.hop.node, address: asker, isRefused: false }))
    if (lost === undefined) continue
    const key = `${lost.node} ${lost.type} ${lost.destination} ${lost.address}`
    found.set(key, { ...lost, ways: [...(found.get(key)?.ways ?? []), way] })
  }
  return [...found.values()]
}

/** Judges one such route: everything it ends is explained by it. */
export function judgeLostRoute({ ladder }: Evidence, lost: LostRoute): Judgement {
  const { node, address, type, destination, ways } = lost
  const isMissing = type === 'missing'
  const values = { node, address, type, destination }
  return {
    status: 'proven',
    subject: { kind: 'node', name: node },
    objects: [objectRef('Node', node)],
    values: { ...values, nodes: [node] },
    summary: isMissing ? 'route-missing' : 'route-ends',
    evidence: [
      line('observed', isMissing ? 'no-route' : 'route', values),
      ...ways.slice(0, 3).map((way) => {
        const error = way.rungs.flatMap(({ observed }) => (observed.kind === 'unreachable' ? [observed.detail] : []))[0]
        const ends = { place: way.place.replace(/^node\//, ''), server: way.hop.name, address: way.address }
        return error === undefined
          ? line('observed', 'way-lost', ends)
          : line('observed', 'way-refused', { ...ends, detail: error })
      }),
    ],
    fix: {
      key: isMissing ? 'cross-node-traffic-broken' : 'cross-node-traffic-broken.route',
      values: { node, nodes: [node] },
      command: isMissing
        ? [
            `ssh ${shellQuote(node)} 'ip route get ${address}; ip route'`,
            `kubectl -n kube-system get pod -o wide --field-selector spec.nodeName=${node}`,
          ].join('\n')
        : `ssh ${shellQuote(node)} 'sudo ip route del ${type} ${destination}'`,
    },
    isFault: true,
    explains: explainedByBrokenWays(ladder, { broken: ways }),
  }
}

interface Wanted {
  readonly node: string
  readonly address: string
  /** The asker's kernel, or somebody on the way, said at once that it leads nowhere. */
  readonly isRefused: boolean
}

function lostAt(ladder: Ladder, { node, address, isRefused }: Wanted): Omit<LostRoute, 'ways'> | undefined {
  const routes = seen(kernelOfNode(ladder, node)?.first.routes)
  if (routes === undefined || address.includes(':')) return undefined
  const route = routeTo(routes, address)
  // Other tables may lead there, if rules say so: only a refusal shows that they do not.
  if (route === undefined) return isRefused ? { node, address, type: 'missing', destination: '' } : undefined
  const { type, destination } = route
  return type === 'blackhole' || type === 'unreachable' || type === 'prohibit'
    ? { node, address, type, destination }
    : undefined
}

type Routes = Extract<KernelReading['first']['routes'], readonly unknown[]>

/** The route of the main table that leads to an address: its longest match. */
export function routeTo(routes: Routes, address: string): Routes[number] | undefined {
  const length = ({ destination }: Routes[number]): number =>
    destination === 'default' ? 0 : destination.includes('/') ? Number(destination.split('/')[1]) : 32
  return routes
    .filter(({ family, table, destination }) => {
      const isHolding = destination === 'default' || containsAddress(destination, address)
      return family === 4 && (table === 'main' || table === 'default') && isHolding
    })
    .toSorted((a, b) => length(b) - length(a))[0]
}
