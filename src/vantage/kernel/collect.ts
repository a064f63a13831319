// All kernel tables of one place, side by side: each from where it is cheapest to read, and a reason where it is not there.
import type { FileResult } from '../vantage.ts'
import type { Skipped } from '../skipped.ts'
import type { NetlinkDump } from '../../sys/index.ts'
import { keepConntrack, parseConntrack } from './conntrack.ts'
import { CONNTRACK_DUMP, readConntrackMessage } from './netlink/conntrack.ts'
import {
  ADDRESS_DUMP,
  LINK_DUMP,
  ROUTE_DUMP,
  nameLinks,
  readLink,
  readLinkAddress,
  readRoute,
} from './netlink/links.ts'
import type { DumpedLink } from './netlink/links.ts'
import { parseConntrackStatistics } from './conntrack-statistics.ts'
import { parseIptables } from './iptables.ts'
import { parseIpvsConnections, parseIpvsServices } from './ipvs.ts'
import { parseAllowances, parseLinkAddresses, parseLinks, parseRoutes } from './links.ts'
import { parseNftables } from './nftables.ts'
import type { KernelSource } from './source.ts'
import type {
  ConntrackStatistics,
  ConntrackTable,
  IptablesRules,
  IpvsTable,
  KernelTables,
  KernelTablesRequest,
  Link,
  LinkAddress,
  NftablesRules,
  Route,
  UdpCounters,
} from './tables.ts'
import { parseUdpCounters, parseUdpSockets } from './udp.ts'

/** Of the calling thread: /proc/net is the main thread's, whatever namespace the thread entered. */
const NET = '/proc/thread-self/net'

/** Of the time for all tables: the connection table is the one that can be too long for it, and the others stand without it. */
const TABLE_SHARE = 0.5

const SYSCTLS: readonly string[] = [
  'net.bridge.bridge-nf-call-ip6tables',
  'net.bridge.bridge-nf-call-iptables',
  'net.core.netdev_max_backlog',
  'net.core.rmem_default',
  'net.core.rmem_max',
  'net.core.somaxconn',
  'net.ipv4.conf.all.forwarding',
  'net.ipv4.conf.all.route_localnet',
  'net.ipv4.conf.all.rp_filter',
  'net.ipv4.conf.default.rp_filter',
  'net.ipv4.ip_forward',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.neigh.default.gc_thresh3',
  'net.ipv4.vs.conntrack',
  'net.ipv4.vs.expire_nodest_conn',
  'net.ipv6.conf.all.forwarding',
  'net.netfilter.nf_conntrack_buckets',
  'net.netfilter.nf_conntrack_count',
  'net.netfilter.nf_conntrack_max',
  'net.netfilter.nf_conntrack_udp_timeout',
  'net.netfilter.nf_conntrack_udp_timeout_stream',
]

/** Reads everything that a source shows. Never throws; what is missing is `skipped`. */
export async function collectKernelTables(source: KernelSource, request: KernelTablesRequest): Promise<KernelTables> {
  const context: Context = { source, request }
  const [conntrack, conntrackStatistics, iptables, nftables, ipvs, sysctls, udp] = await Promise.all([
    readConntrack(context),
    readConntrackStatistics(context),
    readIptables(context),
    readNftables(context),
    readIpvs(context),
    readSysctls(context),
    readUdp(context),
  ])
  const [links, addresses, routes] = await Promise.all([
    readLinks(context),
    readAddresses(context),
    readRoutes(context),
  ])
  return { conntrack, conntrackStatistics, iptables, nftables, ipvs, links, addresses, routes, sysctls, udp }
}

interface Context {
  readonly source: KernelSource
  readonly request: KernelTablesRequest
}

// --- Connection tracking ---

