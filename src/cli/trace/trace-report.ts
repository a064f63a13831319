// What a trace comes to, as plain data: the JSON that is printed, and what the text is made from.
import type { Expectation, Observation } from '../../doctor/ladder/index.ts'
import type { Language } from '../../doctor/report/index.ts'
import type { Transport } from '../../net/exchange-result.ts'
import type { ChosenReplica } from './chosen-replicas.ts'
import type { ComparedLine, LookupOutcome, ResolverName } from '../../route/index.ts'

export interface TracedHop {
  readonly kind: 'dns-service' | 'node-cache' | 'replica' | 'unknown' | 'upstream'
  /** For people: `node cache kube-system/nodelocaldns-2chf7 on node2`. */
  readonly label: string
  readonly address: string
  readonly port: number
  readonly transport: Transport
  /** From where it was asked: `pod/shop/web-0`, `node/node2`, `here`. */
  readonly from: string
  /** The server block that takes the name, and where it stands: `cluster.local:53`, `kube-system/coredns:Corefile:1`. */
  readonly block: { readonly keys: readonly string[]; readonly at: string } | null
  /** What its plugins do with the question, in order. */
  readonly plugins: readonly { readonly plugin: string; readonly at: string; readonly text: string }[]
  /** What is known to be wrong here before anything is asked. */
  readonly note: string | null
  readonly expected: Expectation
  readonly observed: Observation
  readonly rttMs: number | null
  readonly result: 'failed' | 'ok' | 'skipped'
  /** Why it failed or was skipped. */
  readonly why: string | null
  readonly needs: string | null
  /** The command a person would have typed there. */
  readonly equivalent: string
  /** The first hop, in the order of this tree, where expected and observed part. */
  readonly isFirstDifference: boolean
  /** Where it goes on from here. */
  readonly next: readonly TracedHop[]
  /** Replicas that could be picked as well and were not asked. */
  readonly notAsked: number
  /**
   * Of a Service that answered and has several replicas: the one that is shown, `by` the flows that kube-proxy sent there
   * or merely by its order in the list. `why` says why flows were not seen. Null where all that there are were asked.
   */
  readonly pick: { readonly by: 'flows' | 'order'; readonly address: string; readonly why: string | null } | null
  /** Of the DNS Service: the replicas that flows from here were sent to, by the node's connection table; empty when unknown. */
  readonly chosen: readonly ChosenReplica[]
}

export interface TracedQuery {
  readonly name: string
  readonly type: string
  /** The search domain that was appended; null for the name as it is. */
  readonly suffix: string | null
  readonly nameserver: string
  readonly transport: Transport
  /** Whether the resolver sends an OPT record with it (RFC 6891); asked the same way at every hop. */
  readonly edns: boolean
  /** Milliseconds since the lookup began, by the resolver's own waiting times. */
  readonly atMs: number
  /** How long the resolver waits for this response; null: as long as the kernel tries. */
  readonly timeoutMs: number | null
  /** The nameserver, and what stands behind it. */
  readonly hop: TracedHop
}

export interface TraceReport {
  readonly schemaVersion: 1
  /** Of the texts. */
  readonly language: Language
  /** As given. */
  readonly name: string
  readonly types: readonly string[]
  readonly from: { readonly place: string; readonly node: string | null; readonly how: string | null }
  readonly resolver: ResolverName
  readonly resolvConf: {
    readonly origin: 'computed' | 'observed'
    readonly text: string
    /** What kubelet would have written; null when that is what `text` is, or cannot be told. */
    readonly computed: string | null
    /** Whether the observed file says something else than the computed one: then the pod's is the first difference. */
    readonly differs: boolean
    /** Where they differ, all lines of both. */
    readonly lines: readonly ComparedLine[]
    /** Why it was not read. */
    readonly why: string | null
  }
  readonly notes: readonly string[]
  readonly queries: readonly TracedQuery[]
  readonly outcome: LookupOutcome
  /** What the lookup takes the resolver when the responses take no time: the waiting for silent servers. */
  readonly waitedMs: number
  /** One line; null when everything is as expected. */
  readonly firstDifference: string | null
}

/** Whether the hop, or any behind it, was asked. */
export function wasAsked({ result, next }: TracedHop): boolean {
  return result !== 'skipped' || next.some(wasAsked)
}
