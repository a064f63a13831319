// The identity of a cached answer: everything about a query that may change its response.
import type { DomainName, RRClass, RRType } from '../dns/message.ts'

export interface CacheKeyParts {
  /** In lower case. */
  readonly name: DomainName
  readonly type: RRType
  readonly class: RRClass
  /** DO and CD of the query (RFC 4035 §3.2): answers with and without DNSSEC records are kept apart. */
  readonly dnssecOk: boolean
  readonly checkingDisabled: boolean
}

const FLAGS = ['', 'c', 'd', 'dc'] as const

/**
 * Joins the parts into a key that is compared in full.
 *
 * A hash in its place would let two names share an entry. A name holds no space (RFC 1035 §5.1 writes it `\032`), so
 * different parts never give the same text.
 */
export function cacheKey(parts: CacheKeyParts): string {
  const flags = FLAGS[(parts.dnssecOk ? 2 : 0) + (parts.checkingDisabled ? 1 : 0)] ?? ''
  return `${parts.name} ${parts.type} ${parts.class} ${flags}`
}
