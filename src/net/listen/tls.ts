// TLS of a listener: certificate, who may connect, and the session keys for captures.
import { appendFile } from 'node:fs'
import type { Server, TLSSocket, TlsOptions } from 'node:tls'

/** Certificate and client verification, with Go's names for the latter (`ClientAuthType`). */
export interface ListenTls {
  /** PEM texts. */
  readonly cert: string
  readonly key: string
  /** Who signs the clients' certificates; absent means the system's authorities. */
  readonly ca?: string | undefined
  readonly clientAuth: 'nocert' | 'request' | 'require' | 'require_and_verify' | 'verify_if_given'
  /** File that gets the session keys in NSS key log format. */
  readonly keylog?: string | undefined
}

/** Options for Node: TLS 1.2 and later, as CoreDNS has it. */
export function tlsOptions({ cert, key, ca, clientAuth }: ListenTls): TlsOptions {
  return {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    minVersion: 'TLSv1.2',
    requestCert: clientAuth !== 'nocert',
    rejectUnauthorized: clientAuth === 'require_and_verify',
  }
}

/** Hands admitted connections to `accept`, drops the others and failed handshakes, writes the key log. */
export function applyTls(server: Server, tls: ListenTls, accept?: (socket: TLSSocket) => void): void {
  server.on('secureConnection', (socket) => {
    if (!isAdmitted(socket, tls)) socket.destroy()
    else accept?.(socket)
  })
  // A failed handshake ends that connection only; what was wrong is the client's to know.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  const { keylog } = tls
  // Losing a line of the key log loses a capture's plain text, nothing else.
  if (keylog !== undefined) server.on('keylog', (line) => appendFile(keylog, line, { mode: 0o600 }, () => {}))
}

function isAdmitted(socket: TLSSocket, { clientAuth }: ListenTls): boolean {
  if (clientAuth !== 'require' && clientAuth !== 'verify_if_given') return true
  const isGiven = Object.keys(socket.getPeerCertificate()).length > 0
  return clientAuth === 'require' ? isGiven : !isGiven || socket.authorized
}
