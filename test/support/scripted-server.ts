// A DNS server that does what a test tells it to, right or wrong, over UDP and TCP on one port of a loopback address.
import { createSocket } from 'node:dgram'
import type { Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket as TcpSocket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { decodeMessage, encodeMessage } from '../../src/dns/index.ts'
import type { Message } from '../../src/dns/index.ts'
import { createFrameSplitter, frameMessage } from '../../src/net/index.ts'
import type { Transport } from '../../src/net/index.ts'

export interface ScriptedQuery {
  readonly message: Message
  readonly octets: Uint8Array
  readonly transport: Transport
}

export type Reaction =
  | { readonly kind: 'send'; readonly message: Message }
  | { readonly kind: 'send-octets'; readonly octets: Uint8Array }
  /** UDP only: a datagram from another port of the same address. */
  | { readonly kind: 'send-from-elsewhere'; readonly octets: Uint8Array }
  /** TCP only: octets as they are, without a length before them. */
  | { readonly kind: 'write'; readonly octets: Uint8Array }
  /** TCP only: ends the connection in good order, or resets it. */
  | { readonly kind: 'close' | 'reset' }

export interface ScriptedServer {
  readonly address: string
  readonly port: number
  /** Queries in the order they came. */
  readonly queries: readonly ScriptedQuery[]
  close(): Promise<void>
}

/** Starts the server; `script` says what to do with each query, in order. No reaction: silence. */
export async function startScriptedServer(
  script: (query: ScriptedQuery) => readonly Reaction[],
  address = '127.0.0.1',
): Promise<ScriptedServer> {
  const type = address.includes(':') ? 'udp6' : 'udp4'
  const tcp = createServer()
  const udp = createSocket(type)
  const elsewhere = createSocket(type)
  const port = await listenOnBoth(tcp, udp, address)
  elsewhere.bind(0, address)
  await once(elsewhere, 'listening')
  const queries: ScriptedQuery[] = []
  const connections = new Set<TcpSocket>()

  udp.on('message', (octets, from) => {
    const query: ScriptedQuery = { octets: new Uint8Array(octets), message: decodeMessage(octets), transport: 'udp' }
    queries.push(query)
    for (const reaction of script(query)) {
      const socket = reaction.kind === 'send-from-elsewhere' ? elsewhere : udp
      const reply = octetsOf(reaction)
      if (reply !== undefined) socket.send(reply, from.port, from.address)
    }
  })
  tcp.on('connection', (connection) => {
    connections.add(connection)
    connection.on('close', () => connections.delete(connection))
    connection.on('error', () => connection.destroy())
    const splitter = createFrameSplitter((octets) => {
      const query: ScriptedQuery = { octets, message: decodeMessage(octets), transport: 'tcp' }
      queries.push(query)
      for (const reaction of script(query)) reactOverTcp(connection, reaction)
    })
    connection.on('data', (chunk: Buffer) => splitter.push(chunk))
  })

  return {
    address,
    port,
    queries,
    async close() {
      for (const connection of connections) connection.destroy()
      udp.close()
      elsewhere.close()
      tcp.close()
      await once(tcp, 'close')
    },
  }
}

/** TCP first: a port that is free there is nearly always free for UDP as well; where not, another is tried. */
async function listenOnBoth(tcp: ReturnType<typeof createServer>, udp: UdpSocket, address: string): Promise<number> {
  for (let attempt = 0; ; attempt += 1) {
    tcp.listen(0, address)
    await once(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    try {
      udp.bind(port, address)
      await once(udp, 'listening')
      return port
    } catch (error) {
      if (attempt === 10) throw error
      tcp.close()
      await once(tcp, 'close')
    }
  }
}

function reactOverTcp(connection: TcpSocket, reaction: Reaction): void {
  if (reaction.kind === 'close') connection.end()
  else if (reaction.kind === 'reset') connection.resetAndDestroy()
  else if (reaction.kind === 'write') connection.write(reaction.octets)
  else {
    const octets = octetsOf(reaction)
    if (octets !== undefined) connection.write(frameMessage(octets))
  }
}

function octetsOf(reaction: Reaction): Uint8Array | undefined {
  if (reaction.kind === 'send') return encodeMessage(reaction.message)
  return 'octets' in reaction ? reaction.octets : undefined
}
