import { describe, expect, it } from 'vitest'
import { closedTcp, narrowPath } from '../../../../test/support/causes/corefile.ts'
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

  it('is proven where a datagram of 512 octets arrives and neither a larger one nor TCP does', async () => {
    const { verdict } = await diagnoseFixture(narrowPath())
    const found = verdict.causes.find(({ code }) => code === 'large-response-lost')
    expect(found).toMatchObject({
      status: 'proven',
      fix: { key: 'large-response-lost.path' },
      values: { places: ['node3'] },
    })
    expect(found?.evidence[0]).toMatchObject({ key: 'big-lost', values: { size: 1232 } })
    expect(verdict.unexplained).toEqual([])
  })
})
