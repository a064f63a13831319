import { createServer as createHttpServer, request } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { proxyFor, tunnelAgent } from './proxy.ts'

const opened: { close: () => unknown }[] = []
afterEach(() => {
  for (const each of opened.splice(0)) each.close()
})

describe('proxyFor()', () => {
  const environment = {
    HTTPS_PROXY: 'proxy.example.org:3128',
    NO_PROXY: 'api.example.org,.internal,10.0.0.0/8,fd00::/8,other:8443',
  }
  it.each([
    { server: 'https://cluster.example.com', proxied: true },
    { server: 'https://api.example.org', proxied: false },
    { server: 'https://sub.api.example.org', proxied: false },
    { server: 'https://notapi.example.org', proxied: true },
    { server: 'https://x.internal:6443', proxied: false },
    { server: 'https://internal', proxied: true },
    { server: 'https://10.1.2.3:6443', proxied: false },
    { server: 'https://11.1.2.3:6443', proxied: true },
    { server: 'https://[fd00::7]:6443', proxied: false },
    { server: 'https://other:8443', proxied: false },
    { server: 'https://other:9443', proxied: true },
    { server: 'https://127.0.0.1:6443', proxied: false },
    { server: 'https://localhost:6443', proxied: false },
    { server: 'http://cluster.example.com', proxied: false },
  ])('decides by NO_PROXY and scheme: $server -> $proxied', ({ server, proxied }) => {
    expect(proxyFor(new URL(server), undefined, environment)?.host).toBe(proxied ? 'proxy.example.org:3128' : undefined)
  })

  it('prefers the cluster entry, reads lower case, and lets "*" rule everything out', () => {
    const server = new URL('https://127.0.0.1')
    expect(proxyFor(server, 'socks5://p:1080', environment)?.protocol).toBe('socks5:')
    const other = new URL('https://x.example')
    expect(proxyFor(other, undefined, { https_proxy: 'http://lower:1' })?.host).toBe('lower:1')
    expect(proxyFor(other, undefined, { https_proxy: 'http://lower:1', no_proxy: '*' })).toBeUndefined()
  })
})

describe('tunnelAgent()', () => {
  it('reaches the server through HTTP CONNECT with the credentials of the URL', async () => {
    const target = await startTarget()
    const seen: string[] = []
    const proxy = createHttpServer()
    proxy.on('connect', (incoming, socket) => {
      seen.push(`${incoming.url} ${incoming.headers['proxy-authorization']}`)
      const upstream = connect(Number(incoming.url?.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        upstream.pipe(socket).pipe(upstream)
      })
    })
    const port = await listen(proxy)
    expect(await get(new URL(`http://user:pass@127.0.0.1:${port}`), target)).toBe('200 pong')
    expect(seen).toEqual([`127.0.0.1:${target} Basic ${Buffer.from('user:pass').toString('base64')}`])
  })

  it('reports a proxy that refuses', async () => {
    const proxy = createHttpServer()
    proxy.on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'))
    const port = await listen(proxy)
    await expect(get(new URL(`http://127.0.0.1:${port}`), 1)).rejects.toThrow(
      /answered 407 Proxy Authentication Required/,
    )
  })

  it('reaches the server through SOCKS 5', async () => {
    const target = await startTarget()
    const proxy = createTcpServer((socket) => {
      let step = 0
      socket.on('data', (octets) => {
        step += 1
        if (step === 1) return socket.write(Buffer.of(5, 0))
        if (step > 2) return
        const name = octets.subarray(5, 5 + (octets[4] ?? 0)).toString()
        const upstream = connect(octets.readUInt16BE(octets.length - 2), name, () => {
          socket.write(Buffer.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0))
          socket.removeAllListeners('data')
          upstream.pipe(socket).pipe(upstream)
        })
      })
    })
    const port = await listen(proxy)
    expect(await get(new URL(`socks5://127.0.0.1:${port}`), target)).toBe('200 pong')
  })

  it('reports what a SOCKS proxy cannot reach', async () => {
    const proxy = createTcpServer((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.of(5, 0))
        socket.once('data', () => socket.end(Buffer.of(5, 4, 0, 1, 0, 0, 0, 0, 0, 0)))
      })
    })
    const port = await listen(proxy)
    await expect(get(new URL(`socks5://127.0.0.1:${port}`), 1)).rejects.toThrow(
      /cannot reach 127.0.0.1:1 \(SOCKS reply 4\)/,
    )
  })
})

function startTarget(): Promise<number> {
  return listen(createHttpServer((_, response) => response.end('pong')))
}

function listen(server: Server): Promise<number> {
  opened.push(server)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function get(proxy: URL, port: number): Promise<string> {
  const agent = tunnelAgent(proxy, new URL(`http://127.0.0.1:${port}`), {})
  opened.push({ close: () => agent.destroy() })
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, agent }, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => resolve(`${response.statusCode} ${text}`))
    })
      .on('error', reject)
      .end()
  })
}
