// The HTTP listeners that health, ready and prometheus open: one per address, shared by all blocks, kept over reloads.
import type { TlsOptions } from 'node:tls'
import type { Dispenser } from '../corefile/index.ts'
import type { Endpoint } from '../net/exchange-result.ts'
import { openHttpListener } from '../net/listen/index.ts'
import type { HttpListener, HttpResponder } from '../net/listen/index.ts'
import type { PluginEnv } from '../server/index.ts'

/** One address, from the point of view of one configuration. */
export interface HttpEndpoint {
  /** Opens the listener unless it is open already. @throws {ListenError} */
  open(): Promise<void>
  /** Answers a path from now on; the result takes it back, and who answered it before answers again. */
  mount(path: string, responder: HttpResponder): () => void
  /** Where it really listens; undefined before it does. */
  local(): Endpoint | undefined
}

interface SharedEndpoint {
  readonly mounts: Map<string, HttpResponder[]>
  opening?: Promise<HttpListener>
  listener?: HttpListener
}

const CLOSE_GRACE_MS = 5000
const MAX_PORT = 65_535

/** The endpoint at an address such as `:8080`, `localhost:9153` or `[::1]:8181`. */
export function httpEndpoint(env: PluginEnv, address: string, tls?: TlsOptions): HttpEndpoint {
  const shared = env.shared<SharedEndpoint>(
    `http:${address}`,
    () => ({ mounts: new Map() }),
    async ({ opening }) => {
      const listener = await opening?.catch(() => undefined)
      await listener?.close(env.isShuttingDown() ? 0 : CLOSE_GRACE_MS)
    },
  )
  return {
    async open() {
      shared.opening ??= openAt(env, { address, shared, tls })
      try {
        shared.listener = await shared.opening
      } catch (error) {
        // The next configuration may have better luck.
        delete shared.opening
        throw error
      }
    },
    mount(path, responder) {
      const stack = shared.mounts.get(path) ?? []
      stack.push(responder)
      shared.mounts.set(path, stack)
      return () => {
        const at = stack.lastIndexOf(responder)
        if (at >= 0) stack.splice(at, 1)
      }
    },
    local: () => shared.listener?.local,
  }
}

interface Opening {
  readonly address: string
  readonly shared: SharedEndpoint
  readonly tls: TlsOptions | undefined
}

async function openAt({ network }: PluginEnv, { address, shared, tls }: Opening): Promise<HttpListener> {
  const wanted = endpointOf(address)
  const listener = await openHttpListener(
    network.listenAt(wanted),
    (query) => {
      const responder = shared.mounts.get(query.path)?.at(-1)
      return responder === undefined ? { status: 404, body: '404 page not found\n' } : responder(query)
    },
    { tls, reusePort: network.reusePort },
  )
  network.bound?.(wanted, listener.local)
  return listener
}

/** Reads an optional `[HOST]:PORT` argument. @throws {CorefileError} with Go's message */
export function readHttpAddress(dispenser: Dispenser, text: string): string {
  const why = whyNoHostPort(text)
  if (why !== undefined) throw dispenser.error(`address ${text}: ${why}`)
  return text
}

function whyNoHostPort(text: string): string | undefined {
  const colon = text.lastIndexOf(':')
  if (colon < 0) return 'missing port in address'
  const port = text.slice(colon + 1)
  if (!/^\d{1,5}$/.test(port) || Number(port) > MAX_PORT) return 'invalid port, expected 0 to 65535'
  const host = text.slice(0, colon)
  if (host.startsWith('[')) return host.endsWith(']') ? undefined : "missing ']' in address"
  return host.includes(':') ? 'too many colons in address' : undefined
}

/** An empty host means every address; `localhost` is 127.0.0.1, as Go's listener prefers. */
function endpointOf(text: string): Endpoint {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '')
  const address = host === '' ? '::' : host === 'localhost' ? '127.0.0.1' : host
  return { address, port: Number(text.slice(colon + 1)) }
}
