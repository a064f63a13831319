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
type StartReport = { readonly ready: true } | { readonly error: string }

/** Starts a lab in this process; resolves when it is ended. @throws {LabError} */
export async function upInForeground(io: Io, flags: UpFlags): Promise<void> {
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

function report(outcome: StartReport): void {
  process.send?.(outcome)
  if (process.connected) process.disconnect()
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    onInterrupt(resolve)
  })
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
