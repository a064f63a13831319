import { describe, expect, it } from 'vitest'
import { closedTcp } from '../../../../test/support/causes/corefile.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'

describe('large-response-lost', () => {
  it('is proven where truncated responses send clients to TCP and TCP is closed', async () => {
    const { verdict } = await diagnoseFixture(closedTcp())
    const found = verdict.causes.find(({ code }) => code === 'large-response-lost')
    expect(found).toMatchObject({ status: 'proven', summary: 'tcp-closed' })
    expect(found?.evidence.map(({ key }) => key)).toEqual([
      'truncated',
      'tcp-fails',
      'truncated',
      'tcp-fails',
      'small-works',
    ])
    expect(found?.explains.every((id) => id.includes('/tcp/large/'))).toBe(true)
  })
})
