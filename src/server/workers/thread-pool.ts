// The threads that answer beside the main one. They are made when a listener wants them and end with the server.
//
// Each has a socket of its own beside each UDP socket of the main thread (SO_REUSEPORT). The main thread keeps a descriptor of
// those sockets too, so that a thread that dies takes no query along: the main thread answers from them until there is another one.
import { randomBytes } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { describeError, stampWords } from '../../base/index.ts'
import type { Clock } from '../../base/index.ts'
import type { BatchSocket, DatagramListener } from '../../net/listen/index.ts'
import { duplicateDescriptor, isLibc, libc } from '../../sys/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { SharedAnswers } from '../hot/index.ts'
import type { Logger, Metrics } from '../plugin.ts'
import type { FromThread, ThreadData, ToThread } from './messages.ts'
import { QueryRingReader } from './query-ring.ts'

export interface ThreadPoolOptions {
  /** The program of the threads. */
  readonly program: URL
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Logger
}

/** Batches of passed on queries that are answered before anything else gets its turn. */
const ROUNDS = 8
/** A thread that dies at once again and again is started less and less often. */
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 30_000
/** A thread that lived this long did not die of its start. */
const LONG_LIFE_MS = 60_000
/** A thread makes next to no objects: a small nursery keeps its memory small. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 2 }
/** A thread has this long to end its work. */
const END_MS = 2000
/** The same for one that has not said anything yet: on a busy machine it may take long to load. */
const LOAD_MS = 20_000

/** A socket of an answering thread. */
interface ThreadSocket {
  readonly id: number
  readonly listener: number
  readonly local: Endpoint
  /** The main thread's descriptor of it. */
  readonly fd: number
  readonly udp: DatagramListener
  /** Told for each response that the system did not take. */
  readonly onDropped: (code: string) => void
  /** The main thread's socket at the same address, which answers what is passed on. */
  readonly answersFrom: BatchSocket
  /** While no thread has the socket. */
  standIn?: Promise<BatchSocket> | undefined
}

/** All answering threads of a server. */
export class ThreadPool {
  readonly #options: ThreadPoolOptions
  readonly #threads: AnsweringThread[] = []
  readonly #stopCounting: () => void
  #sockets = 0

  constructor(options: ThreadPoolOptions) {
    this.#options = options
    const lost = options.metrics.counter({
      name: 'fathom_threads_lost_queries_total',
      help: 'Counter of queries that a thread could not pass on to the main thread, because too many waited for it already.',
    })
    let told = 0
    this.#stopCounting = options.metrics.onCollect(() => {
      const all = this.#threads.reduce((sum, thread) => sum + thread.lost, 0)
      lost.inc([], all - told)
      told = all
    })
  }

  /** Threads beside the main one. */
  get size(): number {
    return this.#threads.length
  }

  /** Sees to it that there are so many threads. */
  grow(size: number): void {
    while (this.#threads.length < size) {
      this.#threads.push(new AnsweringThread(this.#options, this.#threads.length + 2))
    }
  }

  /** Gives a thread a socket beside each of a listener's. Where the system refuses one, the thread does without. */
  open(thread: number, listener: number, from: Pick<ThreadSocket, 'onDropped' | 'udp'>): void {
    const { udp } = from
    for (const answersFrom of udp.sockets) {
      const fd = this.#openTwin(answersFrom)
      if (fd === undefined) continue
      this.#sockets += 1
      this.#threads[thread]?.open({ ...from, id: this.#sockets, listener, local: answersFrom.local, fd, answersFrom })
    }
  }

  #openTwin(socket: BatchSocket): number | undefined {
    try {
      return socket.openTwin()
    } catch (error) {
      this.#options.log.error(`A thread fewer answers: ${describeError(error)}`)
      return undefined
    }
  }

  /** Tells a thread what the kept answers of a listener are from now on. */
  share(thread: number, listener: number, answers: SharedAnswers | undefined): void {
    this.#threads[thread]?.share(listener, answers)
  }

  /** Ends the service of a listener in all threads; what its sockets received is answered or passed on. */
  async closeListener(listener: number): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.closeListener(listener)))
  }

  /** Ends all threads; their listeners are closed already. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()))
    this.#stopCounting()
  }
}

/** One thread, also while it is being replaced. */
class AnsweringThread {
  readonly #options: ThreadPoolOptions
  /** The main thread is the first one. */
  readonly #number: number
  readonly #ring = new QueryRingReader()
  readonly #sockets = new Map<number, ThreadSocket>()
  readonly #answers = new Map<number, SharedAnswers | undefined>()
  readonly #closing = new Map<number, () => void>()
  #worker: Worker | undefined
  #startedAt = 0
  #delayMs = 0
  /** The thread that runs now has loaded all that it needs. */
  #hasSpoken = false
  #isEnding = false
  #drainPlanned = false

  constructor(options: ThreadPoolOptions, number: number) {
    this.#options = options
    this.#number = number
    this.#start()
  }

  get lost(): number {
    return this.#ring.lost
  }

  open(socket: ThreadSocket): void {
    this.#sockets.set(socket.id, socket)
    this.#handOver(socket)
  }

  share(listener: number, answers: SharedAnswers | undefined): void {
    this.#answers.set(listener, answers)
    this.#tell({ kind: 'answers', listener, answers })
  }

