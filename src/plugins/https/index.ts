import type { Dispenser } from '../../corefile/index.ts'
import type { Plugin } from '../../server/index.ts'
import { integerArgument, onlyArgument } from '../arguments.ts'

/** `https`: limits of DoH listeners. It takes no part in the chain. */
export const httpsPlugin: Plugin<void> = {
  name: 'https',
  parse(dispenser, { configure }) {
    dispenser.next()
    if (dispenser.nextArg()) throw dispenser.argError()
    let maxHttpsConnections: number | undefined
    while (dispenser.nextBlock()) {
      if (dispenser.value() !== 'max_connections') throw dispenser.error(`unknown property '${dispenser.value()}'`)
      if (maxHttpsConnections !== undefined) {
        throw dispenser.error('max_connections already defined for this server block')
      }
      maxHttpsConnections = readCount(dispenser, onlyArgument(dispenser))
    }
    if (maxHttpsConnections !== undefined) configure({ maxHttpsConnections })
  },
  create: () => ({}),
}

function readCount(dispenser: Dispenser, text: string): number {
  const count = integerArgument(dispenser, text)
  if (count >= 0) return count
  throw dispenser.error(`max_connections must be a non-negative integer: ${count}`)
}
