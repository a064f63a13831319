// `fathom lab`: a cluster to try, to learn on and to test the doctor on, up and down, with faults to put in and take out.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { Command as CommanderCommand, CommanderError } from 'commander'
import { closestTexts } from '../base/edit-distance.ts'
import { UsageError, describeError } from '../base/errors.ts'
import {
  DEFAULT_LAB,
  FAULTS,
  LabError,
  callControl,
  callLab,
  createLabFolder,
  labPaths,
  listLabs,
  readLab,
  referenceCluster,
  removeLab,
  runLab,
} from '../lab/index.ts'
import type { LabState, LabStatus } from '../lab/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { usageErrorOf } from './commander-error.ts'

interface UpFlags {
  readonly name: string
  readonly cluster?: string
  readonly foreground?: true
  readonly healthy?: true
}

interface NameFlags {
  readonly name?: string
}

/** How long a lab may take to come up, in milliseconds. */
const UP_TIMEOUT_MS = 30_000
/** How long a lab may take to go down before it is ended by force, in milliseconds. */
const DOWN_TIMEOUT_MS = 10_000

export const labCommand: Command = {
  name: 'lab',
  summary: 'A cluster to try and to learn on: up, down, status, faults, inject, heal',
  async run(args, io) {
    let code: number = EXIT.ok
    const program = createProgram(io, (result) => {
      code = result
    })
    if (args.length === 0) {
      io.stderr.write(program.helpInformation())
      return EXIT.usage
    }
    const subcommand = findSubcommand(program, args[0] ?? '')
    try {
      await program.parseAsync(args, { from: 'user' })
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      if (error.exitCode === 0) return EXIT.ok
      // Nothing is parsed any more: from here on its name is what is typed to see its help.
      if (subcommand !== program) subcommand.name(`${program.name()} ${subcommand.name()}`)
      throw usageErrorOf(error, subcommand)
    }
    return code
  },
}

/** The subcommand that is meant; the program itself before options. @throws {UsageError} `unknown-command` */
function findSubcommand(program: CommanderCommand, name: string): CommanderCommand {
  if (name.startsWith('-')) return program
  const found = program.commands.find((command) => command.name() === name)
  if (found !== undefined) return found
  const names = program.commands.map((command) => command.name())
  const [meant] = closestTexts(name, names)
  const advice = meant === undefined ? `there are ${names.join(', ')};` : `did you mean "${meant}"?`
  throw new UsageError('unknown-command', `Unknown command "lab ${name}": ${advice} see "${program.name()} --help"`)
}

function createProgram(io: Io, setCode: (code: number) => void): CommanderCommand {
  const program = new CommanderCommand('fathom lab')
    .description(
      'A cluster on this machine: an API server that kubectl can use, CoreDNS replicas, node caches and upstreams, all on ' +
        'loopback ports. Nothing is sent to the addresses that the cluster seems to have.',
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => undefined })
    .helpCommand(false)
  const nameOption = ['--name <NAME>', 'which lab, when several run'] as const
  program
    .command('up')
    .description('start a lab and leave it running')
    .option('--name <NAME>', 'what to call it', DEFAULT_LAB)
    .option('--cluster <FOLDER>', 'a folder that describes a cluster (default: the reference cluster)')
    .option('--healthy', 'without the faults that the cluster has from the start')
    .option('--foreground', 'stay in the foreground until interrupted')
    .action((flags: UpFlags) => (flags.foreground === true ? upInForeground(io, flags) : up(io, flags)))
  program
    .command('down')
    .description('end a lab')
    .option(...nameOption)
    .action((flags: NameFlags) => down(io, flags))
  program
    .command('status')
    .description('what runs, and how to reach it')
    .option(...nameOption)
    .option('-o, --output <FORMAT>', 'text or json', 'text')
    .action(async (flags: NameFlags & { readonly output: string }) => setCode(await status(io, flags)))
  program
    .command('faults')
    .description('list the faults that can be injected')
    .action(() => listFaults(io))
  program
    .command('inject')
    .description('put a fault in')
    .argument('<FAULT>')
    .option(...nameOption)
    .action((fault: string, flags: NameFlags) => inject(io, fault, flags))
  program
    .command('heal')
    .description('take a fault out, or all of them')
    .argument('[FAULT]')
    .option(...nameOption)
    .action((fault: string | undefined, flags: NameFlags) => heal(io, fault, flags))
  program
    .command('exec')
    .description('run a command inside a pod (needs a lab of network namespaces)')
    .argument('<POD>')
    .argument('[COMMAND...]')
    .allowUnknownOption()
    .action(() => {
      throw new LabError(
        'not-supported',
        'Cannot run a command in a pod: the pods of a loopback lab are no places of their own; "fathom doctor --lab --from NAMESPACE/POD" asks from one',
      )
    })
  for (const command of program.commands) command.exitOverride().configureOutput(program.configureOutput())
  return program
}

