// The kubelets of a loopback lab: start the programs of pods that are there, stop those of pods that go, tell readiness.
import { request as httpRequest } from 'node:http'
import { describeError } from '../../base/index.ts'
import type { Json } from '../../kube/objects/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { Network } from '../../server/index.ts'
import type { ObjectStore } from '../cluster/object-store.ts'
import { mountedConfigMaps, podResolvConf } from '../cluster/pod-files.ts'
import type { NodeFiles } from '../cluster/pod-files.ts'
import { isReadyNow, setContainerState, setReadiness } from '../cluster/pod-status.ts'
import { recordEvent } from '../cluster/record-event.ts'
import { keyOf, objectKey, objectsAt, textAt } from '../cluster/raw-object.ts'
import type { RawObject } from '../cluster/raw-object.ts'
import { POD_TYPE } from '../cluster/resource-types.ts'
import { LogBuffer } from '../cluster/log-buffer.ts'
import { PodChanges } from './pod-changes.ts'
import { programOf } from './programs.ts'
import type { Program, RunningProgram } from './program.ts'
import type { Origin, Switchboard } from './switchboard.ts'
import { virtualFiles } from './virtual-files.ts'
import type { TextSource } from './virtual-files.ts'

export interface PodRunnerOptions {
  readonly store: ObjectStore
  readonly switchboard: Switchboard
  readonly nodeFiles: NodeFiles
  /** Of every kubelet: `v1.17.6`. */
  readonly kubernetesVersion: string
  readonly now: () => number
  /** Where calls to addresses that nobody owns end. */
  readonly nowhere: Endpoint
  /** Where calls to closed ports end: a loopback port that refuses. */
  readonly closedPort: Endpoint
  /** What in-cluster clients need to reach the API server as this ServiceAccount. */
  readonly serviceAccount: (
    namespace: string,
    name: string,
  ) => { readonly token: string; readonly caCertificate: string }
  readonly environment: Readonly<Record<string, string>>
  /** A program that writes a node's rules for Service IPs runs there now. */
  readonly onServiceRules: (node: string) => void
}

interface RunningPod {
  readonly pod: RawObject
  readonly origin: Origin
  readonly containers: Map<string, RunningContainer>
  /** Undone when its programs end: listeners, timers. */
  readonly endings: (() => void)[]
  /** Undone when the pod goes: until then its address refuses instead of being silent. */
  readonly leave: () => void
  started: Promise<void>
  stopped: boolean
}

interface RunningContainer {
  readonly log: LogBuffer
  readonly program: Program
  readonly container: Json
  running: RunningProgram | undefined
  /** What this pod's files are, copied when it started. */
  readonly resolvConf: string
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
/** How often a readiness probe is made, in milliseconds: often until it first succeeds, then at the default period of a probe. */
const PROBE_FIRST_MS = 100
const PROBE_PERIOD_MS = 10_000
const PROBE_TIMEOUT_MS = 1000
/** Failed probes before a pod that was ready counts as not ready at its start: 5 s of them. */
const READY_TRIES = 50

export class PodRunner {
  /** What faults want of single pods. */
  readonly changes: PodChanges = new PodChanges()
  readonly #options: PodRunnerOptions
  readonly #pods = new Map<string, RunningPod>()
  readonly #stopping = new Set<Promise<void>>()
  readonly #unsubscribe: () => void

  constructor(options: PodRunnerOptions) {
    this.#options = options
    this.#unsubscribe = options.store.subscribe(({ type, change, object, before }) => {
      if (type !== POD_TYPE) return
      const isOther = before !== undefined && before.metadata.uid !== object.metadata.uid
      if (change === 'deleted' || isOther) {
        this.changes.forget(keyOf(object))
        void this.#remove(keyOf(object))
      }
      if (change !== 'deleted' && !this.#pods.has(keyOf(object))) void this.#start(object)
    })
  }

