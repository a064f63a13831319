// What is counted of each name. Hot path: four words side by side for each name, so that counting touches one cache line.
import { MAX_NAMES } from '../messages/name-table.ts'
import type { NameId } from '../messages/name-table.ts'

const ROW = 4
/** Of LARGEST the two lowest bits are the name's mark. */
const [QUERIES, NXDOMAINS, LARGEST, BEGINNING] = [0, 1, 2, 3]
const MARK_BITS = 2
const MARK_MASK = 3

/** Figures of names. */
export class NameFigures {
  readonly #rows: Int32Array = new Int32Array(ROW * MAX_NAMES)

  /** Counts a query. */
  countQuery(name: NameId): void {
    const at = name * ROW + QUERIES
    this.#rows[at] = (this.#rows[at] ?? 0) + 1
  }

  /** Counts a response of so many octets to a query that was counted. */
  countResponse(name: NameId, bytes: number, isNxdomain: boolean): void {
    const rows = this.#rows
    const at = name * ROW
    const largest = rows[at + LARGEST] ?? 0
    if (bytes > largest >> MARK_BITS) rows[at + LARGEST] = (bytes << MARK_BITS) | (largest & MARK_MASK)
    if (isNxdomain) rows[at + NXDOMAINS] = (rows[at + NXDOMAINS] ?? 0) + 1
  }

  queries(name: NameId): number {
    return this.#rows[name * ROW + QUERIES] ?? 0
  }

  nxdomains(name: NameId): number {
    return this.#rows[name * ROW + NXDOMAINS] ?? 0
  }

  /** Largest response, octets, over any transport. */
  largestResponse(name: NameId): number {
    return (this.#rows[name * ROW + LARGEST] ?? 0) >> MARK_BITS
  }

  /** What a name was marked with; 0 before. */
  kind(name: NameId): number {
    return (this.#rows[name * ROW + LARGEST] ?? 0) & MARK_MASK
  }

  /** The number that came with the mark. */
  beginning(name: NameId): number {
    return this.#rows[name * ROW + BEGINNING] ?? 0
  }

  /** @param kind 1 to 3 @param beginning of {@link NameTable.beginningOf}, kept here since these rows are looked at anyway */
  mark(name: NameId, kind: number, beginning: number): void {
    const at = name * ROW
    this.#rows[at + LARGEST] = ((this.#rows[at + LARGEST] ?? 0) & ~MARK_MASK) | kind
    this.#rows[at + BEGINNING] = beginning
  }
}
