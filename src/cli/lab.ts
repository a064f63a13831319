// `fathom lab`: a cluster to try, to learn on and to test the doctor on, up and down, with faults to put in and take out.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs'
import { constants as osConstants } from 'node:os'
import { resolve } from 'node:path'
import { Command as CommanderCommand, CommanderError } from 'commander'
import { closestTexts } from '../base/edit-distance.ts'
import { UsageError, describeError } from '../base/errors.ts'
import {
  DEFAULT_LAB,
  FAULTS,
  LabError,
  callControl,
  callLab,
  clearKilledLab,
  createLabFolder,
  killedLabs,
  labPaths,
  listLabs,
  readLab,
  referenceCluster,
  removeLab,
  runLab,
} from '../lab/index.ts'
import type { LabState, LabStatus, RunOptions } from '../lab/index.ts'
import type { Place } from '../vantage/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { usageErrorOf } from './commander-error.ts'
import { verifyFaults } from './lab/verify.ts'

interface UpFlags {
  readonly name: string
  readonly grade: string
  readonly cluster?: string
  readonly cni?: string
  readonly coredns?: string
  readonly nodeCache?: string
  readonly foreground?: true
  readonly healthy?: true
}

interface NameFlags {
  readonly name?: string
}

/** How long a lab may take to come up, in milliseconds: many times what it takes on a machine with nothing else to do. */
const UP_TIMEOUT_MS = 180_000
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
      'A cluster on this machine: an API server that kubectl can use, CoreDNS replicas, node caches and upstreams, on ' +
        'loopback ports or in network namespaces. Nothing is sent to the real owners of its addresses.',
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => undefined })
    .helpCommand(false)
  const nameOption = ['--name <NAME>', 'which lab, when several run'] as const
  program
    .command('up')
    .description('start a lab and leave it running')
    .option('--name <NAME>', 'what to call it', DEFAULT_LAB)
    .option(
      '--grade <GRADE>',
      'loopback (anywhere) or netns (Linux, root: real packets in network namespaces)',
      'loopback',
    )
    .option('--cluster <FOLDER>', 'a folder that describes a cluster (default: the reference cluster)')
    .option('--cni <NAME>', 'netns: how pods are connected, calico (routes) or flannel (VXLAN)')
    .option('--coredns <PATH>', 'netns: a CoreDNS to run in its replicas instead of this program')
    .option('--node-cache <PATH>', 'netns: a node-cache to run instead of this program')
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
    .option('-o, --output <FORMAT>', 'text or json', 'text')
    .action((flags: { readonly output: string }) => listFaults(io, flags))
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
    .command('verify')
    .description('put each fault in and take it out again, looking by dig, kubectl, iptables-save and the like')
    .argument('[FAULT...]', 'default: all that the lab can have')
    .option(...nameOption)
    .option('-o, --output <FORMAT>', 'text or json', 'text')
    .action(async (faults: string[], { name, output }: NameFlags & { readonly output: string }) => {
      checkOutput(output)
      setCode(await verifyFaults(io, findLab(name), { faults, output }))
    })
  program
    .command('exec')
    .description('run a command inside a pod or node (needs a lab of network namespaces)')
    .argument('<POD>', 'NAMESPACE/POD, POD, or node/NODE')
    .argument('[COMMAND...]', 'after "--"; a shell when there is none')
    .option(...nameOption)
    .option('-n, --namespace <NAMESPACE>', 'of a pod that is given by its name alone', 'default')
    .action(async (pod: string, command: string[], flags: ExecFlags) => setCode(await exec(pod, command, flags)))
  for (const command of program.commands) command.exitOverride().configureOutput(program.configureOutput())
  return program
}

// --- up ---

/** What the lab's process tells the one that started it, once. */
type StartReport = { readonly ready: true } | { readonly error: string }

