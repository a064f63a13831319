// Time as an argument: pure folders and everything that a replay test drives take a clock instead of reading one.

export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. */
  readonly now: () => number
  /** Milliseconds on a clock that never goes back, with sub-millisecond resolution. */
  readonly monotonic: () => number
  readonly setTimeout: (callback: () => void, delayMs: number) => Timer
}

export interface Timer {
  /** Cancels the callback; calling it twice or late does no harm. */
  readonly clear: () => void
  /** Lets the process end although the timer is pending. */
  readonly unref: () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(callback, delayMs) {
    const timer = setTimeout(callback, delayMs)
    return { clear: () => clearTimeout(timer), unref: () => timer.unref() }
  },
}
