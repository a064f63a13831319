// Questions that a fault asks of the cluster's DNS servers, so that they remember an answer or have work to do.
import type { Duplex } from 'node:stream'
import { encodeMessage, query } from '../../dns/index.ts'
import { textAt } from '../cluster/raw-object.ts'
import type { FaultStage } from './fault.ts'
import { coreDnsPods } from './pods.ts'

/** How long a response is waited for, in milliseconds. */
const PATIENCE_MS = 3000

/** Asks a server questions over one TCP connection, one after the other; what it answers, and whether, does not matter. */
export async function ask(
  stage: FaultStage,
  { server, names }: { readonly server: string; readonly names: readonly string[] },
): Promise<void> {
  const stream = await stage.connect({ address: server, port: 53 }).catch(() => undefined)
  if (stream === undefined) return
  for (const name of names) if (!(await askOnce(stream, name))) break
  stream.destroy()
}

/** Tells whether anything came. */
function askOnce(stream: Duplex, name: string): Promise<boolean> {
  const message = encodeMessage(query({ name }))
  // Over TCP each message follows its length (RFC 1035, section 4.2.2).
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle(false), PATIENCE_MS)
    const came = (): void => settle(true)
    const failed = (): void => settle(false)
    const settle = (isGood: boolean): void => {
      clearTimeout(timer)
      stream.off('data', came).off('error', failed).off('close', failed)
      resolve(isGood)
    }
    stream.on('data', came).on('error', failed).on('close', failed)
    stream.write(Buffer.concat([length, message]))
  })
}

/** Asks every CoreDNS replica the same questions. */
export async function askReplicas(stage: FaultStage, ...names: readonly string[]): Promise<void> {
  const servers = coreDnsPods(stage).map((pod) => textAt(pod, 'status', 'podIP'))
  await Promise.all(servers.map((server) => ask(stage, { server, names })))
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
