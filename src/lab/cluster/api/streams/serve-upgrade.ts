// Requests that leave HTTP: exec, attach and port-forward. Checked like every other request, then handed to the protocol
// that the client offers: WebSocket (v4 and v5 channels, SPDY inside), or SPDY/3.1 itself for clients before 1.31.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { objectsAt, textAt } from '../../raw-object.ts'
import type { RawObject } from '../../raw-object.ts'
import { ApiError, statusObject } from '../api-error.ts'
import type { ApiContext } from '../handle-request.ts'
import { readResourceRequest } from '../resource-request.ts'
import { attachToLog, attachToProcess } from './attach.ts'
import { forwardChannels, forwardStreams, forwardTunnel } from './port-forward.ts'
import type { Dial } from './port-forward.ts'
import { serveCommand } from './remote-command.ts'
import type { RemoteStreams } from './remote-command.ts'
import { collectStreams } from './spdy-command.ts'
import { serveSpdy } from './spdy-session.ts'
import { commandChannels } from './web-socket-channels.ts'
import type { WantedStreams } from './web-socket-channels.ts'

/** In the order of our preference. */
const COMMAND_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io'
const FORWARD_PROTOCOLS = [TUNNEL_PROTOCOL, 'v4.channel.k8s.io']
const SPDY_COMMAND_PROTOCOL = 'v4.channel.k8s.io'
const SPDY_FORWARD_PROTOCOL = 'portforward.k8s.io'
/** Above every message that clients send. */
const MAX_MESSAGE_OCTETS = 1024 * 1024

type Purpose =
  | {
      readonly kind: 'command'
      readonly wanted: WantedStreams
      readonly serve: (streams: RemoteStreams) => Promise<void>
    }
  | { readonly kind: 'forward'; readonly ports: readonly number[]; readonly dial: Dial }

interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/** Answers one request that asks for another protocol; never rejects. */
export async function serveUpgrade(context: ApiContext, upgrade: Upgrade): Promise<void> {
  const { request, socket } = upgrade
  socket.on('error', () => socket.destroy())
  try {
    const purpose = readPurpose(context, request)
    const protocol = (request.headers.upgrade ?? '').toLowerCase()
    if (protocol === 'websocket') serveWebSocket(upgrade, purpose)
    else if (protocol === 'spdy/3.1') await serveSpdyUpgrade(upgrade, purpose)
    else throw new ApiError('BadRequest', `unable to upgrade: protocol "${protocol}" is neither websocket nor SPDY/3.1`)
  } catch (error) {
    refuse(socket, error instanceof ApiError ? error : new ApiError('InternalError', String(error)))
  }
}

// --- What is asked ---

function readPurpose(context: ApiContext, request: IncomingMessage): Purpose {
  const { path, url } = readResourceRequest(context, request)
  const { access, ephemeral, store } = context
  const { subresource = '' } = path
  if (path.type.kind !== 'Pod' || !['attach', 'exec', 'portforward'].includes(subresource))
    throw new ApiError('BadRequest', `the lab's API server upgrades exec, attach and portforward of pods only`)
  const pod = store.get(path.type, path.namespace, path.name ?? '')
  if (pod === undefined) throw new ApiError('NotFound', `pods "${path.name}" not found`)
  checkRuns(pod, subresource)
  if (subresource === 'portforward') {
    const dial: Dial = (port) => access.connectInside?.(pod, port) ?? access.connect(pod, port)
    return { kind: 'forward', ports: readPorts(url.searchParams), dial }
  }
  const query = url.searchParams
  const flag = (name: string): boolean => ['1', 'true'].includes(query.get(name) ?? '')
  const wanted = { stdin: flag('stdin'), stdout: flag('stdout'), stderr: flag('stderr'), tty: flag('tty') }
  const container = chooseContainer(pod, query.get('container') ?? '')
  if (subresource === 'attach') {
    const process = ephemeral.process(pod, container)
    const serve = (streams: RemoteStreams): Promise<void> =>
      process === undefined ? attachToLog(streams, access.log(pod, container)) : attachToProcess(streams, process)
    return { kind: 'command', wanted, serve }
  }
  const command = query.getAll('command')
  if (command.length === 0) throw new ApiError('BadRequest', 'you must specify at least one command for the container')
  const start = (): ReturnType<typeof access.exec> => access.exec(pod, { container, command, tty: wanted.tty })
  return { kind: 'command', wanted, serve: (streams) => serveCommand(streams, start) }
}

