// The program of an answering thread: a socket beside each of the main thread's, kept answers given from its memory, the rest
// passed on to it. Knows no configuration, no plugin and no cluster.
import { parentPort, workerData } from 'node:worker_threads'
import { adoptDatagramSocket } from '../../net/listen/index.ts'
import type { BatchSocket, Responder } from '../../net/listen/index.ts'
import type { FromThread, ThreadData, ToThread } from './messages.ts'
import { QueryRingWriter } from './query-ring.ts'
import { ThreadAnswers, ThreadResponder } from './thread-responder.ts'
import type { ThreadContext } from './thread-responder.ts'

const { stamps, ring, monotonicOffsetMs, random } = workerData as ThreadData
// Each thread's performance.now() begins when it does; the process's monotonic clock is one.
const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now() + monotonicOffsetMs
let drawn = random

const context: ThreadContext = {
  ring: new QueryRingWriter(ring),
  stamps,
  now: () => performance.now() + offsetMs,
  random: () => (drawn = Math.imul(drawn, 0x2c1b3c6d) + 0x297a2d39),
  wake: () => tell('wake'),
}

interface ThreadListener {
  readonly answers: ThreadAnswers
  readonly sockets: Promise<BatchSocket>[]
}

const listeners = new Map<number, ThreadListener>()
const openSockets = new Set<BatchSocket>()

function tell(message: FromThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(message)
}

function listenerOf(id: number): ThreadListener {
  const found = listeners.get(id)
  if (found !== undefined) return found
  const made = { answers: new ThreadAnswers(context), sockets: [] }
  listeners.set(id, made)
  return made
}

async function open({ listener, socket, fd, local }: Extract<ToThread, { kind: 'open' }>): Promise<void> {
  const { answers, sockets } = listenerOf(listener)
  const silent: Responder = () => undefined
  const responder = Object.assign(silent, { inPlace: new ThreadResponder(context, answers, socket) })
  const opening = adoptDatagramSocket({ fd, local }, responder, { onDropped: (code) => countDropped(listener, code) })
  sockets.push(opening)
  openSockets.add(await opening)
  tell({ kind: 'opened', socket })
}

/** Responses that were dropped since the main thread was told last, by listener and error. */
const dropped = new Map<string, { readonly listener: number; readonly code: string; times: number }>()
const TELL_DROPPED_MS = 100

function countDropped(listener: number, code: string): void {
  const key = `${listener} ${code}`
  const found = dropped.get(key)
  if (found !== undefined) {
    found.times += 1
    return
  }
  if (dropped.size === 0) setTimeout(tellDropped, TELL_DROPPED_MS)
  dropped.set(key, { listener, code, times: 1 })
}

function tellDropped(): void {
  for (const one of dropped.values()) tell({ kind: 'dropped', ...one })
  dropped.clear()
}

async function close(id: number): Promise<void> {
  const sockets = await Promise.all(listeners.get(id)?.sockets ?? [])
  listeners.delete(id)
  for (const socket of sockets) openSockets.delete(socket)
  await Promise.all(sockets.map((socket) => socket.close(0)))
  tellDropped()
  tell({ kind: 'closed', listener: id })
}

// A defect ends the thread; the main thread says so, answers in its place, and starts another one. Before that nothing may be
// taken from the sockets any more: what Node reads while no code runs is lost.
process.once('uncaughtException', (error) => {
  for (const socket of openSockets) void socket.release(0)
  throw error
})

parentPort?.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'open':
      void open(message)
      break
    case 'answers':
      listenerOf(message.listener).answers.set(message.answers)
      break
    case 'close':
      void close(message.listener)
      break
    case 'end':
      parentPort?.close()
      break
  }
})
