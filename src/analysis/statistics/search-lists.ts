// Lookups through a search list: a resolver tries NAME.suffix for each suffix, and the bare NAME. A series is told by its names
// alone: one of a client's recent NXDOMAIN names is another of its names with labels behind it.
import type { AddressId } from '../../capture/index.ts'
import type { NameId, NameTable } from '../messages/name-table.ts'

/** Names of a client that are remembered: NXDOMAIN, or a cluster's without data of the type. */
const REMEMBERED = 12
const SERIES_MICROS = 15e6
const MAX_CLIENTS = 4096
const MAX_SERIES = 256

/** What became of one query of a client. */
export interface SearchStep {
  readonly client: AddressId
  readonly name: NameId
  /** Of {@link NameTable.beginningOf}. */
  readonly beginning: number
  readonly isCluster: boolean
  readonly isNxdomain: boolean
  readonly atMicros: number
  readonly frame: number
}

/** A bare name that was tried with suffixes before. */
export interface SearchSeries {
  readonly client: AddressId
  readonly name: NameId
  /** Suffixed names, each counted once. */
  readonly suffixes: number
  readonly isNxdomain: boolean
  readonly frames: readonly number[]
}

/** Finds series in the order in which transactions finish. Hot path: what is remembered lies in typed arrays. */
export class SearchLists {
  /** Series whose bare name does not exist either. */
  readonly failed: SearchSeries[] = []
  failedCount = 0
  /** Queries that only said that a suffix was wrong, for names that exist outside the cluster. */
  wastedQueries = 0
  /** Lookups of such names. */
  externalLookups = 0
  /** One example of the latter. */
  example: SearchSeries | undefined
  readonly #names: NameTable
  /** By client, the number of its list; 0 for none. */
  #lists: Int32Array = new Int32Array(256)
  #listCount = 0
  // Of each list up to REMEMBERED entries, the oldest first.
  #lengths: Uint8Array = new Uint8Array(16)
  #namesOf: Int32Array = new Int32Array(16 * REMEMBERED)
  /** A hash of what each name begins with: most are told apart by it without a look at their octets. */
  #beginnings: Int32Array = new Int32Array(16 * REMEMBERED)
  #times: Float64Array = new Float64Array(16 * REMEMBERED)
  #frames: Uint32Array = new Uint32Array(16 * REMEMBERED)
  /** How often each was asked for in vain: for A and for AAAA. 0 for a name that exists and has nothing of the type. */
  #asked: Uint16Array = new Uint16Array(16 * REMEMBERED)

  constructor(names: NameTable) {
    this.#names = names
  }

  /** Whether any name is remembered. */
  get isWaiting(): boolean {
    return this.#listCount > 0
  }

  // oxlint-disable-next-line max-params -- hot path: no object for a step
  take(
    client: AddressId,
    name: NameId,
    beginning: number,
    isCluster: boolean,
    isNxdomain: boolean,
    atMicros: number,
    frame: number,
  ): void {
    const list = this.#lists[client] ?? 0
    if (list !== 0 && !isCluster) this.#close(list, { client, name, beginning, isCluster, isNxdomain, atMicros, frame })
    if ((isNxdomain || isCluster) && name !== 0) this.#remember(client, name, beginning, isNxdomain, atMicros, frame)
  }

