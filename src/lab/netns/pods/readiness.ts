// kubelet's readiness probe: asked from the node, told only when the result turns.
import { request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Json } from '../../../kube/objects/index.ts'
import type { Endpoint } from '../../../net/exchange-result.ts'
import { numberAt, objectAt, objectsAt, textAt, valueAt } from '../../cluster/raw-object.ts'
import { connectInside } from '../namespace-sockets.ts'

export interface ProbeTarget extends Endpoint {
  readonly path: string
  readonly periodMs: number
  readonly timeoutMs: number
  readonly failureThreshold: number
}

export interface ReadinessOptions {
  /** Where kubelet is: the node's namespace. */
  readonly namespace: string
  readonly target: ProbeTarget
  /** What the pod's status says so far. */
  readonly isReady: boolean
  readonly tell: (ready: boolean) => void
}

/** Often until it first succeeds, in milliseconds. */
const FIRST_MS = 150
/** How long a pod that was described as ready may take to become so, in milliseconds. */
const START_MS = 10_000

/** What a container's readiness probe asks; undefined when it has none over HTTP. */
export function probeTarget(container: Json, podAddress: string): ProbeTarget | undefined {
  const probe = objectAt(container, 'readinessProbe')
  const port = portOf(container, valueAt(probe, 'httpGet', 'port'))
  if (port === 0) return undefined
  return {
    address: textAt(probe, 'httpGet', 'host') || podAddress,
    port,
    path: textAt(probe, 'httpGet', 'path') || '/',
    periodMs: (numberAt(probe, 'periodSeconds') || 10) * 1000,
    timeoutMs: (numberAt(probe, 'timeoutSeconds') || 1) * 1000,
    failureThreshold: numberAt(probe, 'failureThreshold') || 3,
  }
}

function portOf(container: Json, port: unknown): number {
  if (typeof port === 'number') return port
  const named = objectsAt(container, 'ports').find((candidate) => candidate['name'] === port)
  return numberAt(named ?? {}, 'containerPort')
}

export class Readiness {
  /** Resolves with the first success, or when the time for that is over. */
  readonly known: Promise<void>
  readonly #options: ReadinessOptions
  readonly #startedAt = performance.now()
  #timer: NodeJS.Timeout
  #told: boolean
  #failures = 0
  #hasSucceeded = false
  #stopped = false
  #settle: () => void = () => undefined

  constructor(options: ReadinessOptions) {
    this.#options = options
    this.#told = options.isReady
    this.known = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.#timer = setTimeout(() => void this.#turn(), 0)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#settle()
  }

  async #turn(): Promise<void> {
    const { target, namespace, tell } = this.#options
    const isReady = await probe(namespace, target)
    if (this.#stopped) return
    this.#failures = isReady ? 0 : this.#failures + 1
    this.#hasSucceeded ||= isReady
    const isStarting = !this.#hasSucceeded && performance.now() - this.#startedAt < START_MS
    const isOver = !isStarting && this.#failures >= target.failureThreshold
    if (isReady !== this.#told && (isReady || isOver)) {
      this.#told = isReady
      tell(isReady)
    }
    if (!isStarting) this.#settle()
    this.#timer = setTimeout(() => void this.#turn(), isStarting ? FIRST_MS : target.periodMs)
  }
}

async function probe(namespace: string, { address, port, path, timeoutMs }: ProbeTarget): Promise<boolean> {
  let socket: Duplex
  try {
    socket = await connectInside(namespace, { address, port }, timeoutMs)
  } catch {
    return false
  }
  return new Promise((resolve) => {
    const request = httpRequest({ host: address, path, createConnection: () => socket }, (response) => {
      response.resume()
      settle(response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 400)
    })
    const timer = setTimeout(() => settle(false), timeoutMs)
    const settle = (result: boolean): void => {
      clearTimeout(timer)
      resolve(result)
      request.destroy()
    }
    request.on('error', () => settle(false))
    request.end()
  })
}
