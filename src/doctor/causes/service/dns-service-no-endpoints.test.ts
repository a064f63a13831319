import { describe, expect, it } from 'vitest'
import { CAUSE_FIXTURES } from '../../../../test/support/causes/index.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import { findObject, removeObject, replace } from '../../../../test/support/small-cluster.ts'

const { has } = CAUSE_FIXTURES['dns-service-no-endpoints']

describe('dns-service-no-endpoints', () => {
  it('says why a container crashes and where its last words are', async () => {
    const fixture = has()
    const state = { waiting: { reason: 'CrashLoopBackOff' } }
    const lastState = { terminated: { reason: 'Error', exitCode: 1 } }
    replace(findObject(fixture.cluster, 'Pod', 'coredns-a'), 'status', {
      containerStatuses: [{ name: 'coredns', ready: false, restartCount: 7, state, lastState }],
    })
    const { main } = (await diagnoseFixture(fixture)).verdict
    expect(main?.evidence.find(({ key }) => key === 'pods')?.values['states']).toContain(
      'coredns-a waiting:CrashLoopBackOff (Error)',
    )
    expect(main?.fix.command).toContain('kubectl -n kube-system logs coredns-a --previous')
  })

  it('offers to scale up where there is no pod', async () => {
    const fixture = has()
    for (const name of ['coredns-a', 'coredns-b']) removeObject(fixture.cluster, 'Pod', name)
    const { main } = (await diagnoseFixture(fixture)).verdict
    expect(main?.fix.command).toContain('scale deployment/coredns --replicas=2')
  })

  it.each([
    ['2026-01-01T23:59:44Z', 0, 'suspected'],
    ['2026-01-01T23:59:44Z', 1, 'proven'],
    ['2026-01-01T23:59:20Z', 0, 'proven'],
  ])('of pods started at %s that ended %i times is %s at midnight', async (startTime, restartCount, status) => {
    const fixture = has()
    for (const name of ['coredns-a', 'coredns-b']) {
      const state = { running: {} }
      const containerStatuses = [{ name: 'coredns', ready: false, restartCount, state }]
      replace(findObject(fixture.cluster, 'Pod', name), 'status', { startTime, containerStatuses })
    }
    const { causes, outcome } = (await diagnoseFixture(fixture)).verdict
    const found = causes.find(({ code }) => code === 'dns-service-no-endpoints')
    expect(found?.status).toBe(status)
    expect(outcome).toBe(status === 'proven' ? 'proven' : 'inconclusive')
    if (status === 'suspected') expect(found).toMatchObject({ summary: 'starting', values: { seconds: 16, count: 2 } })
  })
})
