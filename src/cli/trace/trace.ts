// From a cluster's facts and a place to the trace: the resolver configuration, the lookup's queries, the hops behind each.
import type { ClusterFacts } from '../../doctor/facts/index.ts'
import { formatPlace, isAddress } from '../../doctor/ladder/index.ts'
import type { Expect, Expectation, Rung } from '../../doctor/ladder/index.ts'
import { routeFactsOf } from '../../doctor/facts/index.ts'
import { RESOLVER_TRAITS, formatResolvConf, routeQuery } from '../../route/index.ts'
import type { Hop, QuestionTo, ResolvConf, ResolverName, SentQuery, ServerAct } from '../../route/index.ts'
import type { Place, Skipped, Vantages } from '../../vantage/index.ts'
import { computedText, differs, namesStub, readResolvConf } from '../read-resolv-conf.ts'
import type { ComputedResolvConf, SeenResolvConf } from '../read-resolv-conf.ts'
import { chosenReplicas } from './chosen-replicas.ts'
import type { ChosenReplicas } from './chosen-replicas.ts'
import { formatObservation } from './say-hop.ts'
import type { TraceReport, TracedHop, TracedQuery } from './trace-report.ts'
import type { HopWalk } from './plan-hops.ts'
import { askFirst, askReplicas, askWay } from './walk-hops.ts'
import type { AskedWay, HopContext } from './walk-hops.ts'
import { walkLookup } from './walk-lookup.ts'
import { createSay } from './wording/index.ts'
import type { Say } from './wording/index.ts'

export interface TraceRequest {
  readonly name: string
  /** Address types together, or one other type. */
  readonly types: readonly string[]
  readonly place: Place
  /** Why nothing can be asked from the place itself, where that is known. */
  readonly absent?: Skipped | undefined
  /** Of the place; empty when unknown. */
  readonly node: string
  /** What kubelet writes for the pod; absent for a node. */
  readonly computed?: ComputedResolvConf
  readonly resolver: ResolverName
  readonly tcp: boolean
  readonly allReplicas: boolean
  readonly vantages: Vantages
  readonly expect: Expect
  /** On the monotonic clock. */
  readonly deadlineMs: number
  readonly signal?: AbortSignal
  /** Default: English. */
  readonly say?: Say
  readonly onProgress?: (text: string) => void
}

/** Walks a lookup. @throws {TextError} the name cannot be a domain name */
export async function trace(facts: ClusterFacts, asked: TraceRequest): Promise<TraceReport> {
  const request = { ...asked, vantages: withAbsent(asked) }
  const { place, node, resolver, types, name, vantages, expect, deadlineMs, signal, say = createSay('en') } = request
  const seen = await readConf(request, say)
  const conf = request.tcp ? { ...seen.conf, options: [...seen.conf.options, 'use-vc'] } : seen.conf
  const context: HopContext = {
    route: routeFactsOf(facts),
    expect,
    vantages,
    deadlineMs,
    allReplicas: request.allReplicas,
    tcp: request.tcp,
    signal,
    say,
  }
  const walkOf = (question: QuestionTo): HopWalk => ({
    name: question.name,
    type: question.type,
    transport: request.tcp ? 'tcp' : question.transport,
    from: place,
    fromNode: node === '' ? undefined : node,
    payloadOctets: question.edns === true ? (RESOLVER_TRAITS[resolver].payloadOctets ?? 1232) : null,
  })
  const firsts = new Map<string, { readonly hop: Hop; readonly rung: Rung }>()
  const run = await walkLookup({
    name,
    types,
    resolver,
    conf,
    async ask(question) {
      request.onProgress?.(
        say.words('progress', { nameserver: question.nameserver, name: question.name, type: question.type }),
      )
      const [hop] = routeQuery({ ...question, nameservers: [question.nameserver], node }, context.route).servers
      if (hop === undefined) return 'silent'
      const rung = await askFirst(hop, walkOf(question), context)
      firsts.set(keyOf(question), { hop, rung })
      return actOf(rung)
    },
  })
  const ways = await Promise.all(
    distinct(run.queries).flatMap((query) => {
      const first = firsts.get(keyOf(query))
      return first === undefined ? [] : [askQuery(query, { ...first, walk: walkOf(query), context })]
    }),
  )
  // Looked at when every Service was asked, so that the flows of this lookup are in the table.
  const chosenOf = lookForChosen(request)
  const queries = await Promise.all(
    ways.map(async ({ query, way }) =>
      tracedQuery(query, { name, hop: await askReplicas(way, chosenOf, context), way }),
    ),
  )
  const marked = markFirst(queries, say)
  return {
    schemaVersion: 1,
    language: say.language,
    name,
    types,
    from: { place: formatPlace(place), node: node === '' ? null : node, how: seen.how },
    resolver,
    resolvConf: seen.report,
    notes: [...seen.notes, ...outsideNote(conf.nameservers, request, context)],
    queries: marked.queries,
    outcome: withAddresses(
      run.outcome,
      [...firsts.values()].map(({ rung }) => rung),
    ),
    waitedMs: run.tookMs,
    firstDifference: seen.report.differs ? say.words('difference-conf') : marked.difference,
  }
}

