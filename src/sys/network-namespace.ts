// Entering network namespaces: setns(2) moves the calling thread alone. Sockets keep the namespace they were made in, whatever
// becomes of the thread.
import { closeSync, openSync } from 'node:fs'
import type { Libc } from './libc.ts'
import { SystemCallError } from './system-call-error.ts'

const CLONE_NEWNET = 0x4000_0000
/** The calling thread's own namespace; `/proc/self` would be the main thread's. */
const OWN = '/proc/thread-self/ns/net'

/** A network namespace that is held open: it can be entered until it is closed, whatever became of its path meanwhile. */
export class HeldNamespace {
  readonly #libc: Libc
  readonly #fd: number

  private constructor(libc: Libc, fd: number) {
    this.#libc = libc
    this.#fd = fd
  }

  /**
   * Opens a namespace; whether it may be entered shows when it is.
   *
   * @param path such as `/run/netns/NAME` or `/proc/PID/ns/net`
   * @throws Node's error when the path cannot be opened
   */
  static open(libc: Libc, path: string): HeldNamespace {
    return new HeldNamespace(libc, openSync(path, 'r'))
  }

  /**
   * Runs a function with the calling thread inside the namespace, and comes back.
   *
   * @param run synchronous through and through: sockets it makes and `/proc/thread-self/net` it reads are the namespace's
   * @throws {SystemCallError} `EPERM` without CAP_SYS_ADMIN, `EINVAL` for what is no network namespace; and what `run` throws
   */
  run<Result>(run: () => Result): Result {
    const home = openSync(OWN, 'r')
    try {
      if (this.#libc.setns(this.#fd, CLONE_NEWNET) !== 0) throw new SystemCallError('setns', this.#libc.errno())
      try {
        return run()
      } finally {
        // Going on in a foreign namespace would send this program's packets into the wrong network.
        if (this.#libc.setns(home, CLONE_NEWNET) !== 0) process.abort()
      }
    } finally {
      closeSync(home)
    }
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** Runs a function inside a namespace once: see {@link HeldNamespace.run}. */
export function inNetworkNamespace<Result>(libc: Libc, path: string, run: () => Result): Result {
  const held = HeldNamespace.open(libc, path)
  try {
    return held.run(run)
  } finally {
    held.close()
  }
}
