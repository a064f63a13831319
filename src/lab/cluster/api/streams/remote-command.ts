// Runs a command for a client that is connected by streams: what both protocols have in common.
import type { Readable, Writable } from 'node:stream'
import type { Json } from '../../../../kube/objects/index.ts'
import { describeError } from '../../../../base/index.ts'
import type { PodProcess } from '../../pod-access.ts'

/** A client's ends of a command's streams. */
export interface RemoteStreams {
  readonly stdin: Readable | undefined
  readonly stdout: Writable | undefined
  readonly stderr: Writable | undefined
  /** JSON documents `{Width, Height}`, one after another. */
  readonly resize: Readable | undefined
  /** Tells how it ended, as a metav1.Status, and closes the connection. */
  finish(status: Json): void
  /** Called once when the client goes away by itself. */
  onGone(listener: () => void): void
}

/** Connects a client with a command until one of them ends. */
export async function serveCommand(streams: RemoteStreams, start: () => Promise<PodProcess>): Promise<void> {
  let process: PodProcess
  try {
    process = await start()
  } catch (error) {
    streams.finish(failureStatus(describeError(error)))
    return
  }
  streams.onGone(() => process.kill())
  // A command that does not read its input, or ends before it has read all, breaks nothing.
  process.stdin.on('error', () => undefined)
  if (streams.stdin === undefined) process.stdin.end()
  else streams.stdin.pipe(process.stdin)
  streams.resize?.on('data', (chunk: Buffer) => {
    const size = readSize(chunk)
    if (size !== undefined) process.resize(size.columns, size.rows)
  })
  const drained = Promise.all([copy(process.stdout, streams.stdout), copy(process.stderr, streams.stderr)])
  const status = await process.ended
  await drained
  streams.finish(statusOfExit(status))
}

function copy(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (from === undefined) return Promise.resolve()
  return new Promise((resolve) => {
    from.on('error', () => resolve())
    from.once('close', () => resolve())
    from.once('end', () => resolve())
    if (to === undefined) from.resume()
    else from.pipe(to, { end: false })
  })
}

function readSize(chunk: Buffer): { readonly columns: number; readonly rows: number } | undefined {
  try {
    const { Width, Height } = JSON.parse(chunk.toString()) as Readonly<Record<string, unknown>>
    const isSize = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0
    return isSize(Width) && isSize(Height) ? { columns: Width, rows: Height } : undefined
  } catch {
    return undefined
  }
}

// --- How it ended, in the words of kubelet ---

const SUCCESS: Json = { metadata: {}, status: 'Success' }

/** How a program ended, as a metav1.Status. */
export function statusOfExit(status: number): Json {
  return status === 0 ? SUCCESS : exitStatus(status)
}

function exitStatus(status: number): Json {
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${status}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(status) }] },
  }
}

function failureStatus(why: string): Json {
  const message = `Internal error occurred: error executing command in container: ${why}`
  return {
    metadata: {},
    status: 'Failure',
    message,
    reason: 'InternalError',
    details: { causes: [{ message }] },
    code: 500,
  }
}
