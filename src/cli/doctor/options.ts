// The doctor's command line: options as given, checked before anything is asked.
import { isIP } from 'node:net'
import { Command as Commander } from 'commander'
import { UsageError, describeError } from '../../base/index.ts'
import { parseName, typeMnemonic, typeNumber } from '../../dns/index.ts'
import type { RRType } from '../../dns/message.ts'
import { PER_REPEAT_MS } from '../../doctor/ladder/index.ts'
import { LANGUAGES, REPORT_FORMATS } from '../../doctor/report/index.ts'
import type { Language, ReportFormat } from '../../doctor/report/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { Io } from '../command.ts'
import { parseCommandLine } from '../command-line.ts'
import { parseDuration } from '../duration.ts'
import { ALLOW_HELP, IMAGE_HELP, MAX_CALLS_HELP, readAllowances, readMostCalls } from '../consent.ts'
import type { Allowance } from '../consent.ts'
import { addSourceOptions, normalizeSourceArgs } from '../sources.ts'
import type { SourceOptions } from '../sources.ts'

/** What is looked at and asked. */
export interface ExamineOptions {
  readonly source: SourceOptions
  readonly name?: string
  readonly type?: RRType
  /** `here`, `node/NODE`, `NAMESPACE/POD` or `POD`. */
  readonly from?: string
  readonly timeoutMs: number
  /** How often each DNS question is asked; once when absent. */
  readonly repeat?: number
  readonly externalName?: string
  readonly direct: boolean
  /** What may be done in the cluster beyond asking. */
  readonly allow: ReadonlySet<Allowance>
  /** Of a container that is added. */
  readonly image?: string | undefined
  /** Of what is announced on the way; default: English. */
  readonly language?: Language
  /** Calls to the API server. */
  readonly mostCalls: number
}

export interface DoctorOptions extends ExamineOptions {
  /** A file of `fathom collect` that stands for the cluster. */
  readonly bundle?: string
  readonly format: ReportFormat
  readonly language: Language
  readonly exitZero: boolean
  readonly failOn: 'proven' | 'suspected'
  /** Repeats the diagnosis until it is stopped. */
  readonly watch?: WatchOptions
}

export interface WatchOptions {
  /** From the start of one run to the start of the next. */
  readonly intervalMs: number
  /** Where metrics are served; not at all when absent. Port 0: one that is free. */
  readonly metricsAt?: Endpoint
}

export interface CollectOptions extends ExamineOptions {
  /** Path, or `-` for standard output. */
  readonly output: string
  /** Other names and addresses than the cluster's. */
  readonly pseudonymize: boolean
}

interface ExamineGiven extends SourceOptions {
  readonly name?: string
  readonly type?: string
  readonly from?: string
  readonly timeout?: string
  readonly repeat?: string
  readonly externalName?: string
  readonly direct?: true
  readonly allow?: readonly string[]
  readonly image?: string
  readonly maxCalls?: string
}

interface DoctorGiven extends ExamineGiven {
  readonly bundle?: string
  readonly output: string
  readonly lang: string
  readonly exitZero?: true
  readonly failOn: string
  readonly watch?: true
  readonly interval?: string
  /** True without an address. */
  readonly metrics?: string | true
}

/** Zone transfers, and what stands in no question of a stub resolver (RFC 6895 §3.1). */
const NO_QUESTIONS: ReadonlySet<RRType> = new Set(['AXFR', 'IXFR', 'OPT', 'TKEY', 'TSIG'])
const MAX_PORT = 65_535
const MAX_TIMEOUT_MS = 600_000
const DEFAULT_TIMEOUT_MS = 20_000
/** Tells rates of one in a thousand from nothing. */
const MAX_REPEAT = 10_000

/**
 * Reads the arguments; undefined when only help was asked for, which is then printed.
 *
 * @throws {UsageError}
 */
export function parseDoctorArgs(args: readonly string[], io: Io): DoctorOptions | undefined {
  const program = createDoctorProgram()
  if (!parseCommandLine(program, normalizeSourceArgs(args), { io })) return undefined
  const given = program.opts<DoctorGiven>()
  const watch = readWatchOptions(given)
  if (given.bundle !== undefined) rejectBesideBundle(program)
  return {
    ...readExamineOptions(given),
    ...(given.bundle === undefined ? {} : { bundle: given.bundle }),
    format: oneOf('-o', given.output, REPORT_FORMATS),
    language: oneOf('--lang', given.lang, LANGUAGES),
    exitZero: given.exitZero === true,
    failOn: oneOf('--fail-on', given.failOn, ['proven', 'suspected']),
    ...(watch === undefined ? {} : { watch }),
  }
}

/**
 * Reads the arguments of `fathom collect`; undefined when only help was asked for, which is then printed.
 *
 * @throws {UsageError}
 */
export function parseCollectArgs(args: readonly string[], io: Io): CollectOptions | undefined {
  const program = createCollectProgram()
  if (!parseCommandLine(program, normalizeSourceArgs(args), { io })) return undefined
  const given = program.opts<ExamineGiven & { readonly output: string; readonly pseudonymize?: true }>()
  return { ...readExamineOptions(given), output: given.output, pseudonymize: given.pseudonymize === true }
}

