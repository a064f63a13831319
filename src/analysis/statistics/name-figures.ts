// What is counted of each name. Hot path: four words side by side for each name, so that counting touches one cache line.
import type { NameId } from '../messages/name-table.ts'

const ROW = 4
const [QUERIES, NXDOMAINS, LARGEST, KIND] = [0, 1, 2, 3]

/** Figures of names. */
export class NameFigures {
  #rows: Int32Array = new Int32Array(ROW * 256)

  /** Counts a query. */
  countQuery(name: NameId): void {
    if (name * ROW >= this.#rows.length) this.#grow(name)
    const at = name * ROW + QUERIES
    this.#rows[at] = (this.#rows[at] ?? 0) + 1
  }

  /** Counts a response of so many octets to a query that was counted. */
  countResponse(name: NameId, bytes: number, isNxdomain: boolean): void {
    const rows = this.#rows
    const at = name * ROW
    if (bytes > (rows[at + LARGEST] ?? 0)) rows[at + LARGEST] = bytes
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
    return this.#rows[name * ROW + LARGEST] ?? 0
  }

  /** What a name was marked with; 0 before. */
  kind(name: NameId): number {
    return this.#rows[name * ROW + KIND] ?? 0
  }

  mark(name: NameId, kind: number): void {
    this.#rows[name * ROW + KIND] = kind
  }

  #grow(name: NameId): void {
    const rows = new Int32Array(2 * ROW * name)
    rows.set(this.#rows)
    this.#rows = rows
  }
}
