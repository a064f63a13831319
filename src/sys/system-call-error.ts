// A system call that failed, with the error's name as Node's own errors have it.
import { constants } from 'node:os'

/** The kernel refused a call. `code` is errno's name (`EADDRINUSE`), as in errors of Node's own calls. */
export class SystemCallError extends Error {
  readonly syscall: string
  readonly errno: number
  readonly code: string

  constructor(syscall: string, errno: number) {
    const code = NAMES.get(errno) ?? `errno ${errno}`
    super(`${syscall} ${code}`)
    this.name = 'SystemCallError'
    this.syscall = syscall
    this.errno = errno
    this.code = code
  }
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, errno]) => [errno, name]),
)
