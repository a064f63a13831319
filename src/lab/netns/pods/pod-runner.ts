// The kubelets of a lab of namespaces: connect pods that come, run their programs, tell their states, clear away those that go.
import { join } from 'node:path'
import { describeError } from '../../../base/index.ts'
import type { Json } from '../../../kube/objects/index.ts'
import { isReadyNow, setContainerState, setReadiness } from '../../cluster/pod-status.ts'
import { recordEvent } from '../../cluster/record-event.ts'
import { keyOf, numberAt, objectKey, objectsAt, textAt, valueAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { CONFIG_MAP_TYPE, POD_TYPE } from '../../cluster/resource-types.ts'
import { LogBuffer } from '../../cluster/log-buffer.ts'
import { PodChanges } from '../../loopback/pod-changes.ts'
import { journalPaths } from '../journal.ts'
import { podId, podNamespace } from '../names.ts'
import type { PodNetwork } from '../network/pod-network.ts'
import { ContainerProcess } from './container-process.ts'
import { Place } from './place.ts'
import { fixedPodFiles, hostnameOf, mountedDirectories, mountedPodFiles } from './pod-files.ts'
import type { PodFileOptions } from './pod-files.ts'
import { programOf } from './programs.ts'
import type { ContainerProgram, ProgramPaths } from './programs.ts'
import { Readiness, probeTarget } from './readiness.ts'

export interface PodRunnerOptions extends PodFileOptions {
  readonly lab: string
  readonly network: PodNetwork
  readonly programs: ProgramPaths
  readonly now: () => number
  readonly environment: Readonly<Record<string, string>>
  /** Takes over what somebody edited in a node's files: kubelet reads them when a pod starts. */
  readonly readNodeEdits: (node: string) => void
  /** A kube-proxy of this node starts. The result, which stops it, leaves rules as they are. */
  readonly startKubeProxy: (node: string, log: (line: string) => void) => Promise<() => Promise<void>>
  /** Puts the device for the node cache's addresses there, when the program cannot make it itself. */
  readonly prepareNodeCache: (node: string, args: readonly string[]) => Promise<void>
}

interface RunningPod {
  readonly pod: RawObject
  readonly place: Place
  readonly containers: Map<string, RunningContainer>
  started: Promise<void>
  stopped: boolean
}

interface RunningContainer {
  readonly name: string
  readonly container: Json
  readonly program: ContainerProgram
  readonly log: LogBuffer
  stop: ((graceMs: number) => Promise<void>) | undefined
  readiness: Readiness | undefined
  retry: NodeJS.Timeout | undefined
  /** Ends in a row without a while of running between. */
  failures: number
}

/** kubelet's back-off between restarts, in milliseconds: the first, and the longest. */
const FIRST_BACKOFF_MS = 10_000
const MAX_BACKOFF_MS = 300_000
/** A program that ran so long is started again at once. */
const STABLE_MS = 10_000
const MAX_GRACE_MS = 5000

export class PodRunner {
  /** What faults want of single pods. */
  readonly changes: PodChanges = new PodChanges()
  readonly #options: PodRunnerOptions
  readonly #pods = new Map<string, RunningPod>()
  readonly #work = new Set<Promise<void>>()
  /** Address -> the going of a pod that had it: its route has to go before another pod gets it. */
  readonly #leaving = new Map<string, Promise<void>>()
  readonly #unsubscribe: () => void
  /** Programs that would start from then on do not. */
  #isClosed = false

  constructor(options: PodRunnerOptions) {
    this.#options = options
    this.#unsubscribe = options.store.subscribe(({ type, change, object, before }) => {
      if (type === CONFIG_MAP_TYPE) this.#updateMounts(object.metadata.namespace)
      if (type !== POD_TYPE) return
      const key = keyOf(object)
      const isOther = before !== undefined && before.metadata.uid !== object.metadata.uid
      if (change === 'deleted' || isOther) {
        this.changes.forget(key)
        this.#track(this.#remove(key))
      }
      if (change !== 'deleted' && !this.#pods.has(key) && isPlaced(object)) this.#track(this.#add(object))
    })
  }

  /** Connects all pods that are there. */
  async connectAll(): Promise<void> {
    await this.#options.network.connect(this.#options.store.list(POD_TYPE).filter(isPlaced))
  }

  /** Starts the programs of all pods that are there; resolves when each runs or has failed. */
  async startAll(): Promise<void> {
    const pods = this.#options.store.list(POD_TYPE).filter(isPlaced)
    // What asks a Service before its rules are there waits for seconds: its connection is remembered as it began.
    const first = pods.filter((pod) => this.#writesRules(pod))
    await Promise.all(first.map((pod) => this.#start(pod)))
    await Promise.all(pods.filter((pod) => !first.includes(pod)).map((pod) => this.#start(pod)))
  }

  /** Kills a pod's programs and starts them anew: its files are made again. Resolves when they run. */
  async restart(namespace: string, name: string): Promise<void> {
    const running = this.#pods.get(objectKey(namespace, name))
    const pod = this.#options.store.get(POD_TYPE, namespace, name)
    if (running === undefined || pod === undefined) return
    await this.#endPrograms(running, 0)
    await this.#start(pod, running)
  }

  /** Kills a pod's programs and leaves the pod there, crashing at each start until it is taken back or the pod goes. */
  async crash(namespace: string, name: string, why: string): Promise<void> {
    const key = objectKey(namespace, name)
    const running = this.#pods.get(key)
    if (running === undefined) return
    this.changes.setCrash(key, why)
    await this.#endPrograms(running, 0)
    for (const container of running.containers.values()) this.#fail(running, container, why)
  }

  /** Resolves when a pod's programs run and are ready, or have failed; at once for a pod that is not there. */
  async whenStarted(namespace: string, name: string): Promise<void> {
    await this.#pods.get(objectKey(namespace, name))?.started
  }

  /** Resolves when pods that came or went have been connected or cleared away. */
  async settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work)
  }

  log(pod: RawObject, container: string): LogBuffer | undefined {
    return this.#pods.get(keyOf(pod))?.containers.get(container)?.log
  }

  /** Where a pod's programs run; undefined for one that has no node yet. */
  place(namespace: string, name: string): Place | undefined {
    return this.#pods.get(objectKey(namespace, name))?.place
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#unsubscribe()
    await this.settled()
    // Their namespaces go with the lab, and all that was written in them.
    await Promise.all([...this.#pods.values()].map((pod) => this.#endPrograms(pod, 0)))
  }

  #writesRules(pod: RawObject): boolean {
    const containers = objectsAt(pod, 'spec', 'containers')
    return containers.some((container) => programOf(container, this.#options.programs)?.kind === 'kube-proxy')
  }

  #track(work: Promise<void>): void {
    const tracked = work.then(
      () => undefined,
      (error: unknown) => {
        process.stderr.write(`${describeError(error)}\n`)
      },
    )
    this.#work.add(tracked)
    void tracked.then(() => this.#work.delete(tracked))
  }

  async #add(pod: RawObject): Promise<void> {
    const place = this.#makePlace(pod)
    const running: RunningPod = { pod, place, containers: new Map(), started: Promise.resolve(), stopped: false }
    // Before anything is waited for, so that the same pod is not added twice.
    this.#pods.set(keyOf(pod), running)
    running.started = (async () => {
      // A pod that has its name or address may just be going.
      await this.#leaving.get(textAt(pod, 'status', 'podIP'))
      await this.#options.network.connect([pod])
      await this.#start(pod, running)
    })()
    await running.started
  }

  async #start(pod: RawObject, before?: RunningPod): Promise<void> {
    const { programs } = this.#options
    const place = before?.place ?? this.#makePlace(pod)
    const running: RunningPod = { pod, place, containers: new Map(), started: Promise.resolve(), stopped: false }
    this.#pods.set(keyOf(pod), running)
    this.#writeFiles(running)
    for (const container of objectsAt(pod, 'spec', 'containers')) {
      const program = programOf(container, programs)
      if (program === undefined) continue
      const name = textAt(container, 'name')
      running.containers.set(name, {
        name,
        container,
        program,
        log: before?.containers.get(name)?.log ?? new LogBuffer(this.#options.now),
        stop: undefined,
        readiness: undefined,
        retry: undefined,
        failures: 0,
      })
    }
    const containers = [...running.containers.values()]
    running.started = Promise.all(containers.map((container) => this.#startContainer(running, container))).then(
      () => {},
    )
    await running.started
  }

  async #startContainer(pod: RunningPod, container: RunningContainer): Promise<void> {
    if (this.#isClosed) return
    const { store } = this.#options
    const key = keyOf(pod.pod)
    container.log.startRun()
    const crash = this.changes.crashOf(key)
    if (crash !== undefined) {
      this.#fail(pod, container, crash)
      return
    }
    let stop: (graceMs: number) => Promise<void>
    try {
      stop = await this.#run(pod, container)
    } catch (error) {
      this.#fail(pod, container, describeError(error))
      return
    }
    container.stop = stop
    if (pod.stopped || this.#isClosed) {
      await stop(0)
      return
    }
    const startedAt = startedBefore(
      store.get(POD_TYPE, pod.pod.metadata.namespace, pod.pod.metadata.name),
      container.name,
    )
    setContainerState(store, key, container.name, { running: { startedAt: startedAt || store.timestamp() } })
    await this.#watchReadiness(pod, container)
  }

  async #run(pod: RunningPod, container: RunningContainer): Promise<(graceMs: number) => Promise<void>> {
    const { program, log } = container
    const node = textAt(pod.pod, 'spec', 'nodeName')
    const write = (line: string): void => log.write(line)
    if (program.kind === 'kube-proxy') {
      const stop = await this.#options.startKubeProxy(node, write)
      return () => stop()
    }
    if (program.what === 'node-cache') await this.#options.prepareNodeCache(node, program.command)
    const startedAt = performance.now()
    const process = new ContainerProcess({
      command: [...pod.place.enter(), ...program.command],
      log: write,
      onExit: (why) => {
        container.stop = undefined
        if (pod.stopped) return
        container.failures = performance.now() - startedAt > STABLE_MS ? 0 : container.failures + 1
        this.#showCrash(pod, container, why)
        this.#restartLater(pod, container)
      },
    })
    return (graceMs) => process.stop(graceMs)
  }

  #restartLater(pod: RunningPod, container: RunningContainer): void {
    const { failures } = container
    const backoffMs = failures === 0 ? 0 : Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS)
    container.retry = setTimeout(() => void this.#startContainer(pod, container), backoffMs)
  }

  #fail(pod: RunningPod, container: RunningContainer, why: string): void {
    container.log.write(why)
    this.#showCrash(pod, container, why)
  }

  #showCrash({ pod }: RunningPod, container: RunningContainer, why: string): void {
    const { store } = this.#options
    container.readiness?.stop()
    container.readiness = undefined
    setContainerState(store, keyOf(pod), container.name, { waiting: { reason: 'CrashLoopBackOff', message: why } })
    setReadiness(store, keyOf(pod), false)
    const message = 'Back-off restarting failed container'
    const host = textAt(pod, 'spec', 'nodeName')
    recordEvent(store, pod, { reason: 'BackOff', message, type: 'Warning', component: 'kubelet', host })
  }

  // Tells only what changes, so that a status written by somebody else stays until the probe's own result turns.
  #watchReadiness(pod: RunningPod, container: RunningContainer): Promise<void> {
    const { store, network } = this.#options
    const key = keyOf(pod.pod)
    const target = probeTarget(container.container, textAt(pod.pod, 'status', 'podIP'))
    if (target === undefined) {
      if (!isReadyNow(store, key)) setReadiness(store, key, true)
      return Promise.resolve()
    }
    container.readiness = new Readiness({
      namespace: network.nodeNamespace(textAt(pod.pod, 'spec', 'nodeName')),
      target,
      isReady: isReadyNow(store, key),
      tell: (ready) => setReadiness(store, key, ready),
    })
    return container.readiness.known
  }

  async #remove(key: string): Promise<void> {
    const running = this.#pods.get(key)
    if (running === undefined) return
    this.#pods.delete(key)
    const { started } = running
    const address = textAt(running.pod, 'status', 'podIP')
    const gone = (async () => {
      await this.#endPrograms(running, graceOf(running.pod))
      await started.catch(() => undefined)
      await this.#options.network.disconnect(running.pod)
      running.place.remove()
    })()
    // Whether that failed is for who asked for it to say.
    const left = gone.catch(() => undefined)
    this.#leaving.set(address, left)
    await gone
    if (this.#leaving.get(address) === left) this.#leaving.delete(address)
  }

  async #endPrograms(pod: RunningPod, graceMs: number = MAX_GRACE_MS): Promise<void> {
    pod.stopped = true
    await Promise.all(
      [...pod.containers.values()].map(async (container) => {
        clearTimeout(container.retry)
        container.readiness?.stop()
        await container.stop?.(graceMs)
        container.stop = undefined
      }),
    )
  }

  // --- Files ---

  #makePlace(pod: RawObject): Place {
    const { lab, store, environment } = this.#options
    return new Place({
      folder: join(journalPaths(lab).places, podId(pod)),
      namespace: podNamespace(lab, pod),
      hostname: hostnameOf(pod),
      directories: mountedDirectories(pod, store),
      environment: { ...environment, HOSTNAME: hostnameOf(pod) },
      ownsNamespace: valueAt(pod, 'spec', 'hostNetwork') !== true,
    })
  }

  #writeFiles({ pod, place }: RunningPod): void {
    this.#options.readNodeEdits(textAt(pod, 'spec', 'nodeName'))
    const files = new Map([
      ...fixedPodFiles(pod, this.#options),
      ...mountedPodFiles(pod, this.#options.store),
      ...this.changes.filesOf(keyOf(pod)),
    ])
    for (const [path, text] of files) place.write(path, text)
  }

  #updateMounts(namespace: string | undefined): void {
    for (const { pod, place } of this.#pods.values()) {
      if (pod.metadata.namespace !== namespace) continue
      const changed = this.changes.filesOf(keyOf(pod))
      for (const [path, text] of mountedPodFiles(pod, this.#options.store))
        if (!changed.has(path)) place.write(path, text)
    }
  }
}

function isPlaced(pod: RawObject): boolean {
  return textAt(pod, 'spec', 'nodeName') !== '' && textAt(pod, 'status', 'podIP') !== ''
}

function graceOf(pod: RawObject): number {
  return Math.min(numberAt(pod, 'spec', 'terminationGracePeriodSeconds') * 1000, MAX_GRACE_MS)
}

/** Since when a container ran before this lab's process started it. */
function startedBefore(pod: RawObject | undefined, container: string): string {
  const status = objectsAt(pod ?? {}, 'status', 'containerStatuses').find(
    (candidate) => candidate['name'] === container,
  )
  return textAt(status ?? {}, 'state', 'running', 'startedAt')
}
