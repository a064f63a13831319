// A nameserver that takes everything and never answers: the story's 1.2.4.8. Also where calls to unknown addresses end.
import { createSocket } from 'node:dgram'
import type { Socket as UdpSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { Endpoint } from '../../net/exchange-result.ts'

const LOOPBACK = '127.0.0.1'

export class SilentEndpoint {
  readonly #udp: UdpSocket
  readonly #tcp: Server
  readonly #connections = new Set<Socket>()

  private constructor(udp: UdpSocket, tcp: Server) {
    this.#udp = udp
    this.#tcp = tcp
    // Read, so that the kernel's buffer never fills, and thrown away.
    udp.on('message', () => undefined)
    tcp.on('connection', (socket) => {
      this.#connections.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => this.#connections.delete(socket))
      socket.resume()
    })
  }

  /** Opens one UDP and one TCP port with the same number. */
  static async open(): Promise<SilentEndpoint> {
    const { udp, tcp } = await bindBoth()
    return new SilentEndpoint(udp, tcp)
  }

  get endpoint(): Endpoint {
    return { address: LOOPBACK, port: this.#udp.address().port }
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy()
    await closeBoth(this.#udp, this.#tcp)
  }
}

/** How often a TCP port may turn out to be taken by somebody else before that is an error. */
const ATTEMPTS = 20

/** Binds a UDP and a TCP socket to one free loopback port. */
export async function bindBoth(): Promise<{ readonly udp: UdpSocket; readonly tcp: Server }> {
  for (let attempt = 1; ; attempt += 1) {
    const tcp = createServer()
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject)
      tcp.listen(0, LOOPBACK, resolve)
    })
    const udp = createSocket('udp4')
    try {
      await new Promise<void>((resolve, reject) => {
        udp.once('error', reject)
        udp.bind((tcp.address() as AddressInfo).port, LOOPBACK, resolve)
      })
      udp.removeAllListeners('error')
      return { udp, tcp }
    } catch (error) {
      await closeBoth(udp, tcp)
      if (attempt === ATTEMPTS) throw error
    }
  }
}

/** Closes both; one that never opened does no harm. */
export async function closeBoth(udp: UdpSocket, tcp: Server): Promise<void> {
  const closed = [
    new Promise<void>((resolve) => {
      try {
        udp.close(() => resolve())
      } catch {
        resolve()
      }
    }),
    new Promise<void>((resolve) => {
      tcp.close(() => resolve())
    }),
  ]
  await Promise.all(closed)
}
