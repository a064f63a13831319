// Where running labs are written down: one folder each, readable by this user alone.
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError, describeError } from '../../base/index.ts'
import { LabError } from '../cluster/lab-error.ts'

/** What is known of a lab from outside its process. */
export interface LabState {
  readonly name: string
  readonly pid: number
  /** RFC 3339. */
  readonly startedAt: string
  readonly grade: 'loopback' | 'netns'
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string
  /** Path of the socket that the lab listens on for commands. */
  readonly socket: string
  /** URL of the API server. */
  readonly server: string
  /** The folder that describes the cluster. */
  readonly cluster: string
}

export const DEFAULT_LAB = 'reference'
const NAME = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/
const STATE = 'state.json'
/** In the folder of a lab: the process that brings it up. */
const STARTED_BY = 'started-by'

/** The paths of one lab. @throws {UsageError} for a name that is none */
export function labPaths(name: string): {
  readonly folder: string
  readonly state: string
  readonly kubeconfig: string
  readonly socket: string
  readonly log: string
} {
  if (!NAME.test(name)) {
    throw new UsageError(
      'bad-argument',
      `Cannot use lab name "${name}": it must be 1 to 40 of a-z, 0-9 and "-", not starting or ending with "-"`,
    )
  }
  const folder = join(labsFolder(), name)
  return {
    folder,
    state: join(folder, STATE),
    kubeconfig: join(folder, 'kubeconfig'),
    socket: join(folder, 'control.sock'),
    log: join(folder, 'lab.log'),
  }
}

/** Longest path of a local socket that every system takes, in octets (sun_path has 108 on Linux, 104 elsewhere). */
const MAX_SOCKET_PATH = 103

/** Makes a lab's folder. @returns whether it is new @throws {LabError} `start-failed` when it cannot be made or the place belongs to somebody else */
export function createLabFolder(name: string): boolean {
  const root = labsFolder()
  const { folder, socket } = labPaths(name)
  const hint = 'set XDG_RUNTIME_DIR to a folder of yours with a short path'
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH) {
    throw new LabError('start-failed', `Cannot write down the lab: "${socket}" is too long for a socket; ${hint}`)
  }
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 })
    // The name below /tmp can be guessed: a folder that somebody else made there must not get our tokens.
    const found = lstatSync(root)
    const isOurs = found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid())
    if (!isOurs) throw new LabError('start-failed', `"${root}" belongs to somebody else`)
    const isNew = mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined
    if (isNew) writeFileSync(join(folder, STARTED_BY), `${process.pid}\n`, { mode: 0o600 })
    return isNew
  } catch (error) {
    throw new LabError('start-failed', `Cannot write down the lab: ${describeError(error)}; ${hint}`, { cause: error })
  }
}

/** Writes a lab's state and kubeconfig. */
export function writeLab(state: LabState, kubeconfig: string): void {
  writeFileSync(state.kubeconfig, kubeconfig, { mode: 0o600 })
  writeFileSync(labPaths(state.name).state, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
}

/** The state of a lab whose process lives; undefined when there is none. A lab that crashed is cleared away. */
export function readLab(name: string): LabState | undefined {
  const state = readState(name)
  if (state === undefined) return undefined
  if (isAlive(state.pid)) return state
  removeLab(name)
  return undefined
}

/** All labs that run, by name. */
export function listLabs(): LabState[] {
  const names = readNames().filter((name) => NAME.test(name))
  return names.flatMap((name) => readLab(name) ?? []).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Removes the folder of a lab whose process was killed before it was up. @returns whether there was one */
export function clearUnfinished(name: string): boolean {
  const { folder } = labPaths(name)
  if (!existsSync(folder) || readState(name) !== undefined) return false
  const pid = readStarter(folder)
  if (pid !== undefined && isAlive(pid)) return false
  removeLab(name)
  return true
}

function readStarter(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, STARTED_BY), 'utf8'))
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

/** Removes what a lab wrote down. */
export function removeLab(name: string): void {
  rmSync(labPaths(name).folder, { recursive: true, force: true })
  try {
    rmdirSync(labsFolder())
  } catch {
    // Other labs are in it, or it was never made.
  }
}

function labsFolder(): string {
  const runtime = process.env['XDG_RUNTIME_DIR']
  if (runtime !== undefined && runtime !== '') return join(runtime, 'fathom-lab')
  return join(tmpdir(), `fathom-lab-${process.getuid?.() ?? 'user'}`)
}

function readNames(): string[] {
  try {
    return readdirSync(labsFolder())
  } catch {
    return []
  }
}

function readState(name: string): LabState | undefined {
  try {
    return JSON.parse(readFileSync(labPaths(name).state, 'utf8')) as LabState
  } catch {
    return undefined
  }
}

/** Whether a process runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether a process ended and only waits for its parent to notice, as in containers whose first process never does. */
function isZombie(pid: number): boolean {
  try {
    // PID (COMMAND) STATE …, where the command may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 1).trimStart()[0] === 'Z'
  } catch {
    return false
  }
}
