import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startScriptedServer } from '../../test/support/scripted-server.ts'
import { query, response } from '../dns/index.ts'
import { vantageHere } from './here.ts'

const here = vantageHere()
const open: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

async function startHttp(answer: Parameters<typeof createServer>[1]): Promise<Server> {
  const server = createServer(answer ?? (() => undefined))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return server
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port

describe('vantageHere()', () => {
  it('asks under the id that is given', async () => {
    const server = await startScriptedServer((asked) => [{ kind: 'send', message: response(asked.message) }])
    open.push(() => server.close())
    const result = await here.exchange({
      server: { address: '127.0.0.1', port: server.port },
      message: query({ name: 'example.org' }),
      transport: 'udp',
      timeoutMs: 5000,
      id: 4660,
    })
    expect(result).toMatchObject({ kind: 'response', message: { id: 4660 } })
  })

  it('gets a page with its status', async () => {
    const server = await startHttp((_request, reply) => reply.writeHead(503).end('not ready'))
    const request = { server: { address: '127.0.0.1', port: portOf(server) }, path: '/ready', timeoutMs: 5000 }
    expect(await here.httpGet(request)).toMatchObject({ kind: 'response', status: 503, body: 'not ready' })
  })

  it('tells a closed port from a silent server', async () => {
    const server = await startHttp(() => undefined)
    const at = { address: '127.0.0.1', port: portOf(server) }
    expect(await here.httpGet({ server: at, path: '/', timeoutMs: 30 })).toMatchObject({
      kind: 'failed',
      why: 'timeout',
    })
    await open.pop()?.()
    expect(await here.httpGet({ server: at, path: '/', timeoutMs: 5000 })).toMatchObject({
      kind: 'failed',
      why: 'refused',
    })
  })

  it('cuts a page that does not end, and gives up one that comes by drops', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'a')
    const endless = await startHttp((_request, reply) => {
      const more = (): void => {
        while (reply.write(piece));
        reply.once('drain', more)
      }
      more()
    })
    const at = { address: '127.0.0.1', port: portOf(endless) }
    const cut = await here.httpGet({ server: at, path: '/metrics', timeoutMs: 30_000 })
    expect(cut.kind === 'response' && cut.body.length).toBeLessThan(18 * 1024 * 1024)
    const dripping = await startHttp((_request, reply) => {
      const timer = setInterval(() => reply.write('a'), 5)
      reply.once('close', () => clearInterval(timer))
    })
    const there = { address: '127.0.0.1', port: portOf(dripping) }
    expect(await here.httpGet({ server: there, path: '/metrics', timeoutMs: 100 })).toMatchObject({
      kind: 'failed',
      why: 'timeout',
    })
  })

  it('reads a file, says when there is none, and why one cannot be read', async () => {
    expect(await here.readFile(import.meta.filename)).toMatchObject({ kind: 'file' })
    expect(await here.readFile('/no/such/file')).toEqual({ kind: 'absent' })
    expect(await here.readFile('/')).toMatchObject({ kind: 'skipped', why: expect.stringContaining('cannot read /') })
  })

  it.runIf(process.platform === 'linux')('reads the kernel’s tables, each for itself', async () => {
    const tables = await here.kernelTables({ addresses: ['192.0.2.1'], timeoutMs: 10_000 })
    if ('kind' in tables) throw new Error(tables.why)
    expect(tables.sysctls).toHaveProperty(['net.core.rmem_max'])
    expect(tables.udp).toMatchObject({ counters: { NoPorts: expect.any(Number) } })
    for (const table of Object.values(tables)) expect(typeof table === 'object' && table !== null).toBe(true)
  })
})
