// resolv.conf both ways, by the rules of glibc's res_init.c and resolv.conf(5): what a stub resolver makes of the file.

/** What a resolv.conf file says, before a resolver's limits are applied. */
export interface ResolvConf {
  /** Addresses in order, an IPv6 zone (`fe80::1%eth0`) included. */
  readonly nameservers: readonly string[]
  /** Of the last `search` or `domain` line, without final dots; `.` alone stands for the root. */
  readonly searches: readonly string[]
  /** In order, repetitions included: `ndots:5`, `rotate`. */
  readonly options: readonly string[]
  readonly sortlist: readonly string[]
}

/** glibc's MAXNS: nameservers beyond the third are not read. */
export const MAX_NAMESERVERS = 3
/** glibc's RES_MAXNDOTS: larger values are cut to it. */
export const MAX_NDOTS = 15
const DEFAULT_NDOTS = 1

export const EMPTY_RESOLV_CONF: ResolvConf = { nameservers: [], searches: [], options: [], sortlist: [] }

/**
 * Parses a resolv.conf.
 *
 * A keyword counts only at the start of a line and before a blank; `#` and `;` comment out a line there, and the rest of a
 * line after a nameserver's address. The last `search` or `domain` line wins; `options` lines add up.
 * Nameservers that are no addresses are left out, as glibc does. Nothing is cut to a limit.
 */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = []
  const options: string[] = []
  const sortlist: string[] = []
  let searches: readonly string[] = []
  for (const line of text.split('\n')) {
    const match = /^(nameserver|domain|search|options|sortlist)[ \t]+(.*)$/.exec(line.replace(/\r$/, ''))
    if (match === null) continue
    const words = (match[2] ?? '').split(/[ \t]+/).filter((word) => word !== '')
    const first = words[0]
    switch (match[1]) {
      case 'nameserver': {
        const address = first?.replace(/[#;].*$/, '') ?? ''
        if (isAddress(address)) nameservers.push(address)
        break
      }
      case 'domain':
        if (first !== undefined) searches = [withoutFinalDot(first)]
        break
      case 'search':
        searches = words.map(withoutFinalDot)
        break
      case 'options':
        options.push(...words)
        break
      default:
        sortlist.push(...words)
    }
  }
  return { nameservers, searches, options, sortlist }
}

/** Formats a resolv.conf in kubelet's order: nameservers, search, options. Ends with a line feed unless empty. */
export function formatResolvConf(conf: ResolvConf): string {
  const lines = conf.nameservers.map((address) => `nameserver ${address}`)
  if (conf.searches.length > 0) lines.push(`search ${conf.searches.join(' ')}`)
  if (conf.options.length > 0) lines.push(`options ${conf.options.join(' ')}`)
  if (conf.sortlist.length > 0) lines.push(`sortlist ${conf.sortlist.join(' ')}`)
  return lines.map((line) => `${line}\n`).join('')
}

/** The threshold of dots from which a name is tried as it is first: 1 unless `ndots:N` says otherwise; at most 15. */
export function ndotsOf(conf: ResolvConf): number {
  const values = conf.options.map((option) => /^ndots:(\d+)/.exec(option)?.[1]).filter((value) => value !== undefined)
  const last = values.at(-1)
  return last === undefined ? DEFAULT_NDOTS : Math.min(Number(last), MAX_NDOTS)
}

/** Whether a text is an address as nameserver lines have it, an IPv6 zone included. */
export function isAddress(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text)
    ? text.split('.').every((part) => Number(part) <= 255)
    : /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%[^\s%]+)?$/.test(text)
}

function withoutFinalDot(name: string): string {
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name
}
