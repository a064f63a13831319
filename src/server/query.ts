// One query from octets to octets: judged, decoded, given to the block whose zone it is in, rendered. What a plugin does
// synchronously is answered without a promise. Faults of one query stay with that query.
import { Later, describeError, isEventual, takeEventual, type Clock, type Eventual } from '../base/index.ts'
import { decodeMessage, lowerName } from '../dns/index.ts'
import type { Message } from '../dns/index.ts'
import type { Peer, Responder } from '../net/listen/index.ts'
import { bareResponse, judgeHeader } from './accept.ts'
import { DROPPED, typeLabel } from './dns-metrics.ts'
import type { DnsMetrics } from './dns-metrics.ts'
import type { HotAnswers } from './hot/index.ts'
import type { Logger } from './plugin.ts'
import type { Outcome, Request } from './handler.ts'
import { maxResponseSize, renderOutcome } from './render.ts'
import type { Site, ZoneTable } from './zone-table.ts'

/** What a listener's responder works with. */
export interface QueryContext {
  /** Label value of the listener, `dns://:53`. */
  readonly server: string
  readonly zones: ZoneTable
  readonly clock: Clock
  readonly metrics: DnsMetrics
  readonly log: Logger
  /** Renders for the client; may remember. */
  readonly render: (request: Request, outcome: Outcome) => Uint8Array | undefined
  /** Told when a query starts to wait and when it is done: a configuration ends after its last query. */
  readonly waiting: (change: -1 | 1) => void
  /** How many queries of this configuration wait. */
  readonly waitingCount: () => number
  /** Answers kept for the same queries; absent when no block of the listener allows any. */
  readonly hot?: HotAnswers | undefined
}

/** Queries that may wait at a time, at 2 to 4 kB each. */
const MAX_WAITING = 32_768

/** Internal look-ups nest this deep (CNAME chains, rewrites to names that are rewritten …). */
const MAX_DEPTH = 10

/** Answers the queries of one listener. */
export function createResponder(context: QueryContext): Responder {
  const { hot } = context
  const answer: Responder = (octets, peer) => {
    const mayKeep = hot?.takeMissed() === true
    const judged = judgeHeader(octets)
    if (judged === 'ignore') return undefined
    if (judged !== 'decode') return bareResponse(octets, judged)
    let message: Message
    try {
      message = decodeMessage(octets)
    } catch {
      return bareResponse(octets, 'format-error')
    }
    return respond(context, message, { peer, sizeBytes: octets.length, header: octets, mayKeep })
  }
  return Object.assign(answer, { inPlace: hot })
}

/** Passes a request through the zone match and the chain again, for plugins that ask the server itself. */
export function lookup(context: QueryContext, request: Request): Outcome | Eventual<Outcome> {
  const depth = request.depth + 1
  if (depth > MAX_DEPTH)
    return failed('SERVFAIL', `more than ${MAX_DEPTH} look-ups inside the server for ${request.name}`)
  const site = context.zones.find(request.name, request.type === 'DS')
  if (site?.chain === undefined || !servesClass(site, request)) return failed('REFUSED')
  return site.chain({ ...request, depth, zone: site.zone })
}

// --- From message to octets ---

interface Arrival {
  readonly peer: Peer
  readonly sizeBytes: number
  /** Of the query; only read during the call. */
  readonly header: Uint8Array
  /** The response may be kept for the same query. */
  readonly mayKeep: boolean
}

