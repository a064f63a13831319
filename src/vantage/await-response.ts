// What becomes of an HTTP request that was made: its page, or how it failed, in time.
import type { ClientRequest } from 'node:http'
import { setAwakeTimeout } from '../base/awake-timer.ts'
import type { AwakeTimer } from '../base/awake-timer.ts'
import { describeError } from '../base/errors.ts'
import type { HttpResult } from './vantage.ts'

/** More than any page that the ladder reads; what comes after is cut off. */
const MAX_BODY_OCTETS = 16 * 1024 * 1024

export interface AwaitOptions {
  readonly timeoutMs: number
  /** Errors that say nothing about the server: the promise rejects with them. Default: none. */
  readonly isOwn?: (error: Error) => boolean
}

/**
 * Ends the request and collects its response, in a time that begins when it has a socket: what opening a way for it takes is none of
 * the server's. A connection is left open only where the whole response came.
 */
export function awaitResponse(
  outgoing: ClientRequest,
  { timeoutMs, isOwn = () => false }: AwaitOptions,
): Promise<HttpResult> {
  let startedAt = performance.now()
  const afterMs = (): number => performance.now() - startedAt
  return new Promise((resolve, reject) => {
    let timer: AwakeTimer | undefined
    const fail = (why: 'refused' | 'timeout' | 'unreachable', detail: string): void => {
      timer?.clear()
      resolve({ kind: 'failed', why, detail, afterMs: afterMs() })
      outgoing.destroy()
    }
    outgoing.once('socket', () => {
      startedAt = performance.now()
      timer = setAwakeTimeout(() => fail('timeout', `no complete response in ${timeoutMs} ms`), timeoutMs)
    })
    const onError = (error: NodeJS.ErrnoException): void => {
      if (isOwn(error)) {
        timer?.clear()
        reject(error)
        return
      }
      const why = error.code === 'ECONNREFUSED' ? 'refused' : error.code === 'ETIMEDOUT' ? 'timeout' : 'unreachable'
      fail(why, describeError(error))
    }
    outgoing.on('error', onError)
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = []
      let length = 0
      const finish = (): void => {
        timer?.clear()
        const body = Buffer.concat(chunks).toString('utf8')
        resolve({ kind: 'response', status: incoming.statusCode ?? 0, body, rttMs: afterMs() })
      }
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length <= MAX_BODY_OCTETS) return
        finish()
        outgoing.destroy()
      })
      incoming.on('end', finish)
      incoming.on('error', onError)
    })
    outgoing.end()
  })
}
