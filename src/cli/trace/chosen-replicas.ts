// Which replicas kube-proxy really picked: the node's connection table keeps the translation of every flow to the Service.
import type { Place, Skipped, Vantages } from '../../vantage/index.ts'

export interface ChosenReplica {
  readonly address: string
  /** Flows in the table that were sent there, earlier ones of the same place included. */
  readonly flows: number
}

export interface ChosenFrom {
  /** The Service's address. */
  readonly service: string
  readonly port: number
  /** Who asked it. */
  readonly place: Place
  readonly node: string
}

export interface ChosenReplicas {
  /** Most first. */
  readonly flows: readonly ChosenReplica[]
  /** Why none could be seen; null also where the table was read and has none. */
  readonly unseen: Skipped | null
}

const TIMEOUT_MS = 3000

/**
 * Counts the flows from a place to the DNS Service by the replica that they were translated to, most first.
 *
 * None where the node's table cannot be read, or where something else than connection tracking translates (IPVS alone, eBPF).
 */
export async function chosenReplicas(
  { service, port, place, node }: ChosenFrom,
  vantages: Vantages,
): Promise<ChosenReplicas> {
  const request = { addresses: [service], timeoutMs: TIMEOUT_MS }
  const [own, ofNode] = await Promise.all(
    [place, { kind: 'node', name: node } as const].map(async (at) => {
      const vantage = await vantages.at(at)
      return 'kind' in vantage ? vantage : vantage.kernelTables(request)
    }),
  )
  if (own === undefined || ofNode === undefined) return NOTHING
  if ('kind' in ofNode) return unseenBy(ofNode)
  if ('kind' in own) return unseenBy(own)
  const { conntrack } = ofNode
  const { addresses } = own
  if ('kind' in conntrack) return unseenBy(conntrack)
  if ('kind' in addresses) return unseenBy(addresses)
  const sources = new Set(addresses.map(({ address }) => address))
  const flows = new Map<string, number>()
  for (const { original, reply } of conntrack.entries) {
    const isOurs = sources.has(original.source.address) && original.destination.address === service
    if (!isOurs || original.destination.port !== port || reply.source.address === service) continue
    flows.set(reply.source.address, (flows.get(reply.source.address) ?? 0) + 1)
  }
  const counted = [...flows].map(([address, count]) => ({ address, flows: count }))
  return { flows: counted.toSorted((left, right) => right.flows - left.flows), unseen: null }
}

const NOTHING: ChosenReplicas = { flows: [], unseen: null }

function unseenBy(skipped: Skipped): ChosenReplicas {
  return { flows: [], unseen: skipped }
}
