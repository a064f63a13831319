// Questions that a fault asks of the cluster's DNS servers, so that they remember an answer or have work to do.
import type { Duplex } from 'node:stream'
import { encodeMessage, query } from '../../../dns/index.ts'
import { textAt } from '../../cluster/raw-object.ts'
import type { FaultStage } from '../fault.ts'
import { coreDnsPods } from './pods.ts'

/** How long a response is waited for, in milliseconds. */
const PATIENCE_MS = 3000
/** How long a server may take to start and to know the cluster, in milliseconds: longer than any does. */
const ANSWERS_MS = 15_000
const AGAIN_MS = 200
const NOERROR = 0
const NXDOMAIN = 3

/**
 * Asks a server questions over one TCP connection, one after the other, until one is not answered.
 *
 * @returns rcode of the last response; undefined when there was none to the last question asked
 */
export async function ask(
  stage: FaultStage,
  { server, names }: { readonly server: string; readonly names: readonly string[] },
): Promise<number | undefined> {
  const stream = await stage.connect({ address: server, port: 53 }).catch(() => undefined)
  if (stream === undefined) return undefined
  let rcode: number | undefined
  for (const name of names) {
    rcode = await askOnce(stream, name)
    if (rcode === undefined) break
  }
  stream.destroy()
  return rcode
}

/** Gives the response's rcode; undefined when none came. */
function askOnce(stream: Duplex, name: string): Promise<number | undefined> {
  const message = encodeMessage(query({ name }))
  // Over TCP each message follows its length (RFC 1035, section 4.2.2).
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return new Promise((resolve) => {
    let octets = Buffer.alloc(0)
    const came = (part: Buffer): void => {
      octets = Buffer.concat([octets, part])
      const flags = octets[5]
      if (flags !== undefined && octets.length >= 2 + octets.readUInt16BE(0)) settle(flags & 0xf)
    }
    const failed = (): void => settle(undefined)
    const timer = setTimeout(failed, PATIENCE_MS)
    const settle = (rcode: number | undefined): void => {
      clearTimeout(timer)
      stream.off('data', came).off('error', failed).off('close', failed)
      resolve(rcode)
    }
    stream.on('data', came).on('error', failed).on('close', failed)
    stream.write(Buffer.concat([length, message]))
  })
}

/** Asks every CoreDNS replica the same questions. */
export async function askReplicas(stage: FaultStage, ...names: readonly string[]): Promise<void> {
  await Promise.all(replicas(stage).map((server) => ask(stage, { server, names })))
}

/** Asks every CoreDNS replica the same question until it says that a name is there or is not, which it remembers then. */
export function teachReplicas(stage: FaultStage, name: string): Promise<void> {
  return askUntil(stage, { nextName: () => name, rcodes: [NOERROR, NXDOMAIN] })
}

/** Asks every CoreDNS replica until it has a name of those that came into the cluster together; none is asked for twice, as a denial is kept. */
export function awaitServed(stage: FaultStage, nextName: (turn: number) => string): Promise<void> {
  return askUntil(stage, { nextName, rcodes: [NOERROR] })
}

async function askUntil(
  stage: FaultStage,
  options: { readonly nextName: (turn: number) => string; readonly rcodes: readonly number[] },
): Promise<void> {
  const deadline = performance.now() + ANSWERS_MS
  const untilOne = async (server: string): Promise<void> => {
    for (let turn = 0; performance.now() < deadline; turn += 1) {
      const rcode = await ask(stage, { server, names: [options.nextName(turn)] })
      if (rcode !== undefined && options.rcodes.includes(rcode)) return
      await new Promise((resolve) => {
        setTimeout(resolve, AGAIN_MS)
      })
    }
  }
  await Promise.all(replicas(stage).map(untilOne))
}

function replicas(stage: FaultStage): string[] {
  return coreDnsPods(stage).map((pod) => textAt(pod, 'status', 'podIP'))
}

/** Has some clients ask every CoreDNS replica, each again as soon as it was answered or gave up; the result ends that. */
export function keepReplicasBusy(
  stage: FaultStage,
  { name, clients, pauseMs }: { readonly name: string; readonly clients: number; readonly pauseMs: number },
): () => void {
  const over = new AbortController()
  const keepAsking = async (index: number): Promise<void> => {
    while (!over.signal.aborted) {
      // Replicas come and go.
      const server = replicas(stage)[index]
      if (server !== undefined) await ask(stage, { server, names: [name] })
      await new Promise((resolve) => {
        setTimeout(resolve, server === undefined ? AGAIN_MS : pauseMs).unref()
      })
    }
  }
  for (const index of replicas(stage).keys()) {
    for (let client = 0; client < clients; client += 1) void keepAsking(index)
  }
  return () => over.abort()
}

/** Asks every CoreDNS replica again and again, whether it answers or not; the result ends that. */
export function keepAskingReplicas(
  stage: FaultStage,
  { nextName, everyMs }: { readonly nextName: () => string; readonly everyMs: number },
): () => void {
  const timer = setInterval(() => void askReplicas(stage, nextName()), everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