function readExamineOptions(given: ExamineGiven): ExamineOptions {
  const allow = readAllowances(given.allow ?? [])
  const { name, from, externalName } = given
  const repeat = given.repeat === undefined ? undefined : parseRepeat(given.repeat)
  const type = given.type === undefined ? undefined : checkType(given.type, name)
  if (name !== undefined) checkName('--name', name)
  if (externalName !== undefined) checkName('--external-name', externalName)
  return {
    source: given,
    ...(name === undefined ? {} : { name }),
    ...(type === undefined ? {} : { type }),
    ...(from === undefined ? {} : { from }),
    timeoutMs: given.timeout === undefined ? defaultTimeout(repeat) : parseTimeout(given.timeout),
    ...(repeat === undefined ? {} : { repeat }),
    ...(externalName === undefined ? {} : { externalName }),
    direct: given.direct === true || from === 'here',
    allow,
    image: given.image,
    mostCalls: readMostCalls(given.maxCalls, allow),
  }
}

/** What only says how to report; everything else was settled when the bundle was collected. */
const BESIDE_BUNDLE: ReadonlySet<string> = new Set([
  'bundle',
  'output',
  'lang',
  'exitZero',
  'failOn',
  'color',
  'verbose',
])

function rejectBesideBundle(program: Commander): void {
  const other = program.options.find((option) => {
    const key = option.attributeName()
    return !BESIDE_BUNDLE.has(key) && program.getOptionValueSource(key) === 'cli'
  })
  if (other === undefined) return
  throw new UsageError(
    'bad-argument',
    `Cannot use ${other.long ?? other.flags} with --bundle: it was settled when the bundle was collected`,
  )
}

function createDoctorProgram(): Commander {
  const program = new Commander('fathom doctor')
    .description(
      'Finds out why DNS in a cluster fails: asks the same questions at every hop, holds what comes against what the\n' +
        "cluster's objects say, and names the root cause with its proof and the command that fixes it.",
    )
    .option('-o, --output <format>', `how to report: ${REPORT_FORMATS.join(', ')}`, 'text')
    .option('--lang <language>', `language of the report: ${LANGUAGES.join(', ')}`, 'en')
    .option('--bundle <file>', 'judge what "fathom collect" saw instead of a cluster', once('--bundle'))
    .option('--watch', 'diagnose again and again, and print what changes; with -o json one line for each change')
    .option('--interval <duration>', 'with --watch: from one run to the next (default: 30s)')
    .option('--metrics [address]', `with --watch: serve Prometheus metrics there (default: ${DEFAULT_METRICS})`)
    .option('--exit-zero', 'exit with 0 whatever is found')
    .option('--fail-on <status>', 'exit with 1 when a cause is proven, or already when one is suspected', 'proven')
    .option('--no-color', 'no colors')
  return addExamineOptions(program).addHelpText(
    'after',
    `\nExit status: 0 healthy, 1 a cause is proven, 2 wrong usage or configuration, 3 inconclusive.\n${HARMLESS}`,
  )
}

function createCollectProgram(): Commander {
  const program = new Commander('fathom collect')
    .description(
      'Looks and asks as the doctor does, and writes what it saw to one file: "fathom doctor --bundle FILE" gives the same\n' +
        'report from it, without the cluster.',
    )
    .option('-o, --output <file>', 'file to write, or "-" for standard output', 'fathom-bundle.tar.gz')
    .option('--pseudonymize', 'other names and addresses than those of the cluster, each always the same')
  return addExamineOptions(program).addHelpText(
    'after',
    `\nExit status: 0 the bundle is written, 2 wrong usage or configuration.\nSecrets are never read. ${HARMLESS}`,
  )
}

const HARMLESS =
  'Nothing in the cluster is changed without --allow ephemeral. Without --direct or --lab no packet is sent to cluster addresses: from outside\n' +
  'they may belong to somebody else.'

function addExamineOptions(program: Commander): Commander {
  program
    .option('--name <name>', 'the name that fails, or an address for its reverse name', once('--name'))
    .option('--type <type>', 'the type it is asked for (default: A, for addresses PTR, for _port._tcp names SRV)')
    .option('--from <place>', 'also ask from this place: NAMESPACE/POD, node/NODE, or "here" (this machine)')
    .option(
      '--timeout <duration>',
      'time for everything that is asked, such as 20s or 1m (default: 20s, more with --repeat)',
    )
    .option(
      '--repeat <times>',
      'ask each DNS question so often, and say how often it fails: for faults that come and go',
    )
    .option(
      '--external-name <name>',
      'a name outside the cluster that exists (default: example.com)',
      once('--external-name'),
    )
    .option('--direct', "ask the cluster's addresses from this machine, which is one of its nodes or pods")
    .option('--allow <what...>', ALLOW_HELP)
    .option('--image <image>', IMAGE_HELP)
    .option('--max-calls <n>', MAX_CALLS_HELP)
    .option('--verbose', 'stack traces of internal errors')
  return addSourceOptions(program)
}

