import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { systemClock } from '../../base/index.ts'
import { isLibc, libc } from '../../sys/index.ts'
import { createFrameSplitter, frameMessage } from '../tcp-frames.ts'
import type { Responder } from './responder.ts'
import { openStreamListener } from './stream.ts'
import type { StreamLimits, StreamListener } from './index.ts'

const LIMITS: StreamLimits = {
  readTimeoutMs: 3000,
  writeTimeoutMs: 5000,
  idleTimeoutMs: 10_000,
  maxQueries: -1,
  maxInFlight: 4,
}

const found = libc()
const WHY_ALONE = isLibc(found) ? undefined : found.why

const listeners: StreamListener[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(listeners.splice(0).map((listener) => listener.close(0)))
})

const echo: Responder = (query) => Uint8Array.from(query)

async function open(responder: Responder, limits: Partial<StreamLimits> = {}, maxConnections = 100) {
  const clock = createFakeClock()
  const listener = await openStreamListener({ address: '127.0.0.1', port: 0 }, responder, {
    clock,
    limits: { ...LIMITS, ...limits },
    maxConnections,
  })
  listeners.push(listener)
  return { clock, listener }
}

interface Client {
  readonly socket: Socket
  /** The next message of the server. */
  readonly next: () => Promise<string>
  readonly send: (...texts: readonly string[]) => void
  readonly closed: Promise<string>
}

async function client(listener: StreamListener): Promise<Client> {
  const socket = connect(listener.local.port, listener.local.address)
  sockets.push(socket)
  await once(socket, 'connect')
  const received: string[] = []
  const waiting: ((text: string) => void)[] = []
  const splitter = createFrameSplitter((message) => {
    const text = Buffer.from(message).toString()
    const waiter = waiting.shift()
    if (waiter === undefined) received.push(text)
    else waiter(text)
  })
  socket.on('error', () => {})
  socket.on('data', (octets: Buffer) => splitter.push(octets))
  return {
    socket,
    closed: once(socket, 'close').then(() => 'closed'),
    next: async () => received.shift() ?? new Promise((resolve) => waiting.push(resolve)),
    send: (...texts) => socket.write(Buffer.concat(texts.map((text) => frameMessage(Buffer.from(text))))),
  }
}

