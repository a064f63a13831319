// One question, one fresh TCP connection, one response.
import { Socket, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { setAwakeTimeout } from '../base/awake-timer.ts'
import { randomId } from '../base/random.ts'
import type { Message } from '../dns/index.ts'
import type { Endpoint, ExchangeResult, StrayMessage } from './exchange-result.ts'
import { MAX_STRAY, classifyFault, encodeQuery, faultDetail, isIpv6 } from './exchange-request.ts'
import type { ExchangeOptions, SocketSpace } from './exchange-request.ts'
import { matchResponse } from './match-response.ts'
import { createFrameSplitter, frameMessage } from './tcp-frames.ts'

/** Servers close a connection that was opened and asks nothing, after a few seconds. */
const LATE_MS = 1000
const ATTEMPTS = 3
const END_OF_FILE = 'end of file'

/**
 * Asks over TCP and waits for the one response that fits; other messages on the connection are stray.
 *
 * `rttMs` counts from the start of connecting. Resolves for every network fault; a server that closes or resets the
 * connection before the response gives `closed`. It is asked again if it may have closed because this thread stood
 * still and sent its query late.
 *
 * @throws {WireError} @throws {RangeError} when the message cannot be encoded
 */
export async function exchangeTcp(options: ExchangeOptions): Promise<ExchangeResult> {
  const { server, source, space } = options
  // The port that was asked for cannot be had twice.
  const attempts = source?.port === undefined ? ATTEMPTS : 1
  for (let attempt = 1; ; attempt += 1) {
    const { result, lostMs } = await askOver(openTcp(server, source, space), options)
    const isOurs = result.kind === 'closed' && result.detail === END_OF_FILE && lostMs >= LATE_MS
    if (!isOurs || attempt === attempts) return result
  }
}

/**
 * The same over a connection that somebody else opened, or opens: a socket, or a port-forward. It is destroyed in the end.
 *
 * @throws {WireError} @throws {RangeError} when the message cannot be encoded
 */
export async function exchangeOverStream(stream: MessageStream, options: ExchangeOptions): Promise<ExchangeResult> {
  return (await askOver(stream, options)).result
}

type MessageStream = Duplex & { readonly connecting?: boolean }

/** `lostMs`: for how long this thread stood still meanwhile. */
async function askOver(
  stream: MessageStream,
  options: ExchangeOptions,
): Promise<{ readonly result: ExchangeResult; readonly lostMs: number }> {
  const { server, timeoutMs, drawId = randomId } = options
  const query: Message = { ...options.message, id: drawId() }
  const startedAt = performance.now()
  const afterMs = (): number => performance.now() - startedAt
  const stray: StrayMessage[] = []
  try {
    const octets = frameMessage(encodeQuery(options, query))
    return await new Promise((resolve) => {
      let isConnected = stream.connecting !== true
      const timer = setAwakeTimeout(() => {
        const connected = isConnected ? { connected: true as const } : {}
        settle({ kind: 'timeout', afterMs: afterMs(), transport: 'tcp', stray, ...connected })
      }, timeoutMs)
      const settle = (result: ExchangeResult): void => {
        timer.clear()
        resolve({ result, lostMs: timer.lostMs() })
      }
      const splitter = createFrameSplitter((received) => {
        const match = matchResponse(received, query, server)
        if (match.kind === 'response') {
          const { message } = match
          settle({ kind: 'response', message, octets: received, rttMs: afterMs(), transport: 'tcp', stray })
        } else {
          if (stray.length < MAX_STRAY) stray.push(match.stray)
          options.onStray?.(match.stray)
        }
      })
      stream.on('connect', () => {
        isConnected = true
      })
      stream.on('data', (chunk: Buffer) => splitter.push(chunk))
      stream.on('error', (error) => {
        const kind = isConnected ? 'closed' : classifyFault(error)
        settle({ kind, afterMs: afterMs(), transport: 'tcp', detail: faultDetail(error) })
      })
      stream.on('close', () => {
        const pending = splitter.pendingOctets()
        const detail = pending === 0 ? END_OF_FILE : `${END_OF_FILE} after ${pending} octets of an unfinished message`
        settle({ kind: 'closed', afterMs: afterMs(), transport: 'tcp', detail })
      })
      // Kept back by the stream until it is connected.
      stream.write(octets)
    })
  } finally {
    stream.destroy()
  }
}

/** Opens a connection whose messages leave at once. @throws what making a socket in `space` throws */
export function openTcp(server: Endpoint, source?: ExchangeOptions['source'], space?: SocketSpace): Socket {
  const options = {
    host: server.address,
    port: server.port,
    ...(source?.address === undefined ? {} : { localAddress: source.address }),
    ...(source?.port === undefined ? {} : { localPort: source.port }),
  }
  if (space === undefined) return connect({ ...options, noDelay: true })
  // Node makes the socket of a connection later, when this thread is outside again.
  const fd = space.openStream(isIpv6(server.address) ? 6 : 4)
  return new Socket({ fd }).setNoDelay(true).connect(options)
}
