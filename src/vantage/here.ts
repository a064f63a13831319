// The place where this program runs: its own sockets, its own files.
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { describeError } from '../base/errors.ts'
import { exchange, openTcp } from '../net/index.ts'
import type { ExchangeResult, SocketSpace } from '../net/index.ts'
import { awaitResponse } from './await-response.ts'
import { collectKernelTables } from './kernel/collect.ts'
import { localKernelSource } from './kernel/local-source.ts'
import type { ExchangeRequest, FileResult, HttpRequest, HttpResult, Vantage } from './vantage.ts'

/** The vantage of this machine's own network stack and files. */
export function vantageHere(): Vantage {
  return {
    place: { kind: 'here' },
    how: 'this machine',
    exchange: (request) => exchangeFrom(request),
    httpGet: (request) => getFrom(request),
    readFile: readFileHere,
    kernelTables: (request) => collectKernelTables(localKernelSource(), request),
  }
}

/** Asks with this thread's own sockets, or with those of a namespace. */
export function exchangeFrom({ id, ...request }: ExchangeRequest, space?: SocketSpace): Promise<ExchangeResult> {
  return exchange({ ...request, space, drawId: id === undefined ? undefined : () => id })
}

/** Gets a page over a connection of its own; throws what making a socket in `space` throws. */
export async function getFrom({ server, path, timeoutMs }: HttpRequest, space?: SocketSpace): Promise<HttpResult> {
  const outgoing = request({
    host: server.address,
    port: server.port,
    path,
    method: 'GET',
    ...(space === undefined ? { agent: false } : { createConnection: () => openTcp(server, undefined, space) }),
  })
  return awaitResponse(outgoing, { timeoutMs })
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
