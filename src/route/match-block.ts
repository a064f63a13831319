// Which server block takes a question: the longest zone that the name is in (CoreDNS's server core).
import { parseKeys, type ServerBlock } from '../corefile/index.ts'
import { isSubdomain, lowerName, type DomainName } from '../dns/index.ts'

export interface MatchedBlock {
  readonly block: ServerBlock
  /** The zone that matched, lower-case with its final dot. */
  readonly zone: DomainName
}

/**
 * Finds the block that answers questions for a name over plain DNS at a port; undefined: the server says REFUSED.
 *
 * Addresses that blocks `bind` are not looked at.
 */
export function matchBlock(blocks: readonly ServerBlock[], qname: DomainName, port = 53): MatchedBlock | undefined {
  const name = lowerName(qname)
  let best: MatchedBlock | undefined
  for (const block of blocks) {
    for (const key of keysOf(block)) {
      if (key.transport !== 'dns' || key.port !== port || !isSubdomain(name, key.zone)) continue
      if (best === undefined || key.zone.length > best.zone.length) best = { block, zone: key.zone }
    }
  }
  return best
}

function keysOf(block: ServerBlock): ReturnType<typeof parseKeys> {
  try {
    return parseKeys(block)
  } catch {
    return []
  }
}