// --- up ---

/** What the lab's process tells the one that started it, once. */
type StartReport = { readonly ready: true } | { readonly error: string }

async function upInForeground(io: Io, flags: UpFlags): Promise<void> {
  const options = { name: flags.name, cluster: flags.cluster ?? referenceCluster(), healthy: flags.healthy === true }
  const lab = await runLab(options).catch((error: unknown) => {
    report({ error: describeError(error) })
    throw error
  })
  report({ ready: true })
  io.stdout.write(describeLab(lab.state))
  await Promise.race([lab.stopRequested, interrupted()])
  await lab.close()
  // Nothing is open any more; timers of half-closed connections must not keep the process.
  process.exit(EXIT.ok)
}

function report(outcome: StartReport): void {
  process.send?.(outcome)
  if (process.connected) process.disconnect()
}

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const

function onInterrupt(listener: () => void): void {
  for (const signal of SIGNALS) process.once(signal, listener)
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    onInterrupt(resolve)
  })
}

async function up(io: Io, flags: UpFlags): Promise<void> {
  const other = readLab(flags.name)
  if (other !== undefined && (await isAnswering(other))) {
    throw new LabError(
      'lab-exists',
      `Cannot start lab "${flags.name}": it runs already (process ${other.pid}); "fathom lab down --name ${flags.name}" ends it`,
    )
  }
  createLabFolder(flags.name)
  await startInBackground(flags)
  const state = readLab(flags.name)
  if (state === undefined) throw new LabError('start-failed', `Cannot start lab "${flags.name}": it ended at once`)
  io.stdout.write(describeLab(state))
}

/** Whether the lab that is written down is really there; one that is not is cleared away. */
async function isAnswering(lab: LabState): Promise<boolean> {
  return callLab(lab, 'status', {}).then(
    () => true,
    () => readLab(lab.name) !== undefined,
  )
}

async function startInBackground(flags: UpFlags): Promise<void> {
  const { name } = flags
  const args = ['lab', 'up', '--foreground', '--name', name]
  if (flags.cluster !== undefined) args.push('--cluster', flags.cluster)
  if (flags.healthy === true) args.push('--healthy')
  const interruption = new Promise<string>((resolve) => {
    onInterrupt(() => resolve(`Cannot start lab "${name}": interrupted`))
  })
  const log = openSync(labPaths(name).log, 'w', 0o600)
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...args], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  const failure = await Promise.race([startReported(child, name), interruption])
  for (const signal of SIGNALS) process.removeAllListeners(signal)
  child.removeAllListeners()
  if (failure !== undefined) {
    child.kill('SIGKILL')
    removeLab(name)
    throw new LabError('start-failed', failure)
  }
  // From here on the lab is on its own.
  if (child.connected) child.disconnect()
  child.unref()
}

/** Resolves with nothing once the lab says that it is up, else with what went wrong. */
function startReported(child: ChildProcess, name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const tooLate = `Cannot start lab "${name}": it was not ready within ${UP_TIMEOUT_MS / 1000} s`
    const timer = setTimeout(() => resolve(tooLate), UP_TIMEOUT_MS)
    timer.unref()
    child.once('message', (outcome: StartReport) => resolve('error' in outcome ? outcome.error : undefined))
    child.once('error', (error) => resolve(`Cannot start lab "${name}": ${describeError(error)}`))
    child.once('close', (code) => resolve(`Cannot start lab "${name}": its process ended with ${code ?? 'a signal'}`))
  })
}

function describeLab(state: LabState): string {
  return [
    `lab "${state.name}" is up (process ${state.pid}, API server ${state.server})`,
    '',
    `  export KUBECONFIG=${state.kubeconfig}`,
    '',
    `  ${'kubectl get pods -A -o wide'.padEnd(40)} look at the cluster`,
    `  ${`fathom doctor --lab=${state.name}`.padEnd(40)} find out what is wrong with it`,
    `  ${`fathom lab status --name ${state.name}`.padEnd(40)} its addresses, and the faults that are in it`,
    `  ${`fathom lab down --name ${state.name}`.padEnd(40)} end it`,
    '',
  ].join('\n')
}

// --- down, status ---

