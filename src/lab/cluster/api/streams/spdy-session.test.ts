import { duplexPair } from 'node:stream'
import type { Duplex } from 'node:stream'
import { constants, deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { SPDY_DICTIONARY } from './spdy-dictionary.ts'
import { serveSpdy } from './spdy-session.ts'
import type { SpdyStream } from './spdy-session.ts'

const SYN_STREAM = 1
const SYN_REPLY = 2
const PING = 6

function control(type: number, payload: Buffer, flags = 0): Buffer {
  const head = Buffer.from([0x80, 3, 0, type, flags, 0, 0, 0])
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

function data(id: number, text: string, isLast = false): Buffer {
  const head = Buffer.from([0, 0, 0, id, isLast ? 1 : 0, 0, 0, text.length])
  return Buffer.concat([head, Buffer.from(text)])
}

/** The first of a connection: later blocks depend on the ones before. */
function open(id: number, name: string, value: string): Buffer {
  const block = Buffer.alloc(12 + name.length + value.length)
  block.writeUInt32BE(1, 0)
  block.writeUInt32BE(name.length, 4)
  block.write(name, 8)
  block.writeUInt32BE(value.length, 8 + name.length)
  block.write(value, 12 + name.length)
  const options = { dictionary: SPDY_DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH }
  return control(SYN_STREAM, Buffer.concat([Buffer.from([0, 0, 0, id, 0, 0, 0, 0, 0, 0]), deflateSync(block, options)]))
}

function session(): { client: Duplex; streams: SpdyStream[]; ended: Promise<void>; opened: Promise<SpdyStream> } {
  const [client, server] = duplexPair()
  const streams: SpdyStream[] = []
  let tell: (stream: SpdyStream) => void = () => undefined
  const opened = new Promise<SpdyStream>((done) => {
    tell = done
  })
  const ended = serveSpdy(server, (stream) => {
    streams.push(stream)
    tell(stream)
  })
  return { client, streams, ended, opened }
}

describe('serveSpdy()', () => {
  it("has the dictionary of SPDY/3 (its zlib checksum is the protocol's)", () => {
    const head = deflateSync(Buffer.from('x'), { dictionary: SPDY_DICTIONARY })
    expect(SPDY_DICTIONARY.length).toBe(1423)
    expect(head.readUInt32BE(2)).toBe(0xe3c6_a7c2)
  })

  it('opens a stream with its headers, carries octets both ways, and ends them apart', async () => {
    const { client, opened } = session()
    client.write(open(1, 'streamtype', 'data'))
    const stream = await opened
    expect(stream.headers.get('streamtype')).toBe('data')
    const received: Buffer[] = []
    stream.on('data', (part: Buffer) => received.push(part))
    client.write(Buffer.concat([data(1, 'ping'), data(1, '', true)]))
    await new Promise((done) => stream.once('end', done))
    expect(Buffer.concat(received).toString()).toBe('ping')
    const sent: Buffer[] = []
    client.on('data', (part: Buffer) => sent.push(part))
    const closed = new Promise((done) => stream.once('close', done))
    stream.end('pong')
    await closed
    const all = Buffer.concat(sent)
    expect([all.readUInt16BE(0), all.readUInt16BE(2)]).toEqual([0x8003, SYN_REPLY])
    expect(all.includes(Buffer.concat([data(1, 'pong'), data(1, '', true)]))).toBe(true)
  })

  it('takes frames however they are cut', async () => {
    const { client, opened } = session()
    for (const octet of Buffer.concat([open(3, 'streamtype', 'error'), data(3, 'x', true)]))
      client.write(Buffer.of(octet))
    expect(Buffer.concat(await (await opened).toArray()).toString()).toBe('x')
  })

  it('answers a ping with the same', async () => {
    const { client } = session()
    const ping = control(PING, Buffer.from([0, 0, 0, 7]))
    client.write(ping)
    await new Promise((done) => client.once('readable', done))
    expect(client.read()).toEqual(ping)
  })

  it.each([
    { title: 'headers that cannot be inflated', octets: control(SYN_STREAM, Buffer.alloc(20, 0xff)) },
    { title: 'a control frame far too long', octets: Buffer.from([0x80, 3, 0, 1, 0, 0xff, 0xff, 0xff]) },
    { title: 'a stream frame cut short', octets: control(SYN_STREAM, Buffer.alloc(2)) },
  ])('ends the connection for $title', async ({ octets }) => {
    const { client, streams, ended } = session()
    client.on('error', () => undefined)
    client.write(octets)
    await ended
    expect(streams).toEqual([])
  })
})
