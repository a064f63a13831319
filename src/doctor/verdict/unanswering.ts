// Replicas that answer nobody, not even their own node, over any transport: no cause of the catalogue, yet what to look at is known. Pure.
import { kernelOfNode, routeTo, seen } from '../causes/index.ts'
import type { Ladder, Observation, Rung } from '../ladder/index.ts'

/** One such replica. */
export interface UnansweringReplica {
  readonly server: string
  readonly address: string
  readonly node: string
  /** Places that asked it. */
  readonly places: number
  readonly transports: readonly Rung['transport'][]
  /**
   * What its node shows: no route to it, the device of that route down, connections that are taken and not served (`process`), or
   * nothing of these.
   */
  readonly sign: 'link-down' | 'no-route' | 'process' | 'unseen'
  /** The device that leads to it; empty where that is unknown. */
  readonly device: string
}

/** Replicas from which nothing came, their own node among those who asked over more than one transport. */
export function unansweringReplicas(ladder: Ladder): UnansweringReplica[] {
  const asked = ladder.rungs.filter(({ hop, result }) => hop.kind === 'replica' && result !== 'skipped')
  return [...new Set(asked.map(({ hop }) => hop.name))].flatMap((server): UnansweringReplica[] => {
    const own = asked.filter(({ hop }) => hop.name === server)
    const [first] = own
    const node = first?.hop.node
    const transports = [...new Set(own.map(({ transport }) => transport))]
    const isAskedAtHome = own.some(({ fromNode }) => fromNode === node)
    if (first === undefined || node === undefined || !isAskedAtHome) return []
    if (transports.length < 2 || !own.every(({ observed }) => isNothing(observed))) return []
    const { address } = first.to
    const places = new Set(own.map(({ from }) => JSON.stringify(from))).size
    return [{ server, address, node, places, transports, ...signOf(ladder, { own, node, address }) }]
  })
}

function isNothing({ kind }: Observation): boolean {
  return kind === 'timeout' || kind === 'unreachable'
}

function signOf(
  ladder: Ladder,
  { own, node, address }: { readonly own: readonly Rung[]; readonly node: string; readonly address: string },
): Pick<UnansweringReplica, 'device' | 'sign'> {
  if (own.some(({ observed }) => observed.kind === 'timeout' && observed.connected === true)) {
    return { sign: 'process', device: '' }
  }
  const tables = kernelOfNode(ladder, node)?.first
  const routes = seen(tables?.routes)
  if (routes === undefined) return { sign: 'unseen', device: '' }
  const route = routeTo(routes, address)
  if (route === undefined || route.type !== 'unicast') return { sign: 'no-route', device: '' }
  const { device = '' } = route
  const link = (seen(tables?.links) ?? []).find(({ name }) => name === device)
  const isDown = link !== undefined && (!link.isUp || link.operationalState.endsWith('DOWN'))
  return { sign: isDown ? 'link-down' : 'unseen', device }
}
