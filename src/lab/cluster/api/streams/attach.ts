// `kubectl attach`: what a container writes from now on. Programs of a lab read no input.
import type { PodLog } from '../../pod-access.ts'
import type { RemoteStreams } from './remote-command.ts'

/** Shows a container's log as it comes, until the client leaves. */
export async function attachToLog(streams: RemoteStreams, log: PodLog | undefined): Promise<void> {
  streams.stdin?.resume()
  const unsubscribe = log?.subscribe(({ text }) => streams.stdout?.write(`${text}\n`))
  await new Promise<void>((resolve) => streams.onGone(resolve))
  unsubscribe?.()
}
