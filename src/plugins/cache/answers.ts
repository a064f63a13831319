// Outcomes made from cache entries. On the hot path: one outcome serves all hits of a second, so that the server renders
// it once.
import { remainingTtl, withTtl, type CacheEntry } from '../../cache/index.ts'
import type { Message } from '../../dns/message.ts'
import type { Outcome, Request } from '../../server/index.ts'

/** The last outcome made from an entry, good for as long as TTL and AD are the same. */
export interface PreparedAnswer {
  readonly ttl: number
  readonly ad: boolean
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
  const ad = entry.message.flags.ad && wantsAd(request)
  const last = entry.prepared
  if (last !== undefined && last.ttl === ttl && last.ad === ad) return last.outcome
  const message = withTtl(entry.message, ttl)
  const outcome: Outcome = {
    kind: 'answer',
    message: { ...message, flags: { ...message.flags, aa: true, ad } },
    by: 'cache',
    reason: entry.reason,
  }
  entry.prepared = { ttl, ad, outcome }
  return outcome
}

/** A response on its way to the client, with the TTL that the cache gives it; AD only for who asked (RFC 6840 §5.8). */
export function passOn(message: Message, request: Request, ttl: number): Message {
  const passed = withTtl(message, ttl)
  return passed.flags.ad && !wantsAd(request) ? { ...passed, flags: { ...passed.flags, ad: false } } : passed
}

/** RFC 6840 §5.7: AD in a query asks for it in the response, and so does DO. */
function wantsAd(request: Request): boolean {
  return request.message.flags.ad || request.message.edns?.dnssecOk === true
}
