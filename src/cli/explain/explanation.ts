// What `explain` found, as the plain value that both renderers read and nothing else. Documented in docs/explain-json.md.
import type { DomainName, RData, RRType } from '../../dns/index.ts'
import type { Known } from '../../doctor/facts/index.ts'
import type { ComparedLine, Hop, ResolvConfEntry, ResolverName } from '../../route/index.ts'

export interface Explanation {
  readonly schemaVersion: 1
  readonly cluster: {
    readonly source: string
    readonly clusterDomain: Known<string>
    /** `kube-system/coredns`; null when none was found. */
    readonly dnsService: string | null
  }
  readonly question: {
    /** As typed. */
    readonly text: string
    readonly kind: 'address' | 'name'
    readonly type: RRType
  }
  /** Whose resolv.conf decides; null when the name is asked as it is. */
  readonly asker: Asker | null
  /** In the order in which they are asked; the last one that is `asked` gives the answer. */
  readonly lookups: readonly Lookup[]
  /** When nothing was found: the name of the lookup that comes nearest to a name of the cluster; else null. */
  readonly nearest: DomainName | null
  /** What the address belongs to; null for names. */
  readonly address: AddressFacts | null
  /** What was probably meant, best first; only when nothing was found. */
  readonly suggestions: readonly ExplainedSuggestion[]
  /** What a person should know about this answer. */
  readonly notes: readonly Note[]
  /** What could not be seen and may change the answer. */
  readonly missing: readonly { readonly what: string; readonly why: string; readonly needs: string }[]
  /** False when the answer rests on something that could not be seen. */
  readonly conclusive: boolean
}

/** The pod or node that asks; or, for a short name without `--from`, any pod of a namespace. */
export interface Asker {
  /** Empty: a program of the node itself. */
  readonly namespace: string
  /** Null: any pod with the usual policy, or the node itself. */
  readonly pod: string | null
  readonly node: string | null
  /** Whose way of searching decides which names are asked for. */
  readonly resolver: ResolverName
  readonly resolvConf: {
    /** `observed`: read in the pod; `computed`: what kubelet would write. */
    readonly origin: 'computed' | 'observed'
    /** Why it was not read; null when it was, or when nobody tried. */
    readonly why: string | null
    /** Where the pod's file is not the computed one: all lines of both; else empty. */
    readonly lines: readonly ComparedLine[]
    readonly dnsPolicy: string
    readonly effective: string
    readonly text: string
    readonly entries: readonly ResolvConfEntry[]
    /** Why the policy comes down to another one, and what is not known; half sentences. */
    readonly remarks: readonly string[]
  }
}

/** One name that is asked for. */
export interface Lookup {
  readonly name: DomainName
  readonly type: RRType
  /** The search domain that was appended; null for the name as it is. */
  readonly suffix: string | null
  /** False for names that come after the one with the answer. */
  readonly asked: boolean
  readonly result: LookupResult
  readonly rcode: 'NOERROR' | 'NXDOMAIN' | 'REFUSED' | 'SERVFAIL' | null
  readonly answer: readonly ExplainedRecord[]
  readonly additional: readonly ExplainedRecord[]
  readonly authority: readonly ExplainedRecord[]
  /** How the name is read, by which pattern; null for names that match none. */
  readonly readAs: string | null
  /** Why the cluster's objects give no record; null when they do, or were not asked. */
  readonly absence: { readonly code: string; readonly text: string } | null
  /** Which server decides, and by what. */
  readonly decidedBy: Decision
}

export type LookupResult =
  /** Records from the cluster's objects. */
  | 'records'
  | 'nodata'
  | 'nxdomain'
  /** Somebody outside the cluster's objects answers: an upstream, a zone file. */
  | 'elsewhere'
  /** A plugin of the Corefile answers before the cluster's objects do. */
  | 'overridden'
  | 'refused'
  | 'servfail'

export interface Decision {
  /** The way to the server that decides; the first of equal branches. */
  readonly path: readonly string[]
  /** `kubernetes`, `forward`, `template`; null when no server block takes the name. */
  readonly plugin: string | null
  /** `kube-system/coredns:Corefile:1`; null without a Corefile. */
  readonly at: string | null
  readonly text: string
  /** Addresses of upstreams, for names that leave the cluster. */
  readonly upstreams: readonly string[]
  readonly hops: readonly Hop[]
}

export interface ExplainedRecord {
  /** In presentation format, fields apart by one blank. */
  readonly text: string
  readonly name: DomainName
  readonly ttl: number
  readonly type: RRType
  readonly rdata: RData
  /** Null for records that no object is the reason of. */
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string } | null
  readonly field: string
  readonly why: string
}

export interface AddressFacts {
  readonly address: string
  /** Everything that has the address, the most telling first. */
  readonly holders: readonly AddressHolder[]
}

export interface AddressHolder {
  readonly kind: 'Endpoint' | 'LoadBalancer' | 'Node' | 'NodeCache' | 'Pod' | 'Service' | 'Upstream'
  readonly namespace: string
  readonly name: string
  /** Half a sentence: on which node, through which slice, ready or not. */
  readonly text: string
}

export interface ExplainedSuggestion {
  readonly code: string
  readonly name: DomainName | null
  readonly text: string
  readonly because: readonly string[]
  /** What the name gives; empty when `name` is null. */
  readonly answer: readonly ExplainedRecord[]
}

export interface Note {
  readonly code:
    | 'application-service-no-endpoints'
    | 'cluster-ip'
    | 'external-name'
    | 'headless'
    | 'multiple-ptr'
    | 'nodata-in-search'
    | 'not-ready-endpoints'
    | 'outside-cluster-dns'
    | 'resolvers-differ'
    | 'short-name'
    | 'srv'
    | 'upstreams'
  readonly text: string
}
