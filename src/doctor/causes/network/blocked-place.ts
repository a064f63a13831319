// Where on its way something is dropped: what loses and what does not, from which places, tells.
import type { Way } from './ways.ts'

/** The nodes that lose it, or the one server or asking pod that the loss is at. */
export type BlockedPlace =
  | { readonly kind: 'nodes'; readonly names: readonly string[] }
  | { readonly kind: 'server'; readonly pod: string; readonly node: string }
  | { readonly kind: 'client'; readonly pod: string; readonly node: string }

/**
 * Places the loss on `blocked`, some of the ways in `compared`.
 *
 * A replica that loses even what its own node sends, while that node reaches others, is itself the place: between the two lies its own
 * namespace alone. So is a pod that loses everything where its node reaches the same server.
 */
export function placeOfLoss(blocked: readonly Way[], compared: readonly Way[]): BlockedPlace {
  const names = [...new Set(blocked.map(({ node }) => node))]
  const [first] = blocked
  if (first === undefined) return { kind: 'nodes', names }
  const { hop, place, node } = first
  const isWhole = (way: Way): boolean => way.udp === 'answered' && !blocked.includes(way)
  const own = blocked.find((way) => !way.isPod && way.node === hop.node)
  if (hop.kind === 'replica' && own !== undefined && blocked.every((way) => way.hop.name === hop.name)) {
    const reachesOthers = compared.some(
      (way) => isWhole(way) && way.place === own.place && way.hop.kind !== 'node-cache',
    )
    if (reachesOthers) return { kind: 'server', pod: hop.name, node: own.node }
  }
  if (first.isPod && blocked.every((way) => way.place === place)) {
    const reached = compared.some(
      (way) =>
        isWhole(way) && !way.isPod && way.node === node && blocked.some((lost) => lost.hop.name === way.hop.name),
    )
    if (reached) return { kind: 'client', pod: place.replace(/^pod\//, ''), node }
  }
  return { kind: 'nodes', names }
}