/** The places, but for the one that is known to be none. */
function withAbsent({ vantages, place, absent }: TraceRequest): Vantages {
  if (absent === undefined) return vantages
  const none = formatPlace(place)
  return {
    at: (other) => (formatPlace(other) === none ? Promise.resolve(absent) : vantages.at(other)),
    close: () => vantages.close(),
  }
}

// --- resolv.conf ---

interface UsedConf {
  /** What the resolver works with. */
  readonly conf: ResolvConf
  readonly how: string | null
  readonly report: TraceReport['resolvConf']
  readonly notes: readonly string[]
}

/** The file as the place has it, else as it is computed; which of the two is said. */
async function readConf({ place, vantages, computed, name, resolver }: TraceRequest, say: Say): Promise<UsedConf> {
  const seen = await readResolvConf(vantages, place, computed)
  const { origin, conf, unread, lines, behindStub } = seen
  const how = seen.how === null ? null : say.reason(seen.how)
  const report = {
    origin,
    text: formatResolvConf(conf),
    computed: computedText(seen, computed),
    differs: differs(seen),
    lines: differs(seen) ? lines : [],
    why: unread === null ? null : formatUnread(unread, say),
  }
  const vantage = await vantages.at(place)
  const hosts = origin === 'computed' || 'kind' in vantage ? undefined : await vantage.readFile('/etc/hosts')
  const isListed = hosts?.kind === 'file' && namesHost(hosts.text, name)
  const isUnknown = origin === 'computed' && (computed === undefined || computed.unseen === 'all')
  const notes = [
    ...(isUnknown ? [say.words('note-conf-unseen')] : []),
    ...(isListed ? [say.words('note-hosts', { name })] : []),
    ...stubNotes(seen, resolver, say),
  ]
  return { conf: resolver === 'systemd-resolved' ? (behindStub ?? conf) : conf, how, report, notes }
}

function formatUnread({ why, needs }: Skipped, say: Say): string {
  return needs === undefined ? say.reason(why) : say.words('needs', { why: say.reason(why), needs: say.reason(needs) })
}

/** Which servers stand behind systemd-resolved's stub, or that they should be looked at. */
function stubNotes({ conf, behindStub }: SeenResolvConf, resolver: ResolverName, say: Say): string[] {
  if (!namesStub(conf)) return []
  if (resolver !== 'systemd-resolved') return [say.words('note-stub')]
  if (behindStub === undefined) return [say.words('note-stub-unseen')]
  return [say.words('note-stub-servers', { servers: behindStub.nameservers.join(', ') })]
}

function namesHost(text: string, host: string): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, '')
  return text.split('\n').some((line) =>
    line
      .replace(/#.*$/, '')
      .trim()
      .split(/\s+/)
      .slice(1)
      .some((name) => name.toLowerCase() === wanted),
  )
}

/** The commonest surprise: whoever asks does not ask the cluster at all. */
function outsideNote(
  nameservers: readonly string[],
  { node, place }: TraceRequest,
  { route, say }: HopContext,
): string[] {
  const { servers } = routeQuery({ name: '.', type: 'NS', nameservers, node }, route)
  if (servers.length === 0 || servers.some(({ kind }) => kind !== 'unknown')) return []
  return [say.words(place.kind === 'node' ? 'note-outside-node' : 'note-outside')]
}

// --- Queries ---

interface FirstAsked {
  readonly hop: Hop
  readonly rung: Rung
  readonly walk: HopWalk
  readonly context: HopContext
}

async function askQuery(
  query: SentQuery,
  { hop, rung, walk, context }: FirstAsked,
): Promise<{ readonly query: SentQuery; readonly way: AskedWay }> {
  return { query, way: await askWay(hop, { ...walk, first: rung }, context) }
}

