// What a rule does: to a query on its way in, and to the response on its way out.
import type { Eventual } from '../../base/index.ts'
import type { Message, ResourceRecord } from '../../dns/message.ts'
import type { Outcome, Request } from '../../server/index.ts'

/** A change of responses; absent parts change nothing. */
export interface ResponseChange {
  readonly record?: (record: ResourceRecord) => ResourceRecord
  /** Also for responses that nobody wrote, such as a SERVFAIL by status. */
  readonly rcode?: (rcode: string) => string
  /** May look things up. */
  readonly message?: (message: Message) => Message | Promise<Message>
  /** TTLs need not come out as they came in. */
  readonly changesTtl?: boolean
}

/** What a rule made of a query. */
export interface Applied {
  readonly request: Request
  readonly changes: readonly ResponseChange[]
}

/** `more` is what another query with the same octets from the same client need not bring. */
export type Dependence = 'client' | 'more'

export interface RewriteRule {
  /** `continue`: the next rule is tried as well. */
  readonly goesOn: boolean
  /** Undefined when the rule does not fit. */
  readonly apply: (request: Request) => Applied | undefined
  /** What it looks at beside the query's octets; absent means nothing. */
  readonly dependsOn?: Dependence | undefined
}

/** What rules need that the query does not bring. */
export interface RuleTools {
  readonly lookup: (request: Request) => Outcome | Eventual<Outcome>
  readonly warn: (line: string) => void
}

/** Wrong arguments; becomes an error at the directive's place. */
export class RuleError extends Error {}
