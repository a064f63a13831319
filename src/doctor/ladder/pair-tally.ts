// What became of many pairs of queries, each pair from one socket: one that loses a half may be chance, two are a fault.
import type { Observation } from './rung.ts'

/** Pairs until none is expected to lose anything: with two replicas, one in 1000 times all of them go the same way. */
const LEAST = 10
/** Pairs at most, when one of them lost something: whether it was chance. */
export const MOST_PAIRS = 40
/** A datagram is lost now and then in any network: so many pairs are not. */
const TELLING = 2

/** Counts pairs as they are asked. */
export class PairTally {
  #asked = 0
  /** Only one of the two was answered. */
  #halved = 0
  #lost = 0
  #response: Observation | undefined

  /** Adds what came of one pair. @returns whether that is enough */
  add(observed: Observation): boolean {
    this.#asked += 1
    if (observed.kind === 'response') this.#response = observed
    else this.#lost += 1
    if (observed.kind === 'timeout' && observed.pairs !== undefined) this.#halved += 1
    if (observed.kind !== 'response' && observed.kind !== 'timeout') return true
    return this.#lost === 0 ? this.#asked >= LEAST : this.#lost >= TELLING
  }

  /** What all of them come to: the last response, unless too many were lost. */
  conclude(last: Observation): Observation {
    if (last.kind !== 'response' && last.kind !== 'timeout') return last
    if (this.#lost < TELLING && this.#response !== undefined) return this.#response
    if (this.#halved < TELLING) return { kind: 'timeout' }
    return { kind: 'timeout', pairs: { asked: this.#asked, halved: this.#halved } }
  }
}
