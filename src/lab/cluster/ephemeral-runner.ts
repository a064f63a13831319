// Runs the programs of ephemeral containers, and tells their states as kubelet does. A container that names no command runs
// its image's own program, which a lab does not have: it is shown as running, and does nothing.
import { createInterface } from 'node:readline'
import { describeError } from '../../base/index.ts'
import type { Json } from '../../kube/objects/index.ts'
import { LogBuffer } from './log-buffer.ts'
import type { ObjectStore } from './object-store.ts'
import type { PodAccess, PodProcess } from './pod-access.ts'
import { keyOf, objectAt, objectsAt, textAt, textsAt, valueAt } from './raw-object.ts'
import type { RawObject } from './raw-object.ts'
import { NODE_TYPE, POD_TYPE } from './resource-types.ts'

interface Running {
  readonly log: LogBuffer
  process: PodProcess | undefined
  isOver: boolean
}

/** As a container runtime reports a program that could not be started. */
const START_ERROR = 128
/** What kubelet tells of a container until its program runs. */
const CREATING: Json = { waiting: { reason: 'ContainerCreating' } }

export class EphemeralRunner {
  readonly #store: ObjectStore
  readonly #access: PodAccess
  readonly #now: () => number
  readonly #running = new Map<string, Running>()
  readonly #unsubscribe: () => void

  constructor(options: { readonly store: ObjectStore; readonly access: PodAccess; readonly now: () => number }) {
    this.#store = options.store
    this.#access = options.access
    this.#now = options.now
    this.#unsubscribe = options.store.subscribe(({ type, change, object }) => {
      if (type !== POD_TYPE || change !== 'deleted') return
      for (const { name } of ephemeralContainers(object)) this.#end(runningKey(object, name))
    })
  }

  /** The pod with a status for each container that has just been added; their programs start. */
  start(pod: RawObject): RawObject {
    const statuses = objectsAt(pod, 'status', 'ephemeralContainerStatuses')
    const known = new Set(statuses.map((status) => status['name']))
    const fresh = ephemeralContainers(pod).filter(({ name }) => !known.has(name))
    const added = fresh.map(({ name, container }) => ({
      name,
      image: textAt(container, 'image'),
      imageID: '',
      ready: false,
      restartCount: 0,
      lastState: {},
      state: whyNoImage(this.#store, pod, container) ?? CREATING,
    }))
    for (const { name, container } of fresh) {
      const canStart = added.some((status) => status.name === name && status.state === CREATING)
      if (canStart) setImmediate(() => void this.#run(pod, name, container))
    }
    return { ...pod, status: { ...objectAt(pod, 'status'), ephemeralContainerStatuses: [...statuses, ...added] } }
  }

  log(pod: RawObject, container: string): LogBuffer | undefined {
    return this.#running.get(runningKey(pod, container))?.log
  }

  /** The program of a container; undefined when it has ended, or never was. */
  process(pod: RawObject, container: string): PodProcess | undefined {
    return this.#running.get(runningKey(pod, container))?.process
  }

  close(): void {
    this.#unsubscribe()
    for (const key of this.#running.keys()) this.#end(key)
  }

  async #run(pod: RawObject, name: string, container: Json): Promise<void> {
    const command = [...textsAt(container, 'command'), ...textsAt(container, 'args')]
    const running: Running = { log: new LogBuffer(this.#now), process: undefined, isOver: false }
    this.#running.set(runningKey(pod, name), running)
    if (command.length === 0) return this.#setState(pod, name, this.#runningState())
    const tty = valueAt(container, 'tty') === true
    try {
      const process = await this.#access.exec(pod, { container: name, command, tty })
      if (running.isOver) return process.kill()
      running.process = process
      this.#setState(pod, name, this.#runningState())
      process.stdin.on('error', () => undefined)
      if (valueAt(container, 'stdin') !== true) process.stdin.end()
      for (const stream of [process.stdout, process.stderr]) {
        if (stream === undefined) continue
        const lines = createInterface({ input: stream }).on('line', (line) => running.log.write(line))
        // A terminal whose program has ended gives EIO, which a reader of lines passes on as its own error.
        lines.on('error', () => lines.close())
      }
      const exitCode = await process.ended
      running.process = undefined
      const finishedAt = this.#store.timestamp()
      this.#setState(pod, name, {
        terminated: { exitCode, finishedAt, reason: exitCode === 0 ? 'Completed' : 'Error' },
      })
    } catch (error) {
      const terminated = { exitCode: START_ERROR, reason: 'StartError', message: describeError(error) }
      this.#setState(pod, name, { terminated })
    }
  }

  #runningState(): Json {
    return { running: { startedAt: this.#store.timestamp() } }
  }

  #setState(pod: RawObject, name: string, state: Json): void {
    const stored = this.#store.get(POD_TYPE, pod.metadata.namespace, pod.metadata.name)
    if (stored === undefined || stored.metadata.uid !== pod.metadata.uid) return
    const statuses = objectsAt(stored, 'status', 'ephemeralContainerStatuses').map((status) =>
      status['name'] === name ? { ...status, state } : status,
    )
    this.#store.update(POD_TYPE, {
      ...stored,
      status: { ...objectAt(stored, 'status'), ephemeralContainerStatuses: statuses },
    })
  }

  #end(key: string): void {
    const running = this.#running.get(key)
    if (running === undefined) return
    this.#running.delete(key)
    running.isOver = true
    running.process?.kill()
  }
}

function ephemeralContainers(pod: RawObject): { readonly name: string; readonly container: Json }[] {
  return objectsAt(pod, 'spec', 'ephemeralContainers').map((container) => ({
    name: textAt(container, 'name'),
    container,
  }))
}

function runningKey(pod: RawObject, container: string): string {
  return `${keyOf(pod)} ${container}`
}

/** A lab pulls nothing: an image is there, but for what its node says it lacks, and what no registry can have. */
function whyNoImage(store: ObjectStore, pod: RawObject, container: Json): Json | undefined {
  const image = textAt(container, 'image')
  const node = store.get(NODE_TYPE, undefined, textAt(pod, 'spec', 'nodeName')) ?? {}
  const images = objectsAt(node, 'status', 'images').flatMap((entry) => textsAt(entry, 'names'))
  if (images.includes(image)) return undefined
  if (textAt(container, 'imagePullPolicy') === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`
    return { waiting: { reason: 'ErrImageNeverPull', message } }
  }
  // RFC 6761 §6.4: no such name exists.
  const registry = /^([^/]+\.invalid)(?::\d+)?\//.exec(image)?.[1]
  if (registry === undefined) return undefined
  const message = `failed to pull and unpack image "${image}": dial tcp: lookup ${registry}: no such host`
  return { waiting: { reason: 'ErrImagePull', message } }
}
