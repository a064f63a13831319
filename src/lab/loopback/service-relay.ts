// kube-proxy's role for one Service port: a loopback port that passes each client on to one of the endpoints.
import { createSocket } from 'node:dgram'
import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram'
import { connect } from 'node:net'
import type { Server, Socket } from 'node:net'
import type { Endpoint } from '../../net/exchange-result.ts'
import { bindBoth, closeBoth } from './silent-endpoint.ts'

/** Chooses an endpoint for a new client, as loopback port; undefined when nothing can be reached. */
export type ChooseBackend = (protocol: 'TCP' | 'UDP') => Endpoint | undefined

/** How long a UDP client stays with its endpoint without traffic: conntrack's time-out for unreplied entries, in milliseconds. */
const UDP_IDLE_MS = 30_000
/** Clients of one port at a time; the oldest makes room. */
const MAX_FLOWS = 1024

interface Flow {
  readonly socket: UdpSocket
  readonly backend: Endpoint
  readonly timer: NodeJS.Timeout
}

export class ServiceRelay {
  readonly #udp: UdpSocket
  readonly #tcp: Server
  readonly #choose: ChooseBackend
  readonly #flows = new Map<string, Flow>()
  readonly #sockets = new Set<Socket>()

  private constructor(udp: UdpSocket, tcp: Server, choose: ChooseBackend) {
    this.#udp = udp
    this.#tcp = tcp
    this.#choose = choose
    udp.on('message', (datagram, client) => this.#passDatagram(datagram, client))
    tcp.on('connection', (socket) => this.#passConnection(socket))
  }

  static async open(choose: ChooseBackend): Promise<ServiceRelay> {
    const { udp, tcp } = await bindBoth()
    return new ServiceRelay(udp, tcp, choose)
  }

  get endpoint(): Endpoint {
    const { address, port } = this.#udp.address()
    return { address, port }
  }

  /** Lets every client choose anew: its endpoint went away, and kube-proxy removed its conntrack entries. */
  forgetClients(): void {
    for (const key of this.#flows.keys()) this.#endFlow(key)
  }

  async close(): Promise<void> {
    this.forgetClients()
    for (const socket of this.#sockets) socket.destroy()
    await closeBoth(this.#udp, this.#tcp)
  }

  #passDatagram(datagram: Buffer, client: RemoteInfo): void {
    const key = `${client.address}|${client.port}`
    const flow = this.#flows.get(key) ?? this.#startFlow(key, client)
    if (flow === undefined) return
    flow.timer.refresh()
    flow.socket.send(datagram, flow.backend.port, flow.backend.address, () => undefined)
  }

  #startFlow(key: string, client: RemoteInfo): Flow | undefined {
    const backend = this.#choose('UDP')
    if (backend === undefined) return undefined
    const oldest = this.#flows.size >= MAX_FLOWS ? this.#flows.keys().next().value : undefined
    if (oldest !== undefined) this.#endFlow(oldest)
    const socket = createSocket('udp4')
    socket.on('message', (answer, from) => {
      if (from.port === backend.port) this.#udp.send(answer, client.port, client.address, () => undefined)
    })
    socket.on('error', () => this.#endFlow(key))
    const timer = setTimeout(() => this.#endFlow(key), UDP_IDLE_MS)
    timer.unref()
    const flow = { socket, backend, timer }
    this.#flows.set(key, flow)
    return flow
  }

  #endFlow(key: string): void {
    const flow = this.#flows.get(key)
    if (flow === undefined) return
    this.#flows.delete(key)
    clearTimeout(flow.timer)
    flow.socket.close()
  }

  #passConnection(client: Socket): void {
    const backend = this.#choose('TCP')
    if (backend === undefined) {
      client.resetAndDestroy()
      return
    }
    const server = connect({ host: backend.address, port: backend.port, allowHalfOpen: true })
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.once('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  }
}
