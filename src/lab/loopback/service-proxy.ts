// All of kube-proxy: keeps one relay per Service port in step with Services and EndpointSlices, and decides what a Service IP does.
import { randomBelow } from '../../base/index.ts'
import type { Json } from '../../kube/objects/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { ObjectStore } from '../cluster/object-store.ts'
import { numberAt, objectsAt, textAt, textsAt, valueAt } from '../cluster/raw-object.ts'
import type { RawObject } from '../cluster/raw-object.ts'
import { ENDPOINT_SLICE_TYPE, SERVICE_TYPE } from '../cluster/resource-types.ts'
import { ServiceRelay } from './service-relay.ts'
import type { Origin, Reach, Switchboard } from './switchboard.ts'

/** Service traffic enters the network from nowhere in particular. */
const FROM_RELAY: Origin = { node: '', address: '' }

export class ServiceProxy {
  readonly #store: ObjectStore
  readonly #switchboard: Switchboard
  /** `ClusterIP|port` */
  readonly #relays = new Map<string, ServiceRelay>()
  /** Nodes without kube-proxy's rules: Service IPs lead nowhere there. */
  readonly #nodesWithoutRules = new Set<string>()
  readonly #unsubscribe: () => void
  #work: Promise<void> = Promise.resolve()
  #closed = false

  private constructor(store: ObjectStore, switchboard: Switchboard) {
    this.#store = store
    this.#switchboard = switchboard
    switchboard.addResolver((from, endpoint) => this.#resolve(from, endpoint))
    this.#unsubscribe = store.subscribe((event) => {
      if (event.type === SERVICE_TYPE) this.#reconcileSoon()
      if (event.type === ENDPOINT_SLICE_TYPE) for (const relay of this.#relays.values()) relay.forgetClients()
    })
  }

  static async start(store: ObjectStore, switchboard: Switchboard): Promise<ServiceProxy> {
    const proxy = new ServiceProxy(store, switchboard)
    proxy.#reconcileSoon()
    await proxy.#work
    return proxy
  }

  /** Every Service port that has a relay, and where that is. */
  listeners(): { readonly address: string; readonly port: number; readonly actual: Endpoint }[] {
    return [...this.#relays].map(([key, relay]) => {
      const [address = '', port] = key.split('|')
      return { address, port: Number(port), actual: relay.endpoint }
    })
  }

  /** Takes a node's rules away, or writes them again. */
  setRules(node: string, present: boolean): void {
    if (present) this.#nodesWithoutRules.delete(node)
    else this.#nodesWithoutRules.add(node)
  }

  hasRules(node: string): boolean {
    return !this.#nodesWithoutRules.has(node)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#unsubscribe()
    await this.#work
    await Promise.all([...this.#relays.values()].map((relay) => relay.close()))
  }

  #resolve(from: Origin, { address, port }: Endpoint): Reach | undefined {
    const service = this.#store
      .list(SERVICE_TYPE)
      .find((candidate) => textAt(candidate, 'spec', 'clusterIP') === address)
    if (service === undefined) return undefined
    if (this.#nodesWithoutRules.has(from.node)) return { kind: 'silent' }
    const ports = objectsAt(service, 'spec', 'ports').filter((candidate) => numberAt(candidate, 'port') === port)
    // No rule matches another port: the packet leaves towards an address that nobody owns.
    if (ports.length === 0) return { kind: 'silent' }
    const isEmpty = ports.every((servicePort) => this.#endpointsOf(service, servicePort).length === 0)
    // kube-proxy's REJECT "has no endpoints".
    if (isEmpty) return { kind: 'refused' }
    const relay = this.#relays.get(`${address}|${port}`)
    return relay === undefined ? { kind: 'silent' } : { kind: 'port', endpoint: relay.endpoint }
  }

  #reconcileSoon(): void {
    this.#work = this.#work.then(() => this.#reconcile())
  }

  async #reconcile(): Promise<void> {
    if (this.#closed) return
    const wanted = new Set(
      this.#store.list(SERVICE_TYPE).flatMap((service) => {
        const address = textAt(service, 'spec', 'clusterIP')
        if (address === '' || address === 'None') return []
        return objectsAt(service, 'spec', 'ports').map((port) => `${address}|${numberAt(port, 'port')}`)
      }),
    )
    for (const [key, relay] of this.#relays) {
      if (wanted.has(key)) continue
      this.#relays.delete(key)
      await relay.close()
    }
    for (const key of wanted) {
      if (this.#relays.has(key)) continue
      this.#relays.set(key, await ServiceRelay.open((protocol) => this.#choose(key, protocol)))
    }
  }

  #choose(key: string, protocol: 'TCP' | 'UDP'): Endpoint | undefined {
    const [address, port] = key.split('|')
    const service = this.#store
      .list(SERVICE_TYPE)
      .find((candidate) => textAt(candidate, 'spec', 'clusterIP') === address)
    const servicePort = objectsAt(service ?? {}, 'spec', 'ports').find(
      (candidate) =>
        String(numberAt(candidate, 'port')) === port && (textAt(candidate, 'protocol') || 'TCP') === protocol,
    )
    if (service === undefined || servicePort === undefined) return undefined
    const endpoints = this.#endpointsOf(service, servicePort)
    const chosen = endpoints.length === 0 ? undefined : endpoints[randomBelow(endpoints.length)]
    if (chosen === undefined) return undefined
    const reach = this.#switchboard.resolve(FROM_RELAY, chosen)
    return reach.kind === 'port' ? reach.endpoint : undefined
  }

  #endpointsOf(service: RawObject, servicePort: Json): Endpoint[] {
    const { name, namespace } = service.metadata
    return this.#store
      .list(ENDPOINT_SLICE_TYPE, namespace)
      .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === name)
      .flatMap((slice) => {
        const port = objectsAt(slice, 'ports').find(
          (candidate) =>
            textAt(candidate, 'name') === textAt(servicePort, 'name') &&
            (textAt(candidate, 'protocol') || 'TCP') === (textAt(servicePort, 'protocol') || 'TCP'),
        )
        if (port === undefined) return []
        const ready = objectsAt(slice, 'endpoints').filter(
          (endpoint) => valueAt(endpoint, 'conditions', 'ready') !== false,
        )
        return ready.flatMap((endpoint) =>
          textsAt(endpoint, 'addresses').map((address) => ({ address, port: numberAt(port, 'port') })),
        )
      })
  }
}
