// Runs the doctor's command in this process, as the program does: what it throws becomes one line and an exit status.
import { PassThrough, Readable } from 'node:stream'
import { BaseError, UnseenError, describeError } from '../../src/base/index.ts'
import type { Command } from '../../src/cli/command.ts'
import { doctorCommand } from '../../src/cli/doctor.ts'
import type { DoctorReport } from '../../src/doctor/report/index.ts'

export interface DoctorRun {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs `fathom doctor ARGS`; anything but an expected error is thrown on. */
export async function runDoctor(args: readonly string[], options: RunOptions = {}): Promise<DoctorRun> {
  return runCommand(doctorCommand, args, options)
}

/** Runs a command in this process; anything but an expected error is thrown on. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  { stdin = '', env = {} }: RunOptions = {},
): Promise<DoctorRun> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const texts = [collect(stdout), collect(stderr)]
  const io = { stdout, stderr, stdin: Readable.from([stdin]), env, color: false }
  const status = await command.run(args, io).catch((error: unknown) => {
    if (!(error instanceof BaseError)) throw error
    stderr.write(`fathom: ${describeError(error)}\n`)
    return error instanceof UnseenError ? 3 : 2
  })
  stdout.end()
  stderr.end()
  const [out = '', err = ''] = await Promise.all(texts)
  return { status, stdout: out, stderr: err }
}

/** Runs `fathom doctor ARGS -o json` and gives the report too. */
export async function runDoctorJson(
  args: readonly string[],
  options: RunOptions = {},
): Promise<DoctorRun & { readonly report: DoctorReport }> {
  const run = await runDoctor([...args, '-o', 'json'], options)
  return { ...run, report: JSON.parse(run.stdout) as DoctorReport }
}

async function collect(stream: PassThrough): Promise<string> {
  let text = ''
  for await (const chunk of stream.setEncoding('utf8')) text += String(chunk)
  return text
}
