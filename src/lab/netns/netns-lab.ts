// A whole cluster on one machine whose packets are real: nodes, pods and upstreams as network namespaces, programs as processes.
import { ApiServer } from '../cluster/api/api-server.ts'
import { createStore } from '../cluster/cluster-state.ts'
import { runControllers } from '../cluster/controllers/run-controllers.ts'
import type { ClusterDescription } from '../cluster/description.ts'
import { ADMIN, formatKubeconfig } from '../cluster/kubeconfig.ts'
import { LabError, interrupted } from '../cluster/lab-error.ts'
import type { ObjectStore } from '../cluster/object-store.ts'
import type { NodeFiles } from '../cluster/pod-files.ts'
import { textAt } from '../cluster/raw-object.ts'
import { apiServerNames, serviceEnvironment } from '../cluster/service-names.ts'
import { relayApi } from './api-relay.ts'
import { clearAway, foreignNamespaces, openJournal, recordNamespaces } from './journal.ts'
import { KubeProxy } from './kube-proxy/kube-proxy.ts'
import { serveProxyPages } from './kube-proxy/pages.ts'
import { connectInside } from './namespace-sockets.ts'
import { podNamespace, underlayNamespace } from './names.ts'
import { calico } from './network/calico.ts'
import type { CniName } from './network/cni.ts'
import { flannel } from './network/flannel.ts'
import { withFlannel } from './network/flannel-cluster.ts'
import { PodNetwork } from './network/pod-network.ts'
import { PolicyController } from './network/policy-controller.ts'
import { readTopology } from './network/topology.ts'
import { underlayWiring } from './network/underlay.ts'
import { applyWiring, joinWirings } from './network/wiring.ts'
import { prepareDevice } from './node-device.ts'
import { execInPod } from './pods/exec.ts'
import { NodePlaces } from './node-places.ts'
import type { Place } from './pods/place.ts'
import { PodRunner } from './pods/pod-runner.ts'
import { flagValue, programOf } from './pods/programs.ts'
import type { ProgramPaths } from './pods/programs.ts'
import { checkRequirements, findLacks } from './requirements.ts'
import type { Lack } from './requirements.ts'
import { startUpstream } from './upstreams.ts'
import type { RunningUpstream } from './upstreams.ts'

export interface NetnsLabOptions {
  readonly name: string
  readonly cni: CniName
  readonly programs: ProgramPaths
  readonly now?: () => number
  /** Gives up a lab that is not up yet. */
  readonly signal: AbortSignal | undefined
}

interface LabParts {
  readonly name: string
  readonly description: ClusterDescription
  readonly store: ObjectStore
  readonly nodeFiles: NodeFiles
  readonly nodePlaces: NodePlaces
  readonly api: ApiServer
  readonly pods: PodRunner
  readonly proxy: KubeProxy
  readonly network: PodNetwork
  readonly upstreams: readonly RunningUpstream[]
  readonly lacks: readonly Lack[]
}

type Ending = () => Promise<void> | void

/** How long a connection to a pod's port may take, in milliseconds. */
const CONNECT_MS = 10_000
const NODE_CACHE_DEVICE = 'nodelocaldns'

export class NetnsLab {
  readonly parts: LabParts
  readonly #endings: readonly Ending[]

  private constructor(parts: LabParts, endings: readonly Ending[]) {
    this.parts = parts
    this.#endings = endings
  }

  /**
   * Starts everything; what fails to start in a pod shows in that pod's status.
   *
   * @throws {LabError} `not-supported`, `bad-description` or `start-failed`; nothing is left then
   */
  static async start(description: ClusterDescription, options: NetnsLabOptions): Promise<NetnsLab> {
    await checkRequirements()
    const endings: Ending[] = []
    try {
      const lab = new NetnsLab(await startParts(description, options, endings), endings)
      // "ip netns exec" shows each node's own resolv.conf from the start.
      for (const { name } of lab.parts.network.topology.nodes) lab.nodePlace(name)
      return lab
    } catch (error) {
      await endAll(endings)
      throw error
    }
  }

  /** The administrator's kubeconfig. */
  kubeconfig(name: string): string {
    const { url: server, caCertificate } = this.parts.api
    return formatKubeconfig(name, { server, caCertificate, token: this.parts.api.issueToken(ADMIN), user: ADMIN.name })
  }

  /** A node as a place to run programs in, with its own files as they are now; undefined when there is no such node. */
  nodePlace(name: string): Place | undefined {
    return this.parts.nodePlaces.place(name)
  }

