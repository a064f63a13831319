// The cluster as the server knows it: one index, fed by one watch for each kind of object that the options need.
import { collectGarbage, heapBytes } from '../../base/index.ts'
import type { Clock } from '../../base/index.ts'
import { Watch, type KubeClient, type ObjectKey, type WatchHandler, type WatchSource } from '../../kube/api/index.ts'
import {
  formatSelector,
  readEndpointSlice,
  readEndpoints,
  readNamespace,
  readPod,
  readService,
  readServiceImport,
  type EndpointSlice,
  type Json,
  type KubeObject,
} from '../../kube/objects/index.ts'
import { ClusterIndex, type ObjectRef } from '../../kube/schema/index.ts'
import type { KubernetesMetrics } from './metrics.ts'
import { createRequestLimiter } from './request-limiter.ts'
import type { KubernetesOptions } from './setup.ts'

export interface ClusterWatchEnv {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly warn: (line: string) => void
  readonly metrics: KubernetesMetrics
}

/** In octets: of a cluster of some 2,000 Services. */
const MUCH_HEAP = 16 * 1024 * 1024
const ENDPOINTS_PATH = '/api/v1/endpoints'
/** Finished pods keep their address in their status, although somebody else may have it by now. */
const LIVE_PODS = 'status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown'
const CHANGE_TIME_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time'

/** Watches a cluster from {@link ClusterWatch.start} to {@link ClusterWatch.close}; survives reloads of the Corefile. */
export class ClusterWatch {
  readonly index: ClusterIndex
  readonly #env: ClusterWatchEnv
  readonly #watches: readonly Watch[]
  readonly #waiting = new Set<() => void>()
  /** Slices that stand for one core/v1 Endpoints object. */
  readonly #derived = new Map<string, readonly ObjectRef[]>()
  #unsynced: number
  #heapAtStart = 0
  #changedAtMs: number