function checkRuns(pod: RawObject, what: string): void {
  const { name } = pod.metadata
  const phase = textAt(pod, 'status', 'phase')
  if (textAt(pod, 'spec', 'nodeName') === '')
    throw new ApiError('BadRequest', `pod ${name} does not have a host assigned`)
  if (phase === 'Succeeded' || phase === 'Failed')
    throw new ApiError(
      'InternalError',
      `cannot ${what === 'portforward' ? 'forward ports to' : 'exec into'} a container in a completed pod; current phase is ${phase}`,
    )
  if (what === 'portforward' && phase !== 'Running')
    throw new ApiError('InternalError', `unable to forward port because pod is not running. Current status=${phase}`)
}

function chooseContainer(pod: RawObject, asked: string): string {
  const { name } = pod.metadata
  const names = ['containers', 'ephemeralContainers'].flatMap((list) =>
    objectsAt(pod, 'spec', list).map((container) => textAt(container, 'name')),
  )
  const [first = ''] = names
  if (asked === '' && names.length > 1)
    throw new ApiError(
      'BadRequest',
      `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`,
    )
  if (asked !== '' && !names.includes(asked))
    throw new ApiError('BadRequest', `container ${asked} is not valid for pod ${name}`)
  const container = asked || first
  const states = ['containerStatuses', 'ephemeralContainerStatuses'].flatMap((list) => objectsAt(pod, 'status', list))
  const state = states.find((status) => status['name'] === container)
  if (textAt(state ?? {}, 'state', 'running', 'startedAt') === '')
    throw new ApiError('InternalError', `unable to upgrade connection: container not found ("${container}")`)
  return container
}

function readPorts(query: URLSearchParams): number[] {
  const ports = query.getAll('ports').flatMap((text) => text.split(',').map(Number))
  const bad = ports.find((port) => !Number.isInteger(port) || port < 1 || port > 65_535)
  if (bad !== undefined) throw new ApiError('BadRequest', `unable to parse "${bad}" as a port`)
  return ports
}

// --- Protocols ---

function serveWebSocket({ request, socket, head }: Upgrade, purpose: Purpose): void {
  const known = purpose.kind === 'command' ? COMMAND_PROTOCOLS : FORWARD_PROTOCOLS
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  const chosen = known.find((name) => offered.includes(name))
  if (chosen === undefined)
    throw new ApiError(
      'BadRequest',
      `unable to upgrade: none of the protocols is known, the server has ${known.join(', ')}`,
    )
  if (purpose.kind === 'forward' && chosen !== TUNNEL_PROTOCOL && purpose.ports.length === 0)
    throw new ApiError('BadRequest', 'query parameter "ports" is required')
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_OCTETS,
    handleProtocols: () => chosen,
  })
  server.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
    if (purpose.kind === 'command') void purpose.serve(commandChannels(webSocket, purpose.wanted))
    else if (chosen === TUNNEL_PROTOCOL) void forwardTunnel(webSocket, purpose.dial)
    else forwardChannels(webSocket, purpose.ports, purpose.dial)
  })
}

async function serveSpdyUpgrade({ request, socket, head }: Upgrade, purpose: Purpose): Promise<void> {
  const offered = [request.headers['x-stream-protocol-version'] ?? []]
    .flat()
    .flatMap((value) => value.split(',').map((name) => name.trim()))
  const needed = purpose.kind === 'command' ? SPDY_COMMAND_PROTOCOL : SPDY_FORWARD_PROTOCOL
  if (!offered.includes(needed))
    throw new ApiError(
      'Forbidden',
      `unable to upgrade: the server speaks ${needed}, the client ${offered.join(', ') || 'nothing'}`,
    )
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${needed}\r\n\r\n`,
  )
  if (head.length > 0) socket.unshift(head)
  if (purpose.kind === 'forward') return forwardStreams(socket, purpose.dial)
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const command = collectStreams(purpose.wanted, { end: () => socket.end(), gone })
  void command.ready.then(
    (streams) => purpose.serve(streams),
    () => socket.destroy(),
  )
  await serveSpdy(socket, (stream) => command.take(stream))
}

function refuse(socket: Duplex, error: ApiError): void {
  const body = JSON.stringify(statusObject(error))
  socket.end(
    `HTTP/1.1 ${error.status} ${error.code}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
