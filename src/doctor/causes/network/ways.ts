// From which place which server was reached, over which transport: the matrix that tells faults of the network apart.
import type { Hop, HopKind, Ladder, Observation, Purpose, Rung } from '../../ladder/index.ts'
import { formatPlace } from '../../ladder/index.ts'
import { askedRungs } from '../support.ts'

/** What came of all questions over one transport. `refused` is an answer of the network, no silence; so is a connection over which nothing comes. */
export type Reach = 'answered' | 'refused' | 'silent' | 'unasked'

/** One place and one server. */
export interface Way {
  /** `node/node1`, `pod/shop/web-1`. */
  readonly place: string
  /** Where the place is. */
  readonly node: string
  readonly isPod: boolean
  readonly hop: Hop
  readonly address: string
  readonly udp: Reach
  readonly tcp: Reach
  readonly rungs: readonly Rung[]
}

/** Questions that a server answers by itself: a dead upstream does not touch them. */
const OWN: ReadonlySet<Purpose> = new Set(['canary', 'version'])

/** The ways from every place whose node is known to the servers of one kind. */
export function waysTo(ladder: Ladder, kind: HopKind): Way[] {
  const groups = new Map<string, Rung[]>()
  for (const rung of askedRungs(ladder)) {
    const isOwn = kind === 'upstream' ? rung.purpose === 'external' : OWN.has(rung.purpose)
    if (rung.hop.kind !== kind || !isOwn || rung.fromNode === undefined) continue
    const key = `${formatPlace(rung.from)} ${rung.hop.name} ${rung.to.address}`
    groups.set(key, [...(groups.get(key) ?? []), rung])
  }
  return [...groups.values()].flatMap((rungs): Way[] => {
    const [first] = rungs
    if (first === undefined) return []
    const { from, fromNode = '', hop, to } = first
    const reach = (transport: string): Reach => reachOf(rungs.filter((rung) => rung.transport === transport))
    const place = { place: formatPlace(from), node: fromNode, isPod: from.kind === 'pod' }
    return [{ ...place, hop, address: to.address, udp: reach('udp'), tcp: reach('tcp'), rungs }]
  })
}

/** Nothing came over UDP, nor over TCP where that was asked. */
export function isSilent({ udp, tcp }: Way): boolean {
  return udp === 'silent' && (tcp === 'silent' || tcp === 'unasked')
}

export function isAnswered({ udp, tcp }: Way): boolean {
  return udp === 'answered' || tcp === 'answered'
}

function reachOf(rungs: readonly Rung[]): Reach {
  const seen = rungs.map(({ observed }) => observed)
  if (seen.some(({ kind }) => kind === 'response')) return 'answered'
  if (seen.some(isFromNetwork)) return 'refused'
  return seen.length === 0 ? 'unasked' : 'silent'
}

function isFromNetwork(observed: Observation): boolean {
  if (observed.kind === 'timeout') return observed.connected === true
  return observed.kind === 'refused' || observed.kind === 'closed'
}

/** The place itself had no port to ask from: nothing was sent, and the network had no part in it. */
export function isPortMissing(observed: Observation): boolean {
  return observed.kind === 'unreachable' && /address (already )?in use/i.test(observed.detail)
}
