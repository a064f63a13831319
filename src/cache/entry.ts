// What the cache keeps of one response, and how it ages.
import { Stamp } from '../base/index.ts'
import { countImageRecords, decodeImage } from '../dns/index.ts'
import type { Message } from '../dns/message.ts'
import type { EntryKind } from './classify.ts'
import type { CacheKey } from './key.ts'

/**
 * One response and its age. Times are milliseconds on one monotonic clock.
 *
 * `Prepared` is whatever the user of the cache makes of an entry to answer faster: an outcome, a wire image to patch.
 */
export interface CacheEntry<Prepared = unknown> {
  readonly key: CacheKey
  readonly kind: EntryKind
  /** As it came, TTLs untouched, without its OPT record: see {@link messageOf}. As octets until somebody asks for it. */
  kept: Message | string
  /** Why the response is what it is, as the one who gave it said. */
  readonly reason: string | undefined
  /** Whether the answer section leads from the question's name to records of the asked type. */
  readonly answersQuestion: boolean
  /** Lifetime in seconds from `storedAtMs`; also the TTL of every record that is answered. */
  readonly ttl: number
  readonly storedAtMs: number
  /** Hits without a pause longer than the prefetch duration, and when the last one was. */
  hits: number
  lastHitAtMs: number
  /** Asked for since the eviction hand last passed. */
  visited: boolean
  /** When a renewal of this entry last failed. */
  refreshFailedAtMs: number | undefined
  /** Another one once the entry has left the store: for those who hold on to what they made of it. */
  readonly stamp: Stamp
  /** It has left the store. */
  isGone: boolean
  /** Made by the cache's user, dropped with the entry. */
  prepared: Prepared | undefined
}

/** Fields that a new entry is told; the rest starts empty. */
export type NewEntry = Pick<CacheEntry, 'answersQuestion' | 'kept' | 'key' | 'kind' | 'reason' | 'storedAtMs' | 'ttl'>

/** What an entry takes over from the one that it renews. */
export type EntryCounts = Pick<CacheEntry, 'hits' | 'lastHitAtMs' | 'visited'>

/** Makes an entry; one that nobody has asked for yet unless `counts` says so. */
export function createEntry<Prepared>(fields: NewEntry, counts?: EntryCounts): CacheEntry<Prepared> {
  const { key, kind, kept, answersQuestion, reason, storedAtMs, ttl } = fields
  return {
    key,
    kind,
    kept,
    reason,
    answersQuestion,
    ttl,
    storedAtMs,
    hits: counts?.hits ?? 0,
    lastHitAtMs: counts?.lastHitAtMs ?? storedAtMs,
    visited: counts?.visited ?? false,
    refreshFailedAtMs: undefined,
    stamp: new Stamp('many'),
    isGone: false,
    prepared: undefined,
  }
}

/** The message of an entry: most are never asked for again, and what stays as text is less to look after. */
export function messageOf(entry: CacheEntry): Message {
  if (typeof entry.kept === 'string') entry.kept = decodeImage(entry.kept)
  return entry.kept
}

/**
 * Whole seconds that the entry has left; zero or negative once it expired.
 *
 * Counted in full seconds of age, so that an entry of TTL 5 is served with 5, 4, 3, 2, 1.
 */
export function remainingTtl(entry: CacheEntry, nowMs: number): number {
  // A question may have been received before the response that now answers it was stored.
  return entry.ttl - Math.max(0, Math.floor((nowMs - entry.storedAtMs) / 1000))
}

// --- Weight: what a message costs in memory, near enough for a budget ---

const PER_MESSAGE = 256
const PER_RECORD = 160

/** What an entry counts for in its store's budget, in octets. */
export function sizeOfKept(kept: Message | string): number {
  return typeof kept === 'string' ? estimateImageSize(kept) : estimateSize(kept)
}

/** Estimates the memory that a message takes, in octets: strings and octets counted, objects by a flat rate. */
function estimateSize(message: Message): number {
  let size = PER_MESSAGE
  for (const section of [message.answer, message.authority, message.additional]) {
    for (const record of section) {
      size += PER_RECORD + record.name.length
      // Most records are addresses; the rest is looked into.
      if (record.rdata.type === 'A' || record.rdata.type === 'AAAA') size += record.rdata.address.length
      else for (const value of Object.values(record.rdata) as unknown[]) size += sizeOf(value)
    }
  }
  return size
}

/** What a message will take once it is decoded. */
function estimateImageSize(octets: string): number {
  return PER_MESSAGE + countImageRecords(octets) * PER_RECORD + 2 * octets.length
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (value instanceof Uint8Array) return value.length + 64
  if (Array.isArray(value)) return value.reduce((sum: number, item: unknown) => sum + 16 + sizeOf(item), 0)
  if (typeof value !== 'object' || value === null) return 8
  return Object.values(value).reduce((sum: number, item: unknown) => sum + 8 + sizeOf(item), 0)
}