async function readConntrack({ source, request }: Context): Promise<ConntrackTable | Skipped> {
  const file = await source.readFile(`${NET}/nf_conntrack`, { timeoutMs: request.timeoutMs * TABLE_SHARE })
  if (file.kind === 'file') return parseConntrack(file.text, request)
  // Distributions build kernels without the file: only netlink shows the table then, which is what the program uses.
  const timeoutMs = request.timeoutMs * (1 - TABLE_SHARE)
  const families = await Promise.all(
    ['ipv4', 'ipv6'].map((family) => source.run('conntrack', ['-L', '-f', family], { timeoutMs })),
  )
  const [v4, v6] = families
  if (v4?.kind !== 'ended' || v4.exitCode !== 0) {
    // Of a program that is there and late no more is to be had: a dump goes on in one piece.
    const isLate = v4?.kind === 'skipped' && v4.needs === undefined
    const dumped = isLate ? v4 : dumpConntrack({ source, request })
    if (!('kind' in dumped)) return dumped
    const why = file.kind === 'skipped' ? file.why : 'this kernel has no /proc/net/nf_conntrack'
    const also = v4?.kind === 'ended' ? `conntrack: ${firstLine(v4.stderr)}` : (v4?.why ?? '')
    return { kind: 'skipped', why: `${why}; ${also}`, needs: 'root, and the program "conntrack"' }
  }
  const rest = v6?.kind === 'ended' && v6.exitCode === 0 ? v6.stdout : ''
  return parseConntrack(`${v4.stdout}\n${rest}`, request)
}

/** What the program does, without it. */
function dumpConntrack({ source, request }: Context): ConntrackTable | Skipped {
  const kept = keepConntrack(request)
  const refused = dump(source, CONNTRACK_DUMP, (message) => {
    const entry = readConntrackMessage(message)
    if (entry !== undefined) kept.add(entry)
  })
  return refused ?? kept.table()
}

function dump(source: KernelSource, what: NetlinkDump, sink: (message: DataView) => void): Skipped | undefined {
  return source.dumpNetlink === undefined
    ? { kind: 'skipped', why: 'the kernel cannot be asked directly from here' }
    : source.dumpNetlink(what, sink)
}

async function readConntrackStatistics({ source }: Context): Promise<ConntrackStatistics | Skipped> {
  const file = await source.readFile(`${NET}/stat/nf_conntrack`)
  if (file.kind !== 'file') return missing(file, 'connection tracking is not loaded, or this kernel hides its counters')
  const counters = parseConntrackStatistics(file.text)
  if (counters === undefined)
    return { kind: 'skipped', why: 'the counters of connection tracking cannot be understood' }
  const [max, buckets] = await Promise.all(
    ['max', 'buckets'].map((name) => source.readFile(`/proc/sys/net/netfilter/nf_conntrack_${name}`)),
  )
  return {
    ...counters,
    ...(max?.kind === 'file' ? { max: Number(max.text) } : {}),
    ...(buckets?.kind === 'file' ? { buckets: Number(buckets.text) } : {}),
  }
}

// --- Packet filters ---

/** Rules of one backend are invisible to the other's program, so both are asked; the old one only where it is in use. */
async function readIptables(context: Context): Promise<readonly IptablesRules[] | Skipped> {
  const shown = await Promise.all([
    saveOne(context, { programs: ['iptables-nft-save', 'iptables-save'], family: 4 }),
    saveOne(context, { programs: ['ip6tables-nft-save', 'ip6tables-save'], family: 6 }),
    saveLegacy(context, { program: 'iptables-legacy-save', names: 'ip_tables_names', family: 4 }),
    saveLegacy(context, { program: 'ip6tables-legacy-save', names: 'ip6_tables_names', family: 6 }),
  ])
  const rules = shown.flatMap((rules) => (rules === undefined || 'kind' in rules ? [] : [rules]))
  const skipped = shown.find((rules): rules is Skipped => rules !== undefined && 'kind' in rules)
  // A plain iptables-save of the old backend shows the same rules twice.
  const seen = new Set<string>()
  const distinct = rules.filter(({ backend, family }) => {
    const key = `${backend} ${family}`
    return !seen.has(key) && seen.add(key)
  })
  if (distinct.length > 0)
    return distinct.filter(({ total, chains }) => total > 0 || chains.some(({ policy }) => policy === 'DROP'))
  return skipped ?? []
}

