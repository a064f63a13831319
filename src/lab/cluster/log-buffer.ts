// What one container wrote, for `kubectl logs`: the last lines only.
import type { LogLine, PodLog } from './pod-access.ts'

const LIMIT = 5000

export class LogBuffer implements PodLog {
  readonly #now: () => number
  readonly #listeners = new Set<(line: LogLine) => void>()
  #lines: LogLine[] = []
  #previous: readonly LogLine[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  write(text: string): void {
    const line = { at: this.#now(), text }
    this.#lines.push(line)
    if (this.#lines.length > LIMIT) this.#lines = this.#lines.slice(-LIMIT / 2)
    for (const listener of this.#listeners) listener(line)
  }

  /** A container that starts anew has a log of its own; of those before, only the last one is kept. */
  startRun(): void {
    if (this.#lines.length === 0) return
    this.#previous = this.#lines
    this.#lines = []
  }

  previousLines(): readonly LogLine[] {
    return this.#previous
  }

  lines(): readonly LogLine[] {
    return this.#lines
  }

  subscribe(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
