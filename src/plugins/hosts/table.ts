// Lines like those of /etc/hosts as two tables: addresses by name and names by address.
import { formatIpv4, formatIpv6, parseAddress, parseName, type DomainName } from '../../dns/index.ts'
import { lowerCaseName, matchZone } from '../../server/index.ts'

/** Addresses of one name, in the order of the lines. */
export interface HostAddresses {
  readonly ipv4: readonly string[]
  readonly ipv6: readonly string[]
}

export interface HostTable {
  /** By lower-cased absolute name; wildcards under `*.NAME`. */
  readonly byName: ReadonlyMap<DomainName, HostAddresses>
  /** By address in its one canonical text. */
  readonly byAddress: ReadonlyMap<string, readonly DomainName[]>
  /** Addresses and names, for the gauge. */
  readonly entries: number
}

export interface TableOptions {
  /** Names outside are left out. */
  readonly zones: readonly DomainName[]
  /** Whether addresses lead back to names. */
  readonly reverse: boolean
}

/** Reads lines `ADDRESS NAME... # comment`; what is no such line is passed over, as every reader of /etc/hosts does. */
export function readHostTable(text: string, options: TableOptions): HostTable {
  const byName = new Map<DomainName, { ipv4: string[]; ipv6: string[] }>()
  const byAddress = new Map<string, DomainName[]>()
  let entries = 0
  for (const line of text.split('\n')) {
    const [addressText, ...nameTexts] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/)
    const address = canonicalAddress(addressText ?? '')
    if (address === undefined) continue
    for (const nameText of nameTexts) {
      const name = readName(nameText)
      if (name === undefined || matchZone(options.zones, name) === undefined) continue
      const addresses = byName.get(name) ?? { ipv4: [], ipv6: [] }
      addresses[address.family].push(address.text)
      byName.set(name, addresses)
      entries += 1
      if (!options.reverse || name.startsWith('*.')) continue
      const names = byAddress.get(address.text) ?? []
      names.push(name)
      byAddress.set(address.text, names)
      entries += 1
    }
  }
  return { byName, byAddress, entries }
}

/** Addresses of a name: its own, else those of the wildcard one label up. */
export function findAddresses(table: HostTable, name: DomainName): HostAddresses | undefined {
  const own = table.byName.get(name)
  if (own !== undefined) return own
  const dot = name.indexOf('.')
  return dot <= 0 || dot === name.length - 1 ? undefined : table.byName.get(`*${name.slice(dot)}`)
}

/** The text under which an address is kept; IPv4 ones in IPv6 clothes (`::ffff:192.0.2.1`) as IPv4. */
export function canonicalAddress(
  text: string,
): { readonly family: 'ipv4' | 'ipv6'; readonly text: string } | undefined {
  const octets = parseAddress(text.split('%', 1)[0] ?? '')
  if (octets === undefined) return undefined
  if (octets.length === 4) return { family: 'ipv4', text: formatIpv4(octets) }
  const isMapped = octets.subarray(0, 10).every((octet) => octet === 0) && octets[10] === 0xff && octets[11] === 0xff
  return isMapped ? { family: 'ipv4', text: formatIpv4(octets, 12) } : { family: 'ipv6', text: formatIpv6(octets) }
}

function readName(text: string): DomainName | undefined {
  try {
    return lowerCaseName(parseName(text))
  } catch {
    return undefined
  }
}