async function saveOne(
  { source, request }: Context,
  { programs, family }: { readonly programs: readonly string[]; readonly family: 4 | 6 },
): Promise<IptablesRules | Skipped> {
  let last: Skipped = { kind: 'skipped', why: 'no program to show rules with' }
  for (const program of programs) {
    const result = await source.run(program, ['-c'], request)
    if (result.kind === 'skipped') last = result
    else if (result.exitCode !== 0) last = failedProgram(program, result)
    else return { program, family, ...parseIptables(result.stdout, request) }
  }
  return last
}

async function saveLegacy(
  context: Context,
  { program, names, family }: { readonly program: string; readonly names: string; readonly family: 4 | 6 },
): Promise<IptablesRules | Skipped | undefined> {
  const file = await context.source.readFile(`${NET}/${names}`)
  if (file.kind !== 'file' || file.text.trim() === '') return undefined
  return saveOne(context, { programs: [program, program.replace('-legacy', '')], family })
}

function readNftables(context: Context): Promise<NftablesRules | Skipped> {
  const parse = (text: string): NftablesRules | undefined => parseNftables(text, context.request)
  return printed(context, { program: 'nft', args: ['-j', 'list', 'ruleset'], parse })
}

// --- IPVS ---

async function readIpvs({ source, request }: Context): Promise<IpvsTable | Skipped> {
  const services = await source.readFile(`${NET}/ip_vs`)
  if (services.kind !== 'file') return missing(services, 'IPVS is not in use: its kernel module is not loaded')
  const connections = await source.readFile(`${NET}/ip_vs_conn`)
  return {
    services: parseIpvsServices(services.text),
    connections: connections.kind === 'file' ? parseIpvsConnections(connections.text, request) : [],
  }
}

// --- Routes, limits, counters ---

/** Drivers of cloud networks count what they drop; only hardware has such a driver. */
async function readLinks(context: Context): Promise<readonly Link[] | Skipped> {
  const dumped = dumpLinks(context)
  const links =
    'kind' in dumped
      ? await printed(context, { program: 'ip', args: ['-d', '-s', '-j', 'link'], parse: parseLinks })
      : dumped
  if ('kind' in links) return links
  const hardware = links.filter(({ kind, name }) => kind === undefined && name !== 'lo').slice(0, MAX_HARDWARE)
  const counted = new Map(
    await Promise.all(
      hardware.map(async ({ name }) => {
        const result = await context.source.run('ethtool', ['-S', name], context.request)
        return [name, result.kind === 'ended' ? parseAllowances(result.stdout) : undefined] as const
      }),
    ),
  )
  return links.map((link) => {
    const allowances = counted.get(link.name)
    return allowances === undefined ? link : { ...link, allowances }
  })
}

/** Interfaces whose driver is asked. */
const MAX_HARDWARE = 8

/** What the program "ip" prints, at the price of no process; it is asked where the kernel cannot be. */
function dumpLinks({ source }: Context): readonly Link[] | Skipped {
  const links: DumpedLink[] = []
  const refused = dump(source, LINK_DUMP, (message) => {
    const link = readLink(message)
    if (link !== undefined) links.push(link)
  })
  return refused ?? nameLinks(links)
}

async function readAddresses(context: Context): Promise<readonly LinkAddress[] | Skipped> {
  const dumped = dumpNamed(context, { what: ADDRESS_DUMP, read: readLinkAddress })
  return 'kind' in dumped
    ? printed(context, { program: 'ip', args: ['-j', 'addr'], parse: parseLinkAddresses })
    : dumped
}

