// The identity of a cached answer: everything about a query that may change its response.
import { hashText } from '../base/index.ts'
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

/** The parts, and a number made of them: keys are found by it and compared in full, so that no two names share an entry. */
export interface CacheKey extends Pick<CacheKeyParts, 'class' | 'name' | 'type'> {
  /** DO and CD as two bits. */
  readonly flags: number
  /** 32 bits. */
  readonly hash: number
}

/** Makes a key. @param seed 32 bits that outsiders do not know, the same for all keys of a cache */
export function cacheKey(parts: CacheKeyParts, seed: number): CacheKey {
  const { name, type } = parts
  const flags = (parts.dnssecOk ? 2 : 0) | (parts.checkingDisabled ? 1 : 0)
  const hash = hashText(name, hashText(type, seed ^ flags))
  return { name, type, class: parts.class, flags, hash }
}

/** The key as text. A name holds no space (RFC 1035 §5.1 writes it `\032`), so different keys never give the same one. */
export function formatCacheKey({ name, type, class: keyClass, flags }: CacheKey): string {
  return `${name} ${type} ${keyClass} ${flags}`
}