  constructor(options: KubernetesOptions, env: ClusterWatchEnv) {
    this.#env = env
    this.#changedAtMs = env.clock.now()
    const { labels, namespaceLabels, schema } = options
    this.index = new ClusterIndex({ labels, namespaceLabels, podLabels: true })
    const limiter = createRequestLimiter(options.connection, env.clock)
    const { host } = new URL(env.client.access.server)
    const watch = (source: WatchSource, apply: WatchHandler['apply'], remove: WatchHandler['remove']): Watch =>
      new Watch({
        client: env.client,
        source,
        handler: { apply, remove, synced: () => this.#oneSynced() },
        clock: env.clock,
        random: env.random,
        warn: env.warn,
        limit: (request) => limiter(request, (ms) => env.metrics.waited({ verb: 'GET', host, ms })),
        observe: ({ verb, code, durationMs }) => env.metrics.requested({ verb, code, host, ms: durationMs }),
      })
    const plain = (source: WatchSource, kind: ObjectRef['kind'], read: (json: Json) => KubeObject): Watch =>
      watch(
        source,
        (json) => this.#apply(read(json)),
        (key) => this.#remove({ kind, ...key }),
      )
    const labelSelector = labels && formatSelector(labels)
    this.#watches = [
      plain({ type: '*v1.Service', paths: ['/api/v1/services'], labelSelector }, 'Service', readService),
      plain(
        {
          type: '*v1.Namespace',
          paths: ['/api/v1/namespaces'],
          labelSelector: namespaceLabels && formatSelector(namespaceLabels),
        },
        'Namespace',
        readNamespace,
      ),
      ...(schema.endpoints
        ? [
            watch(
              {
                type: '*v1.EndpointSlice',
                paths: [
                  '/apis/discovery.k8s.io/v1/endpointslices',
                  '/apis/discovery.k8s.io/v1beta1/endpointslices',
                  ENDPOINTS_PATH,
                ],
                labelSelector,
              },
              (json, path) => (path === ENDPOINTS_PATH ? this.#applyEndpoints(json) : this.#applySlice(json)),
              (key) => this.#removeSlice(key),
            ),
          ]
        : []),
      ...(schema.pods === 'verified'
        ? [plain({ type: '*v1.Pod', paths: ['/api/v1/pods'], fieldSelector: LIVE_PODS }, 'Pod', readPod)]
        : []),
      ...(schema.multiclusterZones.length > 0
        ? [
            plain(
              {
                type: '*v1alpha1.ServiceImport',
                paths: [
                  '/apis/multicluster.x-k8s.io/v1alpha1/serviceimports',
                  '/apis/multicluster.x-k8s.io/v1beta1/serviceimports',
                ],
              },
              'ServiceImport',
              readServiceImport,
            ),
          ]
        : []),
    ]
    this.#unsynced = this.#watches.length
  }

  /** Whether every kind was listed once; stays true. */
  get isSynced(): boolean {
    return this.#unsynced === 0
  }

  /** Unix time in seconds of the last change. */
  get serial(): number {
    return Math.floor(this.#changedAtMs / 1000)
  }

  start(): void {
    this.#heapAtStart = heapBytes()
    for (const watch of this.#watches) watch.start()
  }

  /** Settles when everything was listed once; at once when it was. */
  synced(): Promise<void> {
    if (this.isSynced) return Promise.resolve()
    return new Promise((resolve) => void this.#waiting.add(resolve))
  }

  async close(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.close()))
    this.#env.client.close()
  }

  #oneSynced(): void {
    this.#unsynced -= 1
    if (!this.isSynced) return
    // The lists of a large cluster leave more garbage than objects; nobody is answered yet who could notice the pause.
    // Once the stack is empty, that is: what reads the last page holds on to it.
    setImmediate(() => {
      if (heapBytes() - this.#heapAtStart > MUCH_HEAP) collectGarbage()
      for (const resolve of this.#waiting) resolve()
      this.#waiting.clear()
    })
  }

  #apply(object: KubeObject): void {
    this.index.apply(object)
    this.#changedAtMs = this.#env.clock.now()
  }

  #remove(ref: ObjectRef): void {
    this.index.remove(ref)
    this.#changedAtMs = this.#env.clock.now()
  }

  // --- EndpointSlices, or what older API servers have instead ---

  #applySlice(json: Json): void {
    const slice = readEndpointSlice(json)
    this.#apply(slice)
    if (this.isSynced) this.#measure(slice)
  }

  #applyEndpoints(json: Json): void {
    const slices = readEndpoints(json)
    const refs = slices.map(({ meta }): ObjectRef => ({
      kind: 'EndpointSlice',
      namespace: meta.namespace,
      name: meta.name,
    }))
    const [first] = slices
    const meta = json['metadata'] as { readonly namespace?: unknown; readonly name?: unknown }
    const key = `${String(meta.namespace)}/${String(meta.name)}`
    for (const slice of slices) this.#apply(slice)
    for (const old of this.#derived.get(key) ?? []) if (!refs.some(({ name }) => name === old.name)) this.#remove(old)
    this.#derived.set(key, refs)
    if (this.isSynced && first !== undefined) this.#measure(first)
  }

  #removeSlice({ namespace, name }: ObjectKey): void {
    const key = `${namespace}/${name}`
    const derived = this.#derived.get(key)
    this.#derived.delete(key)
    for (const ref of derived ?? [{ kind: 'EndpointSlice', namespace, name } as const]) this.#remove(ref)
  }

  /** Records how long a change took to get here, from the time that the endpoints controller wrote into the slice. */
  #measure({ meta, service }: EndpointSlice): void {
    const changed = meta.annotations[CHANGE_TIME_ANNOTATION]
    const fields = this.index.service(meta.namespace, service)?.fields
    if (changed === undefined || fields === undefined) return
    const changedAtMs = Date.parse(changed)
    if (Number.isNaN(changedAtMs)) return
    const headless = fields.hasSelector ? 'headless_with_selector' : 'headless_without_selector'
    this.#env.metrics.programmed(
      fields.kind === 'headless' ? headless : 'cluster_ip',
      this.#env.clock.now() - changedAtMs,
    )
  }
}
