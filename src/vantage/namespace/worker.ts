// The entry of the thread that reads the kernel's tables of any network namespace: it enters one for as long as it takes to open a
// file or to start a program, and reads what came of it outside.
import { parentPort } from 'node:worker_threads'
import { describeError } from '../../base/errors.ts'
import { collectKernelTables } from '../kernel/collect.ts'
import { localKernelSource } from '../kernel/local-source.ts'
import type { KernelTables } from '../kernel/tables.ts'
import type { Skipped } from '../skipped.ts'
import { openSpace } from './open-space.ts'
import type { CallMessage, WorkerMessage } from './protocol.ts'

const port = parentPort
if (port !== null) {
  const say = (message: WorkerMessage): void => port.postMessage(message)
  port.on('message', (call: CallMessage) => {
    void read(call)
      .catch((error: unknown): Skipped => ({ kind: 'skipped', why: describeError(error) }))
      .then((tables) => say({ kind: 'tables', id: call.id, tables }))
  })
  say({ kind: 'ready' })
}

async function read({ netns, request }: CallMessage): Promise<KernelTables | Skipped> {
  const space = openSpace(netns)
  if ('kind' in space) return space
  try {
    return await collectKernelTables(
      localKernelSource((run) => space.within(run)),
      request,
    )
  } finally {
    space.close()
  }
}
