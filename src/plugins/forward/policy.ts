// The order in which upstreams are tried for one query.
import { randomBelow } from '../../base/index.ts'
import type { Policy } from './setup.ts'

/** Gives, at each call, all of `upstreams` in the order that the policy says. */
export function createPolicy<T>(policy: Policy): (upstreams: readonly T[]) => readonly T[] {
  switch (policy) {
    case 'sequential':
      return (upstreams) => upstreams
    case 'round_robin': {
      let turn = -1
      return (upstreams) => {
        turn = (turn + 1) % Math.max(1, upstreams.length)
        return rotate(upstreams, turn)
      }
    }
    case 'random':
      return shuffle
  }
}

function rotate<T>(list: readonly T[], by: number): readonly T[] {
  return list.length < 2 ? list : [...list.slice(by), ...list.slice(0, by)]
}

/** Fisher and Yates' way: every order is as likely as any other. */
export function shuffle<T>(list: readonly T[]): readonly T[] {
  if (list.length < 2) return list
  const shuffled = [...list]
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = randomBelow(last + 1)
    const moved = shuffled[last] as T
    shuffled[last] = shuffled[other] as T
    shuffled[other] = moved
  }
  return shuffled
}
