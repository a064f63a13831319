// Numbers that become others when what they stand for may have changed. They lie in memory that all threads of the process
// see, so that a thread can tell that what it was told before no longer holds, without being told so.

const WORDS = 1 << 14
/** Words 0 and 1 are nobody's: no stamp at all, and the one that never changes. */
const FIRST_OWN = 2
/** From here on a word serves many stamps: a change to one looks like one to the others, never the other way round. */
const FIRST_OF_MANY = 1 << 8

const words = new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT))
let nextOwn = FIRST_OWN
let nextOfMany = FIRST_OF_MANY

/** A number in a word of its own, as long as there are enough words. */
export class Stamp {
  /** Which word it is. */
  readonly slot: number

  /** @param one of how many there will be: `many` shares its word with others */
  constructor(one: 'few' | 'many' = 'few') {
    if (one === 'few') {
      this.slot = nextOwn
      nextOwn = nextOwn + 1 < FIRST_OF_MANY ? nextOwn + 1 : FIRST_OWN
    } else {
      this.slot = nextOfMany
      nextOfMany = nextOfMany + 1 < WORDS ? nextOfMany + 1 : FIRST_OF_MANY
    }
  }

  get value(): number {
    return words[this.slot] ?? 0
  }

  /** From now on no thread sees the old value. */
  change(): void {
    Atomics.add(words, this.slot, 1)
  }
}

/** The stamp of what never changes. */
export const NEVER_CHANGES: { readonly value: number; readonly slot: number } = { value: 0, slot: 1 }

/** The memory of all stamps, by slot; for other threads. */
export function stampWords(): Int32Array {
  return words
}
