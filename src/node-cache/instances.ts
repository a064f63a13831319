// Which other instances of the node cache live in this network namespace. Each shows itself by abstract Unix sockets, which belong to
// the namespace, need no common file system, and vanish with their process however it ends.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server } from 'node:net'

/** This instance among others. */
export interface InstanceMarker {
  /** Whether another instance that is not about to end wants one of the addresses. */
  hasOthers(): boolean
  /** From now on others need not reckon with this instance. */
  withdraw(): void
}

const PREFIX = 'fathom-node-cache'

/** Shows this instance to others; where that is impossible it stays alone, which `hasOthers` cannot tell apart. */
export async function markInstance(addresses: readonly string[], port: number): Promise<InstanceMarker> {
  const id = randomBytes(8).toString('hex')
  const servers = await Promise.all(addresses.map((address) => listenAbstract(`${PREFIX}/${port}/${address}/${id}`)))
  const wanted = new Set(addresses.map((address) => `${PREFIX}/${port}/${address}`))
  return {
    hasOthers: () => listAbstract().some((name) => wanted.has(dirOf(name)) && !name.endsWith(`/${id}`)),
    withdraw() {
      for (const server of servers) server?.close()
    },
  }
}

async function listenAbstract(name: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy())
  server.unref()
  try {
    const listening = once(server, 'listening')
    server.listen(`\0${name}`)
    await listening
    return server
  } catch {
    // Other systems have no abstract sockets.
    return undefined
  }
}

/** Names of the namespace's abstract sockets; the kernel shows octets of 0 as `@`. */
function listAbstract(): string[] {
  let table: string
  try {
    table = readFileSync('/proc/self/net/unix', 'utf8')
  } catch {
    return []
  }
  return [...table.matchAll(/ @([^@\s]+)@*$/gm)].map((match) => match[1] ?? '')
}

function dirOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'))
}
