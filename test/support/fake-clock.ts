// A clock that stands still until a test moves it; timers run in the order of their time.
import type { Clock } from '../../src/base/index.ts'

export interface FakeClock extends Clock {
  /** Moves time on, running what falls due and waiting for the promises that this settles. */
  advance(ms: number): Promise<void>
  /** Timers that wait, those that let the process end included. */
  pending(): number
}

interface Pending {
  readonly at: number
  readonly order: number
  readonly callback: () => void
}

/** Starts at 0 on the monotonic clock and at `epochMs` (default 2026-01-01) on the wall clock. */
export function createFakeClock(epochMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = 0
  let order = 0
  const pending = new Set<Pending>()
  const nextDue = (until: number): Pending | undefined =>
    [...pending].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0]

  return {
    now: () => epochMs + nowMs,
    monotonic: () => nowMs,
    setTimeout(callback, delayMs) {
      order += 1
      const timer: Pending = { at: nowMs + Math.max(0, delayMs), order, callback }
      pending.add(timer)
      return { clear: () => void pending.delete(timer), unref: () => undefined }
    },
    async advance(ms) {
      const until = nowMs + ms
      await settle()
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        nowMs = Math.max(nowMs, due.at)
        pending.delete(due)
        due.callback()
        await settle()
      }
      nowMs = until
      await settle()
    },
    pending: () => pending.size,
  }
}

/** Lets everything run that waits for promises only: they are all done before the next turn of the event loop. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
