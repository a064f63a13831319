// Which faults are in a lab, and how to take them out again, last one first.
import { LabError } from '../cluster/lab-error.ts'
import type { FaultStage, Undo } from './fault.ts'
import { FAULTS, findFault } from './index.ts'

export class FaultLog {
  readonly #stage: FaultStage
  readonly #present: { readonly name: string; readonly undo: Undo }[] = []

  private constructor(stage: FaultStage) {
    this.#stage = stage
  }

  /** Starts with the faults that a cluster's description has in it already, so that they can be healed too. */
  static async open(stage: FaultStage, present: readonly string[]): Promise<FaultLog> {
    const log = new FaultLog(stage)
    for (const name of present) await log.inject(name)
    return log
  }

  /** Names of the faults that are in, in the order they came. */
  present(): string[] {
    return this.#present.map(({ name }) => name)
  }

  /** Puts a fault in; the result names all that are in now. @throws {LabError} `unknown-fault` */
  async inject(name: string): Promise<string[]> {
    const fault = findFault(name)
    if (fault === undefined) {
      throw new LabError(
        'unknown-fault',
        `Cannot inject "${name}": there is no such fault; known: ${FAULTS.map((known) => known.name).join(', ')}`,
      )
    }
    if (this.present().includes(name)) {
      throw new LabError(
        'unknown-fault',
        `Cannot inject "${name}": it is in already; "fathom lab heal ${name}" takes it out`,
      )
    }
    this.#present.push({ name, undo: await fault.inject(this.#stage) })
    return this.present()
  }

  /** Takes one fault out, or all of them; the result names those. @throws {LabError} `unknown-fault` when it is not in */
  async heal(name?: string): Promise<string[]> {
    if (name !== undefined && !this.present().includes(name)) {
      const present = this.present().join(', ') || 'none'
      throw new LabError('unknown-fault', `Cannot heal "${name}": it is not in the lab (in it: ${present})`)
    }
    const healed: string[] = []
    for (let index = this.#present.length - 1; index >= 0; index -= 1) {
      const entry = this.#present[index]
      if (entry === undefined || (name !== undefined && entry.name !== name)) continue
      await entry.undo()
      this.#present.splice(index, 1)
      healed.push(entry.name)
    }
    return healed
  }
}
