// A zone transfer: one query over TCP, and messages until the zone is complete (RFC 5936, RFC 1995).
import { randomId } from '../base/random.ts'
import { WireError, decodeMessage, encodeMessage } from '../dns/index.ts'
import type { Message, ResourceRecord } from '../dns/index.ts'
import { classifyFault, faultDetail } from './exchange-request.ts'
import type { ExchangeOptions } from './exchange-request.ts'
import { openTcp } from './exchange-tcp.ts'
import { createFrameSplitter, frameMessage } from './tcp-frames.ts'

export interface TransferOptions extends Pick<ExchangeOptions, 'server' | 'message' | 'source' | 'drawId'> {
  /** Milliseconds that may pass without a message. */
  readonly timeoutMs: number
  /** The serial that the asker has, for IXFR: a server with nothing newer sends its SOA record alone. */
  readonly serial?: number | undefined
  /** Gets each message of the transfer in turn. */
  readonly onMessage: (message: Message, octets: Uint8Array) => void
}

export type TransferResult =
  | { readonly kind: 'complete'; readonly rttMs: number }
  /** The server answers with another rcode, or with something that is no transfer. */
  | { readonly kind: 'failed'; readonly message: Message; readonly octets: Uint8Array }
  | { readonly kind: 'timeout'; readonly afterMs: number }
  | {
      readonly kind: 'malformed' | 'refused' | 'unreachable' | 'closed'
      readonly detail: string
      readonly afterMs: number
    }

/** Transfers a zone. Resolves for every fault; records go to `onMessage` as they come, complete or not. */
export async function transferZone(options: TransferOptions): Promise<TransferResult> {
  const { drawId = randomId, timeoutMs, serial, onMessage } = options
  const query: Message = { ...options.message, id: drawId() }
  const octets = frameMessage(encodeMessage(query))
  const startedAt = performance.now()
  const afterMs = (): number => performance.now() - startedAt
  const isComplete = createTransferEnd(serial)
  const socket = openTcp(options.server, options.source)
  try {
    return await new Promise<TransferResult>((resolve) => {
      let isConnected = false
      let timer = setTimeout(timeOut, timeoutMs)
      let isSettled = false
      function timeOut(): void {
        resolve({ kind: 'timeout', afterMs: afterMs() })
      }
      const settle = (result: TransferResult): void => {
        clearTimeout(timer)
        isSettled = true
        resolve(result)
      }
      const splitter = createFrameSplitter((received) => {
        if (isSettled) return
        clearTimeout(timer)
        timer = setTimeout(timeOut, timeoutMs)
        try {
          const message = decodeMessage(received)
          // Anything on this connection that is not this transfer is passed over.
          if (message.id !== query.id || !message.flags.qr) return
          if (message.rcode !== 'NOERROR' || message.answer.length === 0) {
            settle({ kind: 'failed', message, octets: received })
            return
          }
          onMessage(message, received)
          if (isComplete(message.answer)) settle({ kind: 'complete', rttMs: afterMs() })
        } catch (error) {
          if (!(error instanceof WireError)) throw error
          settle({ kind: 'malformed', detail: error.message, afterMs: afterMs() })
        }
      })
      socket.on('connect', () => {
        isConnected = true
        socket.write(octets)
      })
      socket.on('data', (chunk: Buffer) => splitter.push(chunk))
      socket.on('error', (error) => {
        settle({ kind: isConnected ? 'closed' : classifyFault(error), detail: faultDetail(error), afterMs: afterMs() })
      })
      socket.on('close', () => settle({ kind: 'closed', detail: 'end of file', afterMs: afterMs() }))
    })
  } finally {
    socket.destroy()
  }
}

/**
 * Tells, section by section, when a transfer is complete.
 *
 * A whole zone ends with its SOA record again. Differences begin with two SOA records of different serials, and each
 * holds the new zone's SOA once more before the last one (RFC 1995 §4).
 */
function createTransferEnd(askedSerial: number | undefined): (records: readonly ResourceRecord[]) => boolean {
  let count = 0
  let newSerial: number | undefined
  let isIncremental = false
  let seen = 0
  return (records) => {
    for (const { rdata } of records) {
      count += 1
      if (rdata.type !== 'SOA') continue
      newSerial ??= rdata.serial
      if (count === 2 && rdata.serial !== newSerial) isIncremental = true
      if (rdata.serial === newSerial) seen += 1
      if (seen === (isIncremental ? 3 : 2)) return true
    }
    return count === 1 && askedSerial !== undefined && newSerial !== undefined && !isNewer(newSerial, askedSerial)
  }
}

/** Serial number arithmetic (RFC 1982 §3.2). */
function isNewer(serial: number, than: number): boolean {
  const ahead = (serial - than + 4_294_967_296) % 4_294_967_296
  return ahead !== 0 && ahead < 2_147_483_648
}
