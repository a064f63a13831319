// The `local { localhost_prefix on|off }` directive.
import { quoteGo } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import { noArguments, onlyArgument } from '../arguments.ts'

export interface LocalOptions {
  /** Names that begin with `localhost.` are local too, whatever their domain. */
  readonly localhostPrefix: boolean
}

/** @throws {CorefileError} */
export function parseLocal(dispenser: Dispenser): LocalOptions {
  let localhostPrefix = true
  while (dispenser.next()) {
    noArguments(dispenser)
    while (dispenser.nextBlock()) {
      if (dispenser.value() !== 'localhost_prefix') throw dispenser.error(`unknown property '${dispenser.value()}'`)
      const text = onlyArgument(dispenser)
      if (text !== 'on' && text !== 'off') {
        throw dispenser.error(`localhost_prefix expects 'on' or 'off', got ${quoteGo(text)}`)
      }
      localhostPrefix = text === 'on'
    }
  }
  return { localhostPrefix }
}
