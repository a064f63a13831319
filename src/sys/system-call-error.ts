// A system call that failed, with the error's name as Node's own errors have it.
import { constants } from 'node:os'

/** The kernel refused a call. `code` is errno's name (`EADDRINUSE`), as in errors of Node's own calls. */
export class SystemCallError extends Error {
  readonly syscall: string
  readonly errno: number
  readonly code: string

  constructor(syscall: string, errno: number) {
    const code = errorName(errno)
    super(`${syscall} ${code}`)
    this.name = 'SystemCallError'
    this.syscall = syscall
    this.errno = errno
    this.code = code
  }
}

/** `EADDRINUSE` and the like; of unknown numbers `errno 4095`. */
export function errorName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, errno]) => [errno, name]),
)
