// What the command lines of all commands have in common: how they are read, and the options that each of them has.
import { CommanderError, Option } from 'commander'
import type { Command as Commander } from 'commander'
import type { UsageError } from '../base/errors.ts'
import type { Io } from './command.ts'
import { usageErrorOf } from './commander-error.ts'

export interface CommandLineOptions {
  readonly io: Io
  /** Words what commander complains of; default: {@link usageErrorOf}. */
  readonly complain?: (error: CommanderError, program: Commander) => UsageError
}

/**
 * Reads a command line into the program's options and arguments.
 *
 * @returns false when help was asked for, which is then printed
 * @throws {UsageError}
 */
export function parseCommandLine(
  program: Commander,
  args: readonly string[],
  { io, complain = usageErrorOf }: CommandLineOptions,
): boolean {
  program.exitOverride().configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => {} })
  try {
    program.parse(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return false
    throw complain(error, program)
  }
  return true
}

/** Makes `-o, --output`: one of some formats, the first by default. */
export function outputOption(formats: readonly string[], about = 'output format'): Option {
  return new Option('-o, --output <format>', about).choices(formats).default(formats[0])
}

/** Adds `--no-color --verbose`, which the program reads before any command does. */
export function addPlainOptions(program: Commander): Commander {
  return program.option('--no-color', 'no colors').option('--verbose', 'show stack traces of errors')
}
