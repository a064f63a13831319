// A bounded set of entries. Looking up never evicts and never reads a clock; expiry is judged by who asks.
//
// Hot path of forwarded queries: most of what is stored is never asked for. Until it is, an entry is two strings and some
// numbers in arrays, which cost the garbage collector next to nothing; the first lookup makes an object of it.
import { createEntry, sizeOfKept, type CacheEntry, type EntryCounts, type NewEntry } from './entry.ts'
import type { EntryKind } from './classify.ts'
import type { CacheKey } from './key.ts'

export interface CacheStoreOptions {
  /** Most entries kept at a time. */
  readonly capacity: number
  /** Most memory kept at a time, by the entries' own estimate; default 4 KiB for each entry of the capacity. */
  readonly budgetBytes?: number
}

const BUDGET_PER_ENTRY = 4096
/** The eviction hand passes at most so many recently used entries before it takes one anyway. */
const SECOND_CHANCES = 16
const FIRST_SLOTS = 1024
/** Entries with the same place in the table; one more evicts the oldest: nobody may make lookups slow with chosen names. */
const MAX_CHAIN = 32
const NONE = -1
const KINDS: readonly EntryKind[] = ['success', 'denial', 'servfail']

/**
 * Keeps entries by key and evicts, when full, the oldest one that was not asked for since the hand last passed it.
 *
 * A burst of names that are asked once therefore cannot push out those in use, and a hit costs no reordering.
 */
export class CacheStore<Prepared = unknown> {
  readonly capacity: number
  readonly budgetBytes: number
  #size = 0
  #sizeBytes = 0
  /** The slot that is looked at next when one must go. */
  #hand = 0
  /** Slots used so far; those below it that are free again stand in `#free`. */
  #used = 0
  #free: number[] = []
  // By slot; a free one has no name.
  #names: (string | undefined)[] = []
  #types: string[] = []
  #classes: string[] = []
  #reasons: (string | undefined)[] = []
  /** Octets of what nobody has asked for yet, else its entry. */
  #kept: (CacheEntry<Prepared> | string)[] = []
  #slots: Slots = createSlots(FIRST_SLOTS)

  constructor(options: CacheStoreOptions) {
    this.capacity = Math.max(1, options.capacity)
    this.budgetBytes = options.budgetBytes ?? this.capacity * BUDGET_PER_ENTRY
  }

  get size(): number {
    return this.#size
  }

