import { describe, expect, it } from 'vitest'
import { exhausted } from '../../../../test/support/causes/coredns-pods.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'

describe('corednsSocketsExhausted', () => {
  it.each([
    { open: 1_048_576, status: 'proven', what: 'every descriptor is open and connections are turned away' },
    { open: 1_048_000, status: 'suspected', what: 'a few are left' },
  ])('is $status without a log where $what', async ({ open, status }) => {
    const { verdict } = await diagnoseFixture({ ...exhausted(open), logs: {} })
    const found = verdict.causes.filter(({ code }) => code === 'coredns-sockets-exhausted')
    expect(found.map((one) => one.status)).toEqual([status])
  })
})
