// A network namespace of this machine as sockets and readers of tables need it: held open, entered for one call at a time.
import { statSync } from 'node:fs'
import { describeError } from '../../base/errors.ts'
import type { SocketSpace } from '../../net/index.ts'
import { HeldNamespace, isLibc, libc, openUnboundStreamSocket } from '../../sys/index.ts'
import type { Skipped } from '../skipped.ts'

/** One namespace, from opening to close. */
export interface NamespaceSpace extends SocketSpace {
  /** Why nothing can be asked any more; undefined while what the path named is there. */
  gone(): Skipped | undefined
  close(): void
}

/** Opens a namespace and enters it once; a value says why that is not possible. @param netns its path */
export function openSpace(netns: string): NamespaceSpace | Skipped {
  const found = libc()
  if (!isLibc(found)) return { kind: 'skipped', why: `cannot enter ${netns}: ${found.why}` }
  const id = identify(netns)
  if (id === undefined) return { kind: 'skipped', why: `cannot enter ${netns}: it is not there (any more)` }
  let held: HeldNamespace | undefined
  try {
    held = HeldNamespace.open(found, netns)
    held.run(() => undefined)
  } catch (error) {
    held?.close()
    return explain(error as NodeJS.ErrnoException, netns)
  }
  const space = held
  let ended: Skipped | undefined
  return {
    id,
    within: (make) => space.run(make),
    openStream: (family) => space.run(() => openUnboundStreamSocket(found, family)),
    gone() {
      if (ended !== undefined || identify(netns) === id) return ended
      return { kind: 'skipped', why: `${netns} is gone: the process or pod it belonged to has ended` }
    },
    close() {
      if (ended === undefined) space.close()
      ended = { kind: 'skipped', why: `the namespace ${netns} was closed` }
    },
  }
}

/** Two paths of one namespace have the same identity; undefined when nothing is there. */
function identify(netns: string): string | undefined {
  try {
    const { dev, ino } = statSync(netns)
    return `${dev} ${ino}`
  } catch (error) {
    // Being forbidden to look is said better by trying to enter.
    const code = (error as NodeJS.ErrnoException).code
    return code === 'EACCES' || code === 'EPERM' ? 'forbidden' : undefined
  }
}

function explain(error: NodeJS.ErrnoException, netns: string): Skipped {
  switch (error.code) {
    case 'EPERM':
    case 'EACCES':
      return { kind: 'skipped', why: `not allowed to enter ${netns}`, needs: 'CAP_SYS_ADMIN on this node: run as root' }
    case 'ENOENT':
    case 'ESRCH':
      return { kind: 'skipped', why: `cannot enter ${netns}: it is not there (any more)` }
    case 'EINVAL':
      return { kind: 'skipped', why: `cannot enter ${netns}: it is not a network namespace` }
    default:
      return { kind: 'skipped', why: `cannot enter ${netns}: ${describeError(error)}` }
  }
}
