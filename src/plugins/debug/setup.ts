// The `debug` directive: takes nothing, and changes the block's logging at once.
import type { Dispenser } from '../../corefile/index.ts'
import type { SetupContext } from '../../server/index.ts'

/** @throws {CorefileError} for arguments or a block */
export function parseDebug(dispenser: Dispenser, { configure }: SetupContext): void {
  while (dispenser.next()) {
    if (dispenser.nextArg()) throw dispenser.argError()
    dispenser.expectNoBlock()
  }
  configure({ debug: true })
}
