// Resolvers outside the cluster: our own server at each address, in a namespace of its own.
import { dirname } from 'node:path'
import type { UpstreamDescription } from '../cluster/description.ts'
import { LabError } from '../cluster/lab-error.ts'
import { LogBuffer } from '../cluster/log-buffer.ts'
import { connectInside } from './namespace-sockets.ts'
import { upstreamNamespace } from './names.ts'
import { ContainerProcess } from './pods/container-process.ts'

export interface RunningUpstream {
  readonly address: string
  readonly log: LogBuffer
  readonly stop: () => Promise<void>
}

const DNS_PORT = 53
/** A program that ended is noticed at once; one that has to wait for a CPU may take long, in milliseconds. */
const START_MS = 90_000

/** Starts an upstream that answers; resolves when it does. A silent one has no program. @throws {LabError} `start-failed` */
export async function startUpstream(
  upstream: UpstreamDescription,
  { lab, fathom }: { readonly lab: string; readonly fathom: readonly string[] },
): Promise<RunningUpstream> {
  const { address } = upstream
  const log = new LogBuffer(() => Date.now())
  if (upstream.kind === 'silent') return { address, log, stop: () => Promise.resolve() }
  const namespace = upstreamNamespace(lab, address)
  let ended: string | undefined
  const process = new ContainerProcess({
    command: ['ip', 'netns', 'exec', namespace, ...fathom, 'serve', '-conf', upstream.corefile],
    directory: dirname(upstream.corefile),
    log: (line) => log.write(line),
    onExit: (why) => {
      ended = why
    },
  })
  const deadline = performance.now() + START_MS
  while (!(await answers(namespace, address))) {
    if (ended !== undefined) throw new LabError('start-failed', `Cannot start upstream ${address}: ${ended}`)
    if (performance.now() > deadline) throw new LabError('start-failed', `Upstream ${address} does not answer`)
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
  return { address, log, stop: () => process.stop(0) }
}

async function answers(namespace: string, address: string): Promise<boolean> {
  try {
    const socket = await connectInside(namespace, { address, port: DNS_PORT }, 1000)
    socket.destroy()
    return true
  } catch {
    return false
  }
}
