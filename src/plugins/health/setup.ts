// The `health` directive: address and length of the lameduck time.
import { describeError, parseGoDuration } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import { readHttpAddress } from '../http-endpoint.ts'
import { onlyArgument, optionalArgument } from '../arguments.ts'

export interface HealthOptions {
  /** `:8080`. */
  readonly address: string
  /** How long it goes on answering after the shutdown began. */
  readonly lameduckMs: number
}

/** @throws {CorefileError} */
export function parseHealth(dispenser: Dispenser): HealthOptions {
  let address = ':8080'
  let lameduckMs = 0
  while (dispenser.next()) {
    const text = optionalArgument(dispenser)
    if (text !== undefined) address = readHttpAddress(dispenser, text)
    while (dispenser.nextBlock()) {
      if (dispenser.value() !== 'lameduck') throw dispenser.error(`unknown property '${dispenser.value()}'`)
      const duration = onlyArgument(dispenser)
      lameduckMs = parseLameduck(dispenser, duration)
    }
  }
  return { address, lameduckMs }
}

function parseLameduck(dispenser: Dispenser, text: string): number {
  try {
    return parseGoDuration(text)
  } catch (error) {
    throw dispenser.error(`unable to parse lameduck duration value: '${text}' : ${describeError(error)}`)
  }
}
