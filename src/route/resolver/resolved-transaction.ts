// One question on its way through systemd-resolved (v252) to the servers of one scope: which server is asked, with EDNS or without, and
// what each outcome leads to. Seen from the real program in test/netns/resolvers.test.ts.
import type { DomainName } from '../../dns/index.ts'
import { send, type ServerAct, type Simulation } from './world.ts'

/** What stays from one question to the next: the server that is in use, and what the others were found to be able to. */
export interface ServerList {
  readonly servers: readonly string[]
  /** Index of the server in use; it changes only when that one fails. */
  current: number
  /** By address; absent: all of EDNS. */
  readonly found: Map<string, ServerFound>
}

interface ServerFound {
  level: FeatureLevel
  /** Queries in a row that nothing came for, at this level. */
  lost: number
}

/** How much is asked of a server: each level is given up after three lost queries. */
type FeatureLevel = 'edns' | 'tcp' | 'udp'

/** A question from its arrival to its answer. */
export interface Transaction {
  readonly list: ServerList
  readonly name: DomainName
  readonly type: string
  /** What came of it in the end; undefined while it runs. */
  act: ServerAct | undefined
  /** When a missing response is given up, on the simulation's clock; undefined: something can be sent at once. */
  waitsUntilMs: number | undefined
  server: number
  /** Servers that were turned to. */
  picked: number
  sent: number
  /** Over TCP, as the response over UDP was truncated. */
  isStream: boolean
  /** A response over TCP was no use: a second truncated one is not followed. */
  hadStream: boolean
  /** SERVFAIL came once: the same is asked again before anything is changed. */
  wasRepeated: boolean
  /** This question is asked without EDNS, whatever the server is able to. */
  isPlain: boolean
}

/** How long a response is waited for. */
const WAIT_MS = 5000
/** The same where nothing but TCP is left. */
const TCP_WAIT_MS = 10_000
const MAX_SENT = 24
const MAX_LOST = 3

/** Begins a question at the server in use. */
export function beginTransaction(list: ServerList, { name, type }: Pick<Transaction, 'name' | 'type'>): Transaction {
  return {
    list,
    name,
    type,
    act: list.servers.length === 0 ? 'refused' : undefined,
    waitsUntilMs: undefined,
    server: list.current,
    picked: 1,
    sent: 0,
    isStream: false,
    hadStream: false,
    wasRepeated: false,
    isPlain: false,
  }
}

/** Sends the next query of a running question, or gives up waiting for the last one. */
export function stepTransaction(simulation: Simulation, transaction: Transaction): void {
  if (transaction.waitsUntilMs !== undefined) {
    transaction.waitsUntilMs = undefined
    countLoss(transaction)
    toNextServer(transaction)
    return
  }
  if (transaction.sent >= MAX_SENT) {
    transaction.act = 'servfail'
    return
  }
  transaction.sent += 1
  const { list, name, type, isStream } = transaction
  const nameserver = list.servers[transaction.server] ?? ''
  const level = levelOf(transaction)
  const transport = isStream || level === 'tcp' ? 'tcp' : 'udp'
  const waitMs = level === 'tcp' ? TCP_WAIT_MS : WAIT_MS
  const act = send(simulation, { nameserver, name, type, transport, edns: level === 'edns' }, waitMs)
  if (act === 'silent') transaction.waitsUntilMs = simulation.nowMs + waitMs
  else take(transaction, act, level)
}

function take(transaction: Transaction, act: Exclude<ServerAct, 'silent'>, level: FeatureLevel): void {
  if (transaction.isStream) {
    transaction.isStream = false
    transaction.hadStream = true
  }
  switch (act) {
    case 'answers':
    case 'nodata':
      transaction.act = act
      return
    case 'lame':
      transaction.act = 'nodata'
      return
    case 'truncated':
      if (transaction.hadStream || level === 'tcp') transaction.act = 'servfail'
      else transaction.isStream = true
      return
    case 'nxdomain':
      // Some networks' portals deny a name to those that ask with EDNS: the denial is asked for again without (DVE-2018-0001).
      if (level === 'edns') transaction.isPlain = true
      else transaction.act = act
      return
    case 'servfail':
      if (level === 'edns' && !transaction.wasRepeated) transaction.wasRepeated = true
      else if (level === 'edns') transaction.isPlain = true
      else finishOrMove(transaction, act)
      return
    case 'formerr':
    case 'notimp':
      if (level === 'edns') transaction.isPlain = true
      else finishOrMove(transaction, act)
      return
    case 'refused':
      finishOrMove(transaction, act)
      return
    case 'closed':
      finishOrMove(transaction, 'servfail')
  }
}

/** A failure of one server is only told when every other one was tried. */
function finishOrMove(transaction: Transaction, act: ServerAct): void {
  if (transaction.picked >= transaction.list.servers.length) transaction.act = act
  else toNextServer(transaction)
}

/** Whoever fails first moves the server in use on; the others follow. */
function toNextServer(transaction: Transaction): void {
  const { list } = transaction
  if (list.current === transaction.server) list.current = (list.current + 1) % list.servers.length
  if (list.current === transaction.server) return
  transaction.server = list.current
  transaction.picked += 1
  transaction.isStream = false
  transaction.isPlain = false
  transaction.wasRepeated = false
}

// --- What servers are able to ---

function foundOf({ list, server }: Transaction): ServerFound {
  const address = list.servers[server] ?? ''
  const found = list.found.get(address) ?? { level: 'edns', lost: 0 }
  list.found.set(address, found)
  return found
}

function levelOf(transaction: Transaction): FeatureLevel {
  const { level } = foundOf(transaction)
  return transaction.isPlain && level === 'edns' ? 'udp' : level
}

function countLoss(transaction: Transaction): void {
  if (transaction.isStream) {
    transaction.isStream = false
    return
  }
  const found = foundOf(transaction)
  found.lost += 1
  if (found.lost < (found.level === 'tcp' ? MAX_LOST - 1 : MAX_LOST)) return
  found.level = found.level === 'udp' ? 'tcp' : 'udp'
  found.lost = 0
}
