// The place where this program runs: its own sockets, its own files.
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { describeError } from '../base/errors.ts'
import { exchange } from '../net/index.ts'
import type { ExchangeResult } from '../net/index.ts'
import { awaitResponse } from './await-response.ts'
import { collectKernelTables } from './kernel/collect.ts'
import { localKernelSource } from './kernel/local-source.ts'
import type { ExchangeRequest, FileResult, HttpRequest, HttpResult, Vantage } from './vantage.ts'

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
  const outgoing = request({ host: server.address, port: server.port, path, agent: false, method: 'GET' })
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
