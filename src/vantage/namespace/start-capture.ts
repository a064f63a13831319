// A capture in a network namespace: AF_PACKET, a filter of our own, patterns at the end.
import { setTimeout as pause } from 'node:timers/promises'
import { CaptureAnalysis, createReport } from '../../analysis/index.ts'
import { describeError } from '../../base/index.ts'
import { DEFAULT_EXPRESSION, LiveCapture, compileExpression } from '../../capture/index.ts'
import type { RunningCapture, WirePattern } from '../vantage.ts'
import type { Skipped } from '../skipped.ts'

/** What was sent before the end is in the socket: time to read it. */
const DRAIN_MS = 30

/** Starts at once: what is sent after the call is captured. @param netns path of a network namespace */
export function startCapture(netns: string): RunningCapture | Skipped {
  let capture: LiveCapture
  try {
    capture = new LiveCapture({
      interfaceName: 'any',
      filter: compileExpression(DEFAULT_EXPRESSION),
      netns,
    })
  } catch (error) {
    return { kind: 'skipped', why: describeError(error), needs: 'CAP_NET_RAW and CAP_SYS_ADMIN (root)' }
  }
  const analysis = new CaptureAnalysis()
  const ended = capture.run((frame) => analysis.frame(frame))
  return {
    async stop() {
      await pause(DRAIN_MS)
      capture.close()
      await ended
      analysis.finish(analysis.frames === 0 ? 0 : Date.now() * 1000)
      const { patterns } = createReport(analysis, undefined)
      return {
        frames: analysis.frames,
        dropped: capture.dropped,
        patterns: merge(patterns),
      }
    },
  }
}

/** One entry for each code and subject; errors about several ports and protocols are several patterns. */
function merge(patterns: readonly WirePattern[]): WirePattern[] {
  const merged = new Map<string, WirePattern>()
  for (const { code, kind, count, subject } of patterns) {
    const known = merged.get(`${code} ${subject}`)
    merged.set(`${code} ${subject}`, { code, kind, subject, count: count + (known?.count ?? 0) })
  }
  return [...merged.values()]
}