  async closeListener(listener: number): Promise<void> {
    const sockets = [...this.#sockets.values()].filter((socket) => socket.listener === listener)
    if (sockets.length === 0) return
    if (this.#worker !== undefined) {
      await new Promise<void>((resolve) => {
        const timer = this.#options.clock.setTimeout(resolve, END_MS)
        this.#closing.set(listener, () => {
          timer.clear()
          resolve()
        })
        this.#tell({ kind: 'close', listener })
      })
      this.#closing.delete(listener)
    }
    this.#drain()
    for (const socket of sockets) {
      this.#sockets.delete(socket.id)
      const standIn = await socket.standIn
      if (standIn !== undefined) await standIn.close(0)
      closeDescriptor(socket.fd)
    }
    this.#answers.delete(listener)
  }

  async end(): Promise<void> {
    this.#isEnding = true
    const worker = this.#worker
    if (worker === undefined) return
    await new Promise<void>((resolve) => {
      // Whoever ends a thread while it loads an addon ends the process, since the addon's failing calls make it abort.
      const patienceMs = this.#hasSpoken ? END_MS : LOAD_MS
      const timer = this.#options.clock.setTimeout(() => void worker.terminate(), patienceMs)
      worker.once('exit', () => {
        timer.clear()
        resolve()
      })
      this.#tell({ kind: 'end' })
    })
  }

  // --- Life and death ---

  #start(): void {
    if (this.#isEnding) return
    const { program, clock, log } = this.#options
    const monotonicOffsetMs = clock.monotonic() - Number(process.hrtime.bigint()) / 1e6
    const random = randomBytes(4).readInt32LE()
    const workerData: ThreadData = { stamps: stampWords(), ring: this.#ring.memory, monotonicOffsetMs, random }
    const worker = new Worker(program, { name: `answers ${this.#number}`, workerData, resourceLimits: RESOURCE_LIMITS })
    this.#worker = worker
    this.#hasSpoken = false
    this.#startedAt = clock.monotonic()
    let why = 'it ended by itself'
    worker.on('message', (message: FromThread) => this.#heard(message))
    worker.on('error', (error) => {
      why = describeError(error)
    })
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined
      for (const closed of this.#closing.values()) closed()
      if (this.#isEnding) return
      log.error(`Thread ${this.#number} died and is started again, the main thread answers meanwhile: ${why}`)
      this.#replace()
    })
    for (const [listener, answers] of this.#answers) this.#tell({ kind: 'answers', listener, answers })
    for (const socket of this.#sockets.values()) this.#handOver(socket)
  }

  #replace(): void {
    const { clock } = this.#options
    for (const socket of this.#sockets.values()) this.#standIn(socket)
    // What it had passed on is answered still.
    this.#drain()
    const hasLivedLong = clock.monotonic() - this.#startedAt >= LONG_LIFE_MS
    const delayMs = hasLivedLong ? 0 : this.#delayMs
    this.#delayMs = Math.min(LONGEST_DELAY_MS, Math.max(FIRST_DELAY_MS, delayMs * 2))
    clock.setTimeout(() => this.#start(), delayMs).unref()
  }

  /** The main thread reads what the thread's socket receives. */
  #standIn(socket: ThreadSocket): void {
    if (socket.standIn !== undefined) return
    const fd = secondDescriptor(socket.fd)
    if (fd === undefined) return
    socket.standIn = socket.udp.adopt({ fd, local: socket.local })
    socket.standIn.catch((error: unknown) => this.#options.log.error(describeError(error)))
  }

  #handOver({ id, listener, local, fd }: ThreadSocket): void {
    if (this.#worker === undefined) return
    const given = secondDescriptor(fd)
    if (given !== undefined) this.#tell({ kind: 'open', listener, socket: id, fd: given, local })
  }

  #tell(message: ToThread): void {
    this.#worker?.postMessage(message)
  }

  #heard(message: FromThread): void {
    this.#hasSpoken = true
    if (message === 'wake') this.#drain()
    else if (message.kind === 'closed') this.#closing.get(message.listener)?.()
    else if (message.kind === 'dropped') this.#countDropped(message)
    else void this.#opened(message.socket)
  }

  #countDropped({ listener, code, times }: Extract<FromThread, { kind: 'dropped' }>): void {
    const socket = [...this.#sockets.values()].find((one) => one.listener === listener)
    for (let time = 0; time < times; time += 1) socket?.onDropped(code)
  }

  async #opened(id: number): Promise<void> {
    const socket = this.#sockets.get(id)
    const standIn = socket?.standIn
    if (socket === undefined || standIn === undefined) return
    socket.standIn = undefined
    const open = await standIn.catch(() => undefined)
    await open?.release(END_MS)
  }

  // --- What is passed on ---

  #drain(): void {
    for (let round = 0; round < ROUNDS;) {
      const id = this.#ring.nextSocket()
      if (id < 0) {
        if (this.#ring.sleep()) return
        continue
      }
      round += 1
      const answersFrom = this.#sockets.get(id)?.answersFrom
      if (answersFrom === undefined) this.#ring.drop()
      else answersFrom.answerBatch((incoming, slot) => this.#ring.take(id, incoming, slot))
    }
    if (this.#drainPlanned) return
    this.#drainPlanned = true
    setImmediate(() => {
      this.#drainPlanned = false
      this.#drain()
    })
  }
}

function secondDescriptor(fd: number): number | undefined {
  const found = libc()
  return isLibc(found) ? duplicateDescriptor(found, fd) : undefined
}

function closeDescriptor(fd: number): void {
  const found = libc()
  if (isLibc(found)) found.close(fd)
}
