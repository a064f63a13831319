// `-guard`: a small process above the one that serves. When that one dies uncleanly, queries are sent on to the upstream Service
// within milliseconds, and a new one is started; pods that know only the local address notice at most a slow answer.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { describeError } from '../base/index.ts'
import type { Clock } from '../base/index.ts'
import type { Endpoint } from '../net/index.ts'
import type { NodeCacheFlags } from './flags.ts'
import { openRelay } from './relay.ts'
import type { Relay } from './relay.ts'

/** What guard and guarded say to each other. */
export type GuardMessage = 'release' | 'released' | 'serving'

export interface GuardOptions {
  readonly flags: NodeCacheFlags
  /** The program's script and its arguments, those of the guarded process. */
  readonly script: string
  readonly args: readonly string[]
  /** Cluster IP of the upstream Service; undefined: nobody stands in, the cache is only started again. */
  readonly upstream: Endpoint | undefined
  readonly clock: Clock
  readonly say: (line: string) => void
}

/** Pauses before the attempts to start again; the last one goes on for ever. */
const PAUSES_MS: readonly number[] = [0, 500, 1000, 2000, 5000, 10_000]
/** What the stand-in has asked is answered within this. */
const GRACE_MS = 5000
/** Whoever served for so long was well. */
const WELL_AFTER_MS = 60_000

const FORWARDED: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGUSR1']
const UNCLEAN = 1

/**
 * Runs the cache under guard until it ends cleanly, or cannot even start once.
 *
 * @returns the exit code of the guarded process
 */
export async function runGuard(options: GuardOptions): Promise<number> {
  const { say, clock } = options
  let child: ChildProcess | undefined
  let ending = false
  let everServed = false
  let failures = 0
  let wake: () => void = () => {}
  const standIn = createStandIn(options)
  const listeners = FORWARDED.map((signal) => {
    const listener = (): void => {
      if (signal !== 'SIGUSR1') ending = true
      child?.kill(signal)
      wake()
    }
    process.on(signal, listener)
    return { signal, listener }
  })
  try {
    for (;;) {
      const started = start(options, standIn)
      child = started.child
      const { servedMs, code, signal } = await started.ended
      child = undefined
      everServed ||= servedMs !== undefined
      if (code === 0 || ending || !everServed) return code ?? UNCLEAN
      await standIn.open()
      failures = servedMs !== undefined && servedMs >= WELL_AFTER_MS ? 0 : failures + (servedMs === undefined ? 1 : 0)
      const pauseMs = PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)] ?? 0
      say(
        `[ERROR] guard: the cache ended with ${signal ?? `status ${code ?? 'unknown'}`}; starting it again` +
          (pauseMs === 0 ? '' : ` in ${pauseMs / 1000} s`),
      )
      if (pauseMs > 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
          clock.setTimeout(resolve, pauseMs)
        })
      }
      // oxlint-disable-next-line typescript/no-unnecessary-condition -- a signal during the pause sets it
      if (ending) return UNCLEAN
    }
  } finally {
    for (const { signal, listener } of listeners) process.off(signal, listener)
    await standIn.close(0)
  }
}

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** For how long it served; undefined when it never did. */
  readonly servedMs: number | undefined
}

function start(
  { script, args, clock }: GuardOptions,
  standIn: StandIn,
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = fork(script, [...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let servedAt: number | undefined
  child.on('message', (message) => {
    if (message === 'serving') {
      servedAt = clock.monotonic()
      void standIn.close(GRACE_MS)
    }
    if (message !== 'release') return
    void standIn.close(0).then(() => {
      const reply: GuardMessage = 'released'
      if (child.connected) child.send(reply, () => {})
    })
  })
  const ended = new Promise<Ended>((resolve) => {
    const done = (code: number | null, signal: NodeJS.Signals | null): void =>
      resolve({ code, signal, servedMs: servedAt === undefined ? undefined : clock.monotonic() - servedAt })
    child.on('exit', done)
    child.on('error', () => done(UNCLEAN, null))
  })
  return { child, ended }
}

// --- Standing in ---

interface StandIn {
  open(): Promise<void>
  /** See {@link Relay}. */
  close(graceMs: number): Promise<void>
}

function createStandIn({ flags, upstream, clock, say }: GuardOptions): StandIn {
  let relay: Relay | undefined
  let closing: Promise<unknown> | undefined
  return {
    async open() {
      if (relay !== undefined || upstream === undefined) return
      try {
        relay = await openRelay({ localAddresses: flags.localAddresses, port: flags.dnsPort, upstream, clock })
        say(`[WARNING] guard: queries go to ${upstream.address}:${upstream.port} until the cache is back`)
      } catch (error) {
        say(`[ERROR] guard: cannot stand in: ${describeError(error)}`)
      }
    },
    async close(graceMs) {
      const open = relay
      relay = undefined
      // One that is closing already is waited for too.
      closing = Promise.all([closing, open?.close(graceMs)])
      await closing
    },
  }
}
