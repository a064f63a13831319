// The limits on requests to the API server that the directive may set: so many a second, so many at a time.
import type { Clock } from '../../base/index.ts'

export interface RequestLimits {
  /** Requests per second. */
  readonly qps?: number | undefined
  /** Requests that may come at once before `qps` counts; default 10, client-go's. */
  readonly burst?: number | undefined
  readonly maxInflight?: number | undefined
}

const DEFAULT_BURST = 10

/** Runs requests within the limits; `waited` is told the milliseconds that each had to wait. */
export function createRequestLimiter(
  limits: RequestLimits,
  clock: Clock,
): <Result>(request: () => Promise<Result>, waited: (ms: number) => void) => Promise<Result> {
  const { qps = 0, burst = 0, maxInflight = 0 } = limits
  const capacity = burst > 0 ? burst : DEFAULT_BURST
  let tokens = capacity
  let countedAt = clock.monotonic()
  let inflight = 0
  const queue: (() => void)[] = []

  /** Takes a token, or gives the milliseconds until there is one. */
  function delayMs(): number {
    if (qps <= 0) return 0
    const now = clock.monotonic()
    tokens = Math.min(capacity, tokens + ((now - countedAt) / 1000) * qps)
    countedAt = now
    tokens -= 1
    return tokens >= 0 ? 0 : (-tokens / qps) * 1000
  }

  return async (request, waited) => {
    const startedAt = clock.monotonic()
    const delay = delayMs()
    if (delay > 0) await new Promise<void>((resolve) => void clock.setTimeout(resolve, delay))
    if (maxInflight > 0 && inflight >= maxInflight) await new Promise<void>((resolve) => void queue.push(resolve))
    else inflight += 1
    waited(clock.monotonic() - startedAt)
    try {
      return await request()
    } finally {
      const next = queue.shift()
      if (next === undefined) inflight -= 1
      else next()
    }
  }
}
