// What the ladder brought: its rungs, and the counters that servers showed before and after them. Plain data.
import type { Place, WireReading } from '../../vantage/vantage.ts'
import { sumSamples } from './prometheus.ts'
import type { KernelReadings } from './kernel-readings.ts'
import type { MetricSample } from './prometheus.ts'
import type { Hop, Rung } from './rung.ts'
import type { ServerLog } from './server-log.ts'

/** The metrics of one server, read once or twice. Counters tell something only as a difference of two readings. */
export interface Scrape {
  readonly hop: Hop
  readonly first: readonly MetricSample[]
  /** Absent when a second reading was not needed or failed. */
  readonly second?: readonly MetricSample[]
  /** Milliseconds between the two readings; 0 with one. */
  readonly apartMs: number
}

/** A pod's own /etc/resolv.conf, as its container has it, and what else there decides about names. */
export interface PodFile {
  readonly namespace: string
  readonly pod: string
  readonly text: string
  /** Its /etc/os-release, which tells the C library that its programs resolve names with; absent where it has none. */
  readonly osRelease?: string
  /** Its /etc/hosts, which programs read before they ask DNS; absent where it could not be read. */
  readonly hosts?: string
}

/** What was on the wire at one place while questions that had failed were asked again. */
export interface WireCapture extends WireReading {
  readonly place: Place
  readonly node?: string
  /** Milliseconds. */
  readonly tookMs: number
}

export interface Ladder {
  readonly rungs: readonly Rung[]
  readonly scrapes: readonly Scrape[]
  /** Of servers whose answers or upstreams gave a reason to look. */
  readonly logs: readonly ServerLog[]
  /** Of the places that were asked from. */
  readonly kernels: KernelReadings
  /** The files that pods have, where a pod was asked from. */
  readonly podFiles: readonly PodFile[]
  /** Only where questions of the cluster's own network failed and packets could be captured. */
  readonly captures?: readonly WireCapture[]
  /** Milliseconds that the asking program itself stood still at most; only where its measurements suffer from it. */
  readonly ownDelayMs?: number
}

/**
 * By how much a counter grew between the two readings.
 *
 * A series that was absent and then present grew by its value: it is made at the first increment. Undefined without a
 * second reading, when the series is absent in both (unknown, never zero), or when the process restarted in between.
 */
export function counterGrowth(
  scrape: Scrape,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  if (scrape.second === undefined) return undefined
  const after = sumSamples(scrape.second, name, labels)
  if (after === undefined) return undefined
  const before = sumSamples(scrape.first, name, labels) ?? 0
  return after < before ? undefined : after - before
}
