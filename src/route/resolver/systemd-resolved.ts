// systemd-resolved (v252) behind its stub 127.0.0.53, and the glibc in front of it that does the searching. Seen from the real program in
// test/netns/resolvers.test.ts; what decides among several scopes is in systemd-resolved(8), "Protocols and Routing".
import { isSubdomain, labelsOf, type DomainName } from '../../dns/index.ts'
import { lookUpWithGlibc } from './glibc.ts'
import { beginTransaction, stepTransaction, type ServerList, type Transaction } from './resolved-transaction.ts'
import type { ResolverSettings } from './settings.ts'
import {
  createSimulation,
  nextGroup,
  type LookupOutcome,
  type ServerAct,
  type Simulation,
  type World,
} from './world.ts'

/** Servers with the domains that they are for: those of resolved.conf, and those of each link. */
export interface ResolvedScope {
  /** Servers in order; one of them is in use at a time. */
  readonly nameservers: readonly string[]
  /** Search and routing domains (`~corp.example`), without final dots and tilde; `.` takes every name. */
  readonly domains: readonly string[]
  /** Whether names that no scope has a domain for are asked here. */
  readonly isDefaultRoute: boolean
}

export interface ResolvedLookup {
  readonly name: string
  readonly types: readonly string[]
  /** Of the file that programs see: its search list, and glibc's own options. */
  readonly settings: ResolverSettings
  readonly scopes: readonly ResolvedScope[]
  /** The server in use when the lookup begins, from 0 to `count` - 1. */
  readonly pick: (count: number) => number
  /** `ResolveUnicastSingleLabel=yes`. */
  readonly sendsSingleLabels: boolean
}

const STUB = '127.0.0.53'

/** Looks a name up as getaddrinfo does where resolv.conf names the stub. */
export function lookUpWithResolved(simulation: Simulation, lookup: ResolvedLookup): LookupOutcome {
  const { name, types, settings, pick } = lookup
  const service = createService(simulation, lookup)
  const world: World = ({ name: qname, type }) => {
    const together = stub.together.includes(type) ? stub.together : [type]
    return askStub(service, { name: qname, type }, { together, atMs: stub.nowMs })
  }
  const stub = createSimulation(world, { edns: true })
  const outcome = lookUpWithGlibc(stub, { name, types, settings: { ...settings, nameservers: [STUB] }, pick })
  advance(service, stub.nowMs)
  simulation.nowMs = stub.nowMs
  return outcome
}

// --- The service behind the stub ---

interface Service {
  readonly simulation: Simulation
  readonly scopes: readonly (ResolvedScope & { readonly list: ServerList })[]
  readonly sendsSingleLabels: boolean
  readonly questions: AskedQuestion[]
}

interface Question {
  readonly name: DomainName
  readonly type: string
}

/** One question of a program, asked in every scope that it concerns. */
interface AskedQuestion extends Question {
  readonly transactions: readonly Transaction[]
  /** What needs no server. */
  readonly own?: ServerAct
  /** Whether the program got its answer: the next question of the same name is a new one. */
  isTold: boolean
}

function createService(simulation: Simulation, { scopes, sendsSingleLabels, pick }: ResolvedLookup): Service {
  const withLists = scopes.map((scope) => {
    const servers = [...new Set(scope.nameservers)]
    return { ...scope, list: { servers, current: servers.length > 1 ? pick(servers.length) : 0, found: new Map() } }
  })
  return { simulation, scopes: withLists, sendsSingleLabels, questions: [] }
}

interface Asking {
  /** Types that are asked at the same moment. */
  readonly together: readonly string[]
  readonly atMs: number
}

