// fathom serve: CoreDNS's command line around the server, its exit codes and its signals.
import { existsSync, fstatSync, rmSync, writeFileSync } from 'node:fs'
import { PROGRAM_VERSION, UsageError, describeError, parseGoInt } from '../base/index.ts'
import { CorefileError, DIRECTIVE_ORDER } from '../corefile/index.ts'
import { PLUGINS } from '../plugins/index.ts'
import { ListenError } from '../net/listen/index.ts'
import { MAX_THREADS, checkServer, parseThreadCount, refuseUnserved, startServer } from '../server/index.ts'
import type { ConfiguredBlock, ServerOptions } from '../server/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { superviseServer } from './serve-signals.ts'
import { THREAD_PROGRAM } from './thread-program.ts'

/** Serves DNS from a Corefile, as CoreDNS does. */
export const serveCommand: Command = {
  name: 'serve',
  summary: 'serve DNS from a Corefile, as CoreDNS does',
  async run(args, io) {
    const flags = parseServeFlags(args)
    if (flags.action === 'help') return print(io, SERVE_HELP)
    if (flags.action === 'version') return print(io, `${VERSION_LINES}\n`)
    if (flags.action === 'plugins') return print(io, pluginList())
    try {
      if (flags.action === 'check' || flags.action === 'dump') return await inspect(flags, io)
      return await serve(flags, io)
    } catch (error) {
      return refuse(error, flags, io)
    }
  },
}

const VERSION_LINES = [
  `Fathom-${PROGRAM_VERSION}`,
  `${process.platform}/${process.arch}, node${process.versions.node}`,
].join('\n')

// --- Flags (Go's flag package: one or two dashes, `-flag value` or `-flag=value`) ---

type ServeAction = 'check' | 'dump' | 'help' | 'plugins' | 'serve' | 'version'

/** The command line, read. */
export interface ServeFlags {
  readonly action: ServeAction
  /** Undefined: `Corefile`, or standard input when it is piped. */
  readonly conf: string | undefined
  readonly port: number
  readonly pidfile: string | undefined
  readonly quiet: boolean
  readonly debugPages: boolean
  readonly explainErrors: boolean
  /** Undefined: what `multisocket` says, else one. */
  readonly workers: number | undefined
}

/** Reads the command line. @throws {UsageError} */
export function parseServeFlags(args: readonly string[]): ServeFlags {
  let action: ServeAction = 'serve'
  let conf: string | undefined
  let port = 53
  let pidfile: string | undefined
  let quiet = false
  let debugPages = false
  let explainErrors = false
  let workers: number | undefined
  for (let index = 0; index < args.length; index += 1) {
    const [name, inline] = splitFlag(args[index] ?? '')
    const value = (): string => {
      const text = inline ?? args[(index += 1)]
      if (text === undefined) throw new UsageError('missing-argument', `Flag needs an argument: -${name}`)
      return text
    }
    switch (name) {
      case 'conf':
        conf = value()
        break
      case 'dns.port':
      case 'p':
        port = readPort(name, value())
        break
      case 'pidfile':
        pidfile = value()
        break
      case 'quiet':
        quiet = isTrue(name, inline)
        break
      case 'debug-pages':
        debugPages = isTrue(name, inline)
        break
      case 'explain-errors':
        explainErrors = isTrue(name, inline)
        break
      case 'workers':
        workers = readWorkers(value())
        break
      case 'version':
      case 'plugins':
        if (isTrue(name, inline)) action = name
        break
      case 'help':
      case 'h':
        action = 'help'
        break
      case 'check':
      case 'dump':
        action = name
        conf = value()
        break
      case 'verbose':
        break
      default:
        throw new UsageError(
          'unknown-option',
          `Flag provided but not defined: -${name}; "fathom serve -help" lists them`,
        )
    }
  }
  return { action, conf, port, pidfile, quiet, debugPages, explainErrors, workers }
}

function splitFlag(text: string): [name: string, value: string | undefined] {
  const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(text)
  if (match?.[1] === undefined) {
    throw new UsageError('bad-argument', `Extra command line arguments: "${text}"; the Corefile is given with -conf`)
  }
  return [match[1], match[2]]
}

function readPort(name: string, text: string): number {
  const port = tryParseInt(text)
  if (port === undefined || port < 0 || port > 65_535) {
    throw new UsageError('bad-argument', `Invalid value "${text}" for flag -${name}: expected a port, 0 to 65535`)
  }
  return port
}

function readWorkers(text: string): number {
  const workers = parseThreadCount(text)
  if (workers === undefined) {
    throw new UsageError(
      'bad-argument',
      `Invalid value "${text}" for flag -workers: expected a number of threads, 1 to ${MAX_THREADS}; one for each processor is most that helps`,
    )
  }
  return workers
}

function tryParseInt(text: string): number | undefined {
  try {
    return parseGoInt(text)
  } catch {
    return undefined
  }
}

function isTrue(name: string, inline: string | undefined): boolean {
  if (inline === undefined || inline === 'true' || inline === '1') return true
  if (inline === 'false' || inline === '0') return false
  throw new UsageError('bad-argument', `Invalid boolean value "${inline}" for -${name}`)
}

// --- Actions ---

function print(io: Io, text: string): number {
  io.stdout.write(text)
  return EXIT.ok
}

