// One connection to a port of a pod through the API server, as a stream (v4 of the channel protocol: two channels for the
// port, data and error; the first two octets of each are its number).
import { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { KubeClient } from './client.ts'
import type { PodName } from './exec.ts'
import { octetsOf } from './web-socket.ts'

const DATA = 0
const ERROR = 1
const PORT_OCTETS = 2
const NORMAL_CLOSURE = 1000

/**
 * The bytes of a forwarded connection.
 *
 * What kubelet says on the error channel destroys it with an error of that text, whose code is `ECONNREFUSED` or
 * `ETIMEDOUT` when it says so.
 */
export class PortForward extends Duplex {
  readonly #socket: WebSocket
  readonly #toSkip = [PORT_OCTETS, PORT_OCTETS]
  #isConnecting = true

  constructor(socket: WebSocket) {
    super({ allowHalfOpen: false })
    this.#socket = socket
    socket.on('message', (message) => this.#take(octetsOf(message)))
    socket.once('close', (code: number) => {
      if (code === NORMAL_CLOSURE || !this.#isConnecting) this.push(null)
      else this.destroy(new Error(`the API server closed the connection (code ${code})`))
    })
    socket.resume()
  }

  /** Whether nothing has come from the pod yet: until then nobody knows whether somebody listens. */
  get connecting(): boolean {
    return this.#isConnecting
  }

  override _read(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#socket.send(Buffer.concat([Buffer.of(DATA), chunk]), done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // There is nothing left to wait for: a peer that does not answer a close would hold the program.
    this.#socket.terminate()
    done(error)
  }

  #take(message: Buffer): void {
    const channel = message[0]
    if (channel !== DATA && channel !== ERROR) return
    const skipped = Math.min(this.#toSkip[channel] ?? 0, message.length - 1)
    this.#toSkip[channel] = (this.#toSkip[channel] ?? 0) - skipped
    const payload = message.subarray(1 + skipped)
    if (payload.length === 0) return
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
}

/**
 * Opens a connection to a port of a pod; the container runtime makes it inside the pod's network namespace.
 *
 * @param timeoutMs until the API server has agreed
 * @throws {KubeApiError} the API server cannot be reached, or refuses
 */
export async function openPortForward(
  client: KubeClient,
  { pod, port, timeoutMs }: { readonly pod: PodName; readonly port: number; readonly timeoutMs: number },
): Promise<PortForward> {
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/portforward?ports=${port}`
  return new PortForward(await client.openWebSocket({ path, protocols: ['v4.channel.k8s.io'], timeoutMs }))
}

function forwardError(text: string): NodeJS.ErrnoException {
  const code = /refused/i.test(text) ? 'ECONNREFUSED' : /timed? ?out|timeout/i.test(text) ? 'ETIMEDOUT' : undefined
  return Object.assign(new Error(text.trim()), code === undefined ? {} : { code })
}