/** What the stub says to a question before the program stops waiting; a repeated one joins the one that still runs. */
function askStub(service: Service, { name, type }: Question, { together, atMs }: Asking): ServerAct {
  advance(service, atMs)
  const isRunning = (each: string): boolean =>
    service.questions.some((asked) => !asked.isTold && asked.name === name && asked.type === each)
  if (!isRunning(type)) {
    const begun = together.filter((each) => !isRunning(each))
    service.questions.push(...begun.map((each) => beginQuestion(service, { name, type: each })))
  }
  settle(service)
  advance(service, atMs + 1)
  const asked = service.questions.findLast((each) => each.name === name && each.type === type && !each.isTold)
  const act = asked === undefined ? undefined : answerTo(asked)
  if (asked === undefined || act === undefined) return 'silent'
  asked.isTold = true
  return act
}

function beginQuestion({ scopes, sendsSingleLabels }: Service, { name, type }: Question): AskedQuestion {
  const own = ownAnswer(name)
  const isSingle = labelsOf(name).length === 1 && !sendsSingleLabels
  const concerned = own !== undefined || isSingle ? [] : scopesFor(name, scopes)
  const transactions = concerned.map(({ list }) => beginTransaction(list, { name, type }))
  return { name, type, transactions, isTold: false, ...(own === undefined ? {} : { own }) }
}

/** The first scope with a positive answer or NODATA decides; when all have failed, the last one of them. */
function answerTo({ own, transactions }: AskedQuestion): ServerAct | undefined {
  if (own !== undefined) return own
  const good = transactions.find(({ act }) => act === 'answers' || act === 'nodata')
  if (good !== undefined) return good.act
  if (transactions.some(({ act }) => act === undefined)) return undefined
  return transactions.length === 0 ? 'refused' : transactions.at(-1)?.act
}

/** RFC 6761 §6.3 and §6.4. */
function ownAnswer(name: DomainName): ServerAct | undefined {
  if (isSubdomain(name, 'localhost.')) return 'answers'
  return isSubdomain(name, 'invalid.') ? 'nxdomain' : undefined
}

/** Never sent to servers unless a domain of a scope says so: multicast DNS has them. */
const LINK_LOCAL: readonly DomainName[] = ['local.', '254.169.in-addr.arpa.', '8.e.f.ip6.arpa.', '9.e.f.ip6.arpa.']

function scopesFor(name: DomainName, scopes: Service['scopes']): Service['scopes'] {
  const matches = scopes.map(({ domains }) =>
    Math.max(
      -1,
      ...domains
        .map((domain) => (domain === '.' ? '.' : `${domain}.`))
        .filter((domain) => isSubdomain(name, domain))
        .map((domain) => labelsOf(domain).length),
    ),
  )
  const best = Math.max(-1, ...matches)
  if (best >= 0) return scopes.filter((_, at) => matches[at] === best)
  if (LINK_LOCAL.some((zone) => isSubdomain(name, zone))) return []
  return scopes.filter(({ isDefaultRoute }) => isDefaultRoute)
}

// --- Time ---

/** Sends what can be sent, one query of each question at a time, until all of them wait or are answered. */
function settle({ simulation, questions }: Service): void {
  for (;;) {
    const ready = questions
      .filter((asked) => answerTo(asked) === undefined)
      .flatMap(({ transactions }) => transactions)
      .filter(({ act, waitsUntilMs }) => act === undefined && waitsUntilMs === undefined)
    if (ready.length === 0) return
    for (const transaction of ready) stepTransaction(simulation, transaction)
    nextGroup(simulation)
  }
}

/** Gives up waiting for whatever should have come before a time. */
function advance(service: Service, untilMs: number): void {
  for (;;) {
    const waiting = service.questions
      .filter((asked) => answerTo(asked) === undefined)
      .flatMap(({ transactions }) => transactions)
      .filter(({ act, waitsUntilMs = Infinity }) => act === undefined && waitsUntilMs < untilMs)
    const nextMs = Math.min(...waiting.map(({ waitsUntilMs = Infinity }) => waitsUntilMs))
    if (waiting.length === 0) break
    service.simulation.nowMs = nextMs
    for (const transaction of waiting.filter(({ waitsUntilMs }) => waitsUntilMs === nextMs)) {
      stepTransaction(service.simulation, transaction)
    }
    settle(service)
  }
  service.simulation.nowMs = Math.max(service.simulation.nowMs, untilMs)
}