  /** Ends every program at once, as a machine that is switched off, and removes all that was made. */
  async close(): Promise<void> {
    await endAll(this.#endings)
  }
}

/** Last started, first ended. */
async function endAll(endings: readonly Ending[]): Promise<void> {
  for (const end of [...endings].reverse()) await end()
}

async function startParts(
  described: ClusterDescription,
  { name, cni, programs, now = Date.now, signal }: NetnsLabOptions,
  endings: Ending[],
): Promise<LabParts> {
  const description = cni === 'flannel' ? withFlannel(described) : described
  const store = createStore(description, now)
  const nodeFiles: NodeFiles = new Map([...description.nodeFiles].map(([node, files]) => [node, new Map(files)]))
  const topology = readTopology(name, description, store)
  const nodePlaces = new NodePlaces({ lab: name, nodes: topology.nodes, nodeFiles })
  const network = new PodNetwork(cni === 'calico' ? calico : flannel, topology)
  const wiring = joinWirings([underlayWiring(topology, description.upstreams), network.cni.nodes(topology)])
  const goOn = (): void => {
    if (signal?.aborted === true) throw interrupted(name)
  }
  const [foreign] = foreignNamespaces(name, wiring.namespaces)
  if (foreign !== undefined) {
    throw new LabError('start-failed', `Cannot start lab "${name}": somebody else has a namespace "${foreign}"`)
  }
  openJournal(name)
  endings.push(async () => {
    for (const line of await clearAway(name)) process.stderr.write(`${line}\n`)
  })
  recordNamespaces(name, wiring.namespaces)
  await applyWiring(wiring)
  goOn()
  const lacks = await findLacks(underlayNamespace(name))
  goOn()

  const running: { pods?: PodRunner } = {}
  const api = await ApiServer.start({
    store,
    access: {
      log: (pod, container) => running.pods?.log(pod, container),
      connect: (pod, port) =>
        connectInside(podNamespace(name, pod), { address: textAt(pod, 'status', 'podIP'), port }, CONNECT_MS),
      // As a container runtime does it: to localhost, in the pod's namespace.
      connectInside: (pod, port) => connectInside(podNamespace(name, pod), { address: '127.0.0.1', port }, CONNECT_MS),
      exec: (pod, command) =>
        execInPod(running.pods?.place(pod.metadata.namespace ?? '', pod.metadata.name), pod, command),
    },
    kubernetesVersion: description.kubernetesVersion,
    serviceCidr: description.serviceCidr,
    serverNames: apiServerNames(store, description.clusterDomain),
    now,
  })
  endings.push(() => api.close())
  endings.push(await relayApi(store, topology, Number(new URL(api.url).port)))
  const upstreams = Promise.all(
    description.upstreams.map((upstream) => startUpstream(upstream, { lab: name, fathom: programs.fathom })),
  )
  // Their failure is told below; here it must not count as unhandled.
  upstreams.catch(() => undefined)

  const proxyLogs = new Map<string, (line: string) => void>()
  const proxy = new KubeProxy({
    lab: name,
    store,
    kubernetesVersion: description.kubernetesVersion,
    log: (node, line) => proxyLogs.get(node)?.(line),
  })
  endings.push(() => proxy.close())
  const pods = new PodRunner({
    lab: name,
    store,
    network,
    nodeFiles,
    readNodeEdits: (node) => nodePlaces.readEdits(node),
    programs,
    kubernetesVersion: description.kubernetesVersion,
    now,
    serviceAccount: (namespace, account) => ({
      token: api.issueToken({ name: `system:serviceaccount:${namespace}:${account}`, groups: [] }),
      caCertificate: api.caCertificate,
    }),
    environment: serviceEnvironment(store),
    startKubeProxy: async (node, log) => {
      proxyLogs.set(node, log)
      await proxy.start(node)
      const closePages = await serveProxyPages(network.nodeNamespace(node), () => proxy.syncedAt(node))
      return () => {
        proxy.stop(node)
        closePages()
        return Promise.resolve()
      }
    },
    prepareNodeCache: (node, args) => prepareDevice(name, node, flagValue(args, 'interfacename') ?? NODE_CACHE_DEVICE),
  })
  running.pods = pods
  if (cni === 'calico') {
    const policies = new PolicyController(store, network)
    endings.push(() => policies.close())
  }
  endings.push(
    () => pods.close(),
    runControllers({ store, runsProgram: (container) => programOf(container, programs) !== undefined }),
  )
  // What is made in the kernel is waited for, so that nothing comes after all was removed; programs end when that is done.
  await pods.connectAll()
  goOn()
  await unlessAborted(pods.startAll(), { name, signal })
  const made = { api, pods, proxy, network, upstreams: await unlessAborted(upstreams, { name, signal }), lacks }
  return { name, description, store, nodeFiles, nodePlaces, ...made }
}

/** Rejects at once when the lab is given up; the work goes on, and what becomes of it is nobody's concern then. */
function unlessAborted<Result>(
  work: Promise<Result>,
  { name, signal }: Pick<NetnsLabOptions, 'name' | 'signal'>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(interrupted(name))
    if (signal?.aborted === true) giveUp()
    signal?.addEventListener('abort', giveUp, { once: true })
    work.then(resolve, reject)
  })
}
