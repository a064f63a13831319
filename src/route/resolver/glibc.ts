// glibc's stub resolver (resolv/res_send.c, res_query.c), as getaddrinfo uses it: nameservers in order, A and AAAA in one go, and what
// it does when only one of the two comes. Seen with glibc 2.36.
import type { DomainName } from '../../dns/index.ts'
import { countDots, joinName } from './candidate.ts'
import type { ResolverSettings } from './settings.ts'
import {
  KERNEL_CONNECT_MS,
  nextGroup,
  send,
  type LookupOutcome,
  type ServerAct,
  type Simulation,
  type Transport,
} from './world.ts'

/** One lookup with glibc's state, which outlives a query: after a lost response it asks one type at a time. */
interface Glibc {
  readonly simulation: Simulation
  readonly settings: ResolverSettings
  readonly types: readonly string[]
  /** Where `rotate` begins, drawn anew for each name. */
  readonly pick: (count: number) => number
  isSingle: boolean
  isReopening: boolean
}

/** What one name came to. `rcode`: of the last response, also when it counted for nothing. */
type NameResult =
  | { readonly kind: 'found'; readonly types: readonly string[] }
  | {
      readonly kind: 'again' | 'failed' | 'no-data' | 'not-found'
      readonly isServfail: boolean
      readonly isClosed: boolean
    }

type NameError = Exclude<NameResult, { readonly kind: 'found' }>

export interface GlibcLookup {
  readonly name: string
  readonly types: readonly string[]
  readonly settings: ResolverSettings
  readonly pick: (count: number) => number
}

/** Looks a name up as getaddrinfo does (res_search). */
export function lookUpWithGlibc(simulation: Simulation, { name, types, settings, pick }: GlibcLookup): LookupOutcome {
  const asked = settings.noAaaa ? types.filter((type) => type !== 'AAAA') : types
  // Only AAAA was wanted and may not be asked for.
  if (asked.length === 0) return { kind: 'no-data' }
  const { isSingle, isReopening } = { isSingle: settings.singleRequest, isReopening: settings.singleRequestReopen }
  const glibc: Glibc = { simulation, settings, types: asked, pick, isSingle, isReopening }
  const dots = countDots(name)
  const isAbsolute = name.endsWith('.')
  const asIs = joinName(name)
  let first: NameError | undefined
  if (dots >= settings.ndots || isAbsolute) {
    const result = askName(glibc, asIs)
    if (result.kind === 'found') return { kind: 'found', name: asIs, types: result.types }
    if (isAbsolute) return { kind: result.kind }
    first = result
  }
  const seen = { noData: false, servfail: false, root: false }
  let last: NameError | undefined = first
  for (const suffix of settings.searches) {
    if (suffix === '.') seen.root = true
    const full = joinName(name, suffix)
    const result = askName(glibc, full)
    if (result.kind === 'found') return { kind: 'found', name: full, types: result.types }
    last = result
    if (result.isClosed) return { kind: 'again' }
    if (result.kind === 'no-data') seen.noData = true
    if (result.kind === 'again' && result.isServfail) seen.servfail = true
    // REFUSED, FORMERR and timeouts end the search; the name as it is gets its turn all the same.
    else if (result.kind === 'again' || result.kind === 'failed') break
  }
  if (first === undefined && !seen.root) {
    const result = askName(glibc, asIs)
    if (result.kind === 'found') return { kind: 'found', name: asIs, types: result.types }
    last = result
  }
  if (first !== undefined) return { kind: first.kind }
  if (seen.noData) return { kind: 'no-data' }
  if (seen.servfail) return { kind: 'again' }
  return { kind: last?.kind ?? 'not-found' }
}

// --- One name, all nameservers (res_send) ---

function askName(glibc: Glibc, name: DomainName): NameResult {
  const { settings, simulation } = glibc
  const count = settings.nameservers.length
  const offset = settings.rotate && count > 1 ? glibc.pick(count) : 0
  let transport: Transport = settings.useTcp ? 'tcp' : 'udp'
  let wasHeard = false
  let rcode: ServerAct | undefined
  for (let attempt = 0; attempt < settings.attempts; attempt += 1) {
    for (let shift = 0; shift < count; shift += 1) {
      const server = (shift + offset) % count
      let reply = transport === 'tcp' ? askOverTcp(glibc, name, server) : askOverUdp(glibc, name, server)
      if (reply.kind === 'truncated') {
        transport = 'tcp'
        nextGroup(simulation)
        reply = askOverTcp(glibc, name, server)
      }
      if (reply.kind === 'acts') return judge(glibc.types, reply.acts)
      nextGroup(simulation)
      wasHeard ||= reply.kind === 'next' && reply.wasHeard
      rcode = reply.kind === 'next' ? (reply.rcode ?? rcode) : rcode
    }
  }
  return { kind: 'again', isServfail: rcode === 'servfail', isClosed: !wasHeard }
}

