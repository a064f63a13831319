// The program's entry: finds the command, turns what it throws into one line and an exit code. Loads nothing else,
// so that a cold start costs little.
import { BaseError, UnseenError, UsageError, describeError } from '../base/errors.ts'
import { PROGRAM_NAME, PROGRAM_VERSION } from '../base/version.ts'
import { allowsColor } from './allows-color.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'

interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<Command>
}

const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  explain: {
    summary: 'say what a name or address should give here, why, and which way the query takes',
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  doctor: {
    summary: "find out why a cluster's DNS fails, with proof and fix",
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  collect: {
    summary: 'write what the doctor sees to a file, to be judged without the cluster',
    load: async () => (await import('./collect.ts')).collectCommand,
  },
  lab: {
    summary: 'a cluster to try and to learn on: up, down, status, faults, inject, heal',
    load: async () => (await import('./lab.ts')).labCommand,
  },
  dig: {
    summary: "ask DNS servers, with dig's syntax and output",
    load: async () => (await import('./dig.ts')).digCommand,
  },
  trace: {
    summary: "walk a pod's query hop by hop: expected beside observed",
    load: async () => (await import('./trace.ts')).traceCommand,
  },
  capture: {
    summary: 'take packets here or inside a pod, and say what is wrong on the wire',
    load: async () => (await import('./capture.ts')).captureCommand,
  },
  pcap: {
    summary: 'read a capture of packets and say what is wrong on the wire',
    load: async () => (await import('./pcap.ts')).pcapCommand,
  },
  lint: {
    summary: 'say what is wrong with Corefiles, also inside ConfigMaps, and resolv.conf files',
    load: async () => (await import('./lint.ts')).lintCommand,
  },
  'node-cache': {
    summary: 'serve DNS to the pods of one node from a cache, as NodeLocal DNSCache does',
    load: async () => (await import('./node-cache.ts')).nodeCacheCommand,
  },
  rbac: {
    summary: 'print the Role that a tier of probing needs',
    load: async () => (await import('./rbac.ts')).rbacCommand,
  },
  serve: {
    summary: 'serve DNS from a Corefile, as CoreDNS does',
    load: async () => (await import('./serve.ts')).serveCommand,
  },
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...args] = argv
  if (name === 'help' && args[0] !== undefined) return main([args[0], '--help'])
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(helpText())
    return name === undefined ? EXIT.usage : EXIT.ok
  }
  if (name === '--version' || name === '-V' || name === '-v' || name === 'version') {
    process.stdout.write(`${PROGRAM_NAME} ${PROGRAM_VERSION}\n`)
    return EXIT.ok
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (entry === undefined) {
    const { closestTexts } = await import('../base/edit-distance.ts')
    const [meant] = closestTexts(name, Object.keys(COMMANDS), 1)
    const hint = meant === undefined ? `run "${PROGRAM_NAME} --help" for the list` : `is "${meant}" meant?`
    throw new UsageError('unknown-command', `Unknown command "${name}": ${hint}`)
  }
  const command = await entry.load()
  return command.run(args, processIo(args))
}

function processIo(args: readonly string[]): Io {
  const { stdout, stderr, stdin, env } = process
  return { stdout, stderr, stdin, env, color: allowsColor(stdout, env, args) }
}

function helpText(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length), 0)
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    `Usage: ${PROGRAM_NAME} COMMAND [ARGUMENTS]`,
    '',
    'Gets to the bottom of Kubernetes DNS.',
    '',
    ...lines,
    '',
    `"${PROGRAM_NAME} COMMAND --help" tells more; "${PROGRAM_NAME} --version" prints the version.`,
    '',
  ].join('\n')
}

// A reader that closes the pipe early ("fathom … | head") is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.usage),
)

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const verbose = process.argv.includes('--verbose')
  const expected = error instanceof BaseError
  const stack = verbose && error instanceof Error ? `\n${error.stack ?? ''}` : ''
  const line = expected
    ? describeError(error)
    : `Internal error: ${describeError(error)}; please report it with --verbose`
  process.stderr.write(`${PROGRAM_NAME}: ${line}${stack}\n`)
  process.exitCode = error instanceof UnseenError ? EXIT.inconclusive : EXIT.usage
}
