// How a query passes through plugins: a function around the next function, and the outcome as a value.
import { Later, type Eventual } from '../base/index.ts'
import type { WireImage } from '../dns/index.ts'
import type { DomainName, Message, Question, RRClass, RRType, Rcode } from '../dns/message.ts'
import type { Endpoint } from '../net/exchange-result.ts'
import type { Keep } from './hot/keep.ts'

/**
 * One query on its way through the chain. Never changed: a plugin that rewrites passes on a new one, made with
 * `withQuestion` or `{ ...request, … }`.
 */
export interface Request {
  readonly message: Message
  readonly question: Question
  /** The question's name in lower case; what every comparison uses. */
  readonly name: DomainName
  readonly type: RRType
  readonly class: RRClass
  readonly client: Endpoint
  /** The address the query was sent to. */
  readonly local: Endpoint
  readonly transport: 'https' | 'tcp' | 'tls' | 'udp'
  /** 1 for IPv4, 2 for IPv6: CoreDNS's label values. */
  readonly family: 1 | 2
  /** Label value of the listener, such as `dns://:53`. */
  readonly server: string
  /** The zone of the server block that matched, with its final dot. */
  readonly zone: DomainName
  /** Of the query as it came, in octets. */
  readonly sizeBytes: number
  /** Largest response the client takes, in octets. */
  readonly maxSizeBytes: number
  /** Monotonic milliseconds. */
  readonly receivedAt: number
  /** Monotonic milliseconds after which nobody waits for the answer; absent means no limit but the plugin's own. */
  readonly deadlineAt?: number | undefined
  /** How many internal look-ups (`env.lookup`) led here: 0 for a client's query. */
  readonly depth: number
  /**
   * Labels that plugins add for `log`, `rewrite` and `template`, by their full name (`kubernetes/service`).
   *
   * Present only where the block has the `metadata` plugin: others need not compute them.
   */
  readonly metadata?: Map<string, () => string> | undefined
}

/**
 * What became of a query.
 *
 * `status` means that nothing was written: the server answers with an empty message of that rcode (CoreDNS: SERVFAIL,
 * REFUSED, FORMERR and NOTIMP returned by a handler). Outcomes are values: one that is changed is a new object, and a
 * cache may give the same object twice.
 */
export type Outcome =
  | {
      readonly kind: 'answer'
      /**
       * The response. The server puts in the client's id, question and OPT record; sections, rcode, the other flags (RD and
       * CD are to be the query's) and the options of `edns` are taken from here.
       */
      readonly message: Message
      /** The octets of `message`, or of another one: then they are not used. */
      readonly image?: WireImage | undefined
      /** The plugin that gave it. */
      readonly by: string
      /** Why, naming the object: `Service default/kubernetes`. */
      readonly reason?: string | undefined
      /** A smaller limit than the client's, in octets; what does not fit is cut off with TC set. */
      readonly maxSizeBytes?: number | undefined
      /** Goes to `errors` although there is an answer. */
      readonly error?: Error | undefined
      /**
       * Says how long the same query gets the same answer, so that the server need not ask; undefined when it cannot be said.
       * Who passes on an outcome with another message leaves this out, unless the message depends on nothing else.
       */
      readonly keep?: (() => Keep | undefined) | undefined
    }
  | {
      readonly kind: 'status'
      readonly rcode: Rcode
      readonly by: string
      readonly reason?: string | undefined
      readonly error?: Error | undefined
    }
  | { readonly kind: 'drop'; readonly by: string }

/** A value when it can be; the chain waits only for what is not there yet. A handler that throws is a defect: SERVFAIL and a panic counted. */
export type Handler = (request: Request, next: Next) => Outcome | Eventual<Outcome>
/** Passes the query on; called at most once by each plugin for each request it passes on. */
export type Next = (request: Request) => Outcome | Eventual<Outcome>

/** Applies `change` to an outcome that may come later, without waiting for one that is there. */
export function mapOutcome(
  outcome: Outcome | Eventual<Outcome>,
  change: (outcome: Outcome) => Outcome | Eventual<Outcome>,
): Outcome | Eventual<Outcome> {
  if (outcome instanceof Later) return outcome.map(change)
  return outcome instanceof Promise ? outcome.then(change) : change(outcome)
}
