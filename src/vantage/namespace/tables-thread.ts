// The main thread's end of the thread that reads kernel tables: calls in, results out, each within its time.
import { Worker } from 'node:worker_threads'
import { describeError } from '../../base/errors.ts'
import type { KernelTables, KernelTablesRequest } from '../kernel/tables.ts'
import type { Skipped } from '../skipped.ts'
import type { CallMessage, WorkerMessage } from './protocol.ts'

/** Starting a thread takes some tens of milliseconds; on a node in trouble more. */
const START_TIMEOUT_MS = 10_000
/** One that takes longer is given up, and waited for so long when everything is closed. */
const LOAD_TIMEOUT_MS = 20_000
/** What a call may take beyond its own time before the thread counts as stuck. */
const GRACE_MS = 5000

/** One thread for the tables of all namespaces, from start to close. It does not keep the process alive; what waits for it does. */
export class TablesThread {
  /** Threads that were given up before they had loaded: until they have, they cannot be ended. */
  static readonly #loading = new Set<Promise<void>>()

  readonly #worker: Worker
  readonly #pending = new Map<number, (result: KernelTables | Skipped) => void>()
  #count = 0
  #ended: Skipped | undefined

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Starts the thread and waits until it has loaded; a value says why it could not be. */
  static async start(workerUrl: URL, timeoutMs: number = START_TIMEOUT_MS): Promise<TablesThread | Skipped> {
    const worker = new Worker(workerUrl, { execArgv: [], stdin: false })
    const thread = new TablesThread(worker)
    const loaded = thread.#loaded()
    const refused = await thread.#ready(timeoutMs)
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

  /** Reads the tables of a namespace; `skipped` when that cannot be entered, or the thread does not answer. */
  read(netns: string, request: KernelTablesRequest): Promise<KernelTables | Skipped> {
    if (this.#ended !== undefined) return Promise.resolve(this.#ended)
    const id = this.#count
    this.#count += 1
    return new Promise((resolve) => {
      const giveUp = (): void => {
        if (this.#pending.delete(id))
          resolve({
            kind: 'skipped',
            why: `what was asked in ${netns} did not come back in time: this machine may be too busy`,
          })
      }
      // After a time in which this thread was not run itself, timers come first and what was said meanwhile after them.
      const timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), request.timeoutMs + GRACE_MS)
      this.#pending.set(id, (result) => {
        clearTimeout(timer)
        resolve(result)
      })
      const message: CallMessage = { id, netns, request }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage(message)
    })
  }

  async close(): Promise<void> {
    this.#end({ kind: 'skipped', why: 'the thread that reads kernel tables was closed' })
    await this.#worker.terminate()
  }

  /** Whether it went well or not: it says so when everything is loaded. */
  #loaded(): Promise<void> {
    return new Promise((resolve) => {
      for (const event of ['message', 'error', 'exit']) this.#worker.once(event, () => resolve())
    })
  }

  #ready(timeoutMs: number): Promise<Skipped | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => resolve({ kind: 'skipped', why: 'the thread that reads kernel tables did not start' }),
        timeoutMs,
      )
      const settle = (refused: Skipped | undefined): void => {
        clearTimeout(timer)
        resolve(refused)
      }
      this.#worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'ready') settle(undefined)
        else this.#take(message)
      })
      this.#worker.on('error', (error) => {
        this.#end({ kind: 'skipped', why: `the thread that reads kernel tables failed: ${describeError(error)}` })
        settle(this.#ended)
      })
      this.#worker.on('exit', () => {
        this.#end({ kind: 'skipped', why: 'the thread that reads kernel tables ended' })
        settle(this.#ended)
      })
      this.#worker.unref()
    })
  }

  #take({ id, tables }: Extract<WorkerMessage, { kind: 'tables' }>): void {
    const settle = this.#pending.get(id)
    this.#pending.delete(id)
    settle?.(tables)
  }

  #end(why: Skipped): void {
    this.#ended ??= why
    for (const settle of this.#pending.values()) settle(this.#ended)
    this.#pending.clear()
  }
}
