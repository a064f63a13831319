// The `reload` directive: how often the Corefile is looked at.
import { formatGoDuration } from '../../base/index.ts'
import { onceError } from '../../corefile/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import { durationArgument } from '../arguments.ts'

export interface ReloadOptions {
  readonly intervalMs: number
  /** The interval is shifted by up to half of this in either direction; 0 means not at all. */
  readonly jitterMs: number
}

const DEFAULT_INTERVAL_MS = 30_000
const DEFAULT_JITTER_MS = 15_000
const MIN_INTERVAL_MS = 2000
const MIN_JITTER_MS = 1000

/** @throws {CorefileError} */
export function parseReload(dispenser: Dispenser): ReloadOptions {
  dispenser.next()
  const [interval, jitter, ...more] = dispenser.remainingArgs()
  if (more.length > 0) throw dispenser.argError()
  const intervalMs = interval === undefined ? DEFAULT_INTERVAL_MS : durationArgument(dispenser, interval)
  if (intervalMs < MIN_INTERVAL_MS) {
    throw dispenser.error(`interval value must be greater or equal to ${formatGoDuration(MIN_INTERVAL_MS)}`)
  }
  const jitterMs = jitter === undefined ? DEFAULT_JITTER_MS : durationArgument(dispenser, jitter)
  if (jitterMs !== 0 && jitterMs < MIN_JITTER_MS) {
    throw dispenser.error(`jitter value must be 0 or greater or equal to ${formatGoDuration(MIN_JITTER_MS)}`)
  }
  dispenser.expectNoBlock()
  if (dispenser.next()) throw onceError(dispenser)
  return { intervalMs, jitterMs: Math.min(jitterMs, intervalMs / 2) }
}
