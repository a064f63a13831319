// What a terminal shows while packets come: rates, unanswered queries, the slowest, rcodes. Rewritten twice a second.
import type { AnalysisOptions, CaptureAnalysis } from '../../analysis/index.ts'
import { LatencyHistogram } from '../../analysis/index.ts'
import { rcodeMnemonic } from '../../dns/index.ts'
import type { Io } from '../command.ts'

const EVERY_MS = 500
const DEFAULT_COLUMNS = 80

/** Draws from {@link start} on until it is closed. */
export class LiveView {
  /** To be given to the analysis: what it learns before a transaction is finished. */
  readonly hooks: AnalysisOptions
  readonly #stdout: NodeJS.WritableStream & { readonly columns?: number }
  readonly #latency = new LatencyHistogram()
  readonly #rcodes = new Map<number, number>()
  #slowest = { micros: -1, name: '' }
  /** Columns that each line of the present picture has. */
  #drawn: number[] = []
  #before = { queries: 0, responses: 0, frames: 0, at: 0 }
  #timer: NodeJS.Timeout | undefined

  constructor({ stdout }: Io) {
    this.#stdout = stdout
    this.hooks = {
      onAnswer: ({ micros, rcode, name }) => {
        this.#latency.add(micros)
        this.#rcodes.set(rcode, (this.#rcodes.get(rcode) ?? 0) + 1)
        if (micros > this.#slowest.micros) this.#slowest = { micros, name: name() }
      },
    }
  }

  start(analysis: CaptureAnalysis): void {
    this.#before.at = performance.now()
    this.#timer = setInterval(() => this.#draw(analysis), EVERY_MS)
  }

  /** Wipes the picture: the summary takes its place. */
  close(): void {
    clearInterval(this.#timer)
    this.#stdout.write(this.#wipe())
    this.#drawn = []
  }

  #draw(analysis: CaptureAnalysis): void {
    const columns = this.#columns()
    // The last column stays free: some terminals begin a new line behind it.
    const lines = this.#lines(analysis).map((line) => line.slice(0, columns - 1))
    this.#stdout.write(`${this.#wipe()}${lines.map((line) => `${line}\n`).join('')}`)
    this.#drawn = lines.map((line) => line.length)
  }

  #lines(analysis: CaptureAnalysis): string[] {
    const { counts, frames } = analysis
    const now = performance.now()
    const before = this.#before
    const perSecond = (count: number, earlier: number): string =>
      `${Math.round(((count - earlier) * 1000) / (now - before.at))}/s`
    this.#before = { queries: counts.queries, responses: counts.responses, frames, at: now }
    const { answered, resent, waiting, unanswered } = analysis.countSoFar(Date.now() * 1000)
    const ms = (micros: number): string => `${(micros / 1000).toFixed(2)} ms`
    const latency = this.#latency
    const rcodes = [...this.#rcodes].sort(([, a], [, b]) => b - a)
    return [
      `queries ${counts.queries} (${perSecond(counts.queries, before.queries)})  responses ${counts.responses} (${perSecond(counts.responses, before.responses)})  packets ${frames} (${perSecond(frames, before.frames)})`,
      `answered ${answered}  unanswered ${unanswered}  waiting ${waiting}  resent ${resent}`,
      latency.count === 0
        ? 'latency: none yet'
        : `latency p50 ${ms(latency.quantile(0.5))}  p99 ${ms(latency.quantile(0.99))}  slowest ${ms(latency.maxMicros)} ${this.#slowest.name}`,
      `rcodes ${rcodes.map(([rcode, count]) => `${rcodeMnemonic(rcode)} ${count}`).join('  ') || 'none yet'}  (Ctrl-C ends)`,
    ]
  }

  /** Back to the picture's first line and everything below it gone. A terminal that got narrower has wrapped its lines. */
  #wipe(): string {
    const columns = this.#columns()
    const rows = this.#drawn.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / columns)), 0)
    return rows === 0 ? '' : `\u001B[${rows}A\r\u001B[0J`
  }

  /** A pseudo-terminal that nobody gave a size says 0. */
  #columns(): number {
    return this.#stdout.columns || DEFAULT_COLUMNS
  }
}
