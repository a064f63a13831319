// The `ready` directive: address, and whether plugins that were ready once are asked again.
import { onceError } from '../../corefile/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import { onlyArgument, optionalArgument } from '../arguments.ts'
import { readHttpAddress } from '../http-endpoint.ts'

export interface ReadyOptions {
  /** `:8181`. */
  readonly address: string
  readonly monitor: 'continuously' | 'until-ready'
}

/** @throws {CorefileError} */
export function parseReady(dispenser: Dispenser): ReadyOptions {
  let address = ':8181'
  let monitor: ReadyOptions['monitor'] = 'until-ready'
  let seen = false
  while (dispenser.next()) {
    if (seen) throw onceError(dispenser)
    seen = true
    const text = optionalArgument(dispenser)
    if (text !== undefined) address = readHttpAddress(dispenser, text)
    while (dispenser.nextBlock()) {
      if (dispenser.value() !== 'monitor') throw dispenser.error(`unknown property '${dispenser.value()}'`)
      const type = onlyArgument(dispenser)
      if (type !== 'until-ready' && type !== 'continuously') {
        throw dispenser.error(`monitor type '${type}' not supported`)
      }
      monitor = type
    }
  }
  return { address, monitor }
}
