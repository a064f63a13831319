import { onceError } from '../../corefile/index.ts'
import type { Plugin } from '../../server/index.ts'
import { createLoop } from './handler.ts'

/** `loop`: ends the process when its queries come back to it. */
export const loopPlugin: Plugin<void> = {
  name: 'loop',
  parse(dispenser) {
    dispenser.next()
    if (dispenser.nextArg()) throw dispenser.argError()
    dispenser.expectNoBlock()
    if (dispenser.next()) throw onceError(dispenser)
  },
  create: (_options, env) => createLoop(env),
}
