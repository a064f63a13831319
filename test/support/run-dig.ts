// Runs our dig in this process, or the real one as another, and evens out what may differ between two runs.
import { execFile, spawnSync } from 'node:child_process'
import { PassThrough, Readable } from 'node:stream'
import { digCommand } from '../../src/cli/dig.ts'

export interface DigRun {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** What `dig -v` says, or undefined where there is no dig. */
export function digVersion(): string | undefined {
  const { stderr, stdout, error } = spawnSync('dig', ['-v'], { encoding: 'utf8' })
  return error === undefined ? /DiG (\S+)/.exec(stderr + stdout)?.[1] : undefined
}

/** Runs our own command. */
export async function runOurDig(args: readonly string[], stdin = ''): Promise<DigRun> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const io = { stdout, stderr, stdin: Readable.from([stdin]), env: { HOME: '/nonexistent' }, color: false }
  const exitCode = await digCommand.run(args, io)
  return { stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? ''), exitCode }
}

/** Runs the real dig. */
export function runRealDig(args: readonly string[]): Promise<DigRun> {
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', TZ: 'UTC', LC_ALL: 'C' }
  return new Promise((resolve) => {
    const child = execFile('dig', [...args], { env, encoding: 'utf8' }, (_error, stdout, stderr) => {
      resolve({ stdout, stderr, exitCode: child.exitCode ?? -1 })
    })
  })
}

/** Replaces program, port, ids, times and client cookies; ends with the exit code. */
export function normalizeDig({ stdout, exitCode }: DigRun, port: number): string {
  const text = stdout
    .replaceAll(/^; <<>> .* <<>>/gm, '; <<>> PROGRAM <<>>')
    .replaceAll(`-p ${port}`, '-p PORT')
    .replaceAll(`#${port}`, '#PORT')
    .replaceAll(`response_port: ${port}`, 'response_port: PORT')
    .replaceAll(/Query time: \d+ /g, 'Query time: N ')
    .replaceAll(/ in \d+ ms/g, ' in N ms')
    .replaceAll(/WHEN: .*/g, 'WHEN: DATE')
    .replaceAll(/!!timestamp \S+/g, '!!timestamp DATE')
    .replaceAll(/\bid: \d+/g, 'id: N')
    .replaceAll(/expected ID \d+, got \d+/g, 'expected ID N, got N')
    .replaceAll(/COOKIE: [0-9a-f]{16}/g, 'COOKIE: CLIENT')
  return `${text}[exit code ${exitCode}]\n`
}