async function upInForeground(io: Io, flags: UpFlags): Promise<void> {
  const options = runOptionsOf(flags)
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

/** @throws {UsageError} */
function runOptionsOf(flags: UpFlags): RunOptions {
  const { name, grade, cni, coredns, nodeCache } = flags
  if (grade !== 'loopback' && grade !== 'netns') {
    throw new UsageError('bad-argument', `Cannot start a lab of grade "${grade}": there are loopback and netns`)
  }
  if (cni !== undefined && cni !== 'calico' && cni !== 'flannel') {
    throw new UsageError('bad-argument', `Cannot connect pods by "${cni}": --cni takes calico or flannel`)
  }
  const forNetns = Object.entries({ '--cni': cni, '--coredns': coredns, '--node-cache': nodeCache })
  const unfit = forNetns.find(([, value]) => value !== undefined && grade === 'loopback')
  if (unfit !== undefined) throw new UsageError('bad-argument', `${unfit[0]} is for --grade netns alone`)
  const programs = {
    fathom: [process.execPath, resolve(process.argv[1] ?? '')],
    coredns: executable('--coredns', coredns),
    nodeCache: executable('--node-cache', nodeCache),
  }
  return {
    name,
    ...(grade === 'netns' ? { netns: { programs, cni: cni ?? 'calico' } } : {}),
    cluster: flags.cluster ?? referenceCluster(),
    healthy: flags.healthy === true,
  }
}

/** @throws {UsageError} `bad-argument` when nobody could run it */
function executable(flag: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const full = resolve(path)
  try {
    accessSync(full, constants.X_OK)
    if (statSync(full).isFile()) return full
  } catch {
    // Said below.
  }
  throw new UsageError('bad-argument', `Cannot use ${flag} "${path}": it is no program that can be run`)
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
  // Bad words are refused here, before anything is written down.
  runOptionsOf(flags)
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
  args.push('--grade', flags.grade)
  if (flags.cluster !== undefined) args.push('--cluster', flags.cluster)
  if (flags.cni !== undefined) args.push('--cni', flags.cni)
  if (flags.coredns !== undefined) args.push('--coredns', flags.coredns)
  if (flags.nodeCache !== undefined) args.push('--node-cache', flags.nodeCache)
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
    const gone = new Promise((resolve) => {
      child.once('exit', resolve)
    })
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await gone
    removeLab(name)
    await clearKilledLab(name)
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
  const killed = killedLabs()
  const [only] = killed
  const left = name ?? (listLabs().length === 0 && killed.length === 1 ? only : undefined)
  if (left !== undefined && killed.includes(left)) {
    await clearKilledLab(left)
    io.stdout.write(`lab "${left}" had been killed; what it left is removed\n`)
    return
  }
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
    await hasEnded(state.pid)
    removeLab(state.name)
    await clearKilledLab(state.name)
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
  checkOutput(output)
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
  for (const lab of killedLabs()) {
    io.stderr.write(
      `fathom: lab "${lab}" was killed and left its namespaces; "fathom lab down --name ${lab}" removes them\n`,
    )
  }
  io.stdout.write(all.map((lab) => describeStatus(lab, { withAddresses: name !== undefined })).join('\n'))
  return EXIT.ok
}

function describeStatus(lab: LabState & LabStatus, { withAddresses }: { readonly withAddresses: boolean }): string {
  const width = Math.max(...lab.addresses.map(({ address }) => address.length))
  const atWidth = Math.max(16, ...lab.addresses.map(({ at }) => at.length))
  const addresses = lab.addresses.map(
    ({ who, address, at }) => `  ${address.padEnd(width)}  ${at.padEnd(atWidth)}  ${who}`,
  )
  const repaired = lab.repaired.length === 0 ? '' : `; injected and repaired since: ${lab.repaired.join(', ')}`
  return [
    `lab "${lab.name}" (${lab.grade}, process ${lab.pid}, since ${lab.startedAt})`,
    `faults injected: ${lab.faults.join(', ') || 'none'}${repaired}`,
    `export KUBECONFIG=${lab.kubeconfig}`,
    ...lab.notes,
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

// --- exec ---

interface ExecFlags extends NameFlags {
  readonly namespace: string
}

/** What a shell says of a program that a signal ended. */
const SIGNAL_BASE = 128

async function exec(pod: string, command: readonly string[], flags: ExecFlags): Promise<number> {
  const [first = '', second] = pod.split('/')
  const place: Place =
    first === 'node' && second !== undefined
      ? { kind: 'node', name: second }
      : { kind: 'pod', namespace: second === undefined ? flags.namespace : first, name: second ?? first }
  const [program = '', ...words] = await callLab(findLab(flags.name), 'enter', { place })
  const child = spawn(program, [...words, ...(command.length === 0 ? ['/bin/sh'] : command)], { stdio: 'inherit' })
  // The terminal sends these to both: it is the command that decides what they mean.
  for (const signal of SIGNALS) process.on(signal, () => undefined)
  return new Promise((settle, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) =>
      settle(code ?? SIGNAL_BASE + (signal === null ? 0 : osConstants.signals[signal])),
    )
  })
}

function checkOutput(output: string): void {
  if (output !== 'text' && output !== 'json') {
    throw new UsageError('bad-argument', `Cannot print as "${output}": -o takes text or json`)
  }
}

// --- Faults ---

function listFaults(io: Io, { output }: { readonly output: string }): void {
  checkOutput(output)
  if (output === 'json') {
    const faults = FAULTS.map(({ name, cause = name, needs, summary, shownBy = [] }) => ({
      name,
      cause,
      ...(needs === undefined ? {} : { needs }),
      summary,
      shownBy,
    }))
    io.stdout.write(`${JSON.stringify({ faults }, undefined, 2)}\n`)
    return
  }
  const width = Math.max(...FAULTS.map(({ name }) => name.length))
  for (const { name, cause = name, needs, summary, shownBy } of FAULTS) {
    const show =
      shownBy === undefined
        ? ''
        : `\n${' '.repeat(width + 2)}see it with: fathom doctor --lab=NAME ${shownBy.join(' ')}`
    const more = [
      ...(cause === name ? [] : [`the cause to find: ${cause}`]),
      ...(needs === undefined
        ? []
        : [needs === 'netns' ? 'needs --grade netns' : `needs --grade netns --cni ${needs}`]),
    ]
    const about = more.length === 0 ? '' : `\n${' '.repeat(width + 2)}${more.join('; ')}`
    io.stdout.write(`${name.padEnd(width)}  ${summary}${about}${show}\n`)
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
