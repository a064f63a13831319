// `fathom dig`: asks DNS servers with dig's syntax and shows what comes back in dig's layout.
import { randomBytes } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { BaseError, describeError } from '../base/errors.ts'
import { randomId } from '../base/random.ts'
import { PROGRAM_NAME, PROGRAM_VERSION } from '../base/version.ts'
import { TextError } from '../dns/index.ts'
import { vantageHere } from '../vantage/index.ts'
import type { Vantage } from '../vantage/index.ts'
import type { Command, Io } from './command.ts'
import { readAllowances, readEphemeral, undoingOnSignal } from './consent.ts'
import { EXIT_BAD_QUERY, askFrom, askFromHere } from './dig/asking-place.ts'
import type { AskingPlace } from './dig/asking-place.ts'
import { parseArguments } from './dig/arguments.ts'
import type { CommandLine } from './dig/arguments.ts'
import { runLookup } from './dig/run-lookup.ts'
import type { LookupContext } from './dig/run.ts'
import { takePlaceOptions } from './dig/place-options.ts'
import type { DigPlace } from './dig/place-options.ts'
import { defaultSettings } from './dig/settings.ts'
import type { Settings } from './dig/settings.ts'
import { DigError, USAGE } from './dig/usage.ts'
import { formatSkipped } from './format-skipped.ts'
import { openPlace } from './place.ts'
import type { OpenPlace } from './place/open-place.ts'

/** dig's exit codes beside those of a lookup. */
const EXIT_NO_BATCH_FILE = 8

export const digCommand: Command = {
  name: 'dig',
  summary: "Asks DNS servers, with dig's syntax and output",
  async run(args, io) {
    try {
      return await dig(args, io)
    } catch (error) {
      if (!(error instanceof BaseError)) throw error
      const exitCode = error instanceof DigError ? error.exitCode : error instanceof TextError ? EXIT_BAD_QUERY : 1
      const hint = error.message.startsWith('Invalid option') ? `; "${PROGRAM_NAME} dig -h" lists the options` : ''
      io.stderr.write(`${PROGRAM_NAME} dig: ${describeError(error)}${hint}\n`)
      if (error instanceof DigError) for (const line of error.ways) io.stderr.write(`  ${line}\n`)
      return exitCode
    }
  },
}

async function dig(all: readonly string[], io: Io): Promise<number> {
  const here = vantageHere()
  // "--lab NAME" as everywhere: a word after it is its name only if such a lab runs.
  const given = all.includes('--lab') ? (await import('./sources.ts')).normalizeSourceArgs(all) : all
  const { args, place: placeOptions } = takePlaceOptions(given)
  const base = args.includes('-r') ? defaultSettings() : await readDigrc(here, io)
  const line = parseArguments(args, base)
  if (line.action === 'help') {
    io.stdout.write(USAGE)
    return 0
  }
  if (line.action === 'version') {
    io.stdout.write(`${PROGRAM_NAME} dig ${PROGRAM_VERSION}\n`)
    return 0
  }
  if (placeOptions === undefined) return runAll(line, { args, place: await askFromHere(here), here, io })
  const opened = await open(placeOptions, io)
  try {
    return await undoingOnSignal(
      () => opened.close(),
      async () => runAll(line, { args: all, place: await askFrom(opened.vantage, opened), here, io }),
    )
  } finally {
    await opened.close()
  }
}

async function open({ allow: given = [], image, ...options }: DigPlace, io: Io): Promise<OpenPlace> {
  const allow = readAllowances(given)
  const asksFromPod = options.in !== undefined && options.in !== 'here' && !options.in.startsWith('node/')
  const unfit = options.lab === undefined ? undefined : '--lab'
  const ephemeral = readEphemeral({ allow, image, asksFromPod, unfit }, io)
  const opened = await openPlace({ ...options, env: io.env, allowExec: allow.has('exec'), ephemeral })
  if ('vantage' in opened) return opened
  throw new DigError(`Cannot ask from there: ${formatSkipped(opened)}`, EXIT_BAD_QUERY)
}

interface DigRun {
  readonly args: readonly string[]
  readonly place: AskingPlace
  /** Files that the user names lie on this machine, wherever the questions are asked. */
  readonly here: Vantage
  readonly io: Io
}

async function runAll(line: CommandLine, { args, place, here, io }: DigRun): Promise<number> {
  const context: Omit<LookupContext, 'greetingArgs'> = {
    place,
    clientCookie: randomBytes(8),
    drawId: randomId,
    print: (text) => {
      if (text !== '') io.stdout.write(text)
    },
  }
  let exitCode = await runLine(line, args, { context, io })
  if (line.batchFile === undefined) return exitCode
  for (const text of (await readBatch(line.batchFile, here, io)).split('\n')) {
    const words = text.trim().split(/\s+/)
    if (words[0] === '' || /^[;#]/.test(words[0] ?? '')) continue
    exitCode = await runLine(parseArguments(words, line.defaults), words, { context, io })
  }
  return exitCode
}

interface LineContext {
  readonly context: Omit<LookupContext, 'greetingArgs'>
  readonly io: Io
}

/** Runs every lookup of one command line; gives the last one's exit code, as dig does. */
async function runLine(line: CommandLine, args: readonly string[], { context, io }: LineContext): Promise<number> {
  for (const warning of line.warnings) io.stderr.write(`${warning}\n`)
  let exitCode = 0
  for (const [index, settings] of line.lookups.entries()) {
    exitCode = await runLookup(settings, { ...context, greetingArgs: index === 0 ? args : undefined })
  }
  return exitCode
}

/** The user's own defaults: options as they would stand on the command line. */
async function readDigrc(vantage: Vantage, io: Io): Promise<Settings> {
  const file = await vantage.readFile(join(io.env['HOME'] ?? homedir(), '.digrc'))
  if (file.kind !== 'file') return defaultSettings()
  const words = file.text.split('\n').flatMap((line) =>
    line
      .replace(/^\s*[#;].*$/, '')
      .trim()
      .split(/\s+/),
  )
  return parseArguments(words.filter((word) => word !== '')).defaults
}

async function readBatch(path: string, vantage: Vantage, io: Io): Promise<string> {
  if (path === '-') return readAll(io.stdin)
  const file = await vantage.readFile(path)
  if (file.kind === 'file') return file.text
  const why = file.kind === 'absent' ? 'no such file' : file.why
  throw new DigError(`Cannot open batch file ${path}: ${why}`, EXIT_NO_BATCH_FILE)
}
