import { Command as Commander, CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { describeError } from '../base/errors.ts'
import { usageErrorOf } from './commander-error.ts'

/** The line that these arguments bring. */
function lineFor(...args: string[]): string {
  const program = new Commander('fathom doctor')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .option('--name <name>', 'a name')
    .argument('[first]', 'one argument')
  try {
    program.parse(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return describeError(usageErrorOf(error, program))
  }
  return ''
}

describe('usageErrorOf()', () => {
  it.each([
    { args: ['--bogus'], line: `Unknown option '--bogus'; see "fathom doctor --help"` },
    { args: ['--nam'], line: `Unknown option '--nam' (Did you mean --name?); see "fathom doctor --help"` },
    { args: ['--name'], line: `Option '--name <name>' argument missing; see "fathom doctor --help"` },
    { args: ['a', 'extra'], line: `Unexpected argument "extra"; see "fathom doctor --help"` },
  ])('says $args once, and what to read', ({ args, line }) => {
    expect(lineFor(...args)).toBe(line)
  })
})
