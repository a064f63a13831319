import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createMetrics } from '../server/index.ts'
import type { Network } from '../server/index.ts'
import type { Endpoint } from '../net/exchange-result.ts'
import { createStatusEndpoint } from './status-endpoint.ts'
import type { StatusEndpoint } from './status-endpoint.ts'

let status: StatusEndpoint | undefined

afterEach(async () => {
  await status?.close()
  status = undefined
})

function make(address: string, missing: () => readonly string[] = () => []) {
  const lines: string[] = []
  let bound: Endpoint | undefined
  const network: Network = {
    listenAt: (endpoint) => endpoint,
    callTo: (endpoint) => endpoint,
    bound: (_wanted, actual) => (bound = actual),
  }
  const metrics = createMetrics()
  metrics.counter({ name: 'some_total', help: 'Some.' }).inc()
  status = createStatusEndpoint(address, { network, metrics, missing, say: (line) => lines.push(line) })
  const get = async (path: string): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${bound?.port ?? 0}${path}`)
    return `${response.status} ${await response.text()}`
  }
  return { status, lines, get }
}

describe('createStatusEndpoint()', () => {
  it('is ready when nothing is missing, and says what is', async () => {
    let missing = ['interface', 'iptables']
    const { status: opened, get } = make('127.0.0.1:0', () => missing)
    await opened.ensureOpen()
    expect(await get('/ready')).toBe('503 interface,iptables')
    missing = []
    expect(await get('/ready')).toBe('200 OK')
  })

  it('shows metrics, and nothing elsewhere', async () => {
    const { status: opened, get } = make('127.0.0.1:0')
    await opened.ensureOpen()
    expect(await get('/metrics')).toContain('\nsome_total 1\n')
    expect(await get('/')).toBe('404 404 page not found\n')
  })

  it('complains once of an address that is taken, and has it when it is free', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server's address is this
    const { port } = other.address() as AddressInfo
    const { status: opened, lines, get } = make(`127.0.0.1:${port}`)
    await opened.ensureOpen()
    await opened.ensureOpen()
    expect(lines).toEqual([
      `[ERROR] Failed to start metrics handler: listen tcp 127.0.0.1:${port}: bind: address already in use; tried again at each check`,
    ])
    other.close()
    await once(other, 'close')
    await opened.ensureOpen()
    expect(await get('/ready')).toBe('200 OK')
  })
})
