import { describe, expect, it } from 'vitest'
import { loopingCoreDns } from '../../../test/support/causes/faults.ts'
import { diagnoseFixture } from '../../../test/support/dns-world.ts'
import { CONSEQUENCES } from './consequences.ts'
import type { CauseCode } from '../causes/index.ts'

describe('weigh()', () => {
  it('folds a dead loopback upstream under what leads to it', async () => {
    const { cluster, ...fixture } = loopingCoreDns()
    const refused = { ...fixture, cluster, rules: [...(fixture.rules ?? []), refuseLoopback] }
    const { verdict } = await diagnoseFixture(refused)
    expect(verdict.main?.code).toBe('forwarding-loop')
    expect(verdict.causes.filter(({ code, causedBy }) => code === 'upstream-dead' && causedBy === undefined)).toEqual(
      [],
    )
  })
})

describe('CONSEQUENCES', () => {
  it('has no circle: each cause would hide behind the other', () => {
    const reaches = (from: CauseCode, seen: readonly CauseCode[]): boolean =>
      (CONSEQUENCES[from] ?? []).some((code) => seen.includes(code) || reaches(code, [...seen, code]))
    const circular = (Object.keys(CONSEQUENCES) as CauseCode[]).filter((code) => reaches(code, [code]))
    expect(circular).toEqual([])
  })
})

const refuseLoopback = ({ to }: { readonly to: string }): 'refused' | undefined =>
  to.startsWith('127.') ? 'refused' : undefined