/** Default port: next to node-cache's and CoreDNS's. */
const DEFAULT_METRICS = ':9255'
const DEFAULT_INTERVAL_MS = 30_000
const MAX_INTERVAL_MS = 86_400_000

function readWatchOptions(given: DoctorGiven): WatchOptions | undefined {
  const { watch, interval, metrics, output, bundle, manifests } = given
  if (watch !== true) {
    const lone = interval === undefined ? (metrics === undefined ? undefined : '--metrics') : '--interval'
    if (lone === undefined) return undefined
    throw new UsageError('bad-argument', `Cannot use ${lone} without --watch: a single run has nothing to repeat`)
  }
  const still = bundle === undefined ? (manifests === undefined ? undefined : '--manifests') : '--bundle'
  if (still !== undefined) {
    throw new UsageError('bad-argument', `Cannot use --watch with ${still}: what it holds does not change by itself`)
  }
  if (readAllowances(given.allow ?? []).has('ephemeral')) {
    throw new UsageError(
      'bad-argument',
      'Cannot use --watch with --allow ephemeral: each run would leave a container in the pod until that is deleted',
    )
  }
  if (output !== 'text' && output !== 'json') {
    throw new UsageError('bad-argument', `Cannot use -o "${shorten(output)}" with --watch: it prints text or json`)
  }
  return {
    intervalMs: interval === undefined ? DEFAULT_INTERVAL_MS : parseInterval(interval),
    ...(metrics === undefined ? {} : { metricsAt: parseAddressAndPort(metrics === true ? DEFAULT_METRICS : metrics) }),
  }
}

function parseInterval(text: string): number {
  const ms = parseDuration(text)
  if (ms >= 1000 && ms <= MAX_INTERVAL_MS) return ms
  throw new UsageError(
    'bad-argument',
    `Cannot use --interval "${shorten(text)}": it must be between 1s and 1d, such as 30s`,
  )
}

/** `:9255`, `127.0.0.1:0`, `[::1]:9255`; without a host every address is meant. */
function parseAddressAndPort(text: string): Endpoint {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  const address = host === '' ? '::' : host === 'localhost' ? '127.0.0.1' : host
  if (port !== undefined && Number(port) <= MAX_PORT && isIP(address) !== 0) return { address, port: Number(port) }
  throw new UsageError(
    'bad-argument',
    `Cannot use --metrics "${shorten(text)}": it must be an address and a port, such as ${DEFAULT_METRICS} or 127.0.0.1:9255`,
  )
}

function oneOf<Value extends string>(option: string, value: string, allowed: readonly Value[]): Value {
  const found = allowed.find((candidate) => candidate === value)
  if (found !== undefined) return found
  throw new UsageError('bad-argument', `Cannot use ${option} "${value}": it must be one of ${allowed.join(', ')}`)
}

/** Takes an option's value, and refuses a second one instead of forgetting the first. */
function once(option: string): (value: string, previous: string | undefined) => string {
  return (value, previous) => {
    if (previous === undefined) return value
    throw new UsageError(
      'bad-argument',
      `Cannot use ${option} twice ("${shorten(previous)}", "${shorten(value)}"): run the doctor once for each`,
    )
  }
}

function checkName(option: string, name: string): void {
  const odd = /[\s\p{Cc}]/u.exec(name)?.[0]
  if (name === '' || odd !== undefined) {
    const what = name === '' ? 'it is empty' : 'a domain name holds no white space'
    throw new UsageError('bad-argument', `Cannot use ${option} "${shorten(name)}": ${what}`)
  }
  try {
    parseName(name)
  } catch (error) {
    throw new UsageError('bad-argument', `Cannot use ${option} "${shorten(name)}": ${describeError(error)}`, {
      cause: error,
    })
  }
}

function checkType(text: string, name: string | undefined): RRType {
  if (name === undefined) {
    throw new UsageError('bad-argument', `Cannot use --type ${shorten(text)}: there is no --name to ask for`)
  }
  const number = typeNumber(text.toUpperCase())
  const type = number === undefined ? undefined : typeMnemonic(number)
  if (type !== undefined && !NO_QUESTIONS.has(type)) return type
  throw new UsageError('bad-argument', `Cannot use --type "${shorten(text)}": it is no record type, such as A or SRV`)
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

function parseTimeout(text: string): number {
  const ms = parseDuration(text)
  if (ms >= 1000 && ms <= MAX_TIMEOUT_MS) return ms
  throw new UsageError('bad-argument', `Cannot use --timeout "${text}": it must be between 1s and 10m, such as 20s`)
}

/** A healthy cluster needs a fraction of it. */
function defaultTimeout(repeat = 1): number {
  return Math.min(MAX_TIMEOUT_MS, DEFAULT_TIMEOUT_MS + (repeat - 1) * PER_REPEAT_MS)
}

function parseRepeat(text: string): number {
  const times = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (times >= 2 && times <= MAX_REPEAT) return times
  throw new UsageError('bad-argument', `Cannot use --repeat "${shorten(text)}": it must be between 2 and ${MAX_REPEAT}`)
}
