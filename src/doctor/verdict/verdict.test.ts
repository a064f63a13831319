import { describe, expect, it } from 'vitest'
import { loopingCoreDns } from '../../../test/support/causes/faults.ts'
import { diagnoseFixture } from '../../../test/support/dns-world.ts'
import { smallCluster } from '../../../test/support/small-cluster.ts'
import { phrase } from '../ladder/index.ts'
import type { Rung } from '../ladder/index.ts'
import { CONSEQUENCES } from './consequences.ts'
import { weigh } from './verdict.ts'
import type { CauseCode } from '../causes/index.ts'
import type { Judged } from './verdict.ts'

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

describe('weigh(): a policy for one pod', () => {
  const atPod = rung({ from: { kind: 'pod', namespace: 'shop', name: 'web' }, result: 'failed' })
  const atNode = rung({ from: { kind: 'node', name: 'node1' }, result: 'failed' })
  const policy = judged('network-policy-blocks-egress', [atPod])

  it('is beneath what fails in that pod', () => {
    const { causes } = weigh([policy, judged('udp-53-blocked', [atPod])], [atPod, atNode])
    expect(causes.map(({ code, causedBy }) => [code, causedBy])).toEqual([
      ['network-policy-blocks-egress', undefined],
      ['udp-53-blocked', 'network-policy-blocks-egress'],
    ])
  })

  it('is not beneath what fails on nodes too', () => {
    const { causes } = weigh([policy, judged('udp-53-blocked', [atPod, atNode])], [atPod, atNode])
    expect(causes.map(({ code, causedBy }) => [code, causedBy])).toEqual([
      ['udp-53-blocked', undefined],
      ['network-policy-blocks-egress', undefined],
    ])
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

describe('weigh(): healthy', () => {
  const place = { kind: 'node', name: 'node1' } as const
  const pod = { kind: 'pod', namespace: 'default', name: 'console' } as const
  const outcomeOf = (...rungs: readonly Rung[]): string => weigh([], rungs).outcome

  it('needs at least as much that succeeded as what was missed, at one place', () => {
    const worked = rung({ from: place })
    const missed = rung({ from: place, result: 'skipped', why: { key: 'skip.deadline', values: {} } })
    expect(outcomeOf(worked)).toBe('healthy')
    expect(outcomeOf(worked, missed)).toBe('healthy')
    expect(outcomeOf(worked, missed, missed)).toBe('inconclusive')
    expect(outcomeOf(worked, missed, missed, rung({ from: { kind: 'node', name: 'node2' } }))).toBe('healthy')
  })

  it('does not count as missed what was not to be asked', () => {
    const spared = rung({ from: place, result: 'skipped', why: { key: 'skip.cut-off', values: {} } })
    expect(outcomeOf(rung({ from: place }), spared, spared, spared)).toBe('healthy')
  })

  it('needs the way that pods take: replicas over TCP alone show nothing of it', () => {
    const replica = { kind: 'replica', name: 'kube-system/coredns-a', node: 'node1' } as const
    expect(outcomeOf(rung({ from: place, hop: replica, transport: 'tcp' }))).toBe('inconclusive')
    expect(outcomeOf(rung({ from: place, hop: replica }))).toBe('inconclusive')
  })

  it("needs an answer of the nameserver that the pod's own file names, whatever others answer", () => {
    const hop = { kind: 'nameserver', name: '10.96.0.10' } as const
    const missed = rung({ from: pod, hop, result: 'skipped', why: { key: 'skip.vantage', values: {} } })
    const worked = [rung({ from: pod }), rung({ from: place }), rung({ from: place })]
    expect(outcomeOf(...worked)).toBe('healthy')
    expect(outcomeOf(...worked, missed)).toBe('inconclusive')
    expect(outcomeOf(...worked, missed, rung({ from: pod, hop }))).toBe('healthy')
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

let count = 0

/** A proven fault that explains these rungs. */
function judged(code: CauseCode, rungs: readonly Rung[]): Judged {
  const finding = {
    status: 'proven',
    subject: { kind: 'pod', name: 'shop/web' },
    objects: [],
    values: {},
    evidence: [],
    fix: { key: code, values: {}, command: '' },
    isFault: true,
    explains: rungs.map(({ id }) => id),
  } as const
  return { cause: { code, needs: [], judge: () => [finding] }, judgements: [finding] }
}

/** A question to the DNS Service over UDP that was answered, but for what is said otherwise. */
function rung(fields: Partial<Rung>): Rung {
  count += 1
  return {
    id: `rung-${count}`,
    hop: { kind: 'dns-service', name: 'kube-system/kube-dns' },
    from: { kind: 'here' },
    to: { address: '10.96.0.10', port: 53 },
    transport: 'udp',
    purpose: 'canary',
    question: { kind: 'dns', name: 'kubernetes.default.svc.cluster.local.', type: 'A' },
    expected: { kind: 'answer', mustExist: true },
    observed: { kind: 'nothing' },
    elapsedMs: 1,
    attempts: 1,
    stray: [],
    result: 'ok',
    equivalent: '',
    ...fields,
  }
}

const refuseLoopback = ({ to }: { readonly to: string }): 'refused' | undefined =>
  to.startsWith('127.') ? 'refused' : undefined
