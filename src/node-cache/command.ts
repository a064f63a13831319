// Runs the system's programs (`ip`, `iptables`) and turns their failures into values: a code and the first line they said.
import { execFile } from 'node:child_process'

/** How a program ended. */
export interface CommandResult {
  /** Exit status; undefined when it could not be started, was killed, or took too long. */
  readonly status: number | undefined
  readonly stdout: string
  /** First line of standard error, or why it could not be started; empty when all went well. */
  readonly complaint: string
}

export type RunCommand = (program: string, args: readonly string[]) => Promise<CommandResult>

/** `iptables -w` waits for the lock; a minute of that is a fault, not patience. */
const TIMEOUT_MS = 20_000
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024
/** Where these programs lie when a minimal PATH does not name the place. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin'

/** Runs one program to its end; never rejects. */
export const runCommand: RunCommand = (program, args) =>
  new Promise((resolve) => {
    const path = [process.env['PATH'], SYSTEM_PATH].filter((part) => part !== undefined && part !== '').join(':')
    const env = { ...process.env, PATH: path, LC_ALL: 'C' }
    execFile(program, [...args], { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, env }, (error, stdout, stderr) => {
      if (error === null) {
        resolve({ status: 0, stdout, complaint: '' })
        return
      }
      const said = stderr.split('\n').find((line) => line.trim() !== '')
      const missing = error.code === 'ENOENT'
      const why = missing
        ? `the program "${program}" is not installed`
        : error.killed === true
          ? `no end after ${TIMEOUT_MS / 1000} s`
          : error.message
      const status = typeof error.code === 'number' ? error.code : undefined
      resolve({ status, stdout, complaint: missing ? why : (said ?? why.split('\n')[0] ?? '') })
    })
  })
