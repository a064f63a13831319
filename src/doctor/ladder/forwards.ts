// Where a Corefile sends what its server does not know itself: the `forward` directives of its blocks.
import { parseKeys } from '../../corefile/index.ts'
import type { ServerBlock } from '../../corefile/index.ts'
import type { DomainName } from '../../dns/message.ts'
import { readForwards } from '../../route/index.ts'

export interface ForwardTarget {
  /** An address without port and scheme, or the path of a resolv.conf file. */
  readonly text: string
  readonly kind: 'address' | 'file'
  /** 53, for `tls` 853, or what the target says. */
  readonly port: number
  readonly scheme: 'dns' | 'https' | 'tls'
}

export interface Forward {
  /** Zones of the server block. */
  readonly zones: readonly DomainName[]
  /** FROM of the directive: names below it are forwarded. */
  readonly from: DomainName
  readonly targets: readonly ForwardTarget[]
  /** Over what health checks go: `force_tcp` moves them as well. */
  readonly checkedOver: 'tcp' | 'udp'
  /** Line of the directive in its Corefile. */
  readonly line: number
}

/** What the template of NodeLocal DNSCache has for the upstreams. */
const UPSTREAM_PILLAR = '__PILLAR__UPSTREAM__SERVERS__'
const RESOLV_CONF = '/etc/resolv.conf'

/** Every `forward` of every block, in the order of the text; one that cannot be understood is left out. */
export function listForwards(blocks: readonly ServerBlock[]): Forward[] {
  return blocks.flatMap((block) =>
    readForwards(block)
      .filter(({ plugin, to }) => plugin === 'forward' && to.length > 0)
      .map(({ from, to, transport, at }) => ({
        zones: zonesOf(block),
        from,
        targets: to.map(readTarget),
        checkedOver: transport === 'tcp' ? 'tcp' : 'udp',
        line: at.line,
      })),
  )
}

/** Whether names that no other server block holds are forwarded by this directive. */
export function isDefaultForward(forward: Forward): boolean {
  return forward.zones.includes('.') && forward.from === '.'
}

function zonesOf(block: ServerBlock): DomainName[] {
  try {
    return parseKeys(block).map(({ zone }) => zone)
  } catch {
    return []
  }
}

function readTarget(text: string): ForwardTarget {
  const [, schemeText, rest = ''] = /^(?:(dns|tls|https):\/\/)?(.*)$/.exec(text) ?? []
  const scheme = schemeText === 'tls' || schemeText === 'https' ? schemeText : 'dns'
  const defaultPort = { dns: 53, tls: 853, https: 443 }[scheme]
  // node-cache writes its node's file there, unless the ConfigMap kube-dns names others.
  if (rest === UPSTREAM_PILLAR) return { text: RESOLV_CONF, kind: 'file', port: 53, scheme }
  if (rest.startsWith('/')) return { text: rest, kind: 'file', port: defaultPort, scheme }
  // A server name for TLS may follow a percent sign; brackets surround an IPv6 address that has a port.
  const address = rest.replace(/%.*$/, '')
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(address)
  if (bracketed !== null) return target(bracketed[1] ?? '', bracketed[2])
  const withPort = /^([^:]*):(\d+)$/.exec(address)
  return withPort === null ? target(address) : target(withPort[1] ?? '', withPort[2])

  function target(host: string, port?: string): ForwardTarget {
    return { text: host, kind: 'address', port: port === undefined ? defaultPort : Number(port), scheme }
  }
}
