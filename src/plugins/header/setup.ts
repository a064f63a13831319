// The `header { query|response set|clear FLAG... }` directive.
import type { Dispenser } from '../../corefile/index.ts'

export type HeaderFlag = 'aa' | 'ra' | 'rd'

/** The flags to change, with their new values; of several rules for one flag the last one counts. */
export type HeaderChange = Readonly<Partial<Record<HeaderFlag, boolean>>>

export interface HeaderOptions {
  readonly query: HeaderChange
  readonly response: HeaderChange
}

const FLAGS: readonly string[] = ['aa', 'ra', 'rd'] satisfies HeaderFlag[]

/** @throws {CorefileError} `setting up rule: …` */
export function parseHeader(dispenser: Dispenser): HeaderOptions {
  const options: Record<'query' | 'response', Partial<Record<HeaderFlag, boolean>>> = { query: {}, response: {} }
  let rules = 0
  while (dispenser.next()) {
    while (dispenser.nextBlock()) {
      const selector = dispenser.value().toLowerCase()
      if (selector !== 'query' && selector !== 'response') {
        throw failure(dispenser, `invalid selector=${selector} should be query or response`)
      }
      Object.assign(options[selector], parseRule(dispenser))
      rules += 1
    }
  }
  if (rules === 0) throw dispenser.argError()
  return options
}

function parseRule(dispenser: Dispenser): HeaderChange {
  const [action, ...flags] = dispenser.remainingArgs()
  if (action === undefined) throw failure(dispenser, 'no flag action provided')
  if (flags.length === 0) throw failure(dispenser, 'invalid length for flags, at least one should be provided')
  const verb = action.toLowerCase()
  if (verb !== 'set' && verb !== 'clear') {
    throw failure(dispenser, `unknown flag action=${verb}, should be set or clear`)
  }
  const unknown = flags.find((flag) => !FLAGS.includes(flag.toLowerCase()))
  if (unknown !== undefined) throw failure(dispenser, `unknown/unsupported flag=${unknown.toLowerCase()}`)
  return Object.fromEntries(flags.map((flag) => [flag.toLowerCase(), verb === 'set']))
}

function failure(dispenser: Dispenser, message: string): Error {
  return dispenser.error(`setting up rule: ${message}`)
}
