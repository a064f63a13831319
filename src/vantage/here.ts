// The place where this program runs: its own sockets, its own files.
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { setAwakeTimeout } from '../base/awake-timer.ts'
import { describeError } from '../base/errors.ts'
import { exchange } from '../net/index.ts'
import type { ExchangeResult } from '../net/index.ts'
import { collectKernelTables } from './kernel/collect.ts'
import { localKernelSource } from './kernel/local-source.ts'
import type { ExchangeRequest, FileResult, HttpRequest, HttpResult, Vantage } from './vantage.ts'

/** More than any page that the ladder reads; what comes after is cut off. */
const MAX_BODY_OCTETS = 16 * 1024 * 1024

/** The vantage of this machine's own network stack and files. */
export function vantageHere(): Vantage {
  return {
    place: { kind: 'here' },
    how: 'this machine',
    exchange: exchangeHere,
    httpGet,
    readFile: readFileHere,
    kernelTables: (request) => collectKernelTables(localKernelSource(), request),
  }
}

function exchangeHere({ id, ...request }: ExchangeRequest): Promise<ExchangeResult> {
  return exchange({ ...request, drawId: id === undefined ? undefined : () => id })
}

function httpGet({ server, path, timeoutMs }: HttpRequest): Promise<HttpResult> {
  const startedAt = performance.now()
  const afterMs = (): number => performance.now() - startedAt
  return new Promise((resolve) => {
    const outgoing = request({ host: server.address, port: server.port, path, agent: false, method: 'GET' })
    const settle = (result: HttpResult): void => {
      timer.clear()
      resolve(result)
      outgoing.destroy()
    }
    const timer = setAwakeTimeout(() => {
      settle({ kind: 'failed', why: 'timeout', detail: `no complete response in ${timeoutMs} ms`, afterMs: afterMs() })
    }, timeoutMs)
    const fail = (error: NodeJS.ErrnoException): void => {
      const why = error.code === 'ECONNREFUSED' ? 'refused' : error.code === 'ETIMEDOUT' ? 'timeout' : 'unreachable'
      settle({ kind: 'failed', why, detail: describeError(error), afterMs: afterMs() })
    }
    outgoing.on('error', fail)
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = []
      let length = 0
      const finish = (): void => {
        const body = Buffer.concat(chunks).toString('utf8')
        settle({ kind: 'response', status: incoming.statusCode ?? 0, body, rttMs: afterMs() })
      }
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length > MAX_BODY_OCTETS) finish()
      })
      incoming.on('end', finish)
      incoming.on('error', fail)
    })
    outgoing.end()
  })
}

async function readFileHere(path: string): Promise<FileResult> {
  try {
    return { kind: 'file', text: await readFile(path, 'utf8') }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' }
    const why = `cannot read ${path}: ${describeError(error)}`
    return code === 'EACCES' || code === 'EPERM'
      ? { kind: 'skipped', why, needs: 'root on this machine' }
      : { kind: 'skipped', why }
  }
}