interface NamedDump<T> {
  readonly what: NetlinkDump
  readonly read: (message: DataView, names: ReadonlyMap<number, string>) => T | undefined
}

/** A dump whose messages name devices by their number. */
function dumpNamed<T>(context: Context, { what, read }: NamedDump<T>): T[] | Skipped {
  const links = dumpLinks(context)
  if ('kind' in links) return links
  const names = new Map(links.map(({ index, name }) => [index, name]))
  const found: T[] = []
  const refused = dump(context.source, what, (message) => {
    const item = read(message, names)
    if (item !== undefined) found.push(item)
  })
  return refused ?? found
}

async function readRoutes(context: Context): Promise<readonly Route[] | Skipped> {
  const dumped = dumpNamed(context, { what: ROUTE_DUMP, read: readRoute })
  if (!('kind' in dumped)) return dumped
  const of = (family: 4 | 6): Promise<Route[] | Skipped> =>
    printed(context, {
      program: 'ip',
      args: [`-${family}`, '-j', 'route', 'show', 'table', 'all'],
      parse: (text) => parseRoutes(text, family),
    })
  const [v4, v6] = await Promise.all([of(4), of(6)])
  if ('kind' in v4) return v4
  return [...v4, ...('kind' in v6 ? [] : v6)]
}

async function readSysctls({ source }: Context): Promise<Readonly<Record<string, string>> | Skipped> {
  const files = await Promise.all(
    SYSCTLS.map(async (name) => ({ name, file: await source.readFile(`/proc/sys/${name.replaceAll('.', '/')}`) })),
  )
  const found = files.flatMap(({ name, file }) =>
    file.kind === 'file' ? [[name, file.text.trim().replaceAll(/\s+/g, ' ')] as const] : [],
  )
  const [first] = files
  if (found.length === 0 && first !== undefined) return missing(first.file, 'no sysctl can be read')
  return Object.fromEntries(found)
}

async function readUdp({ source }: Context): Promise<UdpCounters | Skipped> {
  const [udp, udp6, snmp, snmp6] = await Promise.all(
    ['udp', 'udp6', 'snmp', 'snmp6'].map((name) => source.readFile(`${NET}/${name}`)),
  )
  if (snmp?.kind !== 'file') return missing(snmp ?? { kind: 'absent' }, 'this system has no /proc/net/snmp')
  const read = [udp, udp6].flatMap((file) => (file?.kind === 'file' ? [parseUdpSockets(file.text)] : []))
  const sockets = read.flatMap((one) => one.sockets)
  const total = read.reduce((sum, one) => sum + one.total, 0)
  return { sockets, total, counters: parseUdpCounters(snmp.text, snmp6?.kind === 'file' ? snmp6.text : '') }
}

// --- What is not there ---

interface Printed<T> {
  readonly program: string
  readonly args: readonly string[]
  readonly parse: (text: string) => T | undefined
}

async function printed<T>({ source, request }: Context, { program, args, parse }: Printed<T>): Promise<T | Skipped> {
  const result = await source.run(program, args, request)
  if (result.kind === 'skipped') return result
  if (result.exitCode !== 0) return failedProgram(program, result)
  const parsed = parse(result.stdout)
  return parsed ?? { kind: 'skipped', why: `what "${program} ${args.join(' ')}" prints is not the JSON that is needed` }
}

function failedProgram(program: string, result: { readonly exitCode: number; readonly stderr: string }): Skipped {
  const why = `"${program}" failed (exit code ${result.exitCode}): ${firstLine(result.stderr)}`
  return /permission|not permitted|must be root/i.test(result.stderr)
    ? { kind: 'skipped', why, needs: 'root (CAP_NET_ADMIN)' }
    : { kind: 'skipped', why }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}

function missing(file: FileResult, whyAbsent: string): Skipped {
  return file.kind === 'skipped' ? file : { kind: 'skipped', why: whyAbsent }
}
