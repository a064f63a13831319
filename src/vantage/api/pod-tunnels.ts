// Connections to pods by port-forward: those that are wanted at the same moment share one WebSocket, which is what a call to
// the API server costs. Pages are read over connections that stay open, so that reading metrics again costs nothing.
import { Agent, request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import { awaitResponse } from '../await-response.ts'
import { openPortForwards } from '../../kube/api/index.ts'
import type { KubeClient, PodName } from '../../kube/api/index.ts'
import type { HttpRequest, HttpResult } from '../vantage.ts'

/** Whether one more call may be made. */
export type MayCall = () => boolean

/** What is wanted within this time of what came before goes together, in milliseconds. */
const GATHER_MS = 25
const MAX_ROUNDS = 8
/** Until the API server and kubelet have opened a way to the pod: their time, which is none of what is asked there. */
const OPEN_TIMEOUT_MS = 5000
/** Connections of one WebSocket at most. */
const MAX_TOGETHER = 32

interface Wanted {
  readonly port: number
  readonly resolve: (stream: Duplex & { readonly connecting?: boolean }) => void
  readonly reject: (error: unknown) => void
}

/** No call was made: {@link MayCall} said no. */
export class CallLimitReached extends Error {}

export class PodTunnels {
  readonly #client: KubeClient
  readonly #mayCall: MayCall
  readonly #wanted = new Map<string, Wanted[]>()
  readonly #agents = new Map<string, Agent>()
  readonly #open = new Set<Duplex>()

  constructor(client: KubeClient, mayCall: MayCall) {
    this.#client = client
    this.#mayCall = mayCall
  }

  /**
   * Opens a connection to a port of a pod.
   *
   * @throws {KubeApiError} the API server cannot be reached, or refuses @throws {CallLimitReached}
   */
  connect(pod: PodName, port: number): Promise<Duplex & { readonly connecting?: boolean }> {
    return new Promise((resolve, reject) => {
      const key = `${pod.namespace}/${pod.name}`
      const waiting = this.#wanted.get(key)
      const one: Wanted = { port, resolve, reject }
      if (waiting === undefined) {
        this.#wanted.set(key, [one])
        this.#gather(key, pod, 1)
      } else waiting.push(one)
    })
  }

  /** Waits as long as more is wanted: on a busy machine what belongs together comes slowly. */
  #gather(key: string, pod: PodName, round: number): void {
    const before = this.#wanted.get(key)?.length
    setTimeout(() => {
      if (round < MAX_ROUNDS && this.#wanted.get(key)?.length !== before) this.#gather(key, pod, round + 1)
      else void this.#openAll(key, pod)
    }, GATHER_MS)
  }

  /**
   * Gets a page over a connection that is kept; its time begins when the connection is there. Rejects as {@link PodTunnels.connect} does,
   * and for nothing else.
   */
  async get(pod: PodName, { server, path, timeoutMs }: HttpRequest): Promise<HttpResult> {
    const agent = this.#agentOf(pod, server.port)
    const outgoing = httpRequest({ agent, host: pod.name, port: server.port, path })
    try {
      return await awaitResponse(outgoing, { timeoutMs, isOwn: (error) => error instanceof NotConnected })
    } catch (error) {
      throw error instanceof NotConnected ? error.cause : error
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
    for (const stream of this.#open) stream.destroy()
    this.#agents.clear()
  }

  async #openAll(key: string, pod: PodName): Promise<void> {
    const all = this.#wanted.get(key) ?? []
    this.#wanted.delete(key)
    for (let at = 0; at < all.length; at += MAX_TOGETHER) await this.#openSome(pod, all.slice(at, at + MAX_TOGETHER))
  }

  async #openSome(pod: PodName, wanted: readonly Wanted[]): Promise<void> {
    try {
      if (!this.#mayCall()) throw new CallLimitReached()
      const ports = wanted.map(({ port }) => port)
      const streams = await openPortForwards(this.#client, { pod, ports, timeoutMs: OPEN_TIMEOUT_MS })
      streams.forEach((stream, index) => {
        this.#open.add(stream)
        stream.once('close', () => this.#open.delete(stream))
        // Whoever got it hears of errors too; without anybody they would end the program.
        stream.on('error', () => undefined)
        wanted[index]?.resolve(stream)
      })
    } catch (error) {
      for (const { reject } of wanted) reject(error)
    }
  }

  #agentOf(pod: PodName, port: number): Agent {
    const key = `${pod.namespace}/${pod.name}:${port}`
    const known = this.#agents.get(key)
    if (known !== undefined) return known
    const agent = new StreamAgent(() => this.connect(pod, port))
    this.#agents.set(key, agent)
    return agent
  }
}

/** The connection could not even be begun; `cause` says why. */
class NotConnected extends Error {}

type Delivered = (error: Error | null, stream?: Duplex) => void

/** An agent whose connections are streams of any kind: they have no keep-alive of their own to set. */
class StreamAgent extends Agent {
  readonly #connect: () => Promise<Duplex>

  constructor(connect: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: 1 })
    this.#connect = connect
    // Node's agents take a connection that is delivered later through the callback; its types know only the other form.
    Object.assign(this, {
      createConnection: (_options: unknown, deliver: Delivered) => {
        void this.#deliver(deliver)
      },
      keepSocketAlive: () => true,
      reuseSocket: () => undefined,
    })
  }

  async #deliver(deliver: Delivered): Promise<void> {
    try {
      deliver(null, await this.#connect())
    } catch (error) {
      deliver(new NotConnected('', { cause: error }))
    }
  }
}
