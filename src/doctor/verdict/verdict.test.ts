import { describe, expect, it } from 'vitest'
import { loopingCoreDns } from '../../../test/support/causes/faults.ts'
import { diagnoseFixture } from '../../../test/support/dns-world.ts'
import { smallCluster } from '../../../test/support/small-cluster.ts'
import { phrase } from '../ladder/index.ts'
import type { Rung } from '../ladder/index.ts'
import { CONSEQUENCES } from './consequences.ts'
import { weigh } from './verdict.ts'
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

describe('weigh() of what was seen', () => {
  it.each([
    ['healthy', 'everything was asked', () => false, {}],
    ['inconclusive', 'no upstream was asked', isUpstream, { why: phrase('skip.vantage', { detail: 'stuck' }) }],
    ['inconclusive', 'time ran out before an upstream was asked', isUpstream, { why: phrase('skip.deadline') }],
    [
      'healthy',
      'upstreams may not be asked with these permissions',
      isUpstream,
      { why: phrase('skip.vantage', { detail: 'pods/exec' }), needs: phrase('needs.vantage', { detail: 'pods/exec' }) },
    ],
  ] as const)('is %s where %s', async (outcome, _title, isSkipped, skip) => {
    const { ladder } = await diagnoseFixture({ cluster: smallCluster() })
    const rungs = ladder.rungs.map((rung): Rung => (isSkipped(rung) ? { ...rung, result: 'skipped', ...skip } : rung))
    expect(weigh([], rungs).outcome).toBe(outcome)
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

function isUpstream({ hop }: Rung): boolean {
  return hop.kind === 'upstream'
}

const refuseLoopback = ({ to }: { readonly to: string }): 'refused' | undefined =>
  to.startsWith('127.') ? 'refused' : undefined
