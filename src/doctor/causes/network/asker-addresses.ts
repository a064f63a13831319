// The addresses that a place may send from.
import type { Evidence } from '../cause.ts'
import { nodeNamed, qualifiedName } from '../support.ts'
import { kernelOfNode, seen } from './kernels.ts'
import type { Way } from './ways.ts'

/** A pod's own; a node's, its tunnels' included where its kernel was read. The one that it is known by comes first. */
export function addressesOfAsker({ facts, ladder }: Pick<Evidence, 'facts' | 'ladder'>, way: Way): string[] {
  if (way.isPod) {
    const pod = facts.objects.pods.find((one) => `pod/${qualifiedName(one)}` === way.place)
    return [...(pod?.podIPs ?? [])]
  }
  const links = seen(kernelOfNode(ladder, way.node)?.first.addresses) ?? []
  const known = nodeNamed(facts, way.node)?.node?.internalIPs ?? []
  return [...new Set([...known, ...links.filter(({ scope }) => scope === 'global').map(({ address }) => address)])]
}
