// The lab's own sockets inside its namespaces: made there, served by this process, which itself stays where it is.
import { writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { inNetworkNamespace, isLibc, libc, openStreamSocket } from '../../sys/index.ts'
import type { Libc } from '../../sys/index.ts'
import { LabError } from '../cluster/lab-error.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import { namespacePath } from './names.ts'

/** The C library. @throws {LabError} `not-supported` where it cannot be called */
export function requireLibc(): Libc {
  const found = libc()
  if (isLibc(found)) return found
  throw new LabError('not-supported', `Cannot enter network namespaces: ${found.why}`)
}

/** Opens a TCP port inside a namespace and lets a server of this process listen on it. */
export async function listenInside(namespace: string, endpoint: Endpoint, server: Server): Promise<void> {
  const library = requireLibc()
  const fd = inNetworkNamespace(library, namespacePath(namespace), () =>
    openStreamSocket(library, { ...endpoint, reusePort: false }),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd }, resolve)
  })
}

/** Connects from inside a namespace. Rejects with a reason that a person can read. */
export function connectInside(namespace: string, to: Endpoint, timeoutMs: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const library = requireLibc()
    const address = to.address.includes(':') ? '::' : '0.0.0.0'
    const fd = inNetworkNamespace(library, namespacePath(namespace), () =>
      openStreamSocket(library, { address, port: 0, reusePort: false }),
    )
    const socket = new Socket({ fd, allowHalfOpen: true })
    const fail = (error: Error): void => {
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(new Error('connect: connection timed out')), timeoutMs)
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      fail(error.code === 'ECONNREFUSED' ? new Error('connect: connection refused') : error)
    })
    socket.connect(to.port, to.address, () => {
      clearTimeout(timer)
      resolve(socket)
    })
  })
}

/** Writes kernel settings of a namespace: `net/ipv4/ip_forward` -> `1`. Settings that this kernel lacks are left out. */
export function writeSettings(namespace: string, settings: Readonly<Record<string, string>>): void {
  inNetworkNamespace(requireLibc(), namespacePath(namespace), () => {
    for (const [name, value] of Object.entries(settings)) {
      try {
        writeFileSync(`/proc/sys/${name}`, value)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
  })
}
