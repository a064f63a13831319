// The `errors` directive: which errors are put together into one line.
import { compileGoRegexp } from '../../base/regexp.ts'
import type { GoRegexp } from '../../base/regexp.ts'
import { describeError } from '../../base/index.ts'
import { onceError } from '../../corefile/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { SetupContext } from '../../server/index.ts'
import { durationArgument } from '../arguments.ts'

export type ErrorLevel = 'debug' | 'error' | 'info' | 'warning'

/** One `consolidate` line. */
export interface Consolidation {
  readonly periodMs: number
  readonly pattern: GoRegexp
  readonly level: ErrorLevel
  /** Log the first error at once. */
  readonly showFirst: boolean
}

export interface ErrorsOptions {
  /** The first whose pattern matches takes the error. */
  readonly consolidations: readonly Consolidation[]
}

const LEVELS: readonly string[] = ['debug', 'error', 'info', 'warning'] satisfies ErrorLevel[]

/** @throws {CorefileError} */
export function parseErrors(dispenser: Dispenser, { configure }: SetupContext): ErrorsOptions {
  const consolidations: Consolidation[] = []
  let seen = false
  while (dispenser.next()) {
    if (seen) throw onceError(dispenser)
    seen = true
    const args = dispenser.remainingArgs()
    if (args.length > 1) throw dispenser.argError()
    if (args[0] !== undefined && args[0] !== 'stdout') throw dispenser.error(`invalid log file: ${args[0]}`)
    while (dispenser.nextBlock()) {
      const option = dispenser.value()
      if (option === 'consolidate') consolidations.push(parseConsolidate(dispenser))
      else if (option === 'stacktrace') configure({ stackTraces: true })
      else throw dispenser.error(`Unknown field ${option}`)
    }
  }
  return { consolidations }
}

function parseConsolidate(dispenser: Dispenser): Consolidation {
  const [duration, pattern, ...options] = dispenser.remainingArgs()
  if (duration === undefined || pattern === undefined || options.length > 2) throw dispenser.argError()
  const periodMs = durationArgument(dispenser, duration)
  let level: ErrorLevel | undefined
  let showFirst = false
  for (const option of options) {
    if (option === 'show_first') showFirst = true
    else if (!isLevel(option)) throw dispenser.error(`unknown option in consolidate: ${option}`)
    else if (level !== undefined) throw dispenser.error('multiple log levels specified in consolidate')
    else if (showFirst) throw dispenser.error('log level must come before show_first in consolidate')
    else level = option
  }
  return { periodMs, pattern: compile(dispenser, pattern), level: level ?? 'error', showFirst }
}

function compile(dispenser: Dispenser, pattern: string): GoRegexp {
  try {
    return compileGoRegexp(pattern)
  } catch (error) {
    throw dispenser.error(describeError(error))
  }
}

function isLevel(text: string): text is ErrorLevel {
  return LEVELS.includes(text)
}
