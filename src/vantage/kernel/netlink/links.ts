// Devices, addresses and routes as rtnetlink(7) dumps them, in the form that `ip -j` gives them in.
import { readAttributes } from '../../../sys/index.ts'
import type { Attributes, NetlinkDump } from '../../../sys/index.ts'
import type { Link, LinkAddress, Route } from '../tables.ts'
import { addressOf, nested, networkNumberOf, numberOf, textOf } from './attributes.ts'

const AF_INET = 2
const AF_INET6 = 10
const RTM_GETLINK = 18
const RTM_GETADDR = 22
const RTM_GETROUTE = 26

/** All devices, ifinfomsg of 16 octets. */
export const LINK_DUMP: NetlinkDump = { protocol: 'route', type: RTM_GETLINK, header: new Uint8Array(16) }
/** All addresses, ifaddrmsg of 8 octets. */
export const ADDRESS_DUMP: NetlinkDump = { protocol: 'route', type: RTM_GETADDR, header: new Uint8Array(8) }
/** All routes of both families, rtmsg of 12 octets. */
export const ROUTE_DUMP: NetlinkDump = { protocol: 'route', type: RTM_GETROUTE, header: new Uint8Array(12) }

// --- Devices ---

/** A device whose relations are still numbers. */
export interface DumpedLink extends Omit<Link, 'master' | 'vxlan'> {
  readonly masterIndex?: number
  readonly vxlan?: Omit<NonNullable<Link['vxlan']>, 'device'> & { readonly deviceIndex?: number }
}

const IFF_UP = 1
const OPERATIONAL_STATES = ['UNKNOWN', 'NOTPRESENT', 'DOWN', 'LOWERLAYERDOWN', 'TESTING', 'DORMANT', 'UP']

/** Reads one RTM_NEWLINK (ifinfomsg, IFLA_*). */
export function readLink(message: DataView): DumpedLink | undefined {
  if (message.byteLength < 16) return undefined
  const attributes = readAttributes(message, 16)
  const info = nested(attributes, 18)
  const kind = textOf(info, 1)
  const masterIndex = numberOf(attributes, 10)
  const vxlan = kind === 'vxlan' ? readVxlan(nested(info, 2)) : undefined
  const counter = (at: number): number => {
    const statistics = attributes.get(23)
    return statistics !== undefined && statistics.byteLength >= 8 * (at + 1)
      ? Number(statistics.getBigUint64(8 * at, true))
      : 0
  }
  return {
    index: message.getInt32(4, true),
    name: textOf(attributes, 3) ?? '',
    ...(kind === undefined ? {} : { kind }),
    mtu: numberOf(attributes, 4) ?? 0,
    isUp: (message.getUint32(8, true) & IFF_UP) !== 0,
    operationalState: OPERATIONAL_STATES[numberOf(attributes, 16) ?? 0] ?? 'UNKNOWN',
    ...(masterIndex === undefined ? {} : { masterIndex }),
    ...(vxlan === undefined ? {} : { vxlan }),
    errors: { received: counter(4), sent: counter(5) },
    dropped: { received: counter(6), sent: counter(7) },
  }
}

function readVxlan(data: Attributes): DumpedLink['vxlan'] {
  const id = numberOf(data, 1)
  const port = networkNumberOf(data, 15)
  if (id === undefined || port === undefined) return undefined
  const local = addressOf(data, 4) ?? addressOf(data, 17)
  const deviceIndex = numberOf(data, 3)
  return {
    id,
    port,
    ...(local === undefined ? {} : { local }),
    ...(deviceIndex === undefined ? {} : { deviceIndex }),
  }
}

