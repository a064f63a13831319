// The kernel as the calling thread sees it: its own network namespace, entered or not.
import { execFile } from 'node:child_process'
import type { ExecFileException } from 'node:child_process'
import { closeSync, openSync, readSync } from 'node:fs'
import { setImmediate as untilNextTurn } from 'node:timers/promises'
import { describeError } from '../../base/errors.ts'
import { dumpNetlink, isLibc, libc } from '../../sys/index.ts'
import type { NetlinkDump } from '../../sys/index.ts'
import type { FileResult } from '../vantage.ts'
import type { Skipped } from '../skipped.ts'
import type { CommandResult, KernelSource } from './source.ts'

/** A busy node's connection table is some tens of megabytes. */
const MAX_OUTPUT_OCTETS = 256 * 1024 * 1024
const PIECE_OCTETS = 64 * 1024
/** How long a thread may be kept from its sockets, in milliseconds. */
const TURN_MS = 5
/** Administrators' programs lie here even where PATH does not say so. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin'

/**
 * Reads the tables of the namespace that the calling thread is in, or of another one that it enters.
 *
 * Opening a file, starting a program and a dump are one synchronous call each, which is all that has to happen inside; a file goes on
 * showing the namespace that it was opened in.
 *
 * Files are read by blocking calls, piece by piece: asynchronous ones run on threads that stay in the process's first namespace. Programs
 * are children of the calling thread and inherit its namespace.
 */
export function localKernelSource(within: Within = (run) => run()): KernelSource {
  return {
    readFile(path, options) {
      const read = (): Promise<FileResult> => readInTurns(() => within(() => openSync(path, 'r')), path, options)
      return options?.timeoutMs === undefined ? read() : afterOthers(read)
    },
    run: (program, args, options) => run(within, { program, args, ...options }),
    dumpNetlink: (dump, sink) => dumpNow(within, dump, sink),
  }
}

let lastLong: Promise<unknown> = Promise.resolve()

/** Reads a table that may be long when those of other namespaces are read: side by side each would take as long as all of them. */
function afterOthers(read: () => Promise<FileResult>): Promise<FileResult> {
  const own = lastLong.then(read)
  lastLong = own
  return own
}

/** Runs something synchronous inside a namespace. */
type Within = <Result>(run: () => Result) => Result

function dumpNow(within: Within, dump: NetlinkDump, sink: (message: DataView) => void): Skipped | undefined {
  const found = libc()
  if (!isLibc(found)) return { kind: 'skipped', why: `cannot ask the kernel by netlink: ${found.why}` }
  try {
    within(() => dumpNetlink(found, dump, sink))
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = `cannot ask the kernel by netlink: ${describeError(error)}`
    return code === 'EPERM' || code === 'EACCES'
      ? { kind: 'skipped', why, needs: 'root (CAP_NET_ADMIN)' }
      : { kind: 'skipped', why }
  }
}

/** A table of hundreds of thousands of lines takes seconds: between pieces of it, sockets of the thread are looked after. */
async function readInTurns(
  open: () => number,
  path: string,
  { timeoutMs }: { readonly timeoutMs?: number } = {},
): Promise<FileResult> {
  const giveUpAt = performance.now() + (timeoutMs ?? Number.POSITIVE_INFINITY)
  const decoder = new TextDecoder()
  let fd: number | undefined
  try {
    fd = open()
    const piece = Buffer.allocUnsafe(PIECE_OCTETS)
    let text = ''
    let turnEndsAt = performance.now() + TURN_MS
    for (;;) {
      const octets = readSync(fd, piece)
      if (octets === 0) return { kind: 'file', text: text + decoder.decode() }
      text += decoder.decode(piece.subarray(0, octets), { stream: true })
      if (performance.now() < turnEndsAt) continue
      if (performance.now() > giveUpAt) {
        return { kind: 'skipped', why: `cannot read ${path}: it is longer than can be read in ${timeoutMs} ms` }
      }
      await untilNextTurn()
      turnEndsAt = performance.now() + TURN_MS
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' }
    const why = `cannot read ${path}: ${describeError(error)}`
    return code === 'EACCES' || code === 'EPERM' ? { kind: 'skipped', why, needs: 'root' } : { kind: 'skipped', why }
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

interface Call {
  readonly program: string
  readonly args: readonly string[]
  readonly timeoutMs: number
}

function run(within: Within, { program, args, timeoutMs }: Call): Promise<CommandResult> {
  const env = { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:${SYSTEM_PATH}` }
  const options = {
    env,
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_OCTETS,
  } as const
  return new Promise((resolve) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      if (error === null) resolve({ kind: 'ended', exitCode: 0, stdout, stderr })
      else if (typeof error.code === 'number') resolve({ kind: 'ended', exitCode: error.code, stdout, stderr })
      else if (error.killed === true) {
        resolve({ kind: 'skipped', why: `"${program}" did not end within ${timeoutMs} ms` })
      } else if ((error.code as string | undefined) === 'ENOENT') {
        resolve({ kind: 'skipped', why: `the program "${program}" is not installed`, needs: program })
      } else resolve({ kind: 'skipped', why: `cannot run "${program}": ${describeError(error)}` })
    }
    within(() => execFile(program, [...args], options, done))
  })
}
