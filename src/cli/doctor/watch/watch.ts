// `fathom doctor --watch`: the whole diagnosis again and again; what changed is printed, what was found is served.
import type { Clock } from '../../../base/index.ts'
import { BaseError, UsageError, describeError } from '../../../base/index.ts'
import { NOTHING_KNOWN, compareRuns, renderChanges, renderUnreadable } from '../../../doctor/report/index.ts'
import type { Change, DoctorReport, Memory } from '../../../doctor/report/index.ts'
import type { Io } from '../../command.ts'
import type { DoctorOptions, WatchOptions } from '../options.ts'
import { createDoctorMetrics } from './doctor-metrics.ts'
import type { DoctorMetrics } from './doctor-metrics.ts'
import { serveMetrics } from './metrics-server.ts'

export interface WatchContext {
  readonly io: Io
  readonly clock: Clock
  /** Ends the watch; a run that is under way is given up. */
  readonly signal: AbortSignal
  /** One run of the whole diagnosis. */
  readonly examine: (signal: AbortSignal) => Promise<DoctorReport>
}

/** Between the end of a run and the next, however long it took. */
const LEAST_PAUSE_MS = 1000
/** Runs may miss so many intervals before the watch counts as stuck. */
const PATIENCE = 3

/**
 * Repeats the diagnosis until the signal says otherwise.
 *
 * What the cluster does to a run is told and tried again; what a first run finds wrong with the command line is thrown.
 *
 * @returns the last report; undefined when no run came to one
 * @throws {UsageError} the options contradict each other
 * @throws {ListenError} the metrics' address cannot be listened on
 */
export async function watchCluster(
  options: DoctorOptions & { readonly watch: WatchOptions },
  context: WatchContext,
): Promise<DoctorReport | undefined> {
  const { io, clock, signal } = context
  const { intervalMs, metricsAt } = options.watch
  const metrics = createDoctorMetrics()
  let aliveAtMs = clock.monotonic()
  const isAlive = (): boolean => clock.monotonic() - aliveAtMs < PATIENCE * (intervalMs + options.timeoutMs)
  const pages = { metrics: () => metrics.render(), isAlive }
  const listener = metricsAt === undefined ? undefined : await serveMetrics(metricsAt, pages)
  try {
    if (listener !== undefined) io.stderr.write(`fathom: metrics at ${urlOf(listener.local)}\n`)
    const watch: Watch = { options, context, metrics, memory: NOTHING_KNOWN, report: undefined, trouble: '' }
    while (!signal.aborted) {
      const startedAt = clock.monotonic()
      await run(watch, startedAt)
      aliveAtMs = clock.monotonic()
      await pause(Math.max(LEAST_PAUSE_MS, startedAt + intervalMs - aliveAtMs), context)
    }
    return watch.report
  } finally {
    await listener?.close(0)
  }
}

/** What is carried from run to run; nothing in it grows. */
interface Watch {
  readonly options: DoctorOptions
  readonly context: WatchContext
  readonly metrics: DoctorMetrics
  memory: Memory
  report: DoctorReport | undefined
  /** Why the last run came to no report; said once. */
  trouble: string
}

async function run(watch: Watch, startedAt: number): Promise<void> {
  const { options, context, metrics } = watch
  const { io, clock, signal } = context
  const { language } = options
  try {
    const report = await context.examine(signal)
    // What was cut short says less than it seems to.
    if (signal.aborted) return
    const nowMs = clock.now()
    const { changes, memory } = compareRuns(watch.memory, report, nowMs)
    metrics.reported(report, { endedAtMs: nowMs, durationMs: clock.monotonic() - startedAt })
    const isBack = watch.trouble !== ''
    Object.assign(watch, { memory, report, trouble: '' })
    const shown = isBack && changes.length === 0 ? [stillSo(report)] : changes
    if (shown.length > 0) io.stdout.write(render(shown, report, { nowMs, options, color: io.color }))
  } catch (error) {
    if (signal.aborted) return
    if (!(error instanceof BaseError) || (error instanceof UsageError && watch.report === undefined)) throw error
    const nowMs = clock.now()
    metrics.failed({ endedAtMs: nowMs, durationMs: clock.monotonic() - startedAt })
    const trouble = describeError(error)
    if (trouble !== watch.trouble) {
      const time = timeOf(nowMs)
      if (options.format === 'json') io.stderr.write(`fathom: ${trouble}\n`)
      else io.stdout.write(renderUnreadable(trouble, { language, time, color: io.color }))
    }
    watch.trouble = trouble
  }
}

/** After trouble: the cluster can be read again, and nothing changed meanwhile. */
function stillSo({ outcome }: DoctorReport): Change {
  return { kind: 'outcome', outcome, previous: outcome, afterSeconds: null }
}

function render(
  changes: readonly Change[],
  report: DoctorReport,
  { nowMs, options, color }: { readonly nowMs: number; readonly options: DoctorOptions; readonly color: boolean },
): string {
  const time = timeOf(nowMs)
  // One document a line: the whole report, and what is new in it.
  if (options.format === 'json') return `${JSON.stringify({ ...report, watch: { time, changes } })}\n`
  return renderChanges(changes, { report, time, color })
}

/** RFC 3339 with seconds. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

function urlOf({ address, port }: { readonly address: string; readonly port: number }): string {
  const host = address.includes(':') ? `[${address}]` : address
  return `http://${host}:${port}/metrics`
}

/** Waits, but not beyond the end of the watch. */
function pause(delayMs: number, { clock, signal }: WatchContext): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      timer.clear()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = clock.setTimeout(done, delayMs)
    signal.addEventListener('abort', done)
  })
}
