// Datagrams in batches through real sockets: odd ones among ordinary ones, and buffers that must survive the collector.
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  BATCH_SIZE,
  DatagramVector,
  SLOT_BYTES,
  isLibc,
  libc,
  readSocketAddress,
  writeSocketAddress,
} from '../../sys/index.ts'
import type { Libc } from '../../sys/index.ts'
import type { BatchSocket, BatchState } from './datagram-batches.ts'
import { openDatagramListener, whyNoBatches } from './datagram.ts'
import type { DatagramListener } from './datagram.ts'
import type { Responder } from './responder.ts'

const whyNot = whyNoBatches({})
const closers: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function open(responder: Responder, address = '127.0.0.1'): Promise<DatagramListener> {
  const listener = await openDatagramListener({ address, port: 0 }, responder, { path: 'batches' })
  closers.push(() => listener.close(0))
  return listener
}

async function client(address = '127.0.0.1'): Promise<{ readonly socket: Socket; readonly received: string[] }> {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4 << 20 })
  const received: string[] = []
  socket.on('message', (octets) => received.push(octets.toString('latin1')))
  socket.bind(0, address)
  await once(socket, 'listening')
  closers.push(async () => {
    socket.close()
  })
  return { socket, received }
}

const compare = (a: string, b: string): number => (a < b ? -1 : 1)
const echo: Responder = (query) => Uint8Array.from(query)

