// Outcomes made from cache entries. On the hot path: one outcome serves all hits of a second, so that the server renders
// it once.
import { messageOf, remainingTtl, withTtl, type CacheEntry } from '../../cache/index.ts'
import type { Message } from '../../dns/message.ts'
import type { Outcome, Request } from '../../server/index.ts'

/** The last outcome made from an entry, good for as long as TTL and the query's bits are the same. */
export interface PreparedAnswer {
  readonly ttl: number
  readonly ad: boolean
  readonly rd: boolean
  readonly outcome: Outcome
}

export type AnswerEntry = CacheEntry<PreparedAnswer>

/** The answer that an entry gives with what is left of its TTL; with all of it when `keepTtl` says so. */
export function answerFresh(entry: AnswerEntry, request: Request, keepTtl: boolean): Outcome {
  return answerWithTtl(entry, request, keepTtl ? entry.ttl : remainingTtl(entry, request.receivedAt))
}

/**
 * The answer that an entry gives, all its records with this TTL.
 *
 * AA is set, as CoreDNS does it: some stub resolvers drop what is neither authoritative nor recursive (RA is the upstream's).
 */
export function answerWithTtl(entry: AnswerEntry, request: Request, ttl: number): Outcome {
  const kept = messageOf(entry)
  const ad = kept.flags.ad && wantsAd(request)
  // RD is copied from the query (RFC 1035 §4.1.1); CD is part of the key.
  const { rd } = request.message.flags
  const last = entry.prepared
  if (last !== undefined && last.ttl === ttl && last.ad === ad && last.rd === rd) return last.outcome
  const message = withTtl(kept, ttl)
  const outcome: Outcome = {
    kind: 'answer',
    message: { ...message, flags: { ...message.flags, aa: true, ad, rd } },
    by: 'cache',
    reason: entry.reason,
  }
  entry.prepared = { ttl, ad, rd, outcome }
  return outcome
}

/** A response on its way to the client, with the TTL that the cache gives it; AD only for who asked (RFC 6840 §5.8). */
export function passOn(message: Message, request: Request, ttl: number): Message {
  return forClient(withTtl(message, ttl), request)
}

/** A response to an identical query, for this one: RD and AD are its own. */
export function forClient(message: Message, request: Request): Message {
  const { flags } = message
  const { rd } = request.message.flags
  const ad = flags.ad && wantsAd(request)
  return flags.rd === rd && flags.ad === ad ? message : { ...message, flags: { ...flags, rd, ad } }
}

/** RFC 6840 §5.7: AD in a query asks for it in the response, and so does DO. */
function wantsAd(request: Request): boolean {
  return request.message.flags.ad || request.message.edns?.dnssecOk === true
}
