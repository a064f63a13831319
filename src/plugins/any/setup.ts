// The `any` directive: takes nothing.
import type { Dispenser } from '../../corefile/index.ts'

/** @throws {CorefileError} for arguments or a block */
export function parseAny(dispenser: Dispenser): void {
  dispenser.next()
  if (dispenser.nextArg()) throw dispenser.argError()
  if (dispenser.nextBlock()) throw dispenser.error(`unknown property '${dispenser.value()}'`)
}
