// The main thread's end of a thread inside a network namespace: calls in, results out, each within its time.
import { statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describeError } from '../../base/errors.ts'
import type { Skipped } from '../vantage.ts'
import type { CallMessage, NamespaceOperations, NamespaceWorkerData, OperationName, WorkerMessage } from './protocol.ts'

/** Starting a thread takes some tens of milliseconds; on a node in trouble more. */
const START_TIMEOUT_MS = 10_000
/** One that takes longer is given up, and waited for so long when all threads are closed. */
const LOAD_TIMEOUT_MS = 20_000
/** What a call may take beyond its own time before its thread counts as stuck. */
const GRACE_MS = 5000

type Result<O extends OperationName> = Awaited<ReturnType<NamespaceOperations[O]>> | Skipped

/** One thread inside one namespace, from start to close. It does not keep the process alive; what waits for it does. */
export class NamespaceThread {
  /** Threads that were given up before they had loaded: until they have, they cannot be ended. */
  static readonly #loading = new Set<Promise<void>>()

  readonly #netns: string
  readonly #identity: string
  readonly #worker: Worker
  readonly #pending = new Map<number, (result: unknown) => void>()
  #count = 0
  #ended: Skipped | undefined

  private constructor(netns: string, identity: string, worker: Worker) {
    this.#netns = netns
    this.#identity = identity
    this.#worker = worker
  }

  /** Starts a thread and waits until it is inside; a value says why it could not be. */
  static async start(
    netns: string,
    workerUrl: URL,
    timeoutMs: number = START_TIMEOUT_MS,
  ): Promise<NamespaceThread | Skipped> {
    const identity = identify(netns)
    if (identity === undefined) return { kind: 'skipped', why: `cannot enter ${netns}: it is not there (any more)` }
    const workerData: NamespaceWorkerData = { netns }
    const worker = new Worker(workerUrl, { workerData, execArgv: [], stdin: false })
    const thread = new NamespaceThread(netns, identity, worker)
    const loaded = thread.#loaded()
    const refused = await thread.#entered(timeoutMs)
    if (refused === undefined) return thread
    // Whoever ends a thread while it loads an addon ends the process: the addon's calls fail, and it knows no way out but abort().
    const ended = loaded.then(() => worker.terminate()).then(() => void this.#loading.delete(ended))
    this.#loading.add(ended)
    return refused
  }

  /** Waits for threads that were given up while they started; not for ever. */
  static async closeStragglers(): Promise<void> {
    if (this.#loading.size === 0) return
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LOAD_TIMEOUT_MS)
    })
    await Promise.race([Promise.all(this.#loading), patience])
    clearTimeout(timer)
  }

  /** Asks the thread; `skipped` when the namespace is gone or the thread does not answer. */
  async call<O extends OperationName>(
    operation: O,
    argument: Parameters<NamespaceOperations[O]>[0],
  ): Promise<Result<O>> {
    const before = this.gone()
    if (before !== undefined) return before
    const result = await this.#ask(operation, argument)
    // Silence out of a namespace whose pod is gone says nothing about DNS; what came before stays valid.
    return 'kind' in result && result.kind === 'response' ? result : (this.gone() ?? result)
  }

  /** Why nothing can be asked any more; undefined while the namespace and its thread are there. */
  gone(): Skipped | undefined {
    if (this.#ended !== undefined) return this.#ended
    if (identify(this.#netns) === this.#identity) return undefined
    return { kind: 'skipped', why: `${this.#netns} is gone: the process or pod it belonged to has ended` }
  }

  async close(): Promise<void> {
    this.#end({ kind: 'skipped', why: 'the thread in the namespace was closed' })
    await this.#worker.terminate()
  }

  /** Whether it could enter or not: it says so when everything is loaded. */
  #loaded(): Promise<void> {
    return new Promise((resolve) => {
      for (const event of ['message', 'error', 'exit']) this.#worker.once(event, () => resolve())
    })
  }

  #entered(timeoutMs: number): Promise<Skipped | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => resolve({ kind: 'skipped', why: `the thread that enters ${this.#netns} did not start` }),
        timeoutMs,
      )
      const settle = (refused: Skipped | undefined): void => {
        clearTimeout(timer)
        resolve(refused)
      }
      this.#worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'entered') settle(undefined)
        else if (message.kind === 'skipped') settle(message)
        else this.#take(message)
      })
      this.#worker.on('error', (error) => {
        this.#end({ kind: 'skipped', why: `the thread in ${this.#netns} failed: ${describeError(error)}` })
        settle(this.#ended)
      })
      this.#worker.on('exit', () => {
        this.#end({ kind: 'skipped', why: `the thread in ${this.#netns} ended` })
        settle(this.#ended)
      })
      this.#worker.unref()
    })
  }

  #ask<O extends OperationName>(operation: O, argument: Parameters<NamespaceOperations[O]>[0]): Promise<Result<O>> {
    const id = this.#count
    this.#count += 1
    return new Promise((resolve) => {
      const giveUp = (): void => {
        if (this.#pending.delete(id))
          resolve({
            kind: 'skipped',
            why: `what was asked in ${this.#netns} did not come back in time: this machine may be too busy`,
          })
      }
      // After a time in which this thread was not run itself, timers come first and what was said meanwhile after them.
      const timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), argument.timeoutMs + GRACE_MS)
      this.#pending.set(id, (result) => {
        clearTimeout(timer)
        resolve(result as Result<O>)
      })
      const message: CallMessage = { id, operation, argument }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage(message)
    })
  }

  #take({ id, result }: Extract<WorkerMessage, { kind: 'result' }>): void {
    const settle = this.#pending.get(id)
    this.#pending.delete(id)
    settle?.(result)
  }

  #end(why: Skipped): void {
    this.#ended ??= why
    for (const settle of this.#pending.values()) settle(this.#ended)
    this.#pending.clear()
  }
}

/** Two paths of one namespace have the same identity; undefined when nothing is there. */
function identify(netns: string): string | undefined {
  try {
    const { dev, ino } = statSync(netns)
    return `${dev} ${ino}`
  } catch (error) {
    // Being forbidden to look is said better by the thread that tries to enter.
    const code = (error as NodeJS.ErrnoException).code
    return code === 'EACCES' || code === 'EPERM' ? 'forbidden' : undefined
  }
}
