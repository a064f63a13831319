// How late this program itself was: what it measured in the meantime was longer by as much.
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How often the event loop is looked at, in milliseconds. */
const RESOLUTION_MS = 20

/**
 * Watches this thread's event loop from now on.
 *
 * @returns called once, ends it and gives the longest standstill in milliseconds; 0 on an idle machine, more where the
 *   program computed for long, or had to wait for a CPU
 */
export function watchOwnDelay(): () => number {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  return () => {
    histogram.disable()
    return Math.max(0, Math.round(histogram.max / 1e6) - RESOLUTION_MS)
  }
}
