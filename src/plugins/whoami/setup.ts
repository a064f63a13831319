// The `whoami` directive: takes nothing.
import type { Dispenser } from '../../corefile/index.ts'

/** @throws {CorefileError} for arguments or a block */
export function parseWhoami(dispenser: Dispenser): void {
  dispenser.next()
  if (dispenser.nextArg()) throw dispenser.argError()
  dispenser.expectNoBlock()
}
