// An API server whose WebSockets do what a test says: it speaks the channel protocol itself, message by message.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { KubeClient } from '../../src/kube/api/index.ts'

export interface WebSocketApi {
  readonly client: KubeClient
  close(): Promise<void>
}

/** Starts it; `serve` gets each WebSocket and the request's query. */
export async function startWebSocketApi(
  serve: (socket: WebSocket, query: URLSearchParams) => void,
): Promise<WebSocketApi> {
  const server = createServer((_request, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ server, handleProtocols: (protocols) => [...protocols][0] ?? false })
  sockets.on('connection', (socket, request) => {
    socket.on('error', () => undefined)
    serve(socket, new URL(request.url ?? '/', 'http://api').searchParams)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const client = new KubeClient(
    {
      context: '',
      cluster: 'fake',
      namespace: 'default',
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      origin: 'the test',
      tls: { insecureSkipVerify: false },
      credential: { kind: 'none' },
    },
    {},
  )
  return {
    client,
    async close() {
      client.close()
      for (const socket of sockets.clients) socket.terminate()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

/** A message of one channel. */
export function channelMessage(channel: number, payload: Uint8Array | string): Buffer {
  return Buffer.concat([Buffer.of(channel), Buffer.from(payload)])
}
