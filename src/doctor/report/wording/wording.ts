// The shape of a language's words. A test holds the tables of all languages against each other and against what causes
// and rungs can say.
import type { CauseCode } from '../../causes/index.ts'

export interface CauseWording {
  /** A few words: what this is. */
  readonly title: string
  /** One sentence with the values of the judgement: the verdict. */
  readonly summary: string
  /** Lines of evidence by their key. */
  readonly lines: Readonly<Record<string, string>>
}

export interface FixWording {
  readonly explanation: string
  readonly risk: string
}

/** Words that renderers put around the report's values. */
export interface Labels {
  readonly healthy: string
  readonly withObservations: string
  /** Below the headline of a healthy cluster: how to ask about what fails all the same. */
  readonly hint: string
  readonly inconclusive: string
  readonly tooLittle: string
  /** Instead of that where the user may read next to nothing. */
  readonly forbiddenLists: string
  /** Below the headline then: what prints the roles. */
  readonly rightsHint: string
  readonly unaskedPod: string
  /** Nothing failed, and most could not be asked. */
  readonly muchSkipped: string
  /** Before the server that fails, in the headline. */
  readonly fails: string
  readonly alsoProven: string
  readonly suspected: string
  readonly consequenceOf: string
  readonly wouldDecide: string
  readonly proof: string
  readonly fix: string
  readonly risk: string
  readonly ladder: string
  /** Heads what counters did between two readings. */
  readonly counters: string
  readonly counter: string
  /** Behind the counts of failures: their share and its interval. */
  readonly failureRate: string
  readonly observations: string
  readonly unexplained: string
  readonly notChecked: string
  readonly excluded: string
  /** `{count}` */
  readonly excludedCount: string
  readonly needs: string
  readonly more: string
  readonly columns: {
    readonly hop: string
    readonly from: string
    readonly udp: string
    readonly tcp: string
    readonly http: string
  }
  readonly results: {
    readonly ok: string
    readonly failed: string
    /** Failed at times. */
    readonly intermittent: string
    readonly skipped: string
  }
  readonly hops: {
    readonly 'dns-service': string
    readonly 'kube-proxy': string
    readonly nameserver: string
    readonly 'node-cache': string
    readonly replica: string
    readonly upstream: string
  }
  readonly basis: {
    readonly assumed: string
    readonly computed: string
    readonly observed: string
    readonly stated: string
  }
  readonly colon: string
  readonly semicolon: string
  readonly comma: string
  readonly nodes: string
  readonly here: string
  readonly cluster: string
  /** How often the API server was asked. */
  readonly calls: string
  readonly name: string
  readonly resolves: string
  readonly outside: string
  readonly doesNotResolve: string
  readonly servers: string
  /** Heads the places where a cause that was told in full is at work as well. */
  readonly elsewhere: string
  readonly someNodes: string
  readonly ownDelay: string
  /** Words of `--watch`, one for each kind of change. */
  readonly watch: {
    readonly healthy: string
    readonly proven: string
    readonly inconclusive: string
    readonly unreadable: string
    readonly suspected: string
    readonly failing: string
    readonly cured: string
    readonly answers: string
    /** Behind what ended: how long it lasted. */
    readonly after: string
  }
  /** Words that only the page (`-o html`) needs. */
  readonly page: {
    readonly skip: string
    readonly cause: string
    readonly command: string
    readonly otherCauses: string
    readonly way: string
    readonly place: string
    readonly notAsked: string
    readonly details: string
    readonly question: string
    readonly expected: string
    readonly observed: string
    readonly reason: string
    readonly latency: string
    readonly latencyScale: string
    readonly median: string
    readonly noResponse: string
  }
}

export interface Wording {
  readonly causes: Readonly<Record<CauseCode, CauseWording>>
  readonly fixes: Readonly<Record<string, FixWording>>
  /** Reasons, needs and whatever else a phrase's key names. */
  readonly phrases: Readonly<Record<string, string>>
  readonly labels: Labels
}

/** The words of one group of causes. */
export type GroupWording<Code extends CauseCode> = Readonly<Record<Code, CauseWording>>
