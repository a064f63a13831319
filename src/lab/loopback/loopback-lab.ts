// A whole cluster on loopback: API server, controllers, kube-proxy's relays, the DNS servers of its pods, upstreams.
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Endpoint } from '../../net/exchange-result.ts'
import { ApiServer } from '../cluster/api/api-server.ts'
import { createStore } from '../cluster/cluster-state.ts'
import { runControllers } from '../cluster/controllers/run-controllers.ts'
import type { ClusterDescription } from '../cluster/description.ts'
import { ADMIN, formatKubeconfig } from '../cluster/kubeconfig.ts'
import type { ObjectStore } from '../cluster/object-store.ts'
import { apiServerNames, serviceEnvironment } from '../cluster/service-names.ts'
import type { NodeFiles } from '../cluster/pod-files.ts'
import { keyOf, objectsAt, textAt, valueAt } from '../cluster/raw-object.ts'
import type { RawObject } from '../cluster/raw-object.ts'
import { NODE_TYPE, POD_TYPE, SERVICE_TYPE } from '../cluster/resource-types.ts'
import { execInLoopback } from './exec.ts'
import { readPodFile } from './pod-file.ts'
import { PodRunner, originOf } from './pod-runner.ts'
import { programOf } from './programs.ts'
import { ServiceProxy } from './service-proxy.ts'
import { SilentEndpoint } from './silent-endpoint.ts'
import { Switchboard } from './switchboard.ts'
import type { Origin, Reach } from './switchboard.ts'
import { startUpstream } from './upstreams.ts'
import type { RunningUpstream } from './upstreams.ts'

/** tcpmux: nobody listens there, so it refuses as a closed port does. */
const CLOSED_PORT = { address: '127.0.0.1', port: 1 }
const API_PORT = 6443

export interface LabAddress {
  readonly who: string
  /** ADDRESS:PORT in the cluster. */
  readonly address: string
  /** ADDRESS:PORT on this machine. */
  readonly loopback: string
}

type LabParts = Pick<
  LoopbackLab,
  'api' | 'description' | 'nodeFiles' | 'pods' | 'proxy' | 'store' | 'switchboard' | 'upstreams'
>

export class LoopbackLab {
  readonly description: ClusterDescription
  readonly store: ObjectStore
  readonly nodeFiles: NodeFiles
  readonly switchboard: Switchboard
  readonly api: ApiServer
  readonly pods: PodRunner
  readonly proxy: ServiceProxy
  readonly upstreams: readonly RunningUpstream[]
  readonly #endings: readonly Ending[]

  /** Not to be called: {@link LoopbackLab.start} makes a lab. */
  constructor(parts: LabParts, endings: readonly Ending[]) {
    this.description = parts.description
    this.store = parts.store
    this.nodeFiles = parts.nodeFiles
    this.switchboard = parts.switchboard
    this.api = parts.api
    this.pods = parts.pods
    this.proxy = parts.proxy
    this.upstreams = parts.upstreams
    this.#endings = endings
  }

  /** Starts everything; what fails to start in a pod shows in that pod's status, what else fails is thrown. */
  static async start(description: ClusterDescription, now: () => number = Date.now): Promise<LoopbackLab> {
    const endings: Ending[] = []
    try {
      return await startParts(description, now, endings)
    } catch (error) {
      await endAll(endings)
      throw error
    }
  }

  /** The administrator's kubeconfig. */
  kubeconfig(name: string): string {
    const { url: server, caCertificate } = this.api
    return formatKubeconfig(name, { server, caCertificate, token: this.api.issueToken(ADMIN), user: ADMIN.name })
  }

  /** Where a node stands in the network; undefined when there is no such node. */
  originOfNode(name: string): Origin | undefined {
    const node = this.store.get(NODE_TYPE, undefined, name)
    return node === undefined ? undefined : nodeOrigin(node)
  }

  /** Who listens at which cluster address, and on which loopback port. */
  addresses(): LabAddress[] {
    const services = new Map(
      this.store
        .list(SERVICE_TYPE)
        .map((service) => [textAt(service, 'spec', 'clusterIP'), `service ${keyOf(service)}`]),
    )
    const pods = new Map(
      this.store
        .list(POD_TYPE)
        .filter((pod) => !isHostNetwork(pod))
        .map((pod) => [textAt(pod, 'status', 'podIP'), `pod ${keyOf(pod)}`]),
    )
    const nodes = new Map(
      this.store.list(NODE_TYPE).map((node) => [nodeOrigin(node).address, `node ${node.metadata.name}`]),
    )
    const upstreams = new Map(this.upstreams.map(({ address }) => [address, `upstream ${address}`]))
    const listeners = [
      ...this.proxy.listeners().map((listener) => ({ ...listener, scope: '' })),
      ...this.switchboard.listeners(),
    ]
    return listeners.map(({ scope, address, port, actual }) => {
      const owner = services.get(address) ?? pods.get(address) ?? nodes.get(address) ?? upstreams.get(address)
      return {
        // A loopback address is that of one network namespace, a link-local one that of one node.
        who: owner ?? nodes.get(scope) ?? pods.get(scope) ?? upstreams.get(scope) ?? `node ${scope}`,
        address: `${address}:${port}`,
        loopback: `${actual.address}:${actual.port}`,
      }
    })
  }

