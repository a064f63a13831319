// Leaves HTTP for a WebSocket: the way to exec and port-forward. Our own on top of the library `ws`, because the Kubernetes
// client's has no time limit, loses what the API server says when it refuses, and reads credentials on a way of its own.
import type { Agent, IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import { PROGRAM_NAME, PROGRAM_VERSION } from '../../base/index.ts'
import type { ClusterAccess } from './access.ts'
import type { Authorization } from './authorizer.ts'
import { connectionError } from './failure.ts'

export interface WebSocketRequest {
  /** With its query. */
  readonly path: string
  /** Subprotocols, the preferred one first. */
  readonly protocols: readonly string[]
  /** Milliseconds until it is open. */
  readonly timeoutMs: number
}

/** The API server answered in HTTP: why, is in the body. */
export interface RefusedUpgrade {
  readonly response: IncomingMessage
}

/** Above every message that kubelets send, which cut what they read into pieces of 32 KiB. */
const MAX_MESSAGE_OCTETS = 16 * 1024 * 1024

/** Opens one WebSocket, paused. @throws {KubeApiError} there was no answer */
export async function openWebSocket(
  { path, protocols, timeoutMs }: WebSocketRequest,
  { access, agent, authorization }: { access: ClusterAccess; agent: Agent; authorization: Authorization },
): Promise<RefusedUpgrade | WebSocket> {
  const { WebSocket } = await import('ws')
  const { cert, key, headers } = authorization
  const silence = `no answer within ${timeoutMs / 1000} s`
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(access.server.replace(/^http/, 'ws') + path, [...protocols], {
      agent,
      headers: { 'user-agent': `${PROGRAM_NAME}/${PROGRAM_VERSION}`, ...headers },
      maxPayload: MAX_MESSAGE_OCTETS,
      perMessageDeflate: false,
      ...(cert === undefined ? {} : { cert, key }),
    })
    const timer = setTimeout(() => {
      reject(connectionError(access, { method: 'GET', path }, { error: new Error(silence), timedOut: true }))
      socket.terminate()
    }, timeoutMs)
    socket.once('open', () => {
      clearTimeout(timer)
      // Whoever asked attaches its listeners first.
      socket.pause()
      resolve(socket)
    })
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      clearTimeout(timer)
      resolve({ response })
    })
    // Stays: an error after the opening is followed by `close`, and would end the process without a listener.
    socket.on('error', (error) => {
      clearTimeout(timer)
      reject(connectionError(access, { method: 'GET', path }, { error, timedOut: false }))
    })
  })
}

/** A message as octets, whatever form the library gives it in. */
export function octetsOf(message: ArrayBuffer | Buffer | readonly Buffer[]): Buffer {
  if (Buffer.isBuffer(message)) return message
  return message instanceof ArrayBuffer ? Buffer.from(message) : Buffer.concat(message)
}
