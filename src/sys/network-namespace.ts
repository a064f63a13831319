// Entering network namespaces: setns(2) moves the calling thread alone. Sockets keep the namespace they were made in, whatever
// becomes of the thread.
import { closeSync, openSync } from 'node:fs'
import type { Libc } from './libc.ts'
import { SystemCallError } from './system-call-error.ts'

const CLONE_NEWNET = 0x4000_0000
/** The calling thread's own namespace; `/proc/self` would be the main thread's. */
const OWN = '/proc/thread-self/ns/net'

/**
 * Moves the calling thread into a network namespace for good.
 *
 * @param path such as `/run/netns/NAME` or `/proc/PID/ns/net`
 * @throws {SystemCallError} `EPERM` without CAP_SYS_ADMIN; Node's own error when the path cannot be opened
 */
export function enterNetworkNamespace(libc: Libc, path: string): void {
  const fd = openSync(path, 'r')
  try {
    if (libc.setns(fd, CLONE_NEWNET) !== 0) throw new SystemCallError('setns', libc.errno())
  } finally {
    closeSync(fd)
  }
}

/**
 * Runs a function with the calling thread inside a network namespace, and comes back.
 *
 * @param run synchronous through and through: sockets it makes and `/proc/thread-self/net` it reads are the namespace's
 * @throws {SystemCallError}, and what `run` throws
 */
export function inNetworkNamespace<Result>(libc: Libc, path: string, run: () => Result): Result {
  const home = openSync(OWN, 'r')
  try {
    enterNetworkNamespace(libc, path)
    try {
      return run()
    } finally {
      // Going on in a foreign namespace would send this program's packets into the wrong network.
      if (libc.setns(home, CLONE_NEWNET) !== 0) process.abort()
    }
  } finally {
    closeSync(home)
  }
}
