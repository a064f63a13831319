// Faults that consist of others: an object and the rules that belong to it.
import type { Fault, Undo } from '../fault.ts'

type Part = Pick<Fault, 'inject' | 'isThere'>

/** A fault whose parts come in this order and go in the other; it is there while any of them is. */
export function together(about: Omit<Fault, 'inject' | 'isThere'>, ...parts: readonly Part[]): Fault {
  return {
    ...about,
    async inject(stage) {
      const undos: Undo[] = []
      const undoAll = async (): Promise<void> => {
        for (const undo of undos.splice(0).reverse()) await undo()
      }
      try {
        for (const part of parts) undos.push(await part.inject(stage))
      } catch (error) {
        await undoAll()
        throw error
      }
      return undoAll
    },
    async isThere(stage) {
      for (const part of parts) if (await part.isThere(stage)) return true
      return false
    },
  }
}
