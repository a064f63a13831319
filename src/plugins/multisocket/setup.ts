// The `multisocket [N]` directive: tells the server how many sockets each listener gets.
import { availableParallelism } from 'node:os'
import { describeError, parseGoInt } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { SetupContext } from '../../server/index.ts'

const MAX_SOCKETS = 1024

/** @throws {CorefileError} */
export function parseMultisocket(dispenser: Dispenser, { configure }: SetupContext): void {
  dispenser.next()
  const [text, ...more] = dispenser.remainingArgs()
  if (more.length > 0 || dispenser.next()) throw dispenser.argError()
  configure({ sockets: text === undefined ? availableParallelism() : readSockets(dispenser, text) })
}

function readSockets(dispenser: Dispenser, text: string): number {
  let sockets: number
  try {
    sockets = parseGoInt(text)
  } catch (error) {
    throw dispenser.error(`invalid num sockets: ${describeError(error)}`)
  }
  if (sockets < 1) throw dispenser.error(`num sockets can not be zero or negative: ${sockets}`)
  if (sockets > MAX_SOCKETS) throw dispenser.error(`num sockets exceeds maximum (${MAX_SOCKETS}): ${sockets}`)
  return sockets
}
