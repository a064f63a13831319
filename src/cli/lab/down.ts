// `fathom lab down`: ends a lab, or clears away what a killed one left.
import {
  LabError,
  callControl,
  clearKilledLab,
  clearUnfinished,
  isAlive,
  killedLabs,
  labProcess,
  listLabs,
  readLab,
  removeLab,
} from '../../lab/index.ts'
import type { Io } from '../command.ts'
import { findLab } from './lab-flags.ts'
import type { NameFlags } from './lab-flags.ts'

/** How long a lab may take to go down before it is ended by force, in milliseconds. */
const DOWN_TIMEOUT_MS = 10_000

/** Ends a lab and prints so. @throws {LabError} `lab-not-running` */
export async function down(io: Io, { name }: NameFlags): Promise<void> {
  const killed = killedLabs()
  const [only] = killed
  const left = name ?? (listLabs().length === 0 && killed.length === 1 ? only : undefined)
  if (left !== undefined && killed.includes(left)) {
    await clearKilledLab(left)
    io.stdout.write(`lab "${left}" had been killed; what it left is removed\n`)
    return
  }
  const pid = name === undefined ? undefined : labProcess(name)
  if (name !== undefined && pid !== undefined && readLab(name) === undefined) {
    // It is coming up, or it is written down where another XDG_RUNTIME_DIR says.
    process.kill(pid, 'SIGTERM')
    await endAndClear(name, pid)
    io.stdout.write(`lab "${name}" is down\n`)
    return
  }
  if (name !== undefined && clearUnfinished(name)) {
    io.stdout.write(`lab "${name}" had been killed before it was up; what it left is removed\n`)
    return
  }
  const state = findLab(name)
  try {
    await callControl(state.socket, 'stop', {})
  } catch (error) {
    if (labProcess(state.name) !== state.pid) {
      // Whoever has that process number now may be somebody else's program: it is not ended by force.
      removeLab(state.name)
      const advice = `what it wrote down is cleared away; process ${state.pid} is left alone`
      throw new LabError('lab-not-running', `Lab "${state.name}" does not answer: ${advice}`, { cause: error })
    }
    process.kill(state.pid, 'SIGKILL')
  }
  await endAndClear(state.name, state.pid)
  io.stdout.write(`lab "${state.name}" is down\n`)
}

/** Waits for the end of a lab's process, brings it about if that takes too long, and removes what is left then. */
async function endAndClear(name: string, pid: number): Promise<void> {
  if (!(await hasEnded(pid))) {
    process.kill(pid, 'SIGKILL')
    await hasEnded(pid)
  }
  if (readLab(name) === undefined) removeLab(name)
  await clearKilledLab(name)
}

async function hasEnded(pid: number): Promise<boolean> {
  const deadline = Date.now() + DOWN_TIMEOUT_MS
  while (Date.now() < deadline) {
    if (!isAlive(pid)) return true
    await new Promise((resolve) => {
      setTimeout(resolve, 20)
    })
  }
  return false
}
