// Unpredictable numbers from a pool of cryptographic random octets: message ids must not be guessable (RFC 5452 §9.2).
import { randomFillSync } from 'node:crypto'

const pool = new Uint16Array(512)
let used = pool.length

/** Draws an unpredictable message id, 0 to 65535. */
export function randomId(): number {
  if (used >= pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const id = pool[used] ?? 0
  pool[used] = 0
  used += 1
  return id
}

/** Draws an unpredictable integer from 0 up to, but not including, `limit` (1 to 65536). */
export function randomBelow(limit: number): number {
  const fair = 65_536 - (65_536 % limit)
  for (;;) {
    const drawn = randomId()
    if (drawn < fair) return drawn % limit
  }
}
