// Which faults are in a lab, and how to take them out again, last one first.
import { closestTexts } from '../../base/edit-distance.ts'
import { LabError } from '../cluster/lab-error.ts'
import type { Fault, FaultStage, Undo } from './fault.ts'
import { FAULTS, findFault } from './index.ts'
import { NOT_STAGED } from './not-staged.ts'

interface Entry {
  readonly fault: Fault
  readonly undo: Undo
}

export class FaultLog {
  readonly #stage: FaultStage
  readonly #entries: Entry[] = []
  /** One change at a time: two commands at once must not meet half-made pods. */
  #work: Promise<unknown> = Promise.resolve()

  private constructor(stage: FaultStage) {
    this.#stage = stage
  }

  /** Starts with the faults that a cluster's description has in it already, so that they can be healed too. */
  static async open(stage: FaultStage, present: readonly string[]): Promise<FaultLog> {
    const log = new FaultLog(stage)
    for (const name of present) await log.inject(name)
    return log
  }

  /** Names of the faults that were injected and are still there, in the order they came. */
  present(): Promise<string[]> {
    return this.#names(true)
  }

  /** Names of the faults that were injected and that somebody repaired by hand since. */
  repaired(): Promise<string[]> {
    return this.#names(false)
  }

  /** Puts a fault in; the result names all that are in now. @throws {LabError} `unknown-fault` */
  inject(name: string): Promise<string[]> {
    return this.#inTurn(async () => {
      const fault = knownFault('inject', name)
      checkFits(fault, this.#stage)
      if ((await this.present()).includes(name)) {
        throw new LabError(
          'unknown-fault',
          `Cannot inject "${name}": it is in already; "fathom lab heal ${name}" takes it out`,
        )
      }
      // What is left of one that was repaired by hand goes first.
      await this.#takeOut(name)
      this.#entries.push({ fault, undo: await fault.inject(this.#stage) })
      return this.present()
    })
  }

  /** Takes one fault out, or all of them; the result names those. @throws {LabError} `unknown-fault` when it is not in */
  heal(name?: string): Promise<string[]> {
    return this.#inTurn(async () => {
      if (name !== undefined) knownFault('heal', name)
      if (name !== undefined && !this.#entries.some(({ fault }) => fault.name === name)) {
        const present = (await this.present()).join(', ') || 'none'
        throw new LabError('unknown-fault', `Cannot heal "${name}": it is not in the lab (in it: ${present})`)
      }
      return this.#takeOut(name)
    })
  }

  /** Last in, first out. */
  async #takeOut(name?: string): Promise<string[]> {
    const healed: string[] = []
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index]
      if (entry === undefined || (name !== undefined && entry.fault.name !== name)) continue
      await entry.undo()
      this.#entries.splice(index, 1)
      healed.push(entry.fault.name)
    }
    return healed
  }

  async #names(isThere: boolean): Promise<string[]> {
    const entries = [...this.#entries]
    const there = await Promise.all(entries.map(async ({ fault }) => fault.isThere(this.#stage)))
    return entries.filter((_entry, index) => there[index] === isThere).map(({ fault }) => fault.name)
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(change)
    this.#work = result.catch(() => undefined)
    return result
  }
}

/** @throws {LabError} `not-supported` when the lab is not of the kind that a fault needs */
function checkFits({ name, needs }: Fault, { kernel }: FaultStage): void {
  if (needs === undefined || kernel?.cni === needs || (kernel !== undefined && needs === 'netns')) return
  const flags = needs === 'netns' ? '--grade netns' : `--grade netns --cni ${needs}`
  throw new LabError('not-supported', `Cannot inject "${name}": it needs a lab of "fathom lab up ${flags}"`)
}

/** @throws {LabError} `unknown-fault`, with the name that was probably meant */
function knownFault(verb: 'heal' | 'inject', name: string): Fault {
  const fault = findFault(name)
  if (fault !== undefined) return fault
  const why = NOT_STAGED[name]
  if (why !== undefined) throw new LabError('unknown-fault', `Cannot ${verb} "${name}": ${why}`)
  const names = FAULTS.map((known) => known.name)
  const [meant] = closestTexts(name, names)
  const words = name.split('-')
  const inside = names.filter((known) => known.split('-').some((word) => words.includes(word)))
  const begun = names.filter((known) => known.startsWith(`${name}-`))
  const guesses = meant !== undefined ? [meant] : begun.length > 0 ? begun : inside
  const list = '"fathom lab faults" lists them all'
  const few = guesses.slice(0, 5).map((guess) => `"${guess}"`)
  const advice = few.length === 0 ? list : `did you mean ${few.join(' or ')}? ${list}`
  throw new LabError('unknown-fault', `Cannot ${verb} "${name}": there is no such fault; ${advice}`)
}