  /** What all entries count for, in octets. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Finds the entry whether or not it expired, without marking it as used. */
  get(key: CacheKey): CacheEntry<Prepared> | undefined {
    const slot = this.#find(key)
    if (slot === NONE) return undefined
    const kept = this.#kept[slot]
    if (typeof kept !== 'string') return kept
    const entry = createEntry<Prepared>({
      key,
      kept,
      kind: KINDS[this.#slots.kind[slot] ?? 0] ?? 'success',
      answersQuestion: this.#slots.answers[slot] === 1,
      reason: this.#reasons[slot],
      storedAtMs: this.#slots.storedAtMs[slot] ?? 0,
      ttl: this.#slots.ttl[slot] ?? 0,
    })
    this.#kept[slot] = entry
    return entry
  }

  /**
   * Stores an entry in place of the one with its key.
   *
   * @param counts of the entry that it renews; then it counts as one that was asked for
   * @returns how many others were evicted to make room; an entry over the whole budget is not stored
   */
  set(fields: NewEntry, counts?: EntryCounts): number {
    const { key, kept } = fields
    this.delete(key)
    const sizeBytes = sizeOfKept(kept)
    if (sizeBytes > this.budgetBytes) return 0
    let evicted = 0
    while (this.#size >= this.capacity || this.#sizeBytes + sizeBytes > this.budgetBytes) {
      this.#evictOne()
      evicted += 1
    }
    const slot = this.#free.pop() ?? this.#takeNew()
    const slots = this.#slots
    this.#names[slot] = key.name
    this.#types[slot] = key.type
    this.#classes[slot] = key.class
    this.#reasons[slot] = fields.reason
    slots.hash[slot] = key.hash
    slots.flags[slot] = key.flags
    slots.kind[slot] = KINDS.indexOf(fields.kind)
    slots.answers[slot] = fields.answersQuestion ? 1 : 0
    slots.storedAtMs[slot] = fields.storedAtMs
    slots.ttl[slot] = fields.ttl
    slots.sizeBytes[slot] = sizeBytes
    this.#kept[slot] = typeof kept === 'string' && counts === undefined ? kept : createEntry<Prepared>(fields, counts)
    this.#size += 1
    this.#sizeBytes += sizeBytes
    const crowded = link(slots, slot)
    if (crowded === NONE) return evicted
    this.#remove(crowded)
    return evicted + 1
  }

  delete(key: CacheKey): boolean {
    const slot = this.#find(key)
    if (slot === NONE) return false
    this.#remove(slot)
    return true
  }

  clear(): void {
    for (const kept of this.#kept) if (typeof kept !== 'string') drop(kept)
    this.#names = []
    this.#types = []
    this.#classes = []
    this.#reasons = []
    this.#kept = []
    this.#free = []
    this.#slots = createSlots(FIRST_SLOTS)
    this.#used = 0
    this.#hand = 0
    this.#size = 0
    this.#sizeBytes = 0
  }

  #find({ name, type, class: keyClass, flags, hash }: CacheKey): number {
    const { heads, next, hash: hashes, flags: allFlags } = this.#slots
    for (let slot = heads[hash & (heads.length - 1)] ?? NONE; slot !== NONE; slot = next[slot] ?? NONE) {
      if (
        hashes[slot] === hash &&
        allFlags[slot] === flags &&
        this.#names[slot] === name &&
        this.#types[slot] === type &&
        this.#classes[slot] === keyClass
      ) {
        return slot
      }
    }
    return NONE
  }

  #takeNew(): number {
    if (this.#used === this.#slots.next.length) this.#slots = grow(this.#slots)
    this.#used += 1
    return this.#used - 1
  }

  #remove(slot: number): void {
    unlink(this.#slots, slot)
    const kept = this.#kept[slot]
    this.#names[slot] = undefined
    this.#kept[slot] = ''
    this.#free.push(slot)
    this.#size -= 1
    this.#sizeBytes -= this.#slots.sizeBytes[slot] ?? 0
    if (kept !== undefined && typeof kept !== 'string') drop(kept)
  }

  /** The slots are the clock face. */
  #evictOne(): void {
    let chances = SECOND_CHANCES
    for (;;) {
      const slot = this.#hand
      this.#hand = slot + 1 < this.#used ? slot + 1 : 0
      if (this.#names[slot] === undefined) continue
      const kept = this.#kept[slot]
      if (typeof kept === 'string' || kept?.visited !== true || chances === 0) {
        this.#remove(slot)
        return
      }
      chances -= 1
      kept.visited = false
    }
  }
}

function drop(entry: CacheEntry): void {
  entry.isGone = true
  entry.stamp.change()
}

// --- Numbers by slot, and chains of slots by hash ---

interface Slots {
  /** First slot of each chain; as many as there are slots, a power of two. */
  readonly heads: Int32Array
  readonly next: Int32Array
  readonly hash: Int32Array
  readonly flags: Uint8Array
  /** Place in `KINDS`. */
  readonly kind: Uint8Array
  readonly answers: Uint8Array
  readonly storedAtMs: Float64Array
  readonly ttl: Float64Array
  readonly sizeBytes: Float64Array
}

function createSlots(count: number): Slots {
  return {
    heads: new Int32Array(count).fill(NONE),
    next: new Int32Array(count).fill(NONE),
    hash: new Int32Array(count),
    flags: new Uint8Array(count),
    kind: new Uint8Array(count),
    answers: new Uint8Array(count),
    storedAtMs: new Float64Array(count),
    ttl: new Float64Array(count),
    sizeBytes: new Float64Array(count),
  }
}

/** Twice as many slots; all of the old ones are in use. */
function grow(old: Slots): Slots {
  const count = old.next.length
  const slots = createSlots(count * 2)
  slots.hash.set(old.hash)
  slots.flags.set(old.flags)
  slots.kind.set(old.kind)
  slots.answers.set(old.answers)
  slots.storedAtMs.set(old.storedAtMs)
  slots.ttl.set(old.ttl)
  slots.sizeBytes.set(old.sizeBytes)
  for (let slot = 0; slot < count; slot += 1) link(slots, slot)
  return slots
}

/** Puts a slot first in its chain. @returns the chain's last slot if there is one too many, else -1 */
function link({ heads, next, hash }: Slots, slot: number): number {
  const place = (hash[slot] ?? 0) & (heads.length - 1)
  next[slot] = heads[place] ?? NONE
  heads[place] = slot
  let last = slot
  let length = 1
  for (let after = next[last] ?? NONE; after !== NONE; after = next[last] ?? NONE) {
    last = after
    length += 1
  }
  return length > MAX_CHAIN ? last : NONE
}

function unlink({ heads, next, hash }: Slots, slot: number): void {
  const place = (hash[slot] ?? 0) & (heads.length - 1)
  let before = heads[place] ?? NONE
  if (before === slot) {
    heads[place] = next[slot] ?? NONE
    return
  }
  while (before !== NONE && next[before] !== slot) before = next[before] ?? NONE
  if (before !== NONE) next[before] = next[slot] ?? NONE
}
