// The fast path of one listener: queries whose answer is kept are answered in place, the others go through the chain, and what
// comes back may be kept. Hot path: `answer` runs for every datagram.
import type { Clock } from '../../base/index.ts'
import type { InPlaceResponder } from '../../net/listen/index.ts'
import type { Outcome, Request } from '../handler.ts'
import { HotTable } from './hot-table.ts'
import type { Patch } from './hot-table.ts'
import { HotTallyReader, MAX_GROUPS } from './hot-tally.ts'
import type { HotTallyMemory } from './hot-tally.ts'
import type { Keep, Stamp } from './keep.ts'
import type { HotCounts, HotDuration, HotTrait } from './hot-trait.ts'
import { MAX_QUERY_BYTES, MAX_RESPONSE_BYTES, MAX_STAMPS } from './layout.ts'
import type { HotMemory } from './layout.ts'
import { patchSerials, patchTtls } from './scan-records.ts'
import { NO_SHUFFLE, findShuffles } from './shuffle.ts'

/** For each plugin of a block that may give answers to keep: the traits of the plugins before it. */
export type HotChain = ReadonlyMap<string, readonly HotTrait[]>

export interface HotOptions {
  readonly clock: Pick<Clock, 'monotonic'>
  /** 16 random bits. */
  readonly random: () => number
  /** The chains of all blocks of the listener. */
  readonly chains: readonly HotChain[]
  /** Threads beside this one that may give the answers; default 0. */
  readonly readers?: number | undefined
  /** Upper bounds in seconds by which those tell durations apart. */
  readonly durationBounds?: readonly number[] | undefined
}

/** What another thread needs to give kept answers. */
export interface SharedAnswers {
  readonly memory: HotMemory
  readonly tally: HotTallyMemory
}

/** A response that came through the chain. */
export interface Offer {
  readonly request: Request
  readonly outcome: Outcome
  readonly response: Uint8Array
  readonly chain: HotChain
}

/** What an entry of the table needs beside its octets. */
interface Entry {
  readonly keep: Keep
  readonly counts: readonly HotCounts[]
}

interface Missed {
  hash: number
  words: Int32Array
  at: number
  bytes: number
  via: number
  client: Int32Array
  clientAt: number
}

/** Queries seen once, by their hash: names that are asked only once are not worth an entry. */
const SEEN = 1 << 16
const SEEN_WAYS = 4
const NO_WORDS = new Int32Array(0)

/** Answers and keeps for one listener; `close` when its configuration ends. */
export class HotAnswers implements InPlaceResponder {
  readonly #clock: HotOptions['clock']
  readonly #table: HotTable
  /** Stamps of what plugins in front of the answering ones do, and their values when the table was last cleared. */
  readonly #stamps: readonly Stamp[]
  #stampSum: number
  #entries: Entry[] = []
  #durations: HotDuration[] = []
  #groupHits: number[] = []
  #hits = 0
  #now = 0
  #seen: Int32Array | undefined
  #isOpen = false
  /** The last query without an answer: what the chain says to it is offered before anything else is asked. */
  readonly #tallies: readonly HotTallyReader[]
  readonly #missed: Missed = { hash: 0, words: NO_WORDS, at: 0, bytes: 0, via: 0, client: NO_WORDS, clientAt: 0 }

  constructor({ clock, random, chains, readers = 0, durationBounds = [] }: HotOptions) {
    this.#clock = clock
    const traits = [...new Set(chains.flatMap((chain) => [...chain.values()].flat()))]
    this.#stamps = traits.flatMap(({ stamp }) => (stamp === undefined ? [] : [stamp]))
    this.#stampSum = this.#sumStamps()
    const stampSlots = this.#stamps.flatMap(({ slot }) => (slot === undefined ? [] : [slot]))
    const isShared = readers > 0 && stampSlots.length === this.#stamps.length && stampSlots.length <= MAX_STAMPS
    const perClient = traits.some((trait) => trait.perClient === true)
    this.#table = new HotTable({ perClient, random, isShared, stampSlots: isShared ? stampSlots : [] })
    this.#table.setStampSum(this.#stampSum)
    this.#tallies = Array.from({ length: isShared ? readers : 0 }, () => new HotTallyReader(durationBounds))
  }

