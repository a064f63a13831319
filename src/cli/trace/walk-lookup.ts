// The lookup as the pod's resolver does it, each query answered by the real nameserver: what comes decides what is asked next.
import { expandSearchList, readSettings, simulateLookup } from '../../route/index.ts'
import type { LookupRun, QuestionTo, ResolvConf, ResolverName, SentQuery, ServerAct } from '../../route/index.ts'

export interface WalkOptions {
  readonly name: string
  /** Address types are asked as getaddrinfo does; any other one alone, as res_search does. */
  readonly types: readonly string[]
  readonly resolver: ResolverName
  readonly conf: ResolvConf
  /** Asks one nameserver for real. */
  readonly ask: (question: QuestionTo) => Promise<ServerAct>
}

/** Queries that no resolver sends more of for one name; beyond them something goes in circles. */
const MAX_ROUNDS = 200

/**
 * Walks a lookup to its end.
 *
 * The resolver's model is run again and again over what is known so far; the questions that it comes upon and that were
 * not asked yet are asked, those that go out together at once. A question that is repeated is asked once.
 *
 * @throws {TextError} the name cannot be a domain name
 */
export async function walkLookup(options: WalkOptions): Promise<LookupRun> {
  const known = new Map<string, ServerAct>()
  let run = simulate(options, known).run
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const simulated = simulate(options, known)
    run = simulated.run
    if (simulated.open.length === 0) return run
    await Promise.all(simulated.open.map(async (question) => known.set(keyOf(question), await options.ask(question))))
  }
  return run
}

interface Simulated {
  readonly run: LookupRun
  /** Unknown questions that go out before anything that depends on them. */
  readonly open: readonly QuestionTo[]
}

function simulate(options: WalkOptions, known: ReadonlyMap<string, ServerAct>): Simulated {
  const isOpen = (question: QuestionTo): boolean => !known.has(keyOf(question))
  const world = (question: QuestionTo): ServerAct => known.get(keyOf(question)) ?? 'answers'
  const run = options.types.every((type) => type === 'A' || type === 'AAAA')
    ? simulateLookup(
        {
          resolver: options.resolver,
          conf: options.conf,
          name: options.name,
          families: options.types.map((type) => (type === 'A' ? 4 : 6)),
        },
        world,
      )
    : searchOne(options, world)
  const first = run.queries.find(isOpen)
  const open = first === undefined ? [] : run.queries.filter((query) => query.group === first.group && isOpen(query))
  return { run, open: [...new Map(open.map((question) => [keyOf(question), question])).values()] }
}

function keyOf({ nameserver, name, type, transport, edns }: QuestionTo): string {
  return `${nameserver} ${name} ${type} ${transport} ${edns === true}`
}

const TIMEOUT_MS = 5000

/** A type that programs ask for with res_search: one candidate after the other, the nameservers in order. */
function searchOne(
  { name, types, conf, resolver }: WalkOptions,
  world: (question: QuestionTo) => ServerAct,
): LookupRun {
  const queries: SentQuery[] = []
  const [type = 'A'] = types
  const { edns } = readSettings(resolver, conf)
  let nowMs = 0
  let outcome: LookupRun['outcome'] = { kind: 'not-found' }
  for (const candidate of expandSearchList(name, conf)) {
    let act: ServerAct = 'silent'
    for (const nameserver of conf.nameservers.slice(0, 3)) {
      for (const transport of ['udp', 'tcp'] as const) {
        const question = { nameserver, name: candidate.name, type, transport, edns }
        act = world(question)
        queries.push({ ...question, atMs: nowMs, group: queries.length, timeoutMs: TIMEOUT_MS, act })
        if (act !== 'truncated') break
      }
      if (act !== 'silent' && act !== 'closed' && act !== 'servfail' && act !== 'refused') break
      if (act === 'silent') nowMs += TIMEOUT_MS
    }
    if (act === 'answers') return { queries, outcome: { kind: 'found', name: candidate.name, types }, tookMs: nowMs }
    if (act === 'nodata') outcome = { kind: 'no-data' }
    if (act === 'silent' || act === 'closed' || act === 'servfail') {
      return { queries, outcome: { kind: 'again' }, tookMs: nowMs }
    }
  }
  return { queries, outcome, tookMs: nowMs }
}
