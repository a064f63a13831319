// Which server block of one listener answers a name: the longest zone that the name is in.
import type { DomainName } from '../dns/index.ts'
import type { HotChain } from './hot/index.ts'
import type { Next } from './handler.ts'

/** One zone of one block on one listener. */
export interface Site {
  readonly zone: DomainName
  /** Undefined when no plugin of the block takes part in the chain: everything is refused. */
  readonly chain: Next | undefined
  /** A plugin of the block has answers for classes other than IN. */
  readonly anyClass: boolean
  /** The block has `debug`: a defect in a plugin ends the process. */
  readonly debug: boolean
  /** The block has `errors` with `stacktrace`. */
  readonly stackTraces: boolean
  readonly hot: HotChain
}

/** The zones of one listener. */
export interface ZoneTable {
  /**
   * The site for a name in lower case; undefined outside of all zones.
   *
   * DS records belong to the parent side of a zone cut (RFC 4035 §3.1.4.1): for the very apex of a zone it is the next
   * enclosing zone served here, if that is not the root.
   */
  find(name: DomainName, isDs: boolean): Site | undefined
}

export function createZoneTable(sites: readonly Site[]): ZoneTable {
  const byZone = new Map(sites.map((site) => [site.zone, site]))
  const root = byZone.get('.')
  return {
    find(name, isDs) {
      let apex: Site | undefined
      for (let start = 0; start >= 0 && start < name.length; start = nextLabel(name, start)) {
        const site = byZone.get(start === 0 ? name : name.slice(start))
        if (site === undefined) continue
        if (!isDs || start > 0 || site === root) return site
        apex = site
      }
      return apex ?? root
    },
  }
}

const DOT = 0x2e
const BACKSLASH = 0x5c

/** Where the next label begins; the name's length after the last one. */
function nextLabel(name: string, start: number): number {
  for (let at = start; at < name.length; at += 1) {
    const code = name.charCodeAt(at)
    if (code === BACKSLASH) at += 1
    else if (code === DOT) return at + 1
  }
  return name.length
}
