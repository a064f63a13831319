// How many questions are under way at the same time: few that bring something, more that only wait.
import type { Clock } from '../../base/index.ts'

export interface Pace {
  readonly clock: Clock
  /** A question that waits for longer only waits, and the next one is asked; milliseconds, default 250. */
  readonly patienceMs?: number
}

/** Questions asked at the same time. More would lose datagrams and lengthen the times that are measured: one thread asks them all. */
const CONCURRENT = 8

/** Calls `ask` with 0 to `count` - 1 in order, and resolves when all of them are done. */
export async function askPatiently(count: number, pace: Pace, ask: (turn: number) => Promise<void>): Promise<void> {
  const { clock, patienceMs = 250 } = pace
  const underWay = new Set<Promise<void>>()
  let next = 0
  const worker = async (): Promise<void> => {
    for (let turn = next++; turn < count; turn = next++) {
      const asking = ask(turn).finally(() => underWay.delete(asking))
      underWay.add(asking)
      await orAfter(asking, patienceMs, clock)
    }
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENT, count) }, worker))
  await Promise.all(underWay)
}

/** Resolves with the promise or after a while, whichever comes first. */
function orAfter(promise: Promise<void>, delayMs: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, delayMs)
    void promise.finally(() => {
      timer.clear()
      resolve()
    })
  })
}
