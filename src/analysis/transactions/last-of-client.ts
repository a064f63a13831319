// The last transaction of each client, to find its sibling: the same name asked for another type from the same socket just before. Hot
// path: what most are told apart by lies together, so that the other transaction's row is looked at only when it is likely the one.
import type { AddressId } from '../../capture/index.ts'

/** Words of a row: number of the transaction, hash of the name, type and client's port, server. */
const ROW = 4

/** Remembers one transaction for each client. */
export class LastOfClient {
  #rows: Int32Array = new Int32Array(ROW * 256)

  /**
   * Replaces a client's last transaction.
   *
   * @param typeAndPort type in the upper half
   * @returns the number of the one before, when it asked for the same name and another type, the same server from the same port; else 0
   */
  // oxlint-disable-next-line max-params -- hot path
  replace(client: AddressId, number: number, hash: number, typeAndPort: number, server: AddressId): number {
    if (client * ROW >= this.#rows.length) this.#grow(client)
    const rows = this.#rows
    const at = client * ROW
    const last = rows[at] ?? 0
    const difference = (rows[at + 2] ?? 0) ^ typeAndPort
    const isAlike =
      rows[at + 1] === hash && rows[at + 3] === server && (difference & 0xffff) === 0 && difference >>> 16 !== 0
    rows[at] = number
    rows[at + 1] = hash
    rows[at + 2] = typeAndPort
    rows[at + 3] = server
    return isAlike ? last : 0
  }

  #grow(client: AddressId): void {
    const rows = new Int32Array(2 * ROW * client)
    rows.set(this.#rows)
    this.#rows = rows
  }
}
