// Which packet-filter rules a node-local cache needs. Pure; the texts are those of NodeLocal DNSCache, octet by octet, because
// a swap from it, and other programs, find the rules by them.

/** One rule, as it is given to `iptables` after the command. */
export interface Rule {
  readonly family: 4 | 6
  readonly table: 'filter' | 'raw'
  readonly chain: 'INPUT' | 'OUTPUT' | 'PREROUTING'
  /** Matches and target, in this order. */
  readonly args: readonly string[]
}

const SKIP_CONNTRACK = 'NodeLocal DNS Cache: skip conntrack'
const ALLOW_TRAFFIC = 'NodeLocal DNS Cache: allow DNS traffic'

export interface RuleOptions {
  readonly localAddresses: readonly string[]
  readonly dnsPort: number
  readonly healthPort: number
}

/** The rules in the order in which they are put in front of their chains: twelve per address. */
export function planRules({ localAddresses, dnsPort, healthPort }: RuleOptions): readonly Rule[] {
  return localAddresses.flatMap((address) => {
    const family = address.includes(':') ? 6 : 4
    const to = ['-d', address, '--dport', String(dnsPort)]
    const from = ['-s', address, '--sport', String(dnsPort)]
    const both = (table: Rule['table'], chain: Rule['chain'], match: readonly string[]): Rule[] =>
      ['tcp', 'udp'].map((protocol) => ({ family, table, chain, args: ['-p', protocol, ...match, ...action(table)] }))
    const probe = (match: readonly string[]): Rule => ({
      family,
      table: 'raw',
      chain: 'OUTPUT',
      args: ['-p', 'tcp', ...match, ...action('raw')],
    })
    return [
      ...both('raw', 'PREROUTING', to),
      ...both('filter', 'INPUT', to),
      ...both('raw', 'OUTPUT', from),
      ...both('filter', 'OUTPUT', from),
      // Clients in the host's network.
      ...both('raw', 'OUTPUT', to),
      // The kubelet's probe and its answer.
      probe(['-d', address, '--dport', String(healthPort)]),
      probe(['-s', address, '--sport', String(healthPort)]),
    ]
  })
}

/** The rule as log lines show it: `{raw PREROUTING [-p tcp …]}`. */
export function formatRule({ table, chain, args }: Rule): string {
  return `{${table} ${chain} [${args.join(' ')}]}`
}

function action(table: Rule['table']): string[] {
  const [target, comment] = table === 'raw' ? ['NOTRACK', SKIP_CONNTRACK] : ['ACCEPT', ALLOW_TRAFFIC]
  return ['-j', target, '-m', 'comment', '--comment', comment]
}