function tracedQuery(
  query: SentQuery,
  { name, hop, way }: { readonly name: string; readonly hop: TracedHop; readonly way: AskedWay },
): TracedQuery {
  const asIs = name.replace(/\.$/, '').toLowerCase()
  const asked = query.name.replace(/\.$/, '').toLowerCase()
  return {
    name: query.name,
    type: query.type,
    suffix: asked.length > asIs.length && asked.startsWith(`${asIs}.`) ? asked.slice(asIs.length + 1) : null,
    nameserver: query.nameserver,
    transport: way.walk.transport,
    edns: query.edns,
    atMs: query.atMs,
    timeoutMs: query.timeoutMs,
    hop,
  }
}

/** A query that the resolver repeats is shown once. */
function distinct(queries: readonly SentQuery[]): SentQuery[] {
  const seen = new Set<string>()
  return queries.filter((query) => !seen.has(keyOf(query)) && seen.add(keyOf(query)))
}

function keyOf({ nameserver, name, type, transport, edns }: QuestionTo): string {
  return `${nameserver} ${name} ${type} ${transport} ${edns === true}`
}

/** What a nameserver did, in the words of the resolvers' model; one that could not be asked is taken to do what it should. */
function actOf({ observed, expected, question, transport }: Rung): ServerAct {
  if (observed.kind === 'nothing') return actExpected(expected)
  if (observed.kind === 'timeout') return 'silent'
  if (observed.kind !== 'response') return 'closed'
  const { rcode, recordCount, tc, aa } = observed
  if (tc && transport === 'udp') return 'truncated'
  if (rcode === 'NOERROR' && recordCount > 0 && question.kind === 'dns') return 'answers'
  return rcode === 'NOERROR' ? (aa || observed.soaTtl !== undefined ? 'nodata' : 'lame') : (RCODES[rcode] ?? 'servfail')
}

/** Without the types of which only an alias came: whoever asks for addresses gets none of these. */
function withAddresses(outcome: TraceReport['outcome'], rungs: readonly Rung[]): TraceReport['outcome'] {
  if (outcome.kind !== 'found') return outcome
  const types = outcome.types.filter((type) => !rungs.some((rung) => isAliasOnly(rung, outcome.name, type)))
  return types.length === 0 ? { kind: 'no-data' } : { ...outcome, types }
}

function isAliasOnly({ question, observed }: Rung, name: string, type: string): boolean {
  if (question.kind !== 'dns' || question.name !== name || question.type !== type) return false
  if (observed.kind !== 'response' || (type !== 'A' && type !== 'AAAA')) return false
  return observed.recordCount > 0 && !observed.tc && !observed.records.some(isAddress)
}

const RCODES: Readonly<Record<string, ServerAct>> = {
  FORMERR: 'formerr',
  NOTIMP: 'notimp',
  NXDOMAIN: 'nxdomain',
  REFUSED: 'refused',
}

function actExpected(expected: Expectation): ServerAct {
  if (expected.kind !== 'records' || expected.records.length > 0) return 'answers'
  return expected.rcode === 'NXDOMAIN' ? 'nxdomain' : 'nodata'
}

// --- The replicas that kube-proxy picked ---

/** Looks once for each Service and place. */
function lookForChosen({ node, vantages }: TraceRequest): (service: Rung) => Promise<ChosenReplicas> {
  const found = new Map<string, Promise<ChosenReplicas>>()
  return ({ from, to, result }) => {
    if (node === '' || result === 'skipped') return Promise.resolve({ flows: [], unseen: null })
    const key = `${formatPlace(from)} ${to.address} ${to.port}`
    const looked = found.get(key) ?? chosenReplicas({ service: to.address, port: to.port, place: from, node }, vantages)
    found.set(key, looked)
    return looked
  }
}

// --- The first difference ---

function markFirst(
  queries: readonly TracedQuery[],
  say: Say,
): {
  readonly queries: readonly TracedQuery[]
  readonly difference: string | null
} {
  let difference: string | null = null
  const mark = (hop: TracedHop, query: TracedQuery): TracedHop => {
    const isFirst = difference === null && hop.result === 'failed'
    if (isFirst) difference = describe(hop, query, say)
    return { ...hop, isFirstDifference: isFirst, next: hop.next.map((next) => mark(next, query)) }
  }
  return { queries: queries.map((query) => ({ ...query, hop: mark(query.hop, query) })), difference }
}

function describe({ label, transport, why, observed }: TracedHop, { name, type }: TracedQuery, say: Say): string {
  const because = why ?? formatObservation(observed, say)
  return say.words('difference', { label, transport: transport.toUpperCase(), name, type, why: because })
}
