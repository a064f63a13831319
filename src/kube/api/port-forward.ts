// Connections to ports of a pod through the API server, as streams (v4 of the channel protocol: two channels for each
// connection, data and error; the first two octets of each are the port's number). One WebSocket carries several.
import { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { KubeClient } from './client.ts'
import type { PodName } from './exec.ts'
import { octetsOf } from './web-socket.ts'

const DATA = 0
const ERROR = 1
const CHANNELS = 2
const PORT_OCTETS = 2
const NORMAL_CLOSURE = 1000

/**
 * The bytes of a forwarded connection.
 *
 * What kubelet says on the error channel destroys it with an error of that text, whose code is `ECONNREFUSED` or
 * `ETIMEDOUT` when it says so. Of a connection that the pod ends, kubelet tells nothing while others of the same
 * WebSocket go on: it then looks silent.
 */
export class PortForward extends Duplex {
  readonly #socket: WebSocket
  readonly #dataChannel: number
  readonly #toSkip = [PORT_OCTETS, PORT_OCTETS]
  #isConnecting = true

  constructor(socket: WebSocket, index: number) {
    super({ allowHalfOpen: false })
    this.#socket = socket
    this.#dataChannel = index * CHANNELS + DATA
  }

  /** Whether nothing has come from the pod yet: until then nobody knows whether somebody listens. */
  get connecting(): boolean {
    return this.#isConnecting
  }

  /** Takes a message of one of its two channels. */
  receive(channel: number, message: Buffer): void {
    const skipped = Math.min(this.#toSkip[channel] ?? 0, message.length)
    this.#toSkip[channel] = (this.#toSkip[channel] ?? 0) - skipped
    const payload = message.subarray(skipped)
    if (payload.length === 0 || this.destroyed) return
    if (channel === ERROR) {
      this.destroy(forwardError(payload.toString()))
      return
    }
    if (this.#isConnecting) {
      this.#isConnecting = false
      this.emit('connect')
    }
    if (!this.push(payload)) this.#socket.pause()
  }

  /** The WebSocket has been closed. */
  leave(code: number): void {
    if (code === NORMAL_CLOSURE || !this.#isConnecting) this.push(null)
    else this.destroy(new Error(`the API server closed the connection (code ${code})`))
  }

  override _read(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#socket.send(Buffer.concat([Buffer.of(this.#dataChannel), chunk]), done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // Whoever waits for room must not keep the others waiting.
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.resume()
    done(error)
  }
}

/**
 * Opens connections to ports of a pod, one for each mention of a port; the container runtime makes them at once, inside the
 * pod's network namespace. The WebSocket ends with the last of them.
 *
 * @param timeoutMs until the API server has agreed
 * @throws {KubeApiError} the API server cannot be reached, or refuses
 */
export async function openPortForwards(
  client: KubeClient,
  { pod, ports, timeoutMs }: { readonly pod: PodName; readonly ports: readonly number[]; readonly timeoutMs: number },
): Promise<PortForward[]> {
  const query = ports.map((port) => `ports=${port}`).join('&')
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/portforward?${query}`
  const socket = await client.openWebSocket({ path, protocols: ['v4.channel.k8s.io'], timeoutMs })
  const streams = ports.map((_, index) => new PortForward(socket, index))
  let open = streams.length
  for (const stream of streams) {
    stream.once('close', () => {
      open -= 1
      // There is nothing left to wait for: a peer that does not answer a close would hold the program.
      if (open === 0) socket.terminate()
    })
  }
  socket.on('message', (message) => {
    const octets = octetsOf(message)
    const channel = octets[0] ?? 0
    streams[Math.floor(channel / CHANNELS)]?.receive(channel % CHANNELS, octets.subarray(1))
  })
  socket.once('close', (code: number) => {
    for (const stream of streams) stream.leave(code)
  })
  socket.resume()
  return streams
}

function forwardError(text: string): NodeJS.ErrnoException {
  const code = /refused/i.test(text) ? 'ECONNREFUSED' : /timed? ?out|timeout/i.test(text) ? 'ETIMEDOUT' : undefined
  return Object.assign(new Error(text.trim()), code === undefined ? {} : { code })
}
