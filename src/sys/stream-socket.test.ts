import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { isLibc, libc } from './libc.ts'
import type { Libc } from './libc.ts'
import { duplicateDescriptor, openStreamSocket } from './stream-socket.ts'

const found = libc()
const why = isLibc(found) ? 'libc' : found.why
const address = '127.0.0.1'
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function serve(fd: number): Promise<number> {
  const server = createServer((socket) => socket.destroy())
  servers.push(server)
  server.listen({ fd })
  await once(server, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server's address is this
  return (server.address() as AddressInfo).port
}

/** Only called where the tests are not skipped. */
function theLibc(): Libc {
  if (!isLibc(found)) throw new Error(why)
  return found
}

describe.skipIf(!isLibc(found))(`TCP sockets (${why})`, () => {
  it('openStreamSocket() lets several share an address when all of them say so', async () => {
    const port = await serve(openStreamSocket(theLibc(), { address, port: 0, reusePort: true }))
    expect(await serve(openStreamSocket(theLibc(), { address, port, reusePort: true }))).toBe(port)
  })

  it('openStreamSocket() throws the name of the error of an address that somebody has alone', async () => {
    const port = await serve(openStreamSocket(theLibc(), { address, port: 0, reusePort: false }))
    const open = (): number => openStreamSocket(theLibc(), { address, port, reusePort: true })
    expect(open).toThrow(expect.objectContaining({ syscall: 'bind', code: 'EADDRINUSE' }))
  })

  it('duplicateDescriptor() gives a descriptor of the same port', async () => {
    const fd = openStreamSocket(theLibc(), { address, port: 0, reusePort: false })
    const port = await serve(fd)
    const second = duplicateDescriptor(theLibc(), fd)
    expect(second).toBeGreaterThan(fd)
    expect(await serve(second ?? -1)).toBe(port)
  })
})
