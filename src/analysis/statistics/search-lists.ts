// Lookups through a search list: a resolver tries NAME.suffix for each suffix, and the bare NAME. A series is told by its names
// alone: one of a client's recent NXDOMAIN names is another of its names with labels behind it.
import type { AddressId } from '../../capture/index.ts'
import type { NameId, NameTable } from '../messages/name-table.ts'

/** NXDOMAIN names of a client that are remembered. */
const REMEMBERED = 12
const SERIES_MICROS = 15e6
const MAX_CLIENTS = 4096
const MAX_SERIES = 256

export interface SearchStep {
  readonly client: AddressId
  readonly name: NameId
  readonly isCluster: boolean
  readonly isNxdomain: boolean
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

interface Remembered {
  readonly name: NameId
  readonly atMicros: number
  readonly frame: number
  /** How often it was asked: for A and for AAAA. */
  asked: number
}

/** Finds series in the order in which transactions finish. */
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
  readonly #clients = new Map<AddressId, Remembered[]>()

  constructor(names: NameTable) {
    this.#names = names
  }

  /** Whether any NXDOMAIN is remembered. */
  get isWaiting(): boolean {
    return this.#clients.size > 0
  }

  take(
    { client, name, isCluster, isNxdomain }: SearchStep,
    at: { readonly atMicros: number; readonly frame: number },
  ): void {
    const recent = this.#clients.get(client)
    if (recent !== undefined && !isCluster) this.#close(recent, { client, name, isCluster, isNxdomain }, at)
    if (!isNxdomain || name === 0) return
    const list = recent ?? []
    const same = list.find((entry) => entry.name === name && at.atMicros - entry.atMicros < SERIES_MICROS)
    if (same !== undefined) {
      same.asked += 1
      return
    }
    list.push({ name, atMicros: at.atMicros, frame: at.frame, asked: 1 })
    if (list.length > REMEMBERED) list.shift()
    if (recent === undefined && this.#clients.size < MAX_CLIENTS) this.#clients.set(client, list)
  }

  #close(recent: Remembered[], step: SearchStep, at: { readonly atMicros: number; readonly frame: number }): void {
    const bare = this.#names.octetsOf(step.name)
    let [suffixes, wasted] = [0, 0]
    const frames: number[] = []
    for (let index = recent.length - 1; index >= 0; index -= 1) {
      const entry = recent[index]
      if (entry === undefined || entry.name === step.name || at.atMicros - entry.atMicros > SERIES_MICROS) continue
      if (!isPrefix(bare, this.#names.octetsOf(entry.name))) continue
      suffixes += 1
      wasted += entry.asked
      frames.unshift(entry.frame)
      recent.splice(index, 1)
    }
    if (suffixes === 0) return
    const series: SearchSeries = { ...step, suffixes, frames: [...frames, at.frame] }
    if (!step.isNxdomain) {
      this.wastedQueries += wasted
      this.externalLookups += 1
      this.example ??= series
      return
    }
    if (suffixes < 2) return
    this.failedCount += 1
    if (this.failed.length < MAX_SERIES) this.failed.push(series)
  }
}

/** Whether a name's labels are the first labels of a longer one. */
function isPrefix(bare: Uint8Array, longer: Uint8Array): boolean {
  const length = bare.length - 1
  if (length <= 0 || longer.length <= bare.length) return false
  for (let at = 0; at < length; at += 1) {
    const [a, b] = [bare[at] ?? 0, longer[at] ?? 0]
    if (a !== b && (a | 0x20) !== (b | 0x20)) return false
  }
  return true
}
