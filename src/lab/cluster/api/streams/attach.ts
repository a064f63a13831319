// `kubectl attach`: what a container writes from now on, and, for containers added to a pod, what they read.
import type { PodLog, PodProcess } from '../../pod-access.ts'
import { statusOfExit } from './remote-command.ts'
import type { RemoteStreams } from './remote-command.ts'

/** Shows a container's log as it comes, until the client leaves. Programs that a lab runs itself read no input. */
export async function attachToLog(streams: RemoteStreams, log: PodLog | undefined): Promise<void> {
  streams.stdin?.resume()
  const unsubscribe = log?.subscribe(({ text }) => streams.stdout?.write(`${text}\n`))
  await new Promise<void>((resolve) => streams.onGone(resolve))
  unsubscribe?.()
}

/** Connects a client with a program that runs already, until one of them ends; the program goes on without the client. */
export async function attachToProcess(streams: RemoteStreams, process: PodProcess): Promise<void> {
  const copies = [
    { from: process.stdout, to: streams.stdout },
    { from: process.stderr, to: streams.stderr ?? streams.stdout },
  ].map(({ from, to }) => {
    const copy = (chunk: Buffer): void => void to?.write(chunk)
    from?.on('data', copy)
    return () => from?.off('data', copy)
  })
  // With a single client at a time, its end of input is the program's (stdinOnce).
  streams.stdin?.pipe(process.stdin)
  const left = new Promise<undefined>((resolve) => streams.onGone(() => resolve(undefined)))
  const status = await Promise.race([process.ended, left])
  for (const end of copies) end()
  if (status !== undefined) streams.finish(statusOfExit(status))
}
