// The report as JSON: what `-o json` prints, what every renderer reads, and nothing else. Documented in
// docs/doctor-json.md and docs/schema/doctor.schema.json; a change that breaks a reader changes `schemaVersion`.
import type { CauseCode, ObjectRef, Subject } from '../causes/index.ts'
import type { Basis, HopKind, Purpose, RateInterval, RungResult, RungTransport, WireCapture } from '../ladder/index.ts'
import type { Outcome } from '../verdict/index.ts'
import type { Language } from './language.ts'

export interface DoctorReport {
  readonly schemaVersion: 1
  readonly language: Language
  readonly cluster: ReportCluster
  /** The name given by `--name`. */
  readonly name?: ReportName
  readonly outcome: Outcome
  /** The proven cause that explains most; null when none is proven. */
  readonly verdict: { readonly code: CauseCode; readonly summary: string } | null
  /** Proven ones first, the verdict's leading. */
  readonly causes: readonly ReportFinding[]
  readonly observations: readonly ReportFinding[]
  readonly excluded: readonly { readonly code: CauseCode; readonly subject?: Subject; readonly by: string }[]
  readonly notChecked: readonly ReportNotChecked[]
  /** Ids of failed rungs that no proven cause explains; `name` for the name asked about. */
  readonly unexplained: readonly string[]
  /** Replicas that answer nobody, not even their own node, and where to look; absent without one. */
  readonly unanswering?: readonly { readonly server: string; readonly text: string }[]
  readonly ladder: readonly ReportRung[]
  /** Only where packets were captured while failed questions were asked again. */
  readonly captures?: readonly ReportCapture[]
  /** Only with `--repeat`: by how much counters grew while questions were asked again and again. */
  readonly counters?: readonly ReportCounter[]
}

export interface ReportCluster {
  /** Where the facts came from, in words. */
  readonly source: string
  /** Of the API server; null when it was not seen. */
  readonly version: string | null
  readonly clusterDomain: string
  readonly dnsService: { readonly name: string; readonly addresses: readonly string[] } | null
  readonly replicas: number
  readonly nodes: number
  /** Nodes that were asked from, where these are not all, as in a large cluster; absent otherwise. */
  readonly askedNodes?: number
  /** RFC 3339. */
  readonly collectedAt: string
  /** Requests to the API server; absent without one. */
  readonly apiCalls?: number
  /** Milliseconds that this program itself stood still at most while it asked; absent below 250. */
  readonly ownDelayMs?: number
  /** What could not be read, and what would show it. */
  readonly missing: readonly { readonly what: string; readonly why: string; readonly needs: string }[]
}

export interface ReportName {
  readonly given: string
  readonly name: string
  readonly type: string
  /** RDATA that the schema gives. */
  readonly expected: readonly string[]
  /** Why the schema gives none; null when it gives some or the name is not the cluster's. */
  readonly absence: string | null
}

export interface ReportFinding {
  readonly code: CauseCode
  readonly status: 'proven' | 'suspected'
  readonly title: string
  readonly summary: string
  readonly subject: Subject
  readonly objects: readonly ObjectRef[]
  readonly evidence: readonly { readonly basis: Basis; readonly text: string }[]
  readonly fix: { readonly command: string; readonly explanation: string; readonly risk: string }
  /** Ids of rungs; `name` for the name asked about. */
  readonly explains: readonly string[]
  /** Of a suspected cause: what would decide. */
  readonly missing?: readonly string[]
  readonly causedBy?: CauseCode
}

export interface ReportNotChecked {
  readonly code: CauseCode
  readonly subject?: Subject
  readonly why: string
  readonly needs?: string
}

export interface ReportRung {
  readonly id: string
  readonly hop: HopKind
  /** `namespace/name` of the Service or pod, an upstream's address. */
  readonly server: string
  /** Node of the server. */
  readonly node?: string
  /** `node/NAME`, `pod/NAMESPACE/NAME` or `here`. */
  readonly from: string
  /** `ADDRESS:PORT`; empty when the server has none. */
  readonly to: string
  readonly transport: RungTransport
  readonly purpose: Purpose
  /** `NAME TYPE`, or the path of an HTTP request. */
  readonly question: string
  readonly expected: string
  readonly observed: string
  /** Milliseconds; null without a response. */
  readonly rttMs: number | null
  /** Milliseconds until the outcome was known, lost attempts included. */
  readonly elapsedMs: number
  readonly attempts: number
  readonly result: RungResult
  readonly why?: string
  readonly needs?: string
  /** Messages that came and were not the response. */
  readonly stray?: readonly string[]
  readonly equivalent: string
  /** Only with `--repeat`. */
  readonly repeats?: ReportRepeats
}

/** Single attempts of one question. */
export interface ReportRepeats {
  readonly asked: number
  readonly ok: number
  readonly failed: number
  readonly timeouts: number
  /** Shares of 1; the interval is Wilson's, of 95 %. */
  readonly failureRate: RateInterval
  /** What came instead of what was expected, most frequent first. */
  readonly failures: readonly { readonly observed: string; readonly why: string; readonly count: number }[]
  /** Null when nothing brought a response. */
  readonly rttMs: {
    readonly least: number
    readonly median: number
    readonly p95: number
    readonly greatest: number
  } | null
}

/** What was on the wire at one place. */
export interface ReportCapture {
  readonly from: string
  readonly tookMs: number
  readonly packets: number
  /** Packets that the kernel had no room for. */
  readonly dropped: number
  readonly patterns: WireCapture['patterns']
}

export interface ReportCounter {
  /** `node/NAME` for a kernel, `namespace/name` of the server for its metrics. */
  readonly of: string
  readonly counter: string
  readonly growth: number
  /** Between the two readings. */
  readonly seconds: number
}
