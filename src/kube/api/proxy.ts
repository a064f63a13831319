// Proxies between this program and the API server: which one applies (Go's rules for HTTPS_PROXY and NO_PROXY, which
// kubectl follows), and the tunnel through it (HTTP CONNECT, SOCKS 5).
import { BlockList, connect as connectTcp, isIP, isIPv6, type Socket } from 'node:net'
import { request as httpRequest, Agent as HttpAgent, type AgentOptions } from 'node:http'
import { request as httpsRequest, Agent as HttpsAgent } from 'node:https'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import type { Duplex } from 'node:stream'
import type { Environment } from './kubeconfig.ts'

/** How long a proxy may take to open the tunnel. */
const TUNNEL_TIMEOUT_MS = 10_000

/**
 * The proxy for a server: the cluster entry's own, else `HTTPS_PROXY` or `HTTP_PROXY` by the server's scheme (lower case
 * too), unless `NO_PROXY` or a loopback address rules it out. Undefined: none.
 *
 * @throws {TypeError} the proxy's URL cannot be parsed
 */
export function proxyFor(server: URL, proxyUrl: string | undefined, environment: Environment): URL | undefined {
  if (proxyUrl !== undefined) return new URL(proxyUrl)
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const value = environment[name] || environment[name.toLowerCase()]
  if (value === undefined || value === '') return undefined
  if (isBypassed(server, environment['NO_PROXY'] || environment['no_proxy'] || '')) return undefined
  return new URL(value.includes('://') ? value : `http://${value}`)
}

function isBypassed(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return true
  const port = server.port || (server.protocol === 'https:' ? '443' : '80')
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .some((entry) => matchesEntry(entry, host, port))
}

function matchesEntry(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return inNetwork(entry, host)
  const withPort = /^(.+?):(\d+)$/.exec(entry)
  if (withPort !== null && !isIPv6(entry)) {
    return withPort[2] === port && matchesEntry((withPort[1] ?? '').replace(/^\[|\]$/g, ''), host, port)
  }
  const name = entry.replace(/^\*/, '')
  if (name.startsWith('.')) return host.endsWith(name)
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`))
}

function inNetwork(cidr: string, host: string): boolean {
  const [network = '', prefix = ''] = cidr.split('/')
  const family = isIP(network)
  const length = Number(prefix)
  if (family === 0 || family !== isIP(host) || !/^\d+$/.test(prefix) || length > (family === 4 ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(network, length, family === 4 ? 'ipv4' : 'ipv6')
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

// --- Agents that tunnel ---

/** An agent whose connections run through `proxy`, with TLS inside the tunnel when the server speaks it. */
export function tunnelAgent(proxy: URL, server: URL, options: AgentOptions & ConnectionOptions): HttpAgent {
  const secure = server.protocol === 'https:'
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options)
  const host = server.hostname.replace(/^\[|\]$/g, '')
  const port = Number(server.port || (secure ? 443 : 80))
  type Callback = (error: Error | null, socket?: Duplex) => void
  // Node's agents take a connection that is delivered later through the callback; its types know only the other form.
  const createConnection = (connection: ConnectionOptions, callback: Callback): undefined => {
    void deliver(connection, callback)
    return undefined
  }
  const deliver = async (connection: ConnectionOptions, callback: Callback): Promise<void> => {
    try {
      const socket = await openTunnel(proxy, { host, port })
      if (!secure) return callback(null, socket)
      const servername = connection.servername || (isIP(host) === 0 ? host : undefined)
      callback(null, connectTls({ ...connection, socket, ...(servername === undefined ? {} : { servername }) }))
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return Object.assign(agent, { createConnection })
}

interface Target {
  readonly host: string
  readonly port: number
}

function openTunnel(proxy: URL, target: Target): Promise<Socket> {
  return /^socks5h?:$/.test(proxy.protocol) ? openSocks5(proxy, target) : openConnect(proxy, target)
}

function openConnect(proxy: URL, { host, port }: Target): Promise<Socket> {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request = send({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      agent: false,
      timeout: TUNNEL_TIMEOUT_MS,
      headers: {
        host: authority,
        ...(proxy.username === ''
          ? {}
          : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
      },
    })
    request.on('connect', (response, socket) => {
      if (response.statusCode === 200) return resolve(socket)
      socket.destroy()
      reject(new Error(`proxy ${proxy.host} answered ${response.statusCode} ${response.statusMessage ?? ''}`.trim()))
    })
    request.on('response', (response) => {
      reject(new Error(`proxy ${proxy.host} answered ${response.statusCode} to CONNECT`))
      request.destroy()
    })
    request.on('timeout', () => request.destroy(new Error(`proxy ${proxy.host} stays silent`)))
    request.on('error', (error) => reject(new Error(`proxy ${proxy.host}: ${error.message}`, { cause: error })))
    request.end()
  })
}

// --- SOCKS 5 (RFC 1928; user name and password: RFC 1929) ---

async function openSocks5(proxy: URL, { host, port }: Target): Promise<Socket> {
  const socket = connectTcp({ host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port || 1080) })
  socket.setTimeout(TUNNEL_TIMEOUT_MS, () => socket.destroy(new Error(`proxy ${proxy.host} stays silent`)))
  try {
    const read = reader(socket)
    const user = Buffer.from(decodeURIComponent(proxy.username))
    const password = Buffer.from(decodeURIComponent(proxy.password))
    socket.write(user.length === 0 ? Buffer.of(5, 1, 0) : Buffer.of(5, 2, 0, 2))
    const method = (await read(2))[1]
    if (method === 2) {
      socket.write(Buffer.concat([Buffer.of(1, user.length), user, Buffer.of(password.length), password]))
      if ((await read(2))[1] !== 0) throw new Error(`proxy ${proxy.host} refuses the user name and password`)
    } else if (method !== 0) throw new Error(`proxy ${proxy.host} wants an authentication that is not given`)
    const name = Buffer.from(host)
    // Address type 3 is a name, which the proxy resolves; it takes textual addresses too.
    socket.write(Buffer.concat([Buffer.of(5, 1, 0, 3, name.length), name, Buffer.of(port >> 8, port & 0xff)]))
    const head = await read(4)
    if (head[1] !== 0) throw new Error(`proxy ${proxy.host} cannot reach ${host}:${port} (SOCKS reply ${head[1]})`)
    const length = head[3] === 1 ? 4 : head[3] === 4 ? 16 : ((await read(1))[0] ?? 0)
    await read(length + 2)
    socket.setTimeout(0)
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function reader(socket: Socket): (octets: number) => Promise<Buffer> {
  return (octets) =>
    new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        socket.off('readable', attempt).off('error', onError).off('close', onClose)
        act()
      }
      const onError = (error: Error): void => settle(() => reject(error))
      const onClose = (): void => settle(() => reject(new Error('the proxy closed the connection')))
      const attempt = (): void => {
        const chunk = socket.read(octets) as Buffer | null
        if (chunk !== null) settle(() => resolve(chunk))
      }
      socket.on('readable', attempt).on('error', onError).on('close', onClose)
      attempt()
    })
}
