// A Kubernetes API of lists and watches that misbehaves on demand; real HTTP on loopback.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { KubeClient } from '../../src/kube/api/index.ts'

export interface FakeObject {
  readonly metadata: {
    readonly namespace?: string
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

export interface SeenRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
}

/** Objects by path of their list; `put` and `remove` tell those who watch. */
export interface FakeApi {
  readonly url: string
  readonly client: KubeClient
  readonly requests: readonly SeenRequest[]
  put(path: string, object: FakeObject): void
  remove(path: string, key: { readonly namespace?: string; readonly name: string }): void
  /** Sends a line, whatever it is, to all who watch a path. */
  sendLine(path: string, line: string): void
  /** Ends all watches; resuming at versions older than now gives 410. */
  expire(): void
  /** Cuts the connections of all watches. */
  cut(): void
  /** Answers requests for a path with this status and Status message until it is undefined. */
  refuse(path: string, status: number | undefined, message?: string): void
  /** Calls back when a watch of the path begins. */
  watched(path: string): Promise<void>
  close(): Promise<void>
}

export async function startFakeApi(): Promise<FakeApi> {
  const lists = new Map<string, Map<string, FakeObject>>()
  const refused = new Map<string, { readonly status: number; readonly message: string }>()
  const watchers = new Set<{ readonly path: string; readonly response: ServerResponse }>()
  const beginnings: { readonly path: string; readonly begin: () => void }[] = []
  const sockets = new Set<Socket>()
  const requests: SeenRequest[] = []
  let version = 1000
  let oldest = 0

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    requests.push({ path: url.pathname, query: url.searchParams, headers: request.headers })
    const refusal = refused.get(url.pathname)
    if (refusal !== undefined) return sendStatus(response, refusal.status, refusal.message)
    const list = lists.get(url.pathname)
    if (list === undefined) return sendStatus(response, 404, 'the server could not find the requested resource')
    return url.searchParams.get('watch') === null
      ? sendList(response, [...list.values()], url.searchParams)
      : startWatch(response, url)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = new KubeClient(
    {
      context: '',
      cluster: 'fake',
      namespace: 'default',
      server: url,
      origin: 'the test',
      tls: { insecureSkipVerify: false },
      credential: { kind: 'none' },
    },
    {},
  )

  function sendList(response: ServerResponse, items: readonly FakeObject[], query: URLSearchParams): void {
    const start = Number(query.get('continue') ?? 0)
    if (start > 0 && start < oldest) return sendStatus(response, 410, 'The provided continue parameter is too old')
    const limit = Number(query.get('limit') ?? 0) || items.length
    const end = start + limit
    const metadata = { resourceVersion: String(version), ...(end < items.length ? { continue: String(end) } : {}) }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata, items: items.slice(start, end) }))
  }

  function startWatch(response: ServerResponse, url: URL): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    if (Number(url.searchParams.get('resourceVersion')) < oldest) {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
      return
    }
    response.flushHeaders()
    const watcher = { path: url.pathname, response }
    watchers.add(watcher)
    response.on('close', () => watchers.delete(watcher))
    for (const waiting of beginnings.splice(0)) {
      if (waiting.path === url.pathname) waiting.begin()
      else beginnings.push(waiting)
    }
  }

  function sendLine(path: string, line: string): void {
    for (const watcher of watchers) if (watcher.path === path) watcher.response.write(`${line}\n`)
  }

  return {
    url,
    client,
    requests,
    put(path, object) {
      version += 1
      const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
      const list = lists.get(path) ?? new Map<string, FakeObject>()
      const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`
      const type = list.has(key) ? 'MODIFIED' : 'ADDED'
      lists.set(path, list.set(key, stored))
      sendLine(path, JSON.stringify({ type, object: stored }))
    },
    remove(path, { namespace = '', name }) {
      version += 1
      const object = lists.get(path)?.get(`${namespace}/${name}`)
      lists.get(path)?.delete(`${namespace}/${name}`)
      sendLine(path, JSON.stringify({ type: 'DELETED', object }))
    },
    sendLine,
    expire() {
      version += 1
      oldest = version
      for (const { response } of watchers) response.end()
    },
    cut() {
      for (const { response } of watchers) response.destroy()
    },
    refuse(path, status, message = 'no') {
      if (status === undefined) refused.delete(path)
      else refused.set(path, { status, message })
    },
    watched: (path) =>
      new Promise((begin) => {
        if ([...watchers].some((watcher) => watcher.path === path)) begin()
        else beginnings.push({ path, begin })
      }),
    async close() {
      client.close()
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function sendStatus(response: ServerResponse, status: number, message: string): void {
  const reason = { 403: 'Forbidden', 404: 'NotFound', 410: 'Expired' }[status] ?? 'InternalError'
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code: status }))
}