  /** Starts the programs of all pods that are there; resolves when each runs or has failed. */
  async startAll(): Promise<void> {
    await Promise.all(this.#options.store.list(POD_TYPE).map((pod) => this.#start(pod)))
  }

  /** Ends a pod's programs and starts them anew: its files are made again, its log goes on. Resolves when they run. */
  async restart(namespace: string, name: string): Promise<void> {
    const pod = this.#options.store.get(POD_TYPE, namespace, name)
    if (pod === undefined) return
    await this.#remove(keyOf(pod))
    await this.#start(pod)
  }

  /** Ends a pod's programs and leaves the pod there, crashing at each start until it is taken back or the pod goes. */
  async crash(namespace: string, name: string, why: string): Promise<void> {
    const key = objectKey(namespace, name)
    const running = this.#pods.get(key)
    if (running === undefined) return
    this.changes.setCrash(key, why)
    await this.#endPrograms(running)
    for (const container of running.containers.values()) this.#fail(running, container, why)
  }

  /** Resolves when a pod's programs run and are ready, or have failed; at once for a pod that is not there. */
  async whenStarted(namespace: string, name: string): Promise<void> {
    await this.#pods.get(objectKey(namespace, name))?.started
  }

  log(pod: RawObject, container: string): LogBuffer | undefined {
    return this.#pods.get(keyOf(pod))?.containers.get(container)?.log
  }

  /** The /etc/resolv.conf that a pod was started with, or would be now when the lab runs no program in it. */
  resolvConf(pod: RawObject): string {
    const changed = this.changes.filesOf(keyOf(pod)).get('/etc/resolv.conf')
    if (changed !== undefined) return changed
    const [first] = this.#pods.get(keyOf(pod))?.containers.values() ?? []
    return first?.resolvConf ?? this.#computedResolvConf(pod)
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    await Promise.all([...this.#pods.keys()].map((key) => this.#remove(key)))
    await Promise.all(this.#stopping)
  }

  async #start(pod: RawObject): Promise<void> {
    const origin = originOf(pod)
    if (origin === undefined) return
    const { switchboard } = this.#options
    const key = keyOf(pod)
    const running: RunningPod = {
      pod,
      origin,
      containers: new Map(),
      endings: [],
      leave: switchboard.registerAddress(origin.address),
      started: Promise.resolve(),
      stopped: false,
    }
    this.#pods.set(key, running)
    for (const container of objectsAt(pod, 'spec', 'containers')) {
      const program = programOf(container)
      if (program === undefined) continue
      const log = new LogBuffer(this.#options.now)
      running.containers.set(textAt(container, 'name'), {
        log,
        program,
        container,
        running: undefined,
        resolvConf: this.#computedResolvConf(pod),
      })
    }
    running.started = Promise.all(
      [...running.containers.values()].map((container) => this.#startContainer(running, container)),
    ).then(() => {})
    await running.started
  }

  async #startContainer(pod: RunningPod, container: RunningContainer): Promise<void> {
    const key = keyOf(pod.pod)
    const name = textAt(container.container, 'name')
    const crash = this.changes.crashOf(key)
    if (crash !== undefined) {
      this.#fail(pod, container, crash)
      return
    }
    try {
      container.running = await container.program({
        container: container.container,
        files: virtualFiles(this.#filesOf(pod.pod, container)),
        environment: { ...this.#options.environment, HOSTNAME: pod.pod.metadata.name },
        network: this.#networkOf(pod),
        log: (line) => container.log.write(line),
        onExit: (why) => {
          void container.running?.stop()
          container.running = undefined
          if (!pod.stopped) this.#showCrash(pod, name, why)
        },
      })
    } catch (error) {
      const why = describeError(error)
      if (pod.stopped) container.log.write(why)
      else this.#fail(pod, container, why)
      return
    }
    if (container.running.writesServiceRules) this.#options.onServiceRules(pod.origin.node)
    const stored = this.#options.store.get(POD_TYPE, pod.pod.metadata.namespace, pod.pod.metadata.name)
    if (stored !== undefined)
      setContainerState(this.#options.store, key, name, runningState(stored, name, this.#options.store.timestamp()))
    if (pod.stopped) await container.running?.stop()
    else await this.#watchReadiness(pod, container)
  }

  #fail(pod: RunningPod, { container, log }: RunningContainer, why: string): void {
    log.write(why)
    this.#showCrash(pod, textAt(container, 'name'), why)
  }

  #showCrash({ pod, origin }: RunningPod, container: string, why: string): void {
    const { store } = this.#options
    const key = keyOf(pod)
    setContainerState(store, key, container, { waiting: { reason: 'CrashLoopBackOff', message: why } })
    setReadiness(store, key, false)
    const message = 'Back-off restarting failed container'
    recordEvent(store, pod, { reason: 'BackOff', message, type: 'Warning', component: 'kubelet', host: origin.node })
  }

  // Tells only what changes, so that a status written by somebody else stays until the probe's own result turns. A pod that is
  // described as ready gets time to become so. Resolves with the first success or when that time is over.
  #watchReadiness(pod: RunningPod, { running }: RunningContainer): Promise<void> {
    const probe = running?.readyPath
    const { store } = this.#options
    const key = keyOf(pod.pod)
    if (probe === undefined) {
      if (running !== undefined && !isReadyNow(store, key)) setReadiness(store, key, true)
      return Promise.resolve()
    }
    let last = isReadyNow(store, key)
    let triesLeft = READY_TRIES
    return new Promise((resolve) => {
      const turn = async (): Promise<void> => {
        const isReady = await this.#isReady(pod, probe)
        triesLeft -= 1
        if (isReady || triesLeft <= 0 || pod.stopped) resolve()
        if (pod.stopped) return
        if (isReady !== last && (isReady || triesLeft <= 0)) {
          setReadiness(store, key, isReady)
          last = isReady
        }
        if (isReady) triesLeft = 0
        timer = setTimeout(() => void turn(), isReady ? PROBE_PERIOD_MS : PROBE_FIRST_MS)
        timer.unref()
      }
      let timer = setTimeout(() => void turn(), 0)
      pod.endings.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #isReady(pod: RunningPod, { port, path }: { readonly port: number; readonly path: string }): Promise<boolean> {
    const host = textAt(objectsAt(pod.pod, 'spec', 'containers')[0] ?? {}, 'readinessProbe', 'httpGet', 'host')
    const reach = this.#options.switchboard.resolve(pod.origin, { address: host || pod.origin.address, port })
    if (reach.kind !== 'port') return Promise.resolve(false)
    const { endpoint } = reach
    return new Promise((resolve) => {
      const request = httpRequest(
        { host: endpoint.address, port: endpoint.port, path, agent: false, timeout: PROBE_TIMEOUT_MS },
        (response) => {
          response.resume()
          resolve(response.statusCode === 200)
        },
      )
      request.on('timeout', () => request.destroy())
      request.on('error', () => resolve(false))
      request.end()
    })
  }

  async #remove(key: string): Promise<void> {
    const running = this.#pods.get(key)
    if (running === undefined) return
    this.#pods.delete(key)
    running.leave()
    await this.#endPrograms(running)
  }

  async #endPrograms(pod: RunningPod): Promise<void> {
    pod.stopped = true
    for (const end of pod.endings.splice(0)) end()
    const stopped = Promise.all(
      [...pod.containers.values()].map(async (container) => {
        await container.running?.stop()
        container.running = undefined
      }),
    ).then(() => {})
    this.#stopping.add(stopped)
    await stopped
    this.#stopping.delete(stopped)
  }

  #networkOf(pod: RunningPod): Network {
    const { switchboard, nowhere, closedPort } = this.#options
    return {
      listenAt: () => ({ address: '127.0.0.1', port: 0 }),
      bound: (wanted, actual) => {
        pod.endings.push(switchboard.register(pod.origin, wanted, actual))
      },
      callTo: (endpoint) => {
        const reach = switchboard.resolve(pod.origin, endpoint)
        if (reach.kind === 'port') return reach.endpoint
        return reach.kind === 'refused' ? closedPort : nowhere
      },
    }
  }

  #filesOf(pod: RawObject, container: RunningContainer): Map<string, TextSource> {
    const { store, serviceAccount, now } = this.#options
    const startedAt = now()
    const fixed =
      (text: string): TextSource =>
      () => ({ text, mtimeMs: startedAt })
    const namespace = pod.metadata.namespace ?? 'default'
    const account = serviceAccount(namespace, textAt(pod, 'spec', 'serviceAccountName') || 'default')
    const files = new Map<string, TextSource>([
      ['/etc/resolv.conf', fixed(container.resolvConf)],
      ['/etc/hosts', fixed(`127.0.0.1\tlocalhost\n${textAt(pod, 'status', 'podIP')}\t${pod.metadata.name}\n`)],
      [`${SERVICE_ACCOUNT}/token`, fixed(account.token)],
      [`${SERVICE_ACCOUNT}/ca.crt`, fixed(account.caCertificate)],
      [`${SERVICE_ACCOUNT}/namespace`, fixed(namespace)],
    ])
    for (const { path, read } of mountedConfigMaps(store, pod, container.container)) {
      let known = { text: '', mtimeMs: startedAt }
      files.set(path, () => {
        const text = read()
        if (text === undefined) return undefined
        if (text !== known.text) known = { text, mtimeMs: now() }
        return known
      })
    }
    for (const [path, text] of this.changes.filesOf(keyOf(pod))) files.set(path, fixed(text))
    return files
  }

  #computedResolvConf(pod: RawObject): string {
    const { nodeFiles, kubernetesVersion } = this.#options
    return podResolvConf(pod, nodeFiles.get(textAt(pod, 'spec', 'nodeName')) ?? new Map(), kubernetesVersion)
  }
}

/** The state of a container that runs: since when it did before, or since now. */
function runningState(pod: RawObject, name: string, now: string): Json {
  const status = objectsAt(pod, 'status', 'containerStatuses').find((candidate) => candidate['name'] === name)
  const before = textAt(status ?? {}, 'state', 'running', 'startedAt')
  return { running: { startedAt: before || now } }
}

/** Where a pod stands in the network; undefined while it has no node or address. */
export function originOf(pod: RawObject): Origin | undefined {
  const node = textAt(pod, 'spec', 'nodeName')
  const address = textAt(pod, 'status', 'podIP')
  return node === '' || address === '' ? undefined : { node, address }
}