async function down(io: Io, { name }: NameFlags): Promise<void> {
  const state = findLab(name)
  try {
    await callControl(state.socket, 'stop', {})
  } catch (error) {
    // Whoever has that process number now may be somebody else's program: it is not ended by force.
    removeLab(state.name)
    const advice = `what it wrote down is cleared away; process ${state.pid} is left alone`
    throw new LabError('lab-not-running', `Lab "${state.name}" does not answer: ${advice}`, { cause: error })
  }
  if (!(await hasEnded(state.pid))) {
    process.kill(state.pid, 'SIGKILL')
    removeLab(state.name)
  }
  io.stdout.write(`lab "${state.name}" is down\n`)
}

async function hasEnded(pid: number): Promise<boolean> {
  const deadline = Date.now() + DOWN_TIMEOUT_MS
  while (Date.now() < deadline) {
    try {
      process.kill(pid, 0)
    } catch {
      return true
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
  return false
}

async function status(io: Io, { name, output }: NameFlags & { readonly output: string }): Promise<number> {
  if (output !== 'text' && output !== 'json') {
    throw new UsageError('bad-argument', `Cannot print as "${output}": -o takes text or json`)
  }
  const labs = name === undefined ? listLabs() : [findLab(name)]
  const all = []
  for (const lab of labs) {
    try {
      all.push({ ...lab, ...(await callLab(lab, 'status', {})) })
    } catch (error) {
      // Of several, one that was killed must not hide the others.
      if (name !== undefined || !(error instanceof LabError)) throw error
      io.stderr.write(`fathom: ${error.message}\n`)
    }
  }
  if (output === 'json') {
    io.stdout.write(`${JSON.stringify({ schemaVersion: 1, labs: all }, null, 2)}\n`)
    return EXIT.ok
  }
  if (labs.length === 0) io.stdout.write('no lab runs; "fathom lab up" starts one\n')
  io.stdout.write(all.map((lab) => describeStatus(lab, { withAddresses: name !== undefined })).join('\n'))
  return EXIT.ok
}

function describeStatus(lab: LabState & LabStatus, { withAddresses }: { readonly withAddresses: boolean }): string {
  const width = Math.max(...lab.addresses.map(({ address }) => address.length))
  const addresses = lab.addresses.map(
    ({ who, address, loopback }) => `  ${address.padEnd(width)}  ${loopback.padEnd(16)}  ${who}`,
  )
  const repaired = lab.repaired.length === 0 ? '' : `; injected and repaired since: ${lab.repaired.join(', ')}`
  return [
    `lab "${lab.name}" (${lab.grade}, process ${lab.pid}, since ${lab.startedAt})`,
    `faults injected: ${lab.faults.join(', ') || 'none'}${repaired}`,
    `export KUBECONFIG=${lab.kubeconfig}`,
    ...(withAddresses
      ? ['', ...addresses.sort()]
      : [`${lab.addresses.length} addresses: "fathom lab status --name ${lab.name}" lists them`]),
    '',
  ].join('\n')
}

/** The lab of that name, or the only one that runs. @throws {LabError} `lab-not-running` */
function findLab(name: string | undefined): LabState {
  const running = listLabs()
  const names = running.map((lab) => lab.name).join(', ') || 'none'
  if (name === undefined && running.length > 1) {
    throw new UsageError('missing-argument', `Which lab? Several run (${names}); say --name NAME`)
  }
  const found = name === undefined ? running[0] : readLab(name)
  if (found !== undefined) return found
  throw new LabError(
    'lab-not-running',
    name === undefined ? 'No lab runs; "fathom lab up" starts one' : `No lab "${name}" runs (running: ${names})`,
  )
}

// --- Faults ---

function listFaults(io: Io): void {
  const width = Math.max(...FAULTS.map(({ name }) => name.length))
  for (const { name, summary, shownBy } of FAULTS) {
    const show =
      shownBy === undefined
        ? ''
        : `\n${' '.repeat(width + 2)}see it with: fathom doctor --lab=NAME ${shownBy.join(' ')}`
    io.stdout.write(`${name.padEnd(width)}  ${summary}${show}\n`)
  }
}

async function inject(io: Io, fault: string, { name }: NameFlags): Promise<void> {
  const present = await callLab(findLab(name), 'inject', { fault })
  io.stdout.write(`in the lab now: ${present.join(', ')}\n`)
}

async function heal(io: Io, fault: string | undefined, { name }: NameFlags): Promise<void> {
  const healed = await callLab(findLab(name), 'heal', fault === undefined ? {} : { fault })
  io.stdout.write(healed.length === 0 ? 'nothing to heal\n' : `healed: ${healed.join(', ')}\n`)
}
