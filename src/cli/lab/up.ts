// `fathom lab up`: a lab in a process of its own, or in this one.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { describeError } from '../../base/errors.ts'
import {
  LabError,
  callLab,
  clearKilledLab,
  createLabFolder,
  labPaths,
  readLab,
  removeLab,
  runLab,
} from '../../lab/index.ts'
import type { LabState } from '../../lab/index.ts'
import { EXIT } from '../command.ts'
import type { Io } from '../command.ts'
import { SIGNALS, onInterrupt } from './signals.ts'
import { runOptionsOf } from './up-options.ts'
import type { UpFlags } from './up-options.ts'

/** How long a lab may take to come up, in milliseconds: many times what it takes on a machine with nothing else to do. */
const UP_TIMEOUT_MS = 180_000

/** What the lab's process tells the one that started it, once. */
type StartReport = { readonly ready: true } | { readonly error: string; readonly code?: string }

/** Starts a lab in this process; resolves when it is ended. @throws {LabError} */
export async function upInForeground(io: Io, flags: UpFlags): Promise<void> {
  const options = runOptionsOf(flags)
  const interruption = new AbortController()
  const interrupt = (): void => interruption.abort()
  onInterrupt(interrupt)
  // Whoever started it was killed before it was up: nobody knows of it.
  process.once('disconnect', interrupt)
  const lab = await runLab({ ...options, signal: interruption.signal }).catch((error: unknown) => {
    report({ error: describeError(error), ...(error instanceof LabError ? { code: error.code } : {}) })
    throw error
  })
  process.removeListener('disconnect', interrupt)
  report({ ready: true })
  io.stdout.write(describeLab(lab.state))
  const interrupted = new Promise((resolve) => {
    interruption.signal.addEventListener('abort', resolve)
  })
  if (!interruption.signal.aborted) await Promise.race([lab.stopRequested, interrupted])
  await lab.close()
  // Nothing is open any more; timers of half-closed connections must not keep the process.
  process.exit(EXIT.ok)
}

function report(outcome: StartReport): void {
  if (!process.connected) return
  process.send?.(outcome)
  process.disconnect()
}

/** Starts a lab that goes on when this program ends. @throws {LabError} */
export async function up(io: Io, flags: UpFlags): Promise<void> {
  const other = readLab(flags.name)
  if (other !== undefined && (await isAnswering(other))) {
    throw new LabError(
      'lab-exists',
      `Cannot start lab "${flags.name}": it runs already (process ${other.pid}); "fathom lab down --name ${flags.name}" ends it`,
    )
  }
  // Bad words are refused here, before anything is written down.
  runOptionsOf(flags)
  const isNew = createLabFolder(flags.name)
  await startInBackground(flags, isNew)
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

async function startInBackground(flags: UpFlags, isNew: boolean): Promise<void> {
  const { name } = flags
  const args = ['lab', 'up', '--foreground', '--name', name]
  args.push('--grade', flags.grade)
  if (flags.cluster !== undefined) args.push('--cluster', flags.cluster)
  if (flags.cni !== undefined) args.push('--cni', flags.cni)
  if (flags.coredns !== undefined) args.push('--coredns', flags.coredns)
  if (flags.nodeCache !== undefined) args.push('--node-cache', flags.nodeCache)
  if (flags.healthy === true) args.push('--healthy')
  const interruption = new Promise<StartFailure>((resolve) => {
    onInterrupt(() => resolve({ why: `Cannot start lab "${name}": interrupted` }))
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
    await endAll(child)
    const isOthers = failure.code === 'lab-exists'
    if (isNew || !isOthers) removeLab(name)
    if (isOthers) throw new LabError('lab-exists', failure.why)
    await clearKilledLab(name)
    throw new LabError('start-failed', failure.why)
  }
  // From here on the lab is on its own.
  if (child.connected) child.disconnect()
  child.unref()
}

/** Why a lab did not come up. */
interface StartFailure {
  readonly why: string
  readonly code?: string
}

/** Kills the lab's process and with it what it started: a tool that is at work would go on making things. */
async function endAll(child: ChildProcess): Promise<void> {
  const { pid } = child
  if (pid === undefined) return
  const gone = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  const isThere = child.exitCode === null && child.signalCode === null
  try {
    // It leads a group of processes.
    process.kill(-pid, 'SIGKILL')
  } catch {
    // None is left.
  }
  if (isThere) await gone
}

/** Resolves with nothing once the lab says that it is up, else with what went wrong. */
function startReported(child: ChildProcess, name: string): Promise<StartFailure | undefined> {
  return new Promise((resolve) => {
    const fail = (what: string): void => resolve({ why: `Cannot start lab "${name}": ${what}` })
    const timer = setTimeout(() => fail(`it was not ready within ${UP_TIMEOUT_MS / 1000} s`), UP_TIMEOUT_MS)
    timer.unref()
    child.once('message', (outcome: StartReport) => {
      if (!('error' in outcome)) resolve(undefined)
      else resolve({ why: outcome.error, ...(outcome.code === undefined ? {} : { code: outcome.code }) })
    })
    child.once('error', (error) => fail(describeError(error)))
    child.once('close', (code) => fail(`its process ended with ${code ?? 'a signal'}`))
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
