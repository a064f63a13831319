// What a kernel knows about the way of DNS datagrams in one network namespace, as plain data: the contract between
// vantages, which collect it, and causes, which judge it. Each table says for itself why it could not be seen.
import type { Endpoint } from '../../net/exchange-result.ts'
import type { Skipped } from '../skipped.ts'

export interface KernelTablesRequest {
  /** Addresses whose entries matter: DNS Service, node cache, replicas, upstreams. Port 53 counts with any address. */
  readonly addresses: readonly string[]
  /** Milliseconds for all tables together. */
  readonly timeoutMs: number
}

export interface KernelTables {
  readonly conntrack: ConntrackTable | Skipped
  readonly conntrackStatistics: ConntrackStatistics | Skipped
  /** One entry for each backend and family that has rules. */
  readonly iptables: readonly IptablesRules[] | Skipped
  readonly nftables: NftablesRules | Skipped
  readonly ipvs: IpvsTable | Skipped
  readonly links: readonly Link[] | Skipped
  readonly addresses: readonly LinkAddress[] | Skipped
  /** All routing tables, the local one left out. */
  readonly routes: readonly Route[] | Skipped
  /** Values by dotted name, `net.ipv4.ip_forward`; names that this kernel does not have are left out. */
  readonly sysctls: Readonly<Record<string, string>> | Skipped
  readonly udp: UdpCounters | Skipped
}

// --- Connection tracking ---

export interface ConntrackTuple {
  readonly source: Endpoint
  readonly destination: Endpoint
  /** Known only where net.netfilter.nf_conntrack_acct is set. */
  readonly packets?: number
}

export interface ConntrackEntry {
  readonly protocol: string
  /** `ESTABLISHED` and the like; UDP has none. */
  readonly state?: string
  readonly timeoutSeconds: number
  readonly original: ConntrackTuple
  readonly reply: ConntrackTuple
  /** False: nothing ever came back. */
  readonly isReplied: boolean
  readonly isAssured: boolean
}

export interface ConntrackTable {
  /** At most 4096 of those that match the request. */
  readonly entries: readonly ConntrackEntry[]
  readonly matching: number
  /** Entries of any kind that were read. */
  readonly total: number
  /** Clients with most UDP entries to port 53, of all that were read; at most 8. Absent in older bundles. */
  readonly busiest?: readonly BusyClient[]
}

export interface BusyClient {
  readonly address: string
  /** Its UDP entries to port 53, whatever the server. */
  readonly entries: number
}

/** Sums over all processors since the namespace was made. */
export interface ConntrackStatistics {
  readonly entries: number
  /** net.netfilter.nf_conntrack_max; absent when it cannot be read. */
  readonly max?: number
  readonly buckets?: number
  /** Two packets of one flow raced to insert it: one was dropped. */
  readonly insertFailed: number
  /** Dropped because the table was full, or for want of memory. */
  readonly drop: number
  readonly earlyDrop: number
  readonly invalid: number
}

// --- Packet filters ---

export interface IptablesChain {
  readonly table: string
  readonly name: string
  /** Only built-in chains have one. */
  readonly policy?: 'ACCEPT' | 'DROP'
  /** Packets that the policy decided. */
  readonly packets: number
}

export interface IptablesRule {
  readonly table: string
  readonly chain: string
  /** As iptables-save writes it, without the counters. */
  readonly text: string
  readonly packets: number
  /** Last target: `DNAT`, `NOTRACK`, `DROP`, a chain's name; absent when the rule only counts. */
  readonly target?: string
  /** CIDR text of `-d` without the length of a single address. */
  readonly destination?: string
  readonly protocol?: string
  readonly destinationPort?: number
  /** `ADDRESS:PORT` of a DNAT. */
  readonly toDestination?: string
  readonly comment?: string
}

export interface IptablesRules {
  /** The program that showed them: rules of the other backend are invisible to it. */
  readonly program: string
  readonly backend: 'legacy' | 'nft' | 'unknown'
  readonly family: 4 | 6
  readonly chains: readonly IptablesChain[]
  /** Rules that concern the request, those of the chains that they lead to, and those that drop or reject anything. */
  readonly rules: readonly IptablesRule[]
  /** Rules of any kind. */
  readonly total: number
}