/** From the responses to the verdict on a name (res_query): records of either type are enough. */
function judge(types: readonly string[], acts: readonly (ServerAct | undefined)[]): NameResult {
  const found = types.filter((_, at) => acts[at] === 'answers' || acts[at] === 'truncated')
  if (acts.includes('answers')) return { kind: 'found', types: found }
  const rcode = acts.find((act) => act !== undefined && act !== 'nodata' && act !== 'lame')
  const kind =
    rcode === undefined ? 'no-data' : rcode === 'nxdomain' ? 'not-found' : rcode === 'servfail' ? 'again' : 'failed'
  return { kind, isServfail: rcode === 'servfail', isClosed: false }
}

// --- One nameserver ---

type ServerReply =
  | { readonly kind: 'acts'; readonly acts: readonly (ServerAct | undefined)[] }
  | { readonly kind: 'next'; readonly wasHeard: boolean; readonly rcode?: ServerAct }
  | { readonly kind: 'truncated' }

/** These count for nothing while another nameserver is left; over TCP they count. */
const SKIPPED: readonly ServerAct[] = ['servfail', 'notimp', 'refused', 'lame']

/** The timeout depends on the nameserver's place in the list, not on the attempt: 5, 5, 10 s shared among three. */
function timeoutOf({ timeoutMs, nameservers }: ResolverSettings, server: number): number {
  const seconds = (timeoutMs / 1000) * 2 ** server
  return 1000 * Math.max(server === 0 ? seconds : Math.floor(seconds / nameservers.length), 1)
}

function askOverUdp(glibc: Glibc, name: DomainName, server: number): ServerReply {
  const { simulation, settings, types } = glibc
  const timeoutMs = timeoutOf(settings, server)
  const nameserver = settings.nameservers[server] ?? ''
  const acts: (ServerAct | undefined)[] = types.map(() => undefined)
  let rcode: ServerAct | undefined
  for (;;) {
    const isSingle = glibc.isSingle && types.length > 1
    simulation.together = isSingle ? [] : types
    acts.fill(undefined)
    for (const [at, type] of types.entries()) {
      if (isSingle && at > 0) {
        // The second query waits for the first one's response.
        if (!isUseful(acts[0])) break
        nextGroup(simulation)
      }
      acts[at] = send(simulation, { nameserver, name, type, transport: 'udp' }, timeoutMs)
    }
    const sent = acts.filter((act) => act !== undefined)
    if (sent.includes('closed')) return { kind: 'next', wasHeard: false }
    if (sent.includes('truncated')) return { kind: 'truncated' }
    rcode = sent.find((act) => act !== 'silent') ?? rcode
    const isAnyUseful = sent.some(isUseful)
    if (!sent.includes('silent')) {
      // One of two is enough: the other may be SERVFAIL.
      if (isAnyUseful) return { kind: 'acts', acts: acts.map((act) => (isUseful(act) ? act : undefined)) }
      return { kind: 'next', wasHeard: true, ...(rcode === undefined ? {} : { rcode }) }
    }
    simulation.nowMs += timeoutMs
    nextGroup(simulation)
    if (!isAnyUseful) return { kind: 'next', wasHeard: true, ...(rcode === undefined ? {} : { rcode }) }
    // One response came and one did not: the same again, one type at a time, then from another port.
    if (!glibc.isSingle) glibc.isSingle = true
    else if (!glibc.isReopening) glibc.isReopening = true
    else return { kind: 'acts', acts: acts.map((act) => (isUseful(act) ? act : undefined)) }
  }
}

function isUseful(act: ServerAct | undefined): boolean {
  return act !== undefined && act !== 'silent' && !SKIPPED.includes(act)
}

/** Both queries on one connection; every rcode counts. */
function askOverTcp({ simulation, settings, types }: Glibc, name: DomainName, server: number): ServerReply {
  const nameserver = settings.nameservers[server] ?? ''
  simulation.together = types
  const acts = types.map((type) => send(simulation, { nameserver, name, type, transport: 'tcp' }, null))
  if (acts.includes('closed')) return { kind: 'next', wasHeard: false }
  if (!acts.includes('silent')) return { kind: 'acts', acts }
  simulation.nowMs += KERNEL_CONNECT_MS
  return { kind: 'next', wasHeard: true }
}
