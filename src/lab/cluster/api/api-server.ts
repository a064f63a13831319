// The embedded API server's listener and its end: HTTPS on loopback with a certificate of its own.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { describeError } from '../../../base/index.ts'
import { EphemeralRunner } from '../ephemeral-runner.ts'
import { createSelfSigned } from '../self-signed.ts'
import type { ServerCertificate } from '../self-signed.ts'
import { ApiError, statusObject } from './api-error.ts'
import type { User } from './authorize.ts'
import { Authenticator } from './authorize.ts'
import { handleRequest } from './handle-request.ts'
import type { ApiContext } from './handle-request.ts'
import { serveUpgrade } from './streams/serve-upgrade.ts'

const LOOPBACK = '127.0.0.1'

export type ApiServerOptions = Omit<ApiContext, 'authenticator' | 'ephemeral'> & {
  /** Names and addresses that the certificate carries beside loopback's. */
  readonly serverNames?: readonly string[]
}

export class ApiServer {
  readonly #server: Server
  readonly #context: ApiContext
  readonly #certificate: ServerCertificate
  readonly #sockets = new Set<Duplex>()

  private constructor(context: ApiContext, serverNames: readonly string[]) {
    this.#context = context
    this.#certificate = createSelfSigned([LOOPBACK, 'localhost', ...serverNames], context.now)
    this.#server = createServer({ ...this.#certificate }, (request, response) => {
      void this.#answer(request, response)
    })
    // A watch is silent for as long as nothing changes.
    this.#server.requestTimeout = 0
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void serveUpgrade(context, { request, socket, head })
    })
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /** Starts a server for the objects of a store; port 0 takes any free one. */
  static async start({ serverNames = [], ...context }: ApiServerOptions, port = 0): Promise<ApiServer> {
    const server = new ApiServer(
      { ...context, authenticator: new Authenticator(), ephemeral: new EphemeralRunner(context) },
      serverNames,
    )
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject)
      server.#server.listen(port, LOOPBACK, resolve)
    })
    return server
  }

  /** `https://127.0.0.1:PORT` */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo
    return `https://${LOOPBACK}:${port}`
  }

  /** PEM of the certificate that clients must trust. */
  get caCertificate(): string {
    return this.#certificate.cert
  }

  /** A token that lets its bearer act as this user until the server ends. */
  issueToken(user: User): string {
    return this.#context.authenticator.issueToken(user)
  }

  /** Ends every watch and connection, and what was added to pods. */
  async close(): Promise<void> {
    this.#context.ephemeral.close()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await handleRequest(this.#context, request, response)
    } catch (error) {
      if (response.headersSent) {
        response.destroy()
        return
      }
      const refusal = error instanceof ApiError ? error : new ApiError('InternalError', describeError(error))
      const body = JSON.stringify(statusObject(refusal))
      response.writeHead(refusal.status, { 'content-type': 'application/json' }).end(body)
    }
  }
}
