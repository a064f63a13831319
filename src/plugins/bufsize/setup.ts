// The `bufsize [SIZE]` directive.
import type { Dispenser } from '../../corefile/index.ts'

export interface BufsizeOptions {
  /** Largest UDP payload that queries may announce, in octets, 512 to 4096. */
  readonly sizeBytes: number
}

/** What passes every path without fragments (DNS flag day 2020); 512 before CoreDNS 1.11. */
const DEFAULT_SIZE = 1232

/** @throws {CorefileError} for a size that is no number from 512 to 4096, or several */
export function parseBufsize(dispenser: Dispenser): BufsizeOptions {
  dispenser.next()
  const [text, ...more] = dispenser.remainingArgs()
  if (text === undefined) return { sizeBytes: DEFAULT_SIZE }
  const sizeBytes = /^\+?\d{1,5}$/.test(text) ? Number(text) : 0
  if (more.length > 0 || sizeBytes < 512 || sizeBytes > 4096) throw dispenser.argError()
  return { sizeBytes }
}