/** Gives the relations between devices their names. */
export function nameLinks(links: readonly DumpedLink[]): Link[] {
  const names = new Map(links.map(({ index, name }) => [index, name]))
  return links.map(({ masterIndex, vxlan, ...link }) => {
    const master = masterIndex === undefined ? undefined : names.get(masterIndex)
    if (vxlan === undefined) return { ...link, ...(master === undefined ? {} : { master }) }
    const { deviceIndex, ...tunnel } = vxlan
    const device = deviceIndex === undefined ? undefined : names.get(deviceIndex)
    return {
      ...link,
      ...(master === undefined ? {} : { master }),
      vxlan: { ...tunnel, ...(device === undefined ? {} : { device }) },
    }
  })
}

// --- Addresses ---

const SCOPES: Readonly<Record<number, string>> = { 0: 'global', 200: 'site', 253: 'link', 254: 'host' }

/** Reads one RTM_NEWADDR (ifaddrmsg, IFA_*). */
export function readLinkAddress(message: DataView, names: ReadonlyMap<number, string>): LinkAddress | undefined {
  if (message.byteLength < 8 || familyOf(message) === undefined) return undefined
  const attributes = readAttributes(message, 8)
  // On point-to-point links IFA_ADDRESS is the peer's.
  const address = addressOf(attributes, 2) ?? addressOf(attributes, 1)
  if (address === undefined) return undefined
  const scope = message.getUint8(3)
  return {
    link: names.get(message.getUint32(4, true)) ?? '',
    address,
    prefixLength: message.getUint8(1),
    scope: SCOPES[scope] ?? `${scope}`,
  }
}

// --- Routes ---

const TYPES: Readonly<Record<number, string>> = {
  1: 'unicast',
  2: 'local',
  3: 'broadcast',
  4: 'anycast',
  5: 'multicast',
  6: 'blackhole',
  7: 'unreachable',
  8: 'prohibit',
  9: 'throw',
}
const TABLES: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' }
/** Of the cache of routes, not of a table. */
const RTM_F_CLONED = 0x200

/** Reads one RTM_NEWROUTE (rtmsg, RTA_*); undefined for the table of the machine's own addresses. */
export function readRoute(message: DataView, names: ReadonlyMap<number, string>): Route | undefined {
  const family = familyOf(message)
  if (message.byteLength < 12 || family === undefined) return undefined
  const attributes = readAttributes(message, 12)
  const number = numberOf(attributes, 15) ?? message.getUint8(4)
  const table = TABLES[number] ?? `${number}`
  if (table === 'local' || (message.getUint32(8, true) & RTM_F_CLONED) !== 0) return undefined
  const length = message.getUint8(1)
  const to = addressOf(attributes, 1) ?? (family === 4 ? '0.0.0.0' : '::')
  const isWhole = length === (family === 4 ? 32 : 128)
  const gateway = addressOf(attributes, 5) ?? viaOf(attributes)
  const index = numberOf(attributes, 4)
  const device = index === undefined ? undefined : names.get(index)
  const source = addressOf(attributes, 7)
  const mtu = numberOf(nested(attributes, 8), 2)
  const type = message.getUint8(7)
  return {
    family,
    table,
    destination: length === 0 ? 'default' : isWhole ? to : `${to}/${length}`,
    type: TYPES[type] ?? `${type}`,
    ...(gateway === undefined ? {} : { gateway }),
    ...(device === undefined ? {} : { device }),
    ...(source === undefined ? {} : { source }),
    ...(mtu === undefined ? {} : { mtu }),
  }
}

/** A dump of all families has those of MPLS and of multicast routing too. */
function familyOf(message: DataView): 4 | 6 | undefined {
  const family = message.byteLength === 0 ? 0 : message.getUint8(0)
  return family === AF_INET ? 4 : family === AF_INET6 ? 6 : undefined
}

/** RTA_VIA: a gateway of the other family, behind two octets that say so. */
function viaOf(attributes: Attributes): string | undefined {
  const value = attributes.get(18)
  if (value === undefined || value.byteLength < 6) return undefined
  return addressOf(new Map([[0, new DataView(value.buffer, value.byteOffset + 2, value.byteLength - 2)]]), 0)
}
