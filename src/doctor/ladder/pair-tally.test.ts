import { describe, expect, it } from 'vitest'
import { MOST_PAIRS, PairTally } from './pair-tally.ts'
import type { Observation } from './rung.ts'

const BOTH: Observation = { kind: 'response', rcode: 'NOERROR', records: [], recordCount: 0, aa: true, tc: false }
const ONE: Observation = { kind: 'timeout', pairs: { asked: 1, halved: 1 } }
const NONE: Observation = { kind: 'timeout' }
const REFUSED: Observation = { kind: 'refused', detail: 'connection refused' }

/** Asks until it is enough; `come` by the number of the pair, others are answered. */
function tallyOf(come: Readonly<Record<number, Observation | undefined>>): {
  readonly asked: number
  readonly all: Observation
} {
  const tally = new PairTally()
  for (let asked = 1; asked <= MOST_PAIRS; asked += 1) {
    const observed = come[asked] ?? BOTH
    if (tally.add(observed) || asked === MOST_PAIRS) return { asked, all: tally.conclude(observed) }
  }
  throw new Error('not reached')
}

describe('PairTally', () => {
  it.each([
    { title: 'is content with few where all come', come: {}, asked: 10, all: BOTH },
    { title: 'takes one that is lost for chance', come: { 10: ONE }, asked: MOST_PAIRS, all: BOTH },
    {
      title: 'tells two that lost one',
      come: { 3: ONE, 31: ONE },
      asked: 31,
      all: { kind: 'timeout', pairs: { asked: 31, halved: 2 } },
    },
    { title: 'tells silence from a lost half', come: { 1: NONE, 2: ONE }, asked: 2, all: NONE },
    { title: 'ends where a pair is refused', come: { 2: REFUSED }, asked: 2, all: REFUSED },
  ])('$title', ({ come, asked, all }) => {
    expect(tallyOf(come)).toEqual({ asked, all })
  })
})
