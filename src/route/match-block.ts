// Which server block takes a question: of the blocks that listen at the address, the one with the longest zone that the name is in
// (CoreDNS's server core).
import { parseKeys, type ServedZone, type ServerBlock } from '../corefile/index.ts'
import { isSubdomain, lowerName, parseAddress, type DomainName } from '../dns/index.ts'
import { readStatements } from './statements.ts'

export interface MatchedBlock {
  readonly block: ServerBlock
  /** The zone that matched, lower-case with its final dot. */
  readonly zone: DomainName
  /** Names of views that may take the question before this block; with `onlyIfView` the block is one of them. */
  readonly views: readonly string[]
  /** No block takes the question for certain: where the view does not hold, the server says REFUSED. */
  readonly onlyIfView: boolean
}

/** Where a question arrives. */
export interface ListenPoint {
  /** Absent: not known, so any block may listen there. */
  readonly address?: string
  /** Default 53. */
  readonly port?: number
}

/** Finds the block that answers questions for a name over plain DNS; undefined: the server says REFUSED, or is not there. */
export function matchBlock(
  blocks: readonly ServerBlock[],
  qname: DomainName,
  at: ListenPoint = {},
): MatchedBlock | undefined {
  const name = lowerName(qname)
  const found = blocksAt(blocks, at)
    .flatMap((block) => keysOf(block, at).map(({ zone }) => ({ block, zone, view: viewOf(block) })))
    .filter(({ zone }) => isSubdomain(name, zone))
    // Stable: of equal zones the first in the text is asked first.
    .toSorted((left, right) => right.zone.length - left.zone.length)
  const certain = found.findIndex(({ view }) => view === undefined)
  const taken = found[Math.max(certain, 0)]
  if (taken === undefined) return undefined
  const before = certain < 0 ? found : found.slice(0, certain)
  const views = before.flatMap(({ view }) => (view === undefined ? [] : [view]))
  return { block: taken.block, zone: taken.zone, views, onlyIfView: certain < 0 }
}

/** Whether any block listens for plain DNS there: where none does, the connection is refused. */
export function isListening(blocks: readonly ServerBlock[], at: ListenPoint): boolean {
  return blocksAt(blocks, at).length > 0
}

/**
 * The blocks behind one socket: those that `bind` the address when there are such, else those on the wildcard address.
 *
 * Names of interfaces stand for addresses that are not known here: such a block may listen anywhere.
 */
function blocksAt(blocks: readonly ServerBlock[], at: ListenPoint): readonly ServerBlock[] {
  const onPort = blocks.filter((block) => keysOf(block, at).length > 0)
  const { address } = at
  if (address === undefined) return onPort
  const bound = onPort.map((block) => ({ block, addresses: boundAddresses(block) }))
  const exact = bound.filter(({ addresses }) => addresses === 'unknown' || addresses.includes(address))
  const wildcard = bound.filter(({ addresses }) => addresses.length === 0)
  const isExact = exact.some(({ addresses }) => addresses !== 'unknown')
  return (isExact ? exact : [...exact, ...wildcard]).map(({ block }) => block)
}

/** Empty: the wildcard address. */
function boundAddresses(block: ServerBlock): readonly string[] | 'unknown' {
  const directive = block.directives.find(({ name }) => name === 'bind')
  const words = directive === undefined ? [] : readStatements(directive).flatMap(({ args }) => args)
  const addresses = words.filter((word) => parseAddress(word) !== undefined)
  if (addresses.some((word) => word === '0.0.0.0' || word === '::')) return []
  return addresses.length < words.length ? 'unknown' : addresses
}

function viewOf(block: ServerBlock): string | undefined {
  const directive = block.directives.find(({ name }) => name === 'view')
  return directive === undefined ? undefined : (readStatements(directive)[0]?.args[0] ?? '')
}

/** The keys that plain DNS is served for at the port. */
function keysOf(block: ServerBlock, { port = 53 }: ListenPoint): readonly ServedZone[] {
  try {
    return parseKeys(block).filter((key) => key.transport === 'dns' && key.port === port)
  } catch {
    return []
  }
}
