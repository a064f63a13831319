// fathom lint: Corefiles, also inside ConfigMaps, and resolv.conf files, without running anything.
import { readFileSync } from 'node:fs'
import { Command as Commander } from 'commander'
import type { CommanderError } from 'commander'
import pico from 'picocolors'
import { UsageError } from '../base/index.ts'
import { EMPTY_SOURCE, lintCorefile } from '../corefile/index.ts'
import type { CorefileSource, Finding, LintOptions, LintPlace, Severity } from '../corefile/index.ts'
import { corefileSource, systemFiles } from '../server/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { outputOption, parseCommandLine } from './command-line.ts'
import { readInputs } from './lint/inputs.ts'
import { reasonOf } from './unread-file.ts'
import type { LintInput } from './lint/inputs.ts'
import { findCorefiles } from './lint/manifest.ts'
import type { EmbeddedCorefile } from './lint/manifest.ts'
import { countOf, renderJson, renderSarif, renderText } from './lint/report.ts'
import type { LintReport } from './lint/report.ts'
import { lintResolvConf } from './lint/resolv-conf.ts'
import { validateBlocks } from './lint/validate.ts'

/** Exit code where errors were found; with `--strict` warnings too. */
const EXIT_FOUND = 1

export const lintCommand: Command = {
  name: 'lint',
  summary: 'say what is wrong with Corefiles, also inside ConfigMaps, and resolv.conf files',
  async run(args, io) {
    const request = parseArguments(args, io)
    if (request === undefined) return EXIT.ok
    const { paths, output, strict, resolvConf } = request
    const inputs = readInputs(paths, () => readFileSync(0, 'utf8'))
    const report = await lintAll(inputs, { io, paths, resolvConf })
    io.stdout.write(render(report, output, io))
    const isBad = countOf(report.findings, 'error') > 0 || (strict && countOf(report.findings, 'warning') > 0)
    return isBad ? EXIT_FOUND : EXIT.ok
  },
}

interface LintRequest {
  readonly paths: readonly string[]
  readonly output: string
  readonly strict: boolean
  /** The text of the resolv.conf that the server will have. */
  readonly resolvConf: string | undefined
}

/** Undefined when only help was wanted. @throws {UsageError} */
function parseArguments(args: readonly string[], io: Io): LintRequest | undefined {
  const program = new Commander('fathom lint')
    .argument('<file...>', 'Corefiles, manifests (YAML or JSON), resolv.conf files, folders, or - for standard input')
    .addOption(outputOption(['text', 'json', 'sarif'], 'how to print'))
    .option(
      '--resolv-conf <file>',
      'the /etc/resolv.conf that the server will have (in a Pod: what the kubelet writes)',
    )
    .option('--strict', 'end with 1 for warnings too')
    .option('--no-color', 'no colors')
    .option('--verbose', 'stack traces')
    .description('Says what is wrong with Corefiles and resolv.conf files. Ends with 1 when it finds errors.')
  if (!parseCommandLine(program, args, { io, complain: describeMistake })) return undefined
  const options = program.opts<{ output: string; resolvConf?: string; strict?: boolean }>()
  return {
    paths: program.args,
    output: options.output,
    strict: options.strict === true,
    resolvConf: options.resolvConf === undefined ? undefined : readResolvConf(options.resolvConf),
  }
}

function describeMistake({ message }: CommanderError): UsageError {
  const said = message.replace(/^error: /, '').replace(/^./, (letter) => letter.toUpperCase())
  return new UsageError('bad-argument', `${said}; "fathom lint --help" tells more`)
}

function readResolvConf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError('bad-argument', `Cannot read ${path}: ${reasonOf(error)}`)
  }
}

function render(report: LintReport, output: string, { color }: Io): string {
  if (output === 'json') return renderJson(report)
  if (output === 'sarif') return renderSarif(report)
  const colors = pico.createColors(color)
  const paint: Readonly<Record<Severity, (text: string) => string>> = {
    error: colors.red,
    warning: colors.yellow,
    note: colors.cyan,
  }
  return renderText(report, { color: (severity, text) => paint[severity](text) })
}

// --- One input after the other ---

interface LintContext {
  readonly io: Io
  /** As they were given. */
  readonly paths: readonly string[]
  readonly resolvConf: string | undefined
}

/** @throws {UsageError} when there is nothing to look at in any of the inputs */
async function lintAll(inputs: readonly LintInput[], context: LintContext): Promise<LintReport> {
  const checked: string[] = []
  const findings: Finding[] = []
  for (const input of inputs) {
    const found = await lintInput(input, context)
    if (found === undefined) continue
    checked.push(input.path)
    findings.push(...found)
  }
  if (checked.length > 0) return { checked, findings }
  throw new UsageError('bad-argument', `No Corefile in ${context.paths.join(', ')}`)
}

/** Undefined for a manifest without Corefiles. */
async function lintInput(input: LintInput, context: LintContext): Promise<readonly Finding[] | undefined> {
  switch (input.kind) {
    case 'resolv-conf':
      return lintResolvConf(input.text, input.path)
    case 'corefile':
      return lintCorefile(input.text, {
        ...optionsFor(input.path, context),
        source: keepUnset(corefileSource(systemFiles, context.io.env)),
        resolvConf: (path) => context.resolvConf ?? readIfThere(path),
      })
    case 'manifest':
      return lintManifest(input, context)
  }
}

function optionsFor(file: string, { io }: LintContext): LintOptions {
  return { file, validate: (blocks) => validateBlocks(blocks, io.env) }
}

/** A variable that is not set stays as it is written: nobody knows its value here. */
function keepUnset(source: CorefileSource): CorefileSource {
  return { ...source, env: (name) => source.env(name) ?? `{$${name}}` }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

async function lintManifest({ path, text }: LintInput, context: LintContext): Promise<Finding[] | undefined> {
  const { corefiles, errors } = findCorefiles(text)
  if (corefiles.length === 0 && errors.length === 0) return undefined
  const findings: Finding[] = errors.map(({ line, column, message }) => {
    const advice = 'Correct the YAML; Corefiles behind this place were not looked at'
    return { code: 'bad-manifest', severity: 'error', file: path, line, column, text: '', message, advice }
  })
  for (const corefile of corefiles) findings.push(...(await lintEmbedded(corefile, path, context)))
  return findings
}

/** Files that a Corefile in a manifest imports are not at hand: they count as empty. */
const ELSEWHERE: CorefileSource = { ...EMPTY_SOURCE, kind: () => 'file', readFile: () => '' }

async function lintEmbedded(corefile: EmbeddedCorefile, path: string, context: LintContext): Promise<Finding[]> {
  const { isFragment, text, locate } = corefile
  const findings = await lintCorefile(isFragment ? `. {\n${text}\n}\n` : text, {
    ...optionsFor(path, context),
    source: keepUnset(ELSEWHERE),
    resolvConf: () => context.resolvConf,
  })
  return findings.map((finding) => {
    const placed = ({ line, column }: LintPlace): LintPlace => locate({ line: isFragment ? line - 1 : line, column })
    const { other } = finding
    return { ...finding, ...placed(finding), ...(other && { other: placed(other) }) }
  })
}
