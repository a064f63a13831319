// How many of its file descriptors a server has in use, from its metrics.
import type { Scrape } from './ladder.ts'
import { sumSamples } from './prometheus.ts'

/** From here on the next burst meets the limit. */
const NEAR_LIMIT = 0.9

export interface DescriptorUsage {
  readonly open: number
  readonly max: number
  /** 0 to 1. */
  readonly share: number
}

/** File descriptors of the process; the fuller of two readings, undefined where neither tells. */
export function descriptorUsage({ first, second }: Scrape): DescriptorUsage | undefined {
  const readings = [first, ...(second === undefined ? [] : [second])].flatMap((samples): DescriptorUsage[] => {
    const [open, max] = [sumSamples(samples, 'process_open_fds'), sumSamples(samples, 'process_max_fds')]
    return open === undefined || max === undefined || max <= 0 ? [] : [{ open, max, share: open / max }]
  })
  return readings.toSorted((a, b) => b.share - a.share)[0]
}

/** Whether a server has next to no descriptor left. */
export function isOutOfDescriptors(scrape: Scrape): boolean {
  return (descriptorUsage(scrape)?.share ?? 0) >= NEAR_LIMIT
}
