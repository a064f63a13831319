// What resolvers are simulated against: nameservers that do one thing or another with each question, and a clock that only moves when a
// resolver waits.
import type { DomainName } from '../../dns/index.ts'

/** How a stub resolver asks. */
export type Transport = 'tcp' | 'udp'

/** A question on its way to one nameserver. */
export interface QuestionTo {
  readonly nameserver: string
  readonly name: DomainName
  /** `A` or `AAAA`. */
  readonly type: string
  readonly transport: Transport
  /** Whether it carries an OPT record (RFC 6891); absent in a question means: as the resolver usually does. */
  readonly edns?: boolean
}

/**
 * What a nameserver does with a question.
 *
 * `answers`: with records. `nodata`: NOERROR without any. `lame`: that, and neither AA nor RA set. `truncated`: TC set.
 * `silent`: nothing comes. `closed`: nobody listens (ICMP port unreachable, TCP reset). The others are rcodes.
 */
export type ServerAct =
  | 'answers'
  | 'closed'
  | 'formerr'
  | 'lame'
  | 'nodata'
  | 'notimp'
  | 'nxdomain'
  | 'refused'
  | 'servfail'
  | 'silent'
  | 'truncated'

/** Tells what happens to each question. */
export type World = (question: QuestionTo) => ServerAct

/** One query that a resolver sends. */
export interface SentQuery extends QuestionTo {
  readonly edns: boolean
  /** Since the lookup began. */
  readonly atMs: number
  /** Queries of one group go out together, without waiting for each other's responses. */
  readonly group: number
  /** How long the resolver waits before it does something else; null: as long as the kernel tries (TCP). */
  readonly timeoutMs: number | null
  readonly act: ServerAct
}

/** What a lookup comes to, in no library's own words. */
export type LookupOutcome =
  | { readonly kind: 'found'; readonly name: DomainName; readonly types: readonly string[] }
  /** `again`: might work later (EAI_AGAIN). `failed`: a nameserver would not (EAI_FAIL). `bad-name`: nothing was asked. */
  | { readonly kind: 'again' | 'bad-name' | 'failed' | 'no-data' | 'not-found' }

/** A lookup from the call to its return. */
export interface LookupRun {
  readonly queries: readonly SentQuery[]
  readonly outcome: LookupOutcome
  readonly tookMs: number
}

/** A SYN that nobody answers: the kernel's six retries, 1+2+4+…+64 s (tcp_syn_retries). */
export const KERNEL_CONNECT_MS = 127_000

/** Sends a lookup's queries and keeps its clock. */
export interface Simulation {
  readonly world: World
  readonly queries: SentQuery[]
  /** Whether this resolver's queries carry an OPT record. */
  readonly edns: boolean
  nowMs: number
  group: number
  /** Types whose queries go out at the same moment. */
  together: readonly string[]
}

/** Starts a clock at zero. */
export function createSimulation(world: World, { edns }: Pick<Simulation, 'edns'>): Simulation {
  return { world, queries: [], edns, nowMs: 0, group: 0, together: [] }
}

/** Sends one query and gives what comes of it; the clock stands still. */
export function send(simulation: Simulation, question: QuestionTo, timeoutMs: number | null): ServerAct {
  const { world, queries, nowMs, group } = simulation
  const asked = { ...question, edns: question.edns ?? simulation.edns }
  const act = world(asked)
  queries.push({ ...asked, atMs: nowMs, group, timeoutMs, act })
  return act
}

/** What is sent next waited for something. */
export function nextGroup(simulation: Simulation): void {
  simulation.group += 1
}