describe.skipIf(whyNot !== undefined)(`batched datagrams${whyNot === undefined ? '' : ` (${whyNot})`}`, () => {
  it('answers each datagram of a burst, in order, at once or later', async () => {
    const listener = await open((query) => {
      const copy = Uint8Array.from(query)
      return (copy[0] ?? 0) % 2 === 0 ? copy : Promise.resolve(copy)
    })
    const { socket, received } = await client()
    const sent = Array.from({ length: 3 * BATCH_SIZE }, (_, index) => String.fromCharCode(index, 65))
    for (const text of sent) socket.send(Buffer.from(text, 'latin1'), listener.local.port, '127.0.0.1')
    await vi.waitFor(() => expect(received.toSorted()).toEqual(sent.toSorted()))
    const even = (text: string): boolean => text.charCodeAt(0) % 2 === 0
    expect(received.filter(even)).toEqual(sent.filter(even))
  })

  it('answers bursts in order after queries that came one by one', async () => {
    const listener = await open(echo)
    const { socket, received } = await client()
    const sent: string[] = []
    const send = (count: number): void => {
      for (let number = 0; number < count; number += 1) {
        sent.push(`query ${sent.length}`)
        socket.send(sent.at(-1) ?? '', listener.local.port, '127.0.0.1')
      }
    }
    for (let round = 0; round < 3; round += 1) {
      for (let time = 0; time < 20; time += 1) {
        send(1)
        await once(socket, 'message')
      }
      send(3 * BATCH_SIZE)
      await vi.waitFor(() => expect(received).toHaveLength(sent.length), { interval: 1 })
    }
    expect(received).toEqual(sent)
  })

  it('answers IPv6 clients, and IPv4 clients of a wildcard socket under their IPv4 address', async () => {
    const six = await open((_query, peer) => Buffer.from(peer.client.address), '::1').catch(() => undefined)
    if (six !== undefined) {
      const { socket, received } = await client('::1')
      socket.send('x', six.local.port, '::1')
      await vi.waitFor(() => expect(received).toEqual(['::1']))
    }
    const both = await open((_query, peer) => Buffer.from(peer.client.address), '::')
    const { socket, received } = await client()
    for (let time = 0; time < 5; time += 1) socket.send('x', both.local.port, '127.0.0.1')
    await vi.waitFor(() => expect(received).toEqual(Array(5).fill('127.0.0.1')))
  })

  it('takes empty and oversized datagrams, and answers larger than a slot, without harm to the others', async () => {
    const lengths: number[] = []
    const listener = await open((query) => {
      lengths.push(query.length)
      if (query[0] === 0x4c) return Buffer.alloc(SLOT_BYTES * 3, 'L')
      return query.length === 0 ? undefined : Uint8Array.from(query.subarray(0, 1))
    })
    const { socket, received } = await client()
    const { port } = listener.local
    for (const text of ['a', '', 'b', 'c'.repeat(SLOT_BYTES * 2), 'L', 'd']) socket.send(text, port, '127.0.0.1')
    await vi.waitFor(() =>
      expect(received.map((text) => text.charAt(0)).toSorted(compare)).toEqual(['L', 'a', 'b', 'c', 'd']),
    )
    expect(received.find((text) => text.startsWith('L'))).toHaveLength(SLOT_BYTES * 3)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(SLOT_BYTES * 2)
    expect(lengths).toContain(0)
  })

  it('goes on after a client that cannot be reached', async () => {
    const listener = await open(echo)
    const gone = createSocket('udp4')
    for (let time = 0; time < 10; time += 1) gone.send('x', listener.local.port, '127.0.0.1')
    await new Promise<void>((resolve) => gone.send('y', listener.local.port, '127.0.0.1', () => resolve()))
    gone.close()
    const { socket, received } = await client()
    for (let time = 0; time < 10; time += 1) socket.send(String(time), listener.local.port, '127.0.0.1')
    await vi.waitFor(() => expect(received).toHaveLength(10))
  })

  it('leaves out a datagram that the system refuses, and queues the rest of a batch when the socket is full', async () => {
    const real = libc()
    if (!isLibc(real)) return expect.unreachable()
    // Every answer alone: first refused, then no room, then the system's own way again.
    const failures = [1, 11, 4]
    let errno = 0
    const faulty: Libc = {
      ...real,
      sendmmsg(fd, messages, count, flags) {
        errno = failures.shift() ?? 0
        return errno === 0 ? real.sendmmsg(fd, messages, Math.min(count, 2), flags) : -1
      },
      errno: () => errno || real.errno(),
    }
    // The vectors of the thread are made with the first library they see: this one must come first.
    vi.resetModules()
    const fresh = (await import('./datagram-batches.ts')) as { readonly BatchSocket: typeof BatchSocket }
    const state: BatchState = { responder: echo, dropped: 0 }
    const endpoint = { address: '127.0.0.1', port: 0 }
    const options = { endpoint, reuseAddr: false, reusePort: false, bufferBytes: 1 << 20 }
    const listener = await fresh.BatchSocket.open(faulty, state, options)
    closers.push(() => listener.close(0))
    const { socket, received } = await client()
    const sent = Array.from({ length: 20 }, (_, index) => `query ${index}`)
    for (const text of sent) socket.send(text, listener.local.port, '127.0.0.1')
    await vi.waitFor(() => expect(received.length + state.dropped).toBe(20))
    expect(state.dropped).toBe(1)
    expect(sent).toEqual(expect.arrayContaining(received))
  })

  it('loses nothing while the collector runs and memory is written over', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const listener = await open(echo)
    const { socket, received } = await client()
    let garbage: Uint8Array[] = []
    const rounds = 100
    for (let round = 0; round < rounds; round += 1) {
      for (let index = 0; index < BATCH_SIZE; index += 1) {
        socket.send(`round ${round} query ${index}`, listener.local.port, '127.0.0.1')
      }
      if (round % 4 === 0) collect()
      garbage = Array.from({ length: 50 }, () => new Uint8Array(4096).fill(0xee))
      await vi.waitFor(() => expect(received).toHaveLength((round + 1) * BATCH_SIZE), { interval: 1 })
    }
    expect(garbage).toHaveLength(50)
    expect(new Set(received).size).toBe(rounds * BATCH_SIZE)
    expect(received.every((text) => /^round \d+ query \d+$/.test(text))).toBe(true)
  })

  it('says in which words an address cannot be had, as without batches', async () => {
    const { local } = await open(() => undefined)
    await expect(openDatagramListener(local, () => undefined, { path: 'batches' })).rejects.toMatchObject({
      code: 'address-in-use',
      message: `listen udp 127.0.0.1:${local.port}: bind: address already in use`,
    })
  })

  it('lets listeners with reusePort share an address', async () => {
    const options = { path: 'batches', reusePort: true } as const
    const first = await openDatagramListener({ address: '127.0.0.1', port: 0 }, echo, options)
    const second = await openDatagramListener(first.local, echo, options)
    closers.push(
      () => first.close(0),
      () => second.close(0),
    )
    expect(second.local.port).toBe(first.local.port)
  })

  it('DatagramVector remembers what is to be sent', () => {
    const found = libc()
    if (!isLibc(found)) return expect.unreachable()
    const vector = new DatagramVector(found)
    vector.setLengths(3, 77, 16)
    expect(vector.lengthToSend(3)).toBe(77)
    expect(vector.receivedBytes(3)).toBe(0)
  })
})

describe('writeSocketAddress(), readSocketAddress()', () => {
  it.each([
    { address: '192.0.2.1', port: 53, bytes: 16 },
    { address: '0.0.0.0', port: 65_535, bytes: 16 },
    { address: '::', port: 1, bytes: 28 },
    { address: '::1', port: 5353, bytes: 28 },
    { address: '2001:db8::1:0:0:2', port: 53, bytes: 28 },
    { address: 'fe80::1:2:3:4', port: 53, bytes: 28 },
    { address: '1:2:3:4:5:6:7:8', port: 53, bytes: 28 },
  ])('give $address back', ({ address, port, bytes }) => {
    const octets = new Uint8Array(28)
    expect(writeSocketAddress(octets, 0, { address, port })).toBe(bytes)
    expect(readSocketAddress(octets, 0)).toEqual({ address, port })
  })

  it('reads a mapped IPv4 address as IPv4', () => {
    const octets = new Uint8Array(28)
    writeSocketAddress(octets, 0, { address: '::ffff:192.0.2.7', port: 53 })
    expect(readSocketAddress(octets, 0)).toEqual({ address: '192.0.2.7', port: 53 })
  })
})