export interface NftablesChain {
  readonly family: string
  readonly table: string
  readonly name: string
  /** Where the kernel calls it; absent for a chain that only rules jump to. */
  readonly hook?: string
  readonly priority?: number
  readonly policy?: string
}

export interface NftablesRule {
  readonly family: string
  readonly table: string
  readonly chain: string
  readonly handle: number
  /** Verdicts and statements that decide: `drop`, `accept`, `notrack`, `dnat`, `jump CHAIN`, `goto CHAIN`. */
  readonly actions: readonly string[]
  /** Packets counted by the rule itself; absent without a counter. */
  readonly packets?: number
  readonly comment?: string
  /** The rule's expressions as nft's JSON. */
  readonly expression: string
}

export interface NftablesRules {
  readonly chains: readonly NftablesChain[]
  readonly rules: readonly NftablesRule[]
  /** Elements of maps and sets that name one of the addresses: kube-proxy keeps its Services there. */
  readonly elements: readonly {
    readonly family: string
    readonly table: string
    readonly map: string
    readonly text: string
  }[]
  readonly total: number
}

// --- IPVS ---

export interface IpvsService {
  readonly protocol: string
  readonly address: Endpoint
  readonly scheduler: string
  readonly destinations: readonly {
    readonly address: Endpoint
    /** `Masq`, `Route`, `Tunnel`, `Local`. */
    readonly forward: string
    readonly weight: number
    readonly active: number
    readonly inactive: number
  }[]
}

export interface IpvsConnection {
  readonly protocol: string
  readonly client: Endpoint
  readonly service: Endpoint
  readonly destination: Endpoint
  readonly state: string
  readonly expiresSeconds: number
}

export interface IpvsTable {
  readonly services: readonly IpvsService[]
  /** At most 4096 of those that match the request. */
  readonly connections: readonly IpvsConnection[]
}

// --- Links, routes, counters ---

export interface Link {
  readonly index: number
  readonly name: string
  /** `veth`, `bridge`, `vxlan`, `dummy`; absent for hardware and loopback. */
  readonly kind?: string
  readonly mtu: number
  readonly isUp: boolean
  /** `UP`, `DOWN`, `UNKNOWN`, `LOWERLAYERDOWN`. */
  readonly operationalState: string
  /** The bridge it belongs to. */
  readonly master?: string
  readonly vxlan?: { readonly id: number; readonly port: number; readonly local?: string; readonly device?: string }
  readonly dropped: { readonly received: number; readonly sent: number }
  readonly errors: { readonly received: number; readonly sent: number }
  /**
   * Packets that a cloud's network dropped because the machine sent more than it is allowed to, by the driver's names:
   * `linklocal_allowance_exceeded`. Absent where the driver does not count them.
   */
  readonly allowances?: Readonly<Record<string, number>>
}

export interface LinkAddress {
  readonly link: string
  readonly address: string
  readonly prefixLength: number
  readonly scope: string
}

export interface Route {
  readonly family: 4 | 6
  readonly table: string
  /** `default`, a CIDR, or one address. */
  readonly destination: string
  /** `unicast`, or what happens instead: `blackhole`, `unreachable`, `prohibit`. */
  readonly type: string
  readonly gateway?: string
  readonly device?: string
  readonly source?: string
  readonly mtu?: number
}

export interface UdpSocketCounters {
  readonly local: Endpoint
  readonly receiveQueueBytes: number
  /** Datagrams dropped because the socket's buffer was full. */
  readonly drops: number
}

export interface UdpCounters {
  /** At most 4096 of each family. */
  readonly sockets: readonly UdpSocketCounters[]
  /** Sockets of both families, kept or not. Absent in older bundles. */
  readonly total?: number
  /** Of /proc/net/snmp, both families where IPv6 has them: `InDatagrams`, `NoPorts`, `RcvbufErrors`, `InCsumErrors`. */
  readonly counters: Readonly<Record<string, number>>
}