  /** Ends every program at once, as a machine that is switched off. */
  async close(): Promise<void> {
    await endAll(this.#endings)
  }
}

type Ending = () => Promise<void> | void

/** Last started, first ended. */
async function endAll(endings: readonly Ending[]): Promise<void> {
  for (const end of [...endings].reverse()) await end()
}

async function startParts(description: ClusterDescription, now: () => number, endings: Ending[]): Promise<LoopbackLab> {
  const store = createStore(description, now)
  const switchboard = new Switchboard()
  const nodeFiles: NodeFiles = new Map([...description.nodeFiles].map(([node, files]) => [node, new Map(files)]))
  const nowhere = await SilentEndpoint.open()
  endings.push(() => nowhere.close())
  const running: { pods?: PodRunner } = {}
  const made = new Set<string>()
  const api = await ApiServer.start({
    store,
    access: {
      log: (pod, container) => running.pods?.log(pod, container),
      connect: (pod, port) => dialPod(switchboard, pod, port),
      exec: (pod, command) =>
        execInLoopback(pod, command, {
          readFile: (path) => readPodFile({ store, pods: running.pods }, pod, path),
          environment: { ...serviceEnvironment(store), HOSTNAME: pod.metadata.name },
          hostname: pod.metadata.name,
          added: { made, reach: (endpoint) => reachFrom(switchboard, pod, endpoint) },
        }),
    },
    kubernetesVersion: description.kubernetesVersion,
    serviceCidr: description.serviceCidr,
    serverNames: apiServerNames(store, description.clusterDomain),
    now,
  })
  endings.push(() => api.close())
  const apiPort = Number(new URL(api.url).port)
  for (const node of store.list(NODE_TYPE)) {
    const origin = nodeOrigin(node)
    switchboard.registerAddress(origin.address)
    switchboard.register(origin, { address: origin.address, port: API_PORT }, { address: '127.0.0.1', port: apiPort })
  }
  const upstreams: RunningUpstream[] = []
  for (const upstream of description.upstreams) {
    const started = await startUpstream(upstream, { switchboard, closedPort: CLOSED_PORT, nowhere: nowhere.endpoint })
    upstreams.push(started)
    endings.push(() => started.stop())
  }
  const proxy = await ServiceProxy.start(store, switchboard)
  endings.push(() => proxy.close())
  const pods = new PodRunner({
    store,
    switchboard,
    nodeFiles,
    kubernetesVersion: description.kubernetesVersion,
    now,
    nowhere: nowhere.endpoint,
    closedPort: CLOSED_PORT,
    serviceAccount: (namespace, name) => ({
      token: api.issueToken({ name: `system:serviceaccount:${namespace}:${name}`, groups: [] }),
      caCertificate: api.caCertificate,
    }),
    environment: serviceEnvironment(store),
    onServiceRules: (node) => proxy.setRules(node, true),
  })
  running.pods = pods
  endings.push(
    () => pods.close(),
    runControllers({ store, runsProgram: (container) => programOf(container) !== undefined }),
  )
  await pods.startAll()
  return new LoopbackLab({ description, store, nodeFiles, switchboard, api, pods, proxy, upstreams }, endings)
}

function isHostNetwork(pod: RawObject): boolean {
  return valueAt(pod, 'spec', 'hostNetwork') === true
}

function nodeOrigin(node: RawObject): Origin {
  const address = objectsAt(node, 'status', 'addresses').find((candidate) => candidate['type'] === 'InternalIP')
  return { node: node.metadata.name, address: textAt(address ?? {}, 'address') }
}

function reachFrom(switchboard: Switchboard, pod: RawObject, endpoint: Endpoint): Reach {
  const origin = originOf(pod)
  return origin === undefined ? { kind: 'silent' } : switchboard.resolve(origin, endpoint)
}

function dialPod(switchboard: Switchboard, pod: RawObject, port: number): Promise<Duplex> {
  const origin = originOf(pod)
  const reach = origin === undefined ? undefined : switchboard.resolve(origin, { address: origin.address, port })
  if (reach?.kind !== 'port') return Promise.reject(new Error('connect: connection refused'))
  const { endpoint } = reach
  return new Promise((resolve, reject) => {
    const socket = connect(endpoint.port, endpoint.address)
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })
}
