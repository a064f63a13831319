// An API server, or kubelet behind it, that closes a WebSocket in the middle: what came stays, what did not is named.
import { afterEach, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { channelMessage, startWebSocketApi } from '../../../test/support/web-socket-api.ts'
import type { WebSocketApi } from '../../../test/support/web-socket-api.ts'
import { frameMessage } from '../../net/index.ts'
import { decodeMessage, encodeMessage, query, response } from '../../dns/index.ts'
import { execSource } from './exec-source.ts'
import { PodTunnels } from './pod-tunnels.ts'
import { exchangeOverStream } from '../../net/index.ts'
import type { ExchangeResult } from '../../net/index.ts'

const POD = { namespace: 'kube-system', name: 'coredns-0' }
const TARGET = { pod: POD, container: 'coredns' }
const [STDOUT, INTERNAL_ERROR] = [1, 1011]

let api: WebSocketApi | undefined
afterEach(() => api?.close())

async function start(serve: (socket: WebSocket, query: URLSearchParams) => void): Promise<WebSocketApi> {
  api = await startWebSocketApi(serve)
  return api
}

describe('execSource() when the API server closes in the middle', () => {
  it('keeps the commands that had ended, and says of the others why they are missing', async () => {
    const { client } = await start((socket, asked) => {
      const mark = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(asked.getAll('command').join(' '))?.[0] ?? ''
      socket.send(channelMessage(STDOUT, `net.ipv4.ip_forward = 1\n${mark} 0 0\nhalf of the sec`))
      socket.close(INTERNAL_ERROR)
    })
    const source = execSource(client, TARGET, { timeoutMs: 5000 })
    const [first, second] = await Promise.all([
      source.run('sysctl', ['net.ipv4.ip_forward'], { timeoutMs: 5000 }),
      source.run('iptables-save', [], { timeoutMs: 5000 }),
    ])
    expect(first).toMatchObject({ kind: 'ended', exitCode: 0, stdout: 'net.ipv4.ip_forward = 1' })
    expect(second).toEqual({
      kind: 'skipped',
      why: 'the API server closed the connection before the command ended (code 1011)',
    })
  })

  it('says so of a file that was read in part', async () => {
    const { client } = await start((socket) => {
      socket.send(channelMessage(STDOUT, 'nameserver 10.'))
      socket.close(INTERNAL_ERROR)
    })
    expect(await execSource(client, TARGET, { timeoutMs: 5000 }).readFile('/etc/resolv.conf')).toMatchObject({
      kind: 'skipped',
      why: expect.stringContaining('closed the connection') as string,
    })
  })

  it('says so of a session that does not end', async () => {
    const { client } = await start(() => undefined)
    expect(await execSource(client, TARGET, { timeoutMs: 200 }).readFile('/etc/resolv.conf')).toMatchObject({
      kind: 'skipped',
      why: 'the command did not end within 200 ms',
    })
  })
})

describe('PodTunnels when one of several connections breaks', () => {
  it('tells a refused port, a response and a closed WebSocket apart, each for its own connection', async () => {
    const { client } = await start((socket, asked) => {
      const ports = asked.getAll('ports').map(Number)
      const portOf = (index: number): Buffer => {
        const octets = Buffer.alloc(2)
        octets.writeUInt16LE(ports[index] ?? 0)
        return octets
      }
      ports.forEach((_, index) => {
        socket.send(channelMessage(2 * index, portOf(index)))
        socket.send(channelMessage(2 * index + 1, portOf(index)))
      })
      // The second connection is refused; the first is answered, and then nothing more comes of any.
      socket.send(channelMessage(3, 'error forwarding port 5300 to pod: connect: connection refused'))
      socket.on('message', (message: Buffer) => {
        if (message[0] !== 0) return
        const answer = encodeMessage(response(decodeMessage(message.subarray(3))))
        socket.send(channelMessage(0, frameMessage(answer)))
        socket.close(INTERNAL_ERROR)
      })
    })
    const tunnels = new PodTunnels(client, () => true)
    const ask = async (port: number): Promise<ExchangeResult> => {
      const stream = await tunnels.connect(POD, port)
      const message = query({ name: 'a.example.', type: 'A' })
      return exchangeOverStream(stream, { server: { address: '127.0.0.1', port }, message, timeoutMs: 5000 })
    }
    const [answered, refused, broken] = await Promise.all([ask(53), ask(5300), ask(53)])
    expect(answered).toMatchObject({ kind: 'response' })
    expect(refused).toMatchObject({ kind: 'refused', detail: 'connection refused' })
    expect(broken).toMatchObject({ kind: 'unreachable', detail: 'the API server closed the connection (code 1011)' })
    expect(client.calls).toBe(1)
    tunnels.close()
  })
})
