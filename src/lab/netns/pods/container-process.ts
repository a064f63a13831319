// One program of a pod as a process of its own: started in the pod's place, its output kept, its end reported.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { describeError } from '../../../base/index.ts'
import { toolEnvironment } from '../run-tool.ts'

export interface ProcessOptions {
  /** With the words that enter its place. */
  readonly command: readonly string[]
  /** Default: this program's own. */
  readonly directory?: string
  readonly log: (line: string) => void
  /** It ended by itself or by somebody's signal, with its last words; not called after {@link ContainerProcess.stop}. */
  readonly onExit: (why: string) => void
}

export class ContainerProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  #stopped = false

  constructor({ command: [program = '', ...args], directory, log, onExit }: ProcessOptions) {
    const child = spawn(program, args, { cwd: directory, env: toolEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    let lastWords = ''
    for (const stream of [child.stdout, child.stderr]) {
      const lines = createInterface({ input: stream }).on('line', (line) => {
        if (line !== '') lastWords = line
        log(line)
      })
      // A reader of lines passes its stream's errors on as its own.
      lines.on('error', () => lines.close())
    }
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        log(describeError(error))
        resolve()
      })
      child.once('close', (code, signal) => {
        resolve()
        if (!this.#stopped) onExit(signal === null ? lastWords || `exit status ${code}` : `killed by ${signal}`)
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Lets it end as kubelet does: SIGTERM, and SIGKILL when it takes too long; 0 kills it at once. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill(graceMs === 0 ? 'SIGKILL' : 'SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs)
    await this.#ended
    clearTimeout(timer)
  }
}