function respond(context: QueryContext, message: Message, arrival: Arrival): ReturnType<Responder> {
  const { peer, sizeBytes, header, mayKeep } = arrival
  const [question] = message.question
  if (question === undefined) return bareResponse(header, 'format-error')
  const name = lowerName(question.name)
  const site = context.zones.find(name, question.type === 'DS')
  const receivedAt = context.clock.monotonic()
  const isFull = context.waitingCount() >= MAX_WAITING
  const request: Request = {
    message,
    question,
    name,
    type: question.type,
    class: question.class,
    client: peer.client,
    local: peer.local,
    transport: peer.transport,
    family: peer.client.address.includes(':') ? 2 : 1,
    server: context.server,
    zone: site?.zone ?? DROPPED,
    sizeBytes,
    maxSizeBytes: maxResponseSize(message, peer.transport),
    receivedAt,
    // Too many wait already (a dead upstream, a flood): what can be answered now is, the rest is not waited for.
    deadlineAt: isFull ? receivedAt : undefined,
    depth: 0,
  }
  if (isFull) context.metrics.overload.inc([context.server])
  // RFC 6891 §6.1.3: an EDNS version we do not know.
  if (message.edns !== undefined && message.edns.version > 0) return outside(context, request, BADVERS)
  if (site?.chain === undefined || !servesClass(site, request)) return outside(context, request, REFUSED)

  let outcome: Outcome | Eventual<Outcome>
  try {
    outcome = site.chain(request)
    if (!isEventual(outcome)) {
      const response = context.render(request, outcome)
      if (mayKeep && response !== undefined) context.hot?.offer({ request, outcome, response, chain: site.hot })
      return response
    }
  } catch (error) {
    return recover(context, { request, site, error })
  }
  return finishLater(context, { request, site, outcome })
}

/** Without a promise: this is done for every forwarded query. */
function finishLater(
  context: QueryContext,
  { request, site, outcome }: { request: Request; site: Site; outcome: Eventual<Outcome> },
): Later<Uint8Array | undefined> {
  const response = new Later<Uint8Array | undefined>()
  context.waiting(1)
  takeEventual(
    outcome,
    (later) => {
      context.waiting(-1)
      let octets: Uint8Array | undefined
      try {
        octets = context.render(request, later)
      } catch (error) {
        octets = recover(context, { request, site, error })
      }
      response.settle(octets)
    },
    (error) => {
      context.waiting(-1)
      response.settle(recover(context, { request, site, error }))
    },
  )
  return response
}

/** A defect in a plugin: the client gets SERVFAIL, the operator a line and a count. */
function recover(
  { metrics, log, server }: QueryContext,
  { request, site, error }: { request: Request; site: Site; error: unknown },
): Uint8Array | undefined {
  // With `debug` nothing is caught: the stack trace is what the operator asked for.
  if (site.debug) {
    setImmediate(() => {
      throw error
    })
    return undefined
  }
  metrics.panics.inc()
  const where = site.stackTraces && error instanceof Error ? framesOf(error) : ''
  log.error(
    `Recovered from panic in server: "${server}" ${request.name} ${request.type}: ${describeError(error)}${where}`,
  )
  return renderOutcome(request, { kind: 'status', rcode: 'SERVFAIL', by: '' })
}

/** The lines of the stack below the message, each behind a line feed. */
function framesOf({ stack = '' }: Error): string {
  const at = stack.search(/^ {4}at /m)
  return at < 0 ? '' : `\n${stack.slice(at)}`
}

const REFUSED: Outcome = { kind: 'status', rcode: 'REFUSED', by: '' }
const BADVERS: Outcome = { kind: 'status', rcode: 'BADVERS', by: '' }

/** Queries that reach no chain are answered and counted here. */
function outside({ metrics, clock }: QueryContext, request: Request, outcome: Outcome): Uint8Array | undefined {
  const octets = renderOutcome(request, outcome)
  const zone = [request.server, DROPPED, '']
  const proto = request.transport === 'udp' ? 'udp' : 'tcp'
  metrics.requests.inc([...zone, proto, String(request.family), typeLabel(request.type)])
  metrics.requestSize.observe(request.sizeBytes, [...zone, proto])
  if (request.message.edns?.dnssecOk === true) metrics.dnssecOk.inc(zone)
  metrics.duration.observe((clock.monotonic() - request.receivedAt) / 1000, zone)
  metrics.responseSize.observe(octets?.length ?? 0, [...zone, proto])
  metrics.responses.inc([...zone, outcome.kind === 'status' ? outcome.rcode : '', ''])
  return octets
}

function servesClass(site: Site, request: Request): boolean {
  return request.class === 'IN' || site.anyClass
}

function failed(rcode: 'REFUSED' | 'SERVFAIL', why?: string): Outcome {
  return { kind: 'status', rcode, by: '', error: why === undefined ? undefined : new Error(why) }
}