  // oxlint-disable-next-line max-params -- hot path
  #remember(
    client: AddressId,
    name: NameId,
    beginning: number,
    isNxdomain: boolean,
    atMicros: number,
    frame: number,
  ): void {
    const list = (this.#lists[client] ?? 0) || this.#begin(client)
    if (list === 0) return
    const first = list * REMEMBERED
    let length = this.#lengths[list] ?? 0
    for (let at = first; at < first + length; at += 1) {
      if (this.#namesOf[at] !== name || atMicros - (this.#times[at] ?? 0) >= SERIES_MICROS) continue
      if (isNxdomain) this.#asked[at] = Math.min(0xffff, (this.#asked[at] ?? 0) + 1)
      return
    }
    if (length === REMEMBERED) {
      this.#remove(list, first)
      length -= 1
    }
    const at = first + length
    this.#namesOf[at] = name
    this.#beginnings[at] = beginning
    this.#times[at] = atMicros
    this.#frames[at] = frame
    this.#asked[at] = isNxdomain ? 1 : 0
    this.#lengths[list] = length + 1
  }

  /** A list for a client; 0 when there are too many. */
  #begin(client: AddressId): number {
    if (this.#listCount >= MAX_CLIENTS) return 0
    this.#listCount += 1
    const list = this.#listCount
    if (client >= this.#lists.length) {
      const lists = new Int32Array(2 * client)
      lists.set(this.#lists)
      this.#lists = lists
    }
    this.#lists[client] = list
    if (list >= this.#lengths.length) this.#growLists()
    return list
  }

  #growLists(): void {
    const size = 2 * this.#lengths.length
    const entries = size * REMEMBERED
    const old = {
      lengths: this.#lengths,
      names: this.#namesOf,
      beginnings: this.#beginnings,
      times: this.#times,
      frames: this.#frames,
      asked: this.#asked,
    }
    this.#lengths = new Uint8Array(size)
    this.#namesOf = new Int32Array(entries)
    this.#beginnings = new Int32Array(entries)
    this.#times = new Float64Array(entries)
    this.#frames = new Uint32Array(entries)
    this.#asked = new Uint16Array(entries)
    this.#lengths.set(old.lengths)
    this.#namesOf.set(old.names)
    this.#beginnings.set(old.beginnings)
    this.#times.set(old.times)
    this.#frames.set(old.frames)
    this.#asked.set(old.asked)
  }

  #remove(list: number, at: number): void {
    const length = this.#lengths[list] ?? 0
    const last = list * REMEMBERED + length - 1
    for (let to = at; to < last; to += 1) {
      this.#namesOf[to] = this.#namesOf[to + 1] ?? 0
      this.#beginnings[to] = this.#beginnings[to + 1] ?? 0
      this.#times[to] = this.#times[to + 1] ?? 0
      this.#frames[to] = this.#frames[to + 1] ?? 0
      this.#asked[to] = this.#asked[to + 1] ?? 0
    }
    this.#lengths[list] = length - 1
  }

  #close(list: number, step: SearchStep): void {
    const { name, beginning, isNxdomain } = step
    const names = this.#names
    const first = list * REMEMBERED
    let [suffixes, wasted] = [0, 0]
    const frames: number[] = []
    let exists = false
    for (let at = first + (this.#lengths[list] ?? 0) - 1; at >= first; at -= 1) {
      if (beginning !== 0 && this.#beginnings[at] !== beginning) continue
      const longer = this.#namesOf[at] ?? 0
      if (longer === name || !names.isBeginningOf(name, longer)) continue
      if (step.atMicros - (this.#times[at] ?? 0) > SERIES_MICROS) continue
      const asked = this.#asked[at] ?? 0
      if (asked === 0) exists = true
      else suffixes += 1
      wasted += asked
      frames.push(this.#frames[at] ?? 0)
      this.#remove(list, at)
    }
    if (suffixes === 0) return
    if (!isNxdomain) {
      this.wastedQueries += wasted
      this.externalLookups += 1
      this.example ??= seriesOf(step, suffixes, frames)
      return
    }
    if (suffixes < 2 || exists) return
    this.failedCount += 1
    if (this.failed.length < MAX_SERIES) this.failed.push(seriesOf(step, suffixes, frames))
  }
}

function seriesOf({ client, name, isNxdomain, frame }: SearchStep, suffixes: number, frames: number[]): SearchSeries {
  return { client, name, isNxdomain, suffixes, frames: [...frames.toReversed(), frame] }
}
