// What a terminal shows while packets come: rates, unanswered queries, the slowest, rcodes. Rewritten twice a second.
import type { CaptureAnalysis } from '../../analysis/index.ts'
import { rcodeMnemonic } from '../../dns/index.ts'
import type { Io } from '../command.ts'

const EVERY_MS = 500

/** Draws until it is closed. */
export function liveView(analysis: CaptureAnalysis, { stdout }: Io): { close(): void } {
  let drawn = 0
  let before = { queries: 0, responses: 0, frames: 0, at: performance.now() }
  const draw = (): void => {
    const { counts, traffic, frames } = analysis
    const now = performance.now()
    const seconds = (now - before.at) / 1000
    const rate = (count: number, earlier: number): string => ((count - earlier) / seconds).toFixed(0)
    const latency = traffic.latency()
    const rcodes = [...traffic.liveRcodes()].map(([rcode, count]) => `${rcodeMnemonic(rcode)} ${count}`)
    const lines = [
      `${frames} packets (${rate(frames, before.frames)}/s)   ${counts.queries} queries (${rate(counts.queries, before.queries)}/s)   ${counts.responses} responses (${rate(counts.responses, before.responses)}/s)`,
      `finished: ${traffic.answered} answered, ${traffic.unanswered} unanswered, ${traffic.resent} resent   waiting: ${analysis.openTransactions} seen in the last 20 s`,
      `latency: p50 ${(latency.quantile(0.5) / 1000).toFixed(2)} ms, p99 ${(latency.quantile(0.99) / 1000).toFixed(2)} ms, slowest ${(latency.maxMicros / 1000).toFixed(2)} ms`,
      `rcodes: ${rcodes.join(', ') || 'none yet'}   (Ctrl-C ends)`,
    ]
    before = { queries: counts.queries, responses: counts.responses, frames, at: now }
    stdout.write(`${drawn === 0 ? '' : `\u001B[${drawn}A`}${lines.map((line) => `\u001B[2K${line}\n`).join('')}`)
    drawn = lines.length
  }
  const timer = setInterval(draw, EVERY_MS)
  return {
    close() {
      clearInterval(timer)
      if (drawn > 0) stdout.write(`\u001B[${drawn}A\u001B[0J`)
    },
  }
}
