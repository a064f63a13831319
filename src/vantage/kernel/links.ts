// What `ip -j` prints about devices, addresses and routes.
import type { Link, LinkAddress, Route } from './tables.ts'

interface IpLink {
  readonly ifindex?: number
  readonly ifname?: string
  readonly mtu?: number
  readonly flags?: readonly string[]
  readonly operstate?: string
  readonly master?: string
  readonly linkinfo?: {
    readonly info_kind?: string
    readonly info_data?: {
      readonly id?: number
      readonly port?: number
      readonly local?: string
      readonly link?: string
    }
  }
  readonly stats64?: { readonly rx?: IpCounters; readonly tx?: IpCounters }
  readonly addr_info?: readonly {
    readonly local?: string
    readonly prefixlen?: number
    readonly scope?: string
  }[]
}

interface IpCounters {
  readonly errors?: number
  readonly dropped?: number
}

interface IpRoute {
  readonly dst?: string
  readonly type?: string
  readonly gateway?: string
  readonly via?: { readonly host?: string }
  readonly dev?: string
  readonly prefsrc?: string
  readonly table?: string
  readonly metrics?: readonly { readonly mtu?: number }[]
}

/** Reads `ip -d -s -j link`; undefined for text that is none. */
export function parseLinks(text: string): Link[] | undefined {
  return readArray(text)?.map((link: IpLink) => {
    const { ifindex = 0, ifname = '', mtu = 0, flags = [], operstate = '', master, linkinfo, stats64 } = link
    const kind = linkinfo?.info_kind
    const data = linkinfo?.info_data
    const { id, port, local, link: device } = data ?? {}
    const isVxlan = kind === 'vxlan' && id !== undefined && port !== undefined
    return {
      index: ifindex,
      name: ifname,
      ...(kind === undefined ? {} : { kind }),
      mtu,
      isUp: flags.includes('UP'),
      operationalState: operstate,
      ...(master === undefined ? {} : { master }),
      ...(isVxlan
        ? {
            vxlan: {
              id,
              port,
              ...(local === undefined ? {} : { local }),
              ...(device === undefined ? {} : { device }),
            },
          }
        : {}),
      dropped: { received: stats64?.rx?.dropped ?? 0, sent: stats64?.tx?.dropped ?? 0 },
      errors: { received: stats64?.rx?.errors ?? 0, sent: stats64?.tx?.errors ?? 0 },
    }
  })
}

/** Reads the counters `*_allowance_exceeded` out of what `ethtool -S` prints; undefined where it has none. */
export function parseAllowances(text: string): Record<string, number> | undefined {
  const found = [...text.matchAll(/^\s*(\w+_allowance_exceeded):\s*(\d+)\s*$/gm)]
  return found.length === 0 ? undefined : Object.fromEntries(found.map(([, name, count]) => [name, Number(count)]))
}

/** Reads `ip -j addr`; undefined for text that is none. */
export function parseLinkAddresses(text: string): LinkAddress[] | undefined {
  return readArray(text)?.flatMap(({ ifname = '', addr_info: addresses = [] }: IpLink) =>
    addresses.flatMap(({ local, prefixlen = 0, scope = '' }) =>
      local === undefined ? [] : [{ link: ifname, address: local, prefixLength: prefixlen, scope }],
    ),
  )
}

/** Reads `ip -j -4|-6 route show table all`, without the table of the machine's own addresses. */
export function parseRoutes(text: string, family: 4 | 6): Route[] | undefined {
  return readArray(text)
    ?.filter(({ table }: IpRoute) => table !== 'local')
    .map(({ dst = '', type = 'unicast', gateway, via, dev, prefsrc, table = 'main', metrics }: IpRoute) => {
      const next = gateway ?? via?.host
      const mtu = metrics?.find((metric) => metric.mtu !== undefined)?.mtu
      return {
        family,
        table,
        destination: dst,
        type,
        ...(next === undefined ? {} : { gateway: next }),
        ...(dev === undefined ? {} : { device: dev }),
        ...(prefsrc === undefined ? {} : { source: prefsrc }),
        ...(mtu === undefined ? {} : { mtu }),
      }
    })
}

/** `ip -j` prints nothing at all, or an empty array, when there is nothing to show; with `-d` some entries are empty. */
function readArray(text: string): object[] | undefined {
  if (text.trim() === '') return []
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value)
      ? value.filter(
          (item): item is object => typeof item === 'object' && item !== null && Object.keys(item).length > 0,
        )
      : undefined
  } catch {
    return undefined
  }
}
