// Kubernetes' channel protocol: WebSocket messages whose first octet says which stream they belong to.
import { PassThrough, Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Json } from '../../../../kube/objects/index.ts'
import type { RemoteStreams } from './remote-command.ts'

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const
/** v5.channel.k8s.io: `255 CHANNEL` ends what the client sends on a channel. */
const CLOSE_SIGNAL = 255
const NORMAL_CLOSURE = 1000
/** What may wait for a client that does not read, in octets. */
const MAX_BUFFERED = 1024 * 1024

export interface WantedStreams {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** Messages as octets, whatever form the library gives them in. */
export function octetsOf(message: ArrayBuffer | Buffer | readonly Buffer[]): Buffer {
  if (Buffer.isBuffer(message)) return message
  return message instanceof ArrayBuffer ? Buffer.from(message) : Buffer.concat(message)
}

/** A stream whose writes become messages of one channel; it waits for a client that reads slowly. */
export function channelWriter(socket: WebSocket, channel: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (socket.readyState !== socket.OPEN) return done()
      const isAhead = socket.bufferedAmount > MAX_BUFFERED
      socket.send(Buffer.concat([Buffer.of(channel), chunk]), () => isAhead && done())
      if (!isAhead) done()
    },
  })
}

/** The streams of a command over v4.channel.k8s.io and v5.channel.k8s.io. */
export function commandChannels(socket: WebSocket, wanted: WantedStreams): RemoteStreams {
  const stdin = wanted.stdin ? new PassThrough() : undefined
  const resize = wanted.tty ? new PassThrough() : undefined
  let isFinished = false
  socket.on('message', (message) => {
    const octets = octetsOf(message)
    const [channel, ...rest] = octets
    if (channel === CLOSE_SIGNAL && rest[0] === CHANNEL.stdin) stdin?.end()
    const target = channel === CHANNEL.stdin ? stdin : channel === CHANNEL.resize ? resize : undefined
    if (target === undefined || octets.length < 2 || target.writableEnded) return
    if (target.write(octets.subarray(1))) return
    socket.pause()
    target.once('drain', () => socket.resume())
  })
  socket.on('error', () => undefined)
  // Something on the lowest channel tells the client that it is connected.
  const lowest = wanted.stdout ? CHANNEL.stdout : CHANNEL.error
  socket.send(Buffer.of(lowest))
  return {
    stdin,
    stdout: wanted.stdout ? channelWriter(socket, CHANNEL.stdout) : undefined,
    stderr: wanted.stderr && !wanted.tty ? channelWriter(socket, CHANNEL.stderr) : undefined,
    resize,
    finish(status: Json) {
      isFinished = true
      if (socket.readyState !== socket.OPEN) return
      socket.send(Buffer.concat([Buffer.of(CHANNEL.error), Buffer.from(JSON.stringify(status))]))
      socket.close(NORMAL_CLOSURE)
    },
    onGone(listener) {
      socket.once('close', () => {
        if (!isFinished) listener()
      })
    },
  }
}
