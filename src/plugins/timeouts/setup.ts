// The `timeouts { read D ; write D ; idle D ; maxtcpqueries N }` directive: tells the server how long connections last.
import { describeError, formatGoDuration, parseGoDuration, parseGoInt } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { SetupContext } from '../../server/index.ts'
import { noArguments, onlyArgument } from '../arguments.ts'

const MIN_MS = 1000
const MAX_MS = 24 * 3_600_000

/** @throws {CorefileError} */
export function parseTimeouts(dispenser: Dispenser, { configure }: SetupContext): void {
  while (dispenser.next()) {
    noArguments(dispenser)
    let options = 0
    while (dispenser.nextBlock()) {
      parseOption(dispenser, configure)
      options += 1
    }
    if (options === 0) throw dispenser.error('timeouts block with no timeouts specified')
  }
}

function parseOption(dispenser: Dispenser, configure: SetupContext['configure']): void {
  const option = dispenser.value()
  const text = onlyArgument(dispenser)
  if (option === 'maxtcpqueries') return configure({ maxTcpQueries: readQueries(dispenser, text) })
  const timeoutMs = readTimeout(dispenser, text)
  switch (option) {
    case 'read':
      return configure({ readTimeoutMs: timeoutMs })
    case 'write':
      return configure({ writeTimeoutMs: timeoutMs })
    case 'idle':
      return configure({ idleTimeoutMs: timeoutMs })
    default:
      throw dispenser.error(`unknown option: '${option}'`)
  }
}

function readQueries(dispenser: Dispenser, text: string): number {
  let queries: number
  try {
    queries = parseGoInt(text)
  } catch (error) {
    throw dispenser.error(`invalid value for maxtcpqueries '${text}': ${describeError(error)}`)
  }
  if (queries === 0 || queries < -1) {
    throw dispenser.error(`maxtcpqueries provided '${queries}' needs to be -1 (unlimited) or a positive integer`)
  }
  return queries
}

/** A number without unit is seconds here. */
function readTimeout(dispenser: Dispenser, text: string): number {
  let timeoutMs: number
  try {
    timeoutMs = parseGoDuration(/^[-+]?\d+$/.test(text) ? `${text}s` : text)
  } catch {
    throw dispenser.error(`failed to parse duration '${text}'`)
  }
  if (timeoutMs < MIN_MS || timeoutMs > MAX_MS) {
    throw dispenser.error(`timeout provided '${formatGoDuration(timeoutMs)}' needs to be between 1 second and 24 hours`)
  }
  return timeoutMs
}
