// Which nodes reach whose CoreDNS pods: a fault between nodes leaves the diagonal of this matrix alone.
import type { Ladder } from '../../ladder/index.ts'
import { failedIds } from '../support.ts'
import { isAnswered, isSilent, waysTo } from './ways.ts'
import type { Way } from './ways.ts'

export interface NodeMatrix {
  /** Ways from a node to a replica on another one that brought nothing. */
  readonly broken: readonly Way[]
  /** Ways from a node to a replica on another one that worked. */
  readonly working: readonly Way[]
  /** Ways within one node that worked. */
  readonly local: readonly Way[]
  /**
   * Nodes of which every way to and from other nodes is broken, or every way from it while it reaches its own pods; empty where
   * that does not account for all broken ways.
   */
  readonly cutOff: readonly string[]
  /** Those of them that others still reach. */
  readonly oneWay: readonly string[]
}

/** The matrix; replicas that are silent on their own node, and places that reach nothing there either, are left out. */
export function nodeMatrix(ladder: Ladder): NodeMatrix {
  const all = waysTo(ladder, 'replica').filter(({ hop }) => hop.node !== undefined && hop.node !== '')
  const nodes = new Set(all.filter(({ isPod }) => !isPod).map(({ node }) => node))
  // A node asks for itself; a pod stands for its node only where the node was not asked.
  const ways = all.filter(({ isPod, node }) => !isPod || !nodes.has(node))
  const dead = new Set(ways.filter((way) => way.node === way.hop.node && isSilent(way)).map(({ hop }) => hop.name))
  const cross = ways.filter(({ node, hop }) => node !== hop.node && !dead.has(hop.name))
  const broken = cross.filter(isSilent)
  const working = cross.filter(isAnswered)
  const touching = (node: string) => (way: Way) => way.node === node || way.hop.node === node
  const local = ways.filter((way) => way.node === way.hop.node && isAnswered(way))
  const ends = [...new Set(broken.flatMap(({ node, hop }) => [node, hop.node ?? '']))]
  // A lost route loses what a node sends to pods elsewhere; what nodes ask its own pods comes back by another.
  const reachesOwnOnly = (node: string): boolean =>
    local.some((way) => way.node === node) &&
    broken.some((way) => way.node === node) &&
    !working.some((way) => way.node === node)
  const accountsFor = (nodes: readonly string[]): boolean =>
    broken.every((way) => nodes.some((node) => touching(node)(way)))
  const isolated = ends.filter((node) => !working.some(touching(node)))
  const widened = ends.filter((node) => isolated.includes(node) || reachesOwnOnly(node))
  const candidates = [isolated, widened].find(accountsFor) ?? []
  const cutOff = smallestCover(broken, candidates)
  return { broken, working, local, cutOff, oneWay: cutOff.filter((node) => working.some(touching(node))) }
}

/** With few nodes both ends of a broken way may look cut off: those that lose most are named, until all is accounted for. */
function smallestCover(broken: readonly Way[], isolated: readonly string[]): string[] {
  const cover: string[] = []
  let left = [...broken]
  while (left.length > 0) {
    const counted = isolated
      .filter((node) => !cover.includes(node))
      .map((node) => ({ node, count: left.filter((way) => way.node === node || way.hop.node === node).length }))
    const best = counted.toSorted((a, b) => b.count - a.count)[0]
    if (best === undefined || best.count === 0) break
    cover.push(best.node)
    left = left.filter((way) => way.node !== best.node && way.hop.node !== best.node)
  }
  // Where all but one are cut off from each other, that one is as well.
  return cover.length >= isolated.length - 1 ? [...isolated].sort() : cover.sort()
}

/** What fails when traffic between nodes is lost: those ways, and what reaches replicas through the Service or a cache. */
export function explainedByBrokenWays(ladder: Ladder, { broken }: Pick<NodeMatrix, 'broken'>): string[] {
  const direct = new Set(broken.flatMap(({ rungs }) => rungs.map(({ id }) => id)))
  const ends = new Set(broken.map(({ node }) => node))
  return failedIds(
    ladder,
    ({ id, hop, fromNode = '', observed }) =>
      direct.has(id) ||
      (ends.has(fromNode) && hop.kind === 'replica' && hop.node !== fromNode && observed.kind !== 'response') ||
      (ends.has(fromNode) && (hop.kind === 'dns-service' || hop.kind === 'node-cache')),
  )
}