async function inspect({ action, conf, port }: ServeFlags, io: Io): Promise<number> {
  // Warnings go to standard error: standard output is the result.
  const write = (text: string): boolean => io.stderr.write(text)
  const corefile = await corefileFrom(conf, io)
  const blocks = await checkServer({ ...serverOptions(corefile, port, io), write })
  // What a dump shows need not be served here.
  if (action === 'check') refuseUnserved(blocks)
  if (action === 'dump') io.stdout.write(`${JSON.stringify(blocks.map(dumpOf), undefined, 2)}\n`)
  else
    io.stdout.write(`${conf ?? 'Corefile'}: ${blocks.length} server ${blocks.length === 1 ? 'block' : 'blocks'}, ok\n`)
  return EXIT.ok
}

/** @throws {UsageError} the file cannot be written */
function writePid(path: string): void {
  try {
    writeFileSync(path, `${process.pid}\n`)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'its folder does not exist' : code === 'EACCES' ? 'permission denied' : message
    throw new UsageError('bad-argument', `Cannot write -pidfile ${path}: ${why}`)
  }
}

async function serve(flags: ServeFlags, io: Io): Promise<number> {
  const { conf, port, pidfile, quiet, debugPages, explainErrors, workers } = flags
  if (pidfile !== undefined) {
    writePid(pidfile)
    // As CoreDNS leaves none: whoever reads it later would signal a stranger. Every end passes here but SIGKILL.
    process.once('exit', () => rmSync(pidfile, { force: true }))
  }
  const options = serverOptions(await corefileFrom(conf, io), port, io)
  return superviseServer(
    (onFatal) =>
      startServer({
        ...options,
        quiet,
        onFatal,
        features: { debugPages, explainErrors },
        threads: { program: THREAD_PROGRAM, count: workers },
      }),
    {
      io,
      banner: quiet ? '' : `${VERSION_LINES}\n`,
    },
  )
}

function serverOptions(corefile: ServerOptions['corefile'], defaultPort: number, io: Io): ServerOptions {
  return {
    plugins: PLUGINS,
    corefile,
    defaultPort,
    environment: io.env,
    write: (text) => io.stdout.write(text),
  }
}

/** The file that was named, else `Corefile` if there is one, else what is piped in, else the built-in default. */
async function corefileFrom(conf: string | undefined, io: Io): Promise<ServerOptions['corefile']> {
  if (conf !== undefined && conf !== 'stdin') return { path: conf }
  if (conf === undefined && existsSync('Corefile')) return { path: 'Corefile' }
  if (conf === 'stdin' || isPiped(io)) return { text: await readAll(io), name: 'stdin' }
  return { text: '', name: 'Corefile' }
}

function isPiped({ stdin }: Io): boolean {
  if (stdin !== process.stdin || process.stdin.isTTY) return false
  try {
    const input = fstatSync(0)
    return input.isFIFO() || input.isFile() || input.isSocket()
  } catch {
    return false
  }
}

async function readAll({ stdin }: Io): Promise<string> {
  const parts: string[] = []
  stdin.setEncoding('utf8')
  for await (const part of stdin) parts.push(String(part))
  return parts.join('')
}

/** Exit code 1 and one line, with a second one for what a person can do; as CoreDNS ends when it cannot start. */
function refuse(error: unknown, { action, conf }: ServeFlags, io: Io): number {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error
  io.stderr.write(`${error instanceof ListenError ? `Listen: ${error.message}` : describeError(error)}\n`)
  const hint =
    error instanceof CorefileError || error instanceof ListenError ? error.hint : hintForFile(error, { action, conf })
  if (hint !== undefined) io.stderr.write(`  ${hint}\n`)
  return 1
}

/** Who named a file that cannot be read. */
function hintForFile({ message }: Error, { action, conf }: Pick<ServeFlags, 'action' | 'conf'>): string | undefined {
  const isMissing = conf !== undefined && (message.startsWith(`open ${conf}: `) || message.startsWith(`read ${conf}: `))
  return isMissing ? `-${action === 'serve' ? 'conf' : action} names that file` : undefined
}

function dumpOf({ block }: ConfiguredBlock): unknown {
  const { zones, port, transport, directives } = block
  return { zones, port: String(port), transport, plugins: directives }
}

function pluginList(): string {
  const names = DIRECTIVE_ORDER.filter((name) => Object.hasOwn(PLUGINS, name))
  return [
    'Server types:',
    '  dns',
    '',
    'Plugins, in the order of the chain:',
    ...names.map((name) => `  dns.${name}`),
    '',
  ].join('\n')
}

const SERVE_HELP = `Usage: fathom serve [FLAGS]

Serves DNS from a Corefile, as CoreDNS does.

  -conf FILE        Corefile (default "Corefile"; standard input when it is piped)
  -dns.port N, -p N port of server blocks that name none (default 53)
  -pidfile FILE     writes the process id there
  -plugins          lists the plugins
  -quiet            no start-up output
  -version          prints the version
  -check FILE       parses and sets up FILE without listening; exit status 1 if it cannot be used
  -dump FILE        as -check, and prints the server blocks as JSON

Beyond CoreDNS's:
  -debug-pages      adds /dns-query?name=NAME&type=TYPE, /debug/upstreams and /debug/config to the metrics pages
  -workers N        threads that answer over UDP (default: what multisocket says, else 1)
  -explain-errors   tells clients that speak EDNS why there is no answer (RFC 8914); the text names objects

Signals: SIGTERM and SIGINT end it in order (lameduck, queries in flight), a second SIGINT or SIGQUIT at once;
SIGUSR1 reloads the Corefile; SIGHUP is ignored. SIGUSR2 (upgrade of the binary) is not offered.
`
