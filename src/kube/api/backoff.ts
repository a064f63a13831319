// Growing pauses between attempts, so that many clients do not come back in step.

export interface BackoffOptions {
  readonly firstMs: number
  readonly longestMs: number
  /** 0 to 1. */
  readonly random: () => number
}

/** Pauses that double from attempt to attempt up to a limit, each shortened or lengthened by up to a half at random. */
export interface Backoff {
  /** Milliseconds to wait before the next attempt. */
  next(): number
  /** Starts over, after an attempt that went well. */
  reset(): void
}

export function createBackoff({ firstMs, longestMs, random }: BackoffOptions): Backoff {
  let current = firstMs
  return {
    next() {
      const pause = current * (0.5 + random())
      current = Math.min(current * 2, longestMs)
      return pause
    },
    reset() {
      current = firstMs
    },
  }
}
