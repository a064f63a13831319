// The reference cluster behind the lab's API server, and requests to it.
import { request } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { resolve } from 'node:path'
import type { Json } from '../../src/kube/objects/index.ts'
import { ADMIN, ApiServer, NO_PODS, createStore, readDescription } from '../../src/lab/index.ts'
import type { ObjectStore, PodAccess } from '../../src/lab/index.ts'

export interface Call {
  readonly method?: string
  /** A string is sent as it is, everything else as JSON. */
  readonly body?: unknown
  readonly headers?: Record<string, string>
  /** Default: the administrator's; empty: none. */
  readonly token?: string
}

export interface LabApi {
  readonly store: ObjectStore
  readonly api: ApiServer
  open(path: string, call?: Call): Promise<IncomingMessage>
  call(path: string, call?: Call): Promise<{ readonly status: number; readonly json: Json }>
  /** The whole body as text. */
  text(path: string): Promise<string>
  /** Reads watch events until `count` have come or the watch ends, then leaves; `during` runs once the watch is open. */
  watch(path: string, count: number, during?: () => void): Promise<Json[]>
  close(): Promise<void>
}

const REFERENCE = readDescription(resolve(import.meta.dirname, '../../lab/reference'))

/** Starts the reference cluster's objects behind an API server, without running pods. */
export async function startLabApi(access: PodAccess = NO_PODS): Promise<LabApi> {
  const store = createStore(REFERENCE, Date.now)
  const { kubernetesVersion, serviceCidr } = REFERENCE
  const api = await ApiServer.start({ store, access, kubernetesVersion, serviceCidr, now: Date.now })

  function open(path: string, options: Call = {}): Promise<IncomingMessage> {
    const { method = 'GET', body, headers = {}, token = api.issueToken(ADMIN) } = options
    const { hostname, port } = new URL(api.url)
    const authorization = token === '' ? {} : { authorization: `Bearer ${token}` }
    return new Promise((done, fail) => {
      const all = { ...authorization, ...headers }
      const outgoing = request(
        { hostname, port, path, method, ca: api.caCertificate, headers: all, agent: false },
        done,
      )
      outgoing.on('error', fail)
      outgoing.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
    })
  }

  return {
    store,
    api,
    open,
    async call(path, options) {
      const response = await open(path, options)
      return { status: response.statusCode ?? 0, json: JSON.parse(await readText(response)) as Json }
    },
    text: async (path) => readText(await open(path)),
    async watch(path, count, during = () => undefined) {
      const response = await open(path)
      const events: Json[] = []
      let rest = ''
      await new Promise<void>((done) => {
        response.on('data', (chunk: Buffer) => {
          const lines = (rest + chunk.toString()).split('\n')
          rest = lines.pop() ?? ''
          events.push(...lines.map((line) => JSON.parse(line) as Json))
          if (events.length >= count) done()
        })
        response.once('end', done)
        during()
      })
      response.destroy()
      return events
    },
    close: () => api.close(),
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
