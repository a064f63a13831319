// What commander says about a command line, as the program's one line: what is wrong, and where to read on.
import type { Command as Commander, CommanderError } from 'commander'
import { UsageError } from '../base/errors.ts'

/**
 * Words an error of commander; it is not kept as the cause, which would say the same again.
 *
 * @param program the command whose arguments were read; its name is what is typed, such as `fathom doctor`
 */
export function usageErrorOf(error: CommanderError, program: Commander): UsageError {
  return new UsageError('bad-argument', `${describe(error, program)}; see "${program.name()} --help"`)
}

function describe({ code, message }: CommanderError, program: Commander): string {
  const surplus = program.args[program.registeredArguments.length]
  if (code === 'commander.excessArguments' && surplus !== undefined) return `Unexpected argument "${surplus}"`
  const said = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
  return said.charAt(0).toUpperCase() + said.slice(1).replace(/\.$/, '')
}
