// What every cause brings to its test: one cluster that has it, and clusters that look like it.
import type { Fixture } from '../dns-world.ts'

export interface NearMiss {
  /** What is there instead, for the test's title. */
  readonly title: string
  readonly make: () => Fixture
  /** How the cause may be mentioned; default: neither as a cause nor as an observation, proven or suspected. */
  readonly allowed?: 'observation' | 'suspected'
}

export interface CauseFixtures {
  readonly has: () => Fixture
  /** Whether the cause is the verdict there; default true. */
  readonly isVerdict?: boolean
  /** Nothing fails there because of it: it is proven as an observation. Default false. */
  readonly isObservation?: boolean
  /** Default `proven`; `suspected` where the catalogue's proof needs what the doctor cannot see, such as a cloud's API. */
  readonly status?: 'suspected'
  readonly nearMisses: readonly [NearMiss, ...NearMiss[]]
}

/** The fixtures of one group of causes. */
export type GroupFixtures<Code extends string> = Readonly<Record<Code, CauseFixtures>>
