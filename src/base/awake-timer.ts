// A time-out that counts only the time in which what it waits for could have been noticed.

export interface AwakeTimer {
  /** Cancels the callback; calling it twice or late does no harm. */
  readonly clear: () => void
  /** For how long the loop stood still since the start, in milliseconds; small delays do not count. */
  readonly lostMs: () => number
}

/** How much of the time-out one plain timer covers: what a slice takes beyond this was not waited by us, but lost. */
const SLICE_MS = 100
/** Timers are this inexact on an idle machine as well. */
const TOLERANCE_MS = 10

/**
 * Calls back after `delayMs` in which this thread's event loop was turning.
 *
 * A plain timer that fires late runs before the sockets are read: an answer that lies in the kernel's buffer would be taken
 * for silence. So time in which the loop stood still (a long computation, a machine without a free CPU) does not count, and
 * the sockets are read once more before the callback.
 */
export function setAwakeTimeout(callback: () => void, delayMs: number): AwakeTimer {
  let leftMs = delayMs
  let lostMs = 0
  let timer: NodeJS.Timeout | undefined
  let lastLook: NodeJS.Immediate | undefined
  const wait = (): void => {
    const sliceMs = Math.min(leftMs, SLICE_MS)
    const startedAt = performance.now()
    timer = setTimeout(() => {
      const tookMs = performance.now() - startedAt
      const countedMs = Math.min(tookMs, sliceMs + TOLERANCE_MS)
      leftMs -= countedMs
      lostMs += tookMs - countedMs
      if (leftMs > 0) wait()
      else lastLook = setImmediate(callback)
    }, sliceMs)
  }
  wait()
  return {
    clear: () => {
      clearTimeout(timer)
      clearImmediate(lastLook)
    },
    lostMs: () => lostMs,
  }
}
