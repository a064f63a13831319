// The `cancel [TIMEOUT]` directive.
import { parseGoDuration, quoteGo } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import { optionalArgument } from '../arguments.ts'

export interface CancelOptions {
  /** How long a query may take, in milliseconds. */
  readonly timeoutMs: number
}

/** Just above the five seconds that stub resolvers wait. */
const DEFAULT_TIMEOUT_MS = 5001

/** @throws {CorefileError} `invalid duration: "xyz"`, `invalid negative duration: "-1s"` */
export function parseCancel(dispenser: Dispenser): CancelOptions {
  let timeoutMs = DEFAULT_TIMEOUT_MS
  while (dispenser.next()) {
    const text = optionalArgument(dispenser)
    timeoutMs = text === undefined ? DEFAULT_TIMEOUT_MS : readTimeout(dispenser, text)
    dispenser.expectNoBlock()
  }
  return { timeoutMs }
}

function readTimeout(dispenser: Dispenser, text: string): number {
  let timeoutMs: number
  try {
    timeoutMs = parseGoDuration(text)
  } catch {
    throw dispenser.error(`invalid duration: ${quoteGo(text)}`)
  }
  if (timeoutMs <= 0) throw dispenser.error(`invalid negative duration: ${quoteGo(text)}`)
  return timeoutMs
}
