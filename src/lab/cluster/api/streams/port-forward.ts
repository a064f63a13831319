// Port-forwards: bytes between a client and a port of a pod, in both of the protocols that clients use.
import type { Duplex } from 'node:stream'
import { createWebSocketStream } from 'ws'
import type { WebSocket } from 'ws'
import { describeError } from '../../../../base/index.ts'
import { serveSpdy } from './spdy-session.ts'
import type { SpdyStream } from './spdy-session.ts'
import { channelWriter, octetsOf } from './web-socket-channels.ts'

/** Opens a connection to a port of the pod that was named. */
export type Dial = (port: number) => Promise<Duplex>

const NORMAL_CLOSURE = 1000

// --- Channel protocol: two channels for each port that the request names ---

/** Serves `?ports=…` over v4.channel.k8s.io: each port's data and error channel begin with its number, in little-endian. */
export function forwardChannels(socket: WebSocket, ports: readonly number[], dial: Dial): void {
  const inputs = new Map<number, (octets: Buffer) => void>()
  let open = ports.length
  const leave = (): void => {
    open -= 1
    if (open === 0) socket.close(NORMAL_CLOSURE)
  }
  socket.on('error', () => undefined)
  socket.on('message', (message) => {
    const octets = octetsOf(message)
    inputs.get(octets[0] ?? 0)?.(octets.subarray(1))
  })
  ports.forEach((port, index) => {
    const [data, error] = [channelWriter(socket, 2 * index), channelWriter(socket, 2 * index + 1)]
    const number = Buffer.alloc(2)
    number.writeUInt16LE(port)
    data.write(number)
    error.write(number)
    const early: Buffer[] = []
    inputs.set(2 * index, (octets) => early.push(octets))
    void dial(port).then(
      (connection) => {
        for (const octets of early) connection.write(octets)
        inputs.set(2 * index, (octets) => {
          if (connection.write(octets)) return
          socket.pause()
          connection.once('drain', () => socket.resume())
        })
        connection.on('error', () => connection.destroy())
        connection.once('close', leave)
        connection.once('end', () => connection.end())
        connection.pipe(data, { end: false })
        socket.once('close', () => connection.destroy())
      },
      (failure: unknown) => {
        error.write(forwardFailure(port, failure))
        leave()
      },
    )
  })
}

// --- SPDY: two streams for each connection ---

/** Serves a client's connections: each is a pair of streams, `error` and `data`, with one requestID. */
export function forwardStreams(transport: Duplex, dial: Dial): Promise<void> {
  const errors = new Map<string, SpdyStream>()
  return serveSpdy(transport, (stream) => {
    const id = stream.headers.get('requestid') ?? ''
    if (stream.headers.get('streamtype') === 'error') {
      errors.set(id, stream)
      stream.once('close', () => errors.delete(id))
      stream.resume()
      return
    }
    void forwardOne(stream, errors.get(id), dial)
  })
}

/** Serves SPDY that is carried in the messages of a WebSocket (KEP-4006). */
export function forwardTunnel(socket: WebSocket, dial: Dial): Promise<void> {
  return forwardStreams(createWebSocketStream(socket), dial)
}

async function forwardOne(data: SpdyStream, error: SpdyStream | undefined, dial: Dial): Promise<void> {
  const port = Number(data.headers.get('port'))
  let connection: Duplex
  try {
    connection = await dial(port)
  } catch (failure) {
    error?.end(forwardFailure(port, failure))
    data.end()
    data.resume()
    return
  }
  connection.on('error', () => data.destroy())
  connection.once('close', () => error?.end())
  data.once('close', () => connection.destroy())
  data.pipe(connection)
  connection.pipe(data)
}

function forwardFailure(port: number, failure: unknown): string {
  return `error forwarding port ${port} to pod: ${describeError(failure)}`
}
