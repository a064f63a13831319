// How long a response may be kept, and the same response with other TTLs.
import type { Message, ResourceRecord } from '../dns/message.ts'
import type { Classification } from './classify.ts'

/** Seconds for what carries no TTL of its own: referrals, failures, messages without a record. */
export const DEFAULT_TTL = 5

/** Bounds in seconds. */
export interface TtlBounds {
  readonly min: number
  readonly max: number
}

/**
 * Finds the lowest TTL in a response, in seconds, before any bounds.
 *
 * The SOA of a denial counts with its TTL: the authoritative server has put the lower of TTL and MINIMUM there (RFC 2308
 * §5). Failures and messages without records get {@link DEFAULT_TTL}; so does a referral.
 */
export function lowestTtl(response: Message, classification: Classification): number {
  if (classification.kind === 'servfail') return DEFAULT_TTL
  if (classification.kind === 'success' && classification.referral) return DEFAULT_TTL
  const { answer, authority, additional } = response
  const lowest = lowestIn(additional, lowestIn(authority, lowestIn(answer, Infinity)))
  return lowest === Infinity ? DEFAULT_TTL : lowest
}

function lowestIn(section: readonly ResourceRecord[], limit: number): number {
  let lowest = limit
  for (const { ttl } of section) if (ttl < lowest) lowest = ttl
  return lowest
}

/** Moves `ttl` into the bounds; the upper one wins where they cross. */
export function clampTtl(ttl: number, bounds: TtlBounds): number {
  return Math.min(Math.max(ttl, bounds.min), bounds.max)
}

/** The same message with this TTL on every record; itself where they have it already. */
export function withTtl(message: Message, ttl: number): Message {
  const answer = sectionWithTtl(message.answer, ttl)
  const authority = sectionWithTtl(message.authority, ttl)
  const additional = sectionWithTtl(message.additional, ttl)
  if (answer === message.answer && authority === message.authority && additional === message.additional) return message
  return { ...message, answer, authority, additional }
}

function sectionWithTtl(section: readonly ResourceRecord[], ttl: number): readonly ResourceRecord[] {
  if (section.every((record) => record.ttl === ttl)) return section
  return section.map(({ name, type, class: recordClass, rdata }) => ({ name, type, class: recordClass, ttl, rdata }))
}
