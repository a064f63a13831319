// Running this system's own tools: ip, iptables-restore, conntrack. What they complain about becomes one line.
import { spawn } from 'node:child_process'
import { describeError } from '../../base/index.ts'
import { LabError } from '../cluster/lab-error.ts'

/** How a tool ended. */
export interface ToolResult {
  /** Exit status; 127 when there is no such program. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Where administrators' tools lie when PATH does not say so, as in a login that became root. */
const TOOL_PATH = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin'
const NOT_FOUND = 127
/** More than any of these tools takes, also where it has to wait for a CPU; in milliseconds. */
const TIMEOUT_MS = 60_000

/** The environment that tools are run with. */
export function toolEnvironment(): Record<string, string | undefined> {
  return { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:${TOOL_PATH}` }
}

/** Runs a tool to its end; a program that is not there is status 127. */
export function runTool(program: string, args: readonly string[], input = ''): Promise<ToolResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: toolEnvironment(), timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString()))
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
    child.once('error', (error) => resolve({ status: NOT_FOUND, stdout, stderr: describeError(error) }))
    child.once('close', (code) => resolve({ status: code ?? 1, stdout, stderr }))
    // One that ends before it has read everything says why by its status.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

/** Runs `ip` with several commands at once, inside a namespace when one is named. @throws {LabError} `start-failed` */
export async function runIpBatch(lines: readonly string[], namespace?: string): Promise<void> {
  if (lines.length === 0) return
  const where = namespace === undefined ? [] : ['-n', namespace]
  const { status, stderr } = await runTool('ip', [...where, '-batch', '-'], `${lines.join('\n')}\n`)
  if (status === 0) return
  // "Command failed -:7" names the line.
  const number = Number(/-:(\d+)/.exec(stderr)?.[1] ?? 0)
  const line = lines[number - 1] ?? lines[0] ?? ''
  const complaint = stderr.trim().split('\n')[0] ?? `exit status ${status}`
  throw new LabError('start-failed', `"ip ${[...where, line].join(' ')}" failed: ${complaint}`)
}

/** Runs a tool inside a namespace. */
export function runInside(
  namespace: string,
  program: string,
  args: readonly string[],
  input = '',
): Promise<ToolResult> {
  return runTool('ip', ['netns', 'exec', namespace, program, ...args], input)
}

/** Does something for each of many, a few at a time. */
export async function forEachFew<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const AT_A_TIME = 8
  let next = 0
  const turn = async (): Promise<void> => {
    for (let item = items[next]; item !== undefined; item = items[next]) {
      next += 1
      await work(item)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, turn))
}
