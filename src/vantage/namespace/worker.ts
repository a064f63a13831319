// The entry of a thread that enters a network namespace and answers from there. Every socket that it opens, every child that
// it starts and every /proc/thread-self/net that it reads belongs to that namespace; the process's other threads stay outside.
import { parentPort, workerData } from 'node:worker_threads'
import { describeError } from '../../base/errors.ts'
import { enterNetworkNamespace, isLibc, libc } from '../../sys/index.ts'
import { vantageHere } from '../here.ts'
import type { Skipped } from '../vantage.ts'
import type { CallMessage, NamespaceOperations, NamespaceWorkerData, WorkerMessage } from './protocol.ts'

const port = parentPort
if (port !== null) {
  const say = (message: WorkerMessage): void => port.postMessage(message)
  const refused = enter((workerData as NamespaceWorkerData).netns)
  if (refused === undefined) {
    const operations: NamespaceOperations = vantageHere()
    port.on('message', ({ id, operation, argument }: CallMessage) => {
      const call = operations[operation] as (argument: unknown) => Promise<unknown>
      void call(argument)
        .catch((error: unknown): Skipped => ({ kind: 'skipped', why: describeError(error) }))
        .then((result) => say({ kind: 'result', id, result }))
    })
    say({ kind: 'entered' })
  } else {
    say(refused)
  }
}

function enter(netns: string): Skipped | undefined {
  const found = libc()
  if (!isLibc(found)) return { kind: 'skipped', why: `cannot enter ${netns}: ${found.why}` }
  try {
    enterNetworkNamespace(found, netns)
    return undefined
  } catch (error) {
    return explain(error as NodeJS.ErrnoException, netns)
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
