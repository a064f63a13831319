import { describe, expect, it } from 'vitest'
import { markInstance } from './instances.ts'

describe.skipIf(process.platform !== 'linux')('markInstance()', () => {
  it('finds others with a common address, until they withdraw', async () => {
    const port = 40_000 + (process.pid % 20_000)
    const one = await markInstance(['169.254.25.10', '10.96.0.10'], port)
    expect(one.hasOthers()).toBe(false)
    const other = await markInstance(['10.96.0.10'], port)
    const elsewhere = await markInstance(['169.254.25.11'], port)
    expect([one.hasOthers(), other.hasOthers(), elsewhere.hasOthers()]).toEqual([true, true, false])
    other.withdraw()
    await expect.poll(() => one.hasOthers()).toBe(false)
    one.withdraw()
    elsewhere.withdraw()
  })
})
