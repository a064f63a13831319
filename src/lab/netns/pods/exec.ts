// Commands in a pod of a lab of namespaces: processes in the pod's place, with a terminal of their own when one is wanted.
import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { accessSync, closeSync, constants } from 'node:fs'
import { basename, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { objectsAt, textAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { notInImage, programsOfImage } from '../../cluster/image-programs.ts'
import type { PodCommand, PodProcess } from '../../cluster/pod-access.ts'
import { openPseudoTerminal } from '../../../sys/index.ts'
import { requireLibc } from '../namespace-sockets.ts'
import { toolEnvironment } from '../run-tool.ts'
import type { Place } from './place.ts'

/** As a shell reports a death by signal. */
const KILLED = 137

/** Starts a command in a pod's place. Rejects when its image has no such program, or nothing runs there. */
export async function execInPod(
  place: Place | undefined,
  pod: RawObject,
  { container, command, tty }: PodCommand,
): Promise<PodProcess> {
  if (place === undefined) throw new Error(`container not found ("${container}")`)
  const [program = ''] = command
  const spec = ['containers', 'ephemeralContainers']
    .flatMap((list) => objectsAt(pod, 'spec', list))
    .find((candidate) => candidate['name'] === container)
  const only = programsOfImage(textAt(spec ?? {}, 'image'))
  if (only !== undefined ? !only.includes(basename(program)) : !isProgram(program)) throw notInImage(program)
  return tty ? startOnTerminal([...place.enter(), ...command]) : startOnPipes([...place.enter(), ...command])
}

function startOnPipes(words: readonly string[]): PodProcess {
  // A session of its own, so that its children can be ended with it.
  const child = start(words, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const { stdin, stdout, stderr } = child as ChildProcess & { stdin: Writable; stdout: Readable; stderr: Readable }
  return { stdin, stdout, stderr, ended: ended(child), resize: () => undefined, kill: () => killGroup(child) }
}

function startOnTerminal(words: readonly string[]): PodProcess {
  const terminal = openPseudoTerminal(requireLibc())
  const { slaveFd, stream } = terminal
  const child = start(['setsid', '--ctty', ...words], { stdio: [slaveFd, slaveFd, slaveFd] })
  closeSync(slaveFd)
  // The kernel's way to say that nobody has the other end any more.
  stream.on('error', () => stream.destroy())
  return { stdin: stream, stdout: stream, ended: ended(child), resize: terminal.resize, kill: () => killGroup(child) }
}

function start([file = '', ...args]: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(file, args, { env: { ...toolEnvironment(), TERM: 'xterm' }, ...options })
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(KILLED))
    child.once('exit', (code) => resolve(code ?? KILLED))
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    child.kill('SIGKILL')
  }
}

function isProgram(program: string): boolean {
  const folders = (toolEnvironment()['PATH'] ?? '').split(':')
  const candidates = program.includes('/') ? [program] : folders.map((folder) => join(folder, program))
  return candidates.some((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