describe('openStreamListener()', () => {
  it('answers pipelined queries, also when octets come one by one', async () => {
    const { listener } = await open(echo)
    const { send, next, socket } = await client(listener)
    send('one', 'two')
    expect([await next(), await next()]).toEqual(['one', 'two'])
    for (const octet of frameMessage(Buffer.from('three'))) {
      socket.write(Uint8Array.of(octet))
    }
    expect(await next()).toBe('three')
  })

  it('answers as soon as an answer is there, out of order', async () => {
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { listener } = await open((query) => {
      const copy = Uint8Array.from(query)
      return Buffer.from(query).toString() === 'slow' ? gate.then(() => copy) : copy
    })
    const { send, next } = await client(listener)
    send('slow', 'fast')
    expect(await next()).toBe('fast')
    release()
    expect(await next()).toBe('slow')
  })

  it('takes no more queries than maxInFlight at a time, and the others when answers are out', async () => {
    const pending: (() => void)[] = []
    const { listener } = await open(async (query) => {
      const copy = Uint8Array.from(query)
      await new Promise<void>((resolve) => pending.push(resolve))
      return copy
    })
    const { send, next } = await client(listener)
    send('1', '2', '3', '4', '5', '6')
    await expect.poll(() => pending.length).toBe(4)
    for (const release of pending.splice(0)) release()
    expect([await next(), await next(), await next(), await next()]).toEqual(['1', '2', '3', '4'])
    await expect.poll(() => pending.length).toBe(2)
    for (const release of pending.splice(0)) release()
    expect([await next(), await next()]).toEqual(['5', '6'])
  })

  it('goes on after messages that get no answer: length 0, 1, 11', async () => {
    const { listener } = await open((query) => (query.length < 12 ? undefined : Uint8Array.from(query)))
    const { send, next } = await client(listener)
    send('', 'x', 'x'.repeat(11), 'y'.repeat(12))
    expect(await next()).toBe('y'.repeat(12))
  })

  it('answers what was asked before the client closed its side', async () => {
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { listener } = await open((query) => {
      const copy = Uint8Array.from(query)
      return gate.then(() => copy)
    })
    const { send, next, socket, closed } = await client(listener)
    send('last words')
    socket.end()
    release()
    expect(await next()).toBe('last words')
    expect(await closed).toBe('closed')
  })

  it('takes messages of 65535 octets both ways', async () => {
    const { listener } = await open(echo)
    const { send, next } = await client(listener)
    const longest = 'z'.repeat(65_535)
    send(longest)
    expect(await next()).toBe(longest)
  })

  it('closes a connection that never asks after the read time-out', async () => {
    const { listener, clock } = await open(echo)
    const { closed } = await client(listener)
    await clock.advance(2900)
    await clock.advance(400)
    expect(await closed).toBe('closed')
  })

  it('closes a connection whose message does not become complete, however often an octet comes', async () => {
    const { listener, clock } = await open(echo)
    const { send, next, socket, closed } = await client(listener)
    send('first')
    await next()
    socket.write(Uint8Array.of(0, 200))
    for (let step = 0; step < 8; step += 1) {
      socket.write(Uint8Array.of(1))
      // What was written has arrived when another connection's query is answered.
      const other = await client(listener)
      other.send('now')
      await other.next()
      await clock.advance(500)
    }
    expect(await closed).toBe('closed')
  })

  it('reads what came while its thread stood still before it gives a connection up', async () => {
    const listener = await openStreamListener({ address: '127.0.0.1', port: 0 }, echo, {
      clock: systemClock,
      limits: { ...LIMITS, idleTimeoutMs: 300 },
      maxConnections: 100,
    })
    listeners.push(listener)
    const { send, next, closed } = await client(listener)
    send('x')
    await next()
    send('y')
    const until = performance.now() + 1000
    while (performance.now() < until);
    expect(await Promise.race([next(), closed])).toBe('y')
  })

  it('closes an idle connection after the idle time-out, not one that asks', async () => {
    const { listener, clock } = await open(echo)
    const busy = await client(listener)
    const idle = await client(listener)
    for (const { send, next } of [busy, idle]) {
      send('x')
      await next()
    }
    await clock.advance(8000)
    busy.send('y')
    await busy.next()
    await clock.advance(3000)
    expect(await idle.closed).toBe('closed')
    busy.send('z')
    expect(await busy.next()).toBe('z')
  })

  it('closes after maxQueries queries', async () => {
    const { listener } = await open(echo, { maxQueries: 2 })
    const { send, next, closed } = await client(listener)
    send('1', '2', '3')
    expect([await next(), await next()]).toEqual(['1', '2'])
    expect(await closed).toBe('closed')
  })

  it('drops a client that takes no answers after the write time-out', async () => {
    const big = new Uint8Array(60_000)
    const { listener, clock } = await open(() => big)
    const { socket, send } = await client(listener)
    socket.pause()
    let writes = 0
    const many = setInterval(() => {
      writes += 1
      send(...Array.from({ length: 200 }, () => 'more please'))
    }, 5)
    const closed = once(socket, 'close').then(() => 'closed')
    try {
      await expect.poll(() => writes, { timeout: 10_000 }).toBeGreaterThan(40)
      await clock.advance(3000)
      await clock.advance(3000)
      socket.resume()
      expect(await closed).toBe('closed')
    } finally {
      clearInterval(many)
    }
  })

  it('closes the idlest connection of who has most, when there are too many', async () => {
    const { listener } = await open(echo, {}, 3)
    const crowd = [await client(listener), await client(listener), await client(listener)]
    const [first, second, third] = crowd
    if (first === undefined || second === undefined || third === undefined) throw new Error('three clients')
    // In this order: the first is the one that was used last.
    for (const one of [second, third, first]) {
      one.send('x')
      await one.next()
    }
    const late = await client(listener)
    expect(await second.closed).toBe('closed')
    late.send('late')
    expect(await late.next()).toBe('late')
    first.send('first')
    expect(await first.next()).toBe('first')
  })

  it('close() ends idle connections at once and busy ones after their answer', async () => {
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const asked: string[] = []
    const { clock, listener } = await open((query) => {
      const copy = Uint8Array.from(query)
      asked.push(Buffer.from(query).toString())
      return gate.then(() => copy)
    })
    const idle = await client(listener)
    const accepted = await client(listener)
    accepted.socket.destroy()
    await clock.advance(1000)
    const busy = await client(listener)
    busy.send('wait for me')
    await expect.poll(() => asked).toEqual(['wait for me'])
    const closing = listener.close(5000)
    expect(await idle.closed).toBe('closed')
    release()
    expect(await busy.next()).toBe('wait for me')
    await closing
  })

  it('close() answers the first query of a connection that was just opened', async () => {
    const { listener } = await open(echo)
    const older = await client(listener)
    const fresh = await client(listener)
    older.send('accepted')
    expect(await older.next()).toBe('accepted')
    const closing = listener.close(5000)
    fresh.send('asked a moment later')
    expect(await fresh.next()).toBe('asked a moment later')
    expect(await fresh.closed).toBe('closed')
    await closing
  })

  it.skipIf(WHY_ALONE !== undefined)(
    `reusePort leaves every connection to the one that stays (${WHY_ALONE ?? 'libc'})`,
    async () => {
      const options = { clock: createFakeClock(), limits: LIMITS, maxConnections: 100, reusePort: true }
      const old = await openStreamListener({ address: '127.0.0.1', port: 0 }, () => Buffer.from('old'), options)
      const next = await openStreamListener(old.local, () => Buffer.from('new'), options)
      listeners.push(next)
      const ask = async (): Promise<string> => {
        const asking = await client(next)
        asking.send('?')
        return asking.next()
      }
      const closing = old.close(5000)
      const answers = await Promise.all(Array.from({ length: 50 }, ask))
      await closing
      expect(await ask()).toBe('new')
      expect(new Set([...answers, 'old', 'new']).size).toBe(2)
    },
  )

  it('hands a query on an open connection to the new responder', async () => {
    const { listener } = await open(() => Buffer.from('old'))
    const { send, next } = await client(listener)
    send('?')
    expect(await next()).toBe('old')
    listener.setResponder(() => Buffer.from('new'))
    send('?')
    expect(await next()).toBe('new')
  })
})
