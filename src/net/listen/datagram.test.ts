import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { openDatagramListener } from './datagram.ts'
import type { Peer, Responder } from './responder.ts'
import type { DatagramListener } from './datagram.ts'

const listeners: DatagramListener[] = []

async function open(address: string, responder: Responder): Promise<DatagramListener> {
  const listener = await openDatagramListener({ address, port: 0 }, responder)
  listeners.push(listener)
  return listener
}

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close(0)))
})

/** Sends one datagram from a connected socket: a response from another address would not be received. */
async function ask(address: string, port: number): Promise<string> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.connect(port, address)
  await once(socket, 'connect')
  socket.send('hello')
  const [response] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  return response.toString()
}

describe('openDatagramListener()', () => {
  it('answers with what the responder gives, at once or later, and tells it who asks', async () => {
    const peers: Peer[] = []
    const now = await open('127.0.0.1', (query, peer) => {
      peers.push(peer)
      return Buffer.from(`now ${Buffer.from(query).toString()}`)
    })
    const later = await open('127.0.0.1', async () => Buffer.from('later'))
    expect(await ask('127.0.0.1', now.local.port)).toBe('now hello')
    expect(await ask('127.0.0.1', later.local.port)).toBe('later')
    expect(peers[0]).toMatchObject({ client: { address: '127.0.0.1' }, local: now.local, transport: 'udp' })
  })

  it('on the wildcard address answers IPv4 and IPv6, IPv4 clients under their IPv4 address', async () => {
    const { local } = await open('::', (_query, { client }) => Buffer.from(client.address))
    expect(await ask('127.0.0.1', local.port)).toBe('127.0.0.1')
    const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
    if (hasIpv6) expect(await ask('::1', local.port)).toBe('::1')
  })

  it('on the wildcard address answers from the address that was asked', async () => {
    const { local } = await open('::', () => Buffer.from('mine'))
    const own = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
    for (const { address } of own) expect(await ask(address, local.port)).toBe('mine')
    expect(await ask('127.0.0.1', local.port)).toBe('mine')
  })

  it('says in which words an address cannot be had', async () => {
    const { local } = await open('127.0.0.1', () => undefined)
    await expect(openDatagramListener(local, () => undefined)).rejects.toThrow(
      `listen udp 127.0.0.1:${local.port}: bind: address already in use`,
    )
    await expect(openDatagramListener({ address: '192.0.2.1', port: 0 }, () => undefined)).rejects.toThrow(
      'listen udp 192.0.2.1:0: bind: cannot assign requested address',
    )
  })
})
