// Questions that a fault asks of the cluster's DNS servers, so that they remember an answer or have work to do.
import { encodeMessage, query } from '../../dns/index.ts'
import { textAt } from '../cluster/raw-object.ts'
import type { FaultStage } from './fault.ts'
import { coreDnsPods } from './pods.ts'

/** How long a response is waited for, in milliseconds. */
const PATIENCE_MS = 3000

/** Asks a server one question over TCP; what it answers, and whether, does not matter. */
export async function ask(
  stage: FaultStage,
  { server, name }: { readonly server: string; readonly name: string },
): Promise<void> {
  const stream = await stage.connect({ address: server, port: 53 }).catch(() => undefined)
  if (stream === undefined) return
  const message = encodeMessage(query({ name }))
  // Over TCP each message follows its length (RFC 1035, section 4.2.2).
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS)
    const settle = (): void => {
      clearTimeout(timer)
      resolve()
    }
    stream.once('data', settle).once('error', settle).once('close', settle)
    stream.write(Buffer.concat([length, message]))
  })
  stream.destroy()
}

/** Asks every CoreDNS replica the same question. */
export async function askReplicas(stage: FaultStage, name: string): Promise<void> {
  const servers = coreDnsPods(stage).map((pod) => textAt(pod, 'status', 'podIP'))
  await Promise.all(servers.map((server) => ask(stage, { server, name })))
}

/** Asks every CoreDNS replica again and again; the result ends that. */
export function keepAskingReplicas(
  stage: FaultStage,
  { nextName, everyMs }: { readonly nextName: () => string; readonly everyMs: number },
): () => void {
  const timer = setInterval(() => void askReplicas(stage, nextName()), everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
