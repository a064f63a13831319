import { expect, it } from 'vitest'
import { collectGarbage, heapBytes } from './collect-garbage.ts'

it('collectGarbage() frees what nobody references, each time', () => {
  for (let time = 0; time < 2; time += 1) {
    let garbage: object[] | undefined = Array.from({ length: 200_000 }, (_, index) => ({ index }))
    const before = heapBytes()
    expect(garbage).toHaveLength(200_000)
    garbage = undefined
    collectGarbage()
    expect(before - heapBytes()).toBeGreaterThan(1_000_000)
  }
})