  /** Kept answers. */
  get size(): number {
    return this.#table.size
  }

  /** For another thread, counted from 0; undefined when nothing can be given there. */
  sharedWith(reader: number): SharedAnswers | undefined {
    const { memory } = this.#table
    const tally = this.#tallies[reader]?.memory
    return memory === undefined || tally === undefined ? undefined : { memory, tally }
  }

  /** From now on other threads give no answer from here: another configuration has the sockets. */
  close(): void {
    this.#table.close()
  }

  // --- Answering ---

  begin(): void {
    this.#now = this.#clock.monotonic()
    if (this.#stamps.length > 0 && this.#sumStamps() !== this.#stampSum) this.#clear()
  }

  answer(
    query: Int32Array,
    queryWord: number,
    bytes: number,
    response: Int32Array,
    responseOctets: Uint8Array,
    responseWord: number,
    via: number,
    client: Int32Array,
    clientWord: number,
  ): number {
    if (bytes > MAX_QUERY_BYTES || bytes < 12) return 0
    const table = this.#table
    const hash = table.hash(query, queryWord, bytes, via, client, clientWord)
    const entry = table.find(hash, query, queryWord, bytes, via, client, clientWord)
    const found = entry === 0 ? undefined : this.#entries[table.numberOf(entry)]
    if (
      found === undefined ||
      (table.isDue(entry, this.#now, found.keep.stamp.value | 0) && !this.#renew(entry, found))
    ) {
      const missed = this.#missed
      missed.hash = hash
      missed.words = query
      missed.at = queryWord
      missed.bytes = bytes
      missed.via = via
      missed.client = client
      missed.clientAt = clientWord
      this.#isOpen = true
      return 0
    }
    this.#hits += 1
    const group = table.groupOf(entry)
    this.#groupHits[group] = (this.#groupHits[group] ?? 0) + 1
    return table.answer(entry, query[queryWord] ?? 0, response, responseOctets, responseWord)
  }

  end(): void {
    if (this.#hits === 0) return
    this.#hits = 0
    const seconds = (this.#clock.monotonic() - this.#now) / 1000
    for (let group = 0; group < this.#groupHits.length; group += 1) {
      const hits = this.#groupHits[group] ?? 0
      if (hits === 0) continue
      this.#groupHits[group] = 0
      this.#durations[group]?.observe(seconds, hits)
    }
  }

  /** Looks at an entry whose time came or whose stamp changed; false when it answers no more. */
  #renew(entry: number, { keep, counts }: Entry): boolean {
    const table = this.#table
    this.#tell(entry, { keep, counts })
    const now = this.#now
    const changed = table.isDue(entry, Number.NEGATIVE_INFINITY, keep.stamp.value | 0)
    if (now >= (keep.until ?? Infinity) || (changed && keep.holds?.() !== true)) {
      table.retire(entry)
      return false
    }
    const { serial, ages } = keep
    const hasSerial = changed && serial !== undefined
    const patch: Patch | undefined =
      hasSerial || ages !== undefined
        ? (octets, start, bytes) => {
            if (hasSerial) patchSerials(octets, start, { bytes, value: serial() })
            if (ages !== undefined) patchTtls(octets, start, { bytes, ttl: ttlAt(ages, now) })
          }
        : undefined
    table.renew(entry, keep.stamp.value | 0, dueAfter(keep, now), patch)
    return true
  }

  // --- Keeping ---

  /**
   * Whether the query that now goes through the chain is the one that was last not answered here, so that its response may
   * be offered; true once for each.
   */
  takeMissed(): boolean {
    const missed = this.#isOpen
    this.#isOpen = false
    return missed
  }

  /** Keeps a response if the plugins allow it and the same query came before. */
  offer({ request, outcome, response, chain }: Offer): void {
    if (outcome.kind !== 'answer' || outcome.keep === undefined || outcome.error !== undefined) return
    if (response.length > MAX_RESPONSE_BYTES) return
    const traits = chain.get(outcome.by)
    if (traits === undefined || !traits.every(({ permits }) => permits?.(request, outcome) !== false)) return
    const table = this.#table
    const { hash, words, at, bytes, via, client, clientAt } = this.#missed
    if (!this.#wasSeen(hash)) return
    const shuffles = traits.some(({ shuffles: shuffled }) => shuffled === true) ? findShuffles(response) : PLAIN
    const keep = shuffles === undefined ? undefined : outcome.keep()
    if (shuffles === undefined || keep === undefined) return
    const now = this.#clock.monotonic()
    if (now >= (keep.until ?? Infinity)) return

    const counts = traits.flatMap((trait) => trait.counts?.(request, outcome, response.length) ?? [])
    const old = table.find(hash, words, at, bytes, via, client, clientAt)
    const replaced = old === 0 ? undefined : this.#entries[table.numberOf(old)]
    if (replaced !== undefined) this.#tell(old, replaced)
    const group = this.#groupOf(counts.find(({ duration }) => duration !== undefined)?.duration)
    const stampSlot = group < MAX_GROUPS ? (keep.stamp.slot ?? 0) : 0
    const answer = { response, shuffles, group, stampValue: keep.stamp.value | 0, stampSlot, due: dueAfter(keep, now) }
    const entry = table.add(this.#missed, hash, answer, old)
    if (entry === 0) this.#clear()
    else this.#entries[table.numberOf(entry)] = { keep, counts }
  }

  /** Tells the plugins what was counted since they were told last: before metrics are shown, and at the end. */
  tellAll(): void {
    this.#now = this.#clock.monotonic()
    for (const entry of this.#table.entries()) {
      const found = this.#entries[this.#table.numberOf(entry)]
      if (found !== undefined) this.#tell(entry, found)
    }
    for (const tally of this.#tallies) {
      for (const [group, duration] of this.#durations.slice(0, MAX_GROUPS).entries()) {
        tally.takeDurations(group, (seconds, times) => duration.observe(seconds, times))
      }
    }
  }

  #tell(entry: number, { keep, counts }: Entry): void {
    let hits = this.#table.takeHits(entry)
    for (const tally of this.#tallies) hits += tally.takeHits(this.#table.numberOf(entry))
    if (hits === 0) return
    // It gave no answer after it was due.
    keep.tally?.(hits, Math.min(this.#now, this.#table.dueOf(entry)))
    for (const { add } of counts) add(hits)
  }

  #clear(): void {
    this.tellAll()
    this.#entries = []
    this.#stampSum = this.#sumStamps()
    this.#table.setStampSum(this.#stampSum)
    this.#table.clear()
  }

  /** Whether this hash came before, not too long ago; remembers it. */
  #wasSeen(hash: number): boolean {
    this.#seen ??= new Int32Array(SEEN)
    const seen = this.#seen
    const first = ((hash >>> 8) * SEEN_WAYS) & (SEEN - 1)
    for (let slot = first; slot < first + SEEN_WAYS; slot += 1) if (seen[slot] === hash) return true
    // The oldest of the four goes: names that fall together must not push each other out in turns.
    seen.copyWithin(first + 1, first, first + SEEN_WAYS - 1)
    seen[first] = hash
    return false
  }

  #groupOf(duration: HotDuration | undefined): number {
    const wanted = duration ?? UNTIMED
    const known = this.#durations.indexOf(wanted)
    if (known >= 0) return known
    this.#groupHits.push(0)
    return this.#durations.push(wanted) - 1
  }

  #sumStamps(): number {
    let sum = 0
    for (const stamp of this.#stamps) sum = (sum + stamp.value) | 0
    return sum
  }
}

const PLAIN = [NO_SHUFFLE, NO_SHUFFLE] as const
const UNTIMED: HotDuration = { observe: () => {} }

/** When an entry must be looked at again: at its end, or when its TTLs are one second less. */
function dueAfter({ until = Infinity, ages }: Keep, now: number): number {
  if (ages === undefined) return until
  const seconds = Math.max(0, Math.floor((now - ages.sinceMs) / 1000))
  return Math.min(until, ages.sinceMs + (seconds + 1) * 1000)
}

function ttlAt({ sinceMs, ttl }: { readonly sinceMs: number; readonly ttl: number }, now: number): number {
  return Math.max(0, ttl - Math.max(0, Math.floor((now - sinceMs) / 1000)))
}
