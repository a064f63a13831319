// The built program as a process of its own: its output, its exit code, signals.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

const PROGRAM = resolve(import.meta.dirname, '../../bin/fathom.js')

/** Why the program cannot be run; undefined when it can. */
export const WHY_NOT_BUILT: string | undefined = existsSync(resolve(import.meta.dirname, '../../dist/main.js'))
  ? undefined
  : 'the program is not built: run "npm run build"'

export interface ProcessRig {
  readonly child: ChildProcess
  /** Standard output so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  /** Exit code once it ended; a signal's name if that ended it. */
  readonly ended: Promise<number | string>
}

export interface ProgramOptions {
  /** Goes to its standard input. */
  readonly input?: string
  readonly cwd?: string
  /** Set beside the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>
}

/** Starts `fathom` with these arguments. */
export function startProgram(args: readonly string[], options: ProgramOptions = {}): ProcessRig {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (part: Buffer) => (stdout += part.toString()))
  child.stderr?.on('data', (part: Buffer) => (stderr += part.toString()))
  if (options.input !== undefined) child.stdin?.end(options.input)
  const ended = new Promise<number | string>((done) => {
    child.on('close', (code, signal) => done(code ?? signal ?? 'unknown'))
  })
  return { child, stdout: () => stdout, stderr: () => stderr, ended }
}
