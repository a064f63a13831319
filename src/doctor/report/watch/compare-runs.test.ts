import { describe, expect, it } from 'vitest'
import { CAUSE_FIXTURES } from '../../../../test/support/causes/index.ts'
import { diagnoseFixture, silence } from '../../../../test/support/dns-world.ts'
import type { Fixture } from '../../../../test/support/dns-world.ts'
import { REPLICAS, smallCluster } from '../../../../test/support/small-cluster.ts'
import { buildReport } from '../index.ts'
import type { DoctorReport } from '../index.ts'
import { NOTHING_KNOWN, compareRuns } from './compare-runs.ts'
import type { Change, Memory } from './compare-runs.ts'
import { renderChanges } from './render-changes.ts'

const TIME = '2026-01-02T03:04:05Z'
const report = async (fixture: Fixture, language: 'en' | 'zh' = 'en'): Promise<DoctorReport> =>
  buildReport(await diagnoseFixture(fixture), language)
const healthy = (): Promise<DoctorReport> => report({ cluster: smallCluster() })
const dead = (): Promise<DoctorReport> => report(CAUSE_FIXTURES['upstream-dead'].has())

/** The changes of each run, half a minute apart. */
function changesOf(reports: readonly DoctorReport[]): (readonly Change[])[] {
  let memory: Memory = NOTHING_KNOWN
  return reports.map((one, index) => {
    const compared = compareRuns(memory, one, index * 30_000)
    memory = compared.memory
    return compared.changes
  })
}

describe('compareRuns()', () => {
  it('tells the first outcome, then only what changes, and how long it lasted', async () => {
    const [well, ill] = [await healthy(), await dead()]
    const changes = changesOf([well, well, ill, ill, ill, well])
    expect(changes[0]).toEqual([{ kind: 'outcome', outcome: 'healthy', previous: null, afterSeconds: null }])
    expect(changes[1]).toEqual([])
    expect(changes[2]?.slice(0, 2)).toMatchObject([
      { kind: 'outcome', outcome: 'proven', previous: 'healthy', afterSeconds: 60 },
      { change: 'appeared', kind: 'cause', code: 'upstream-dead', subject: '1.2.4.8', status: 'proven' },
    ])
    expect(changes[3]).toEqual([])
    expect(changes[5]).toMatchObject([
      { kind: 'outcome', outcome: 'healthy', previous: 'proven', afterSeconds: 90 },
      { change: 'ended', code: 'upstream-dead', afterSeconds: 90 },
    ])
  })

  it('tells when a suspicion is proven', async () => {
    const ill = await dead()
    const suspected = { ...ill, causes: ill.causes.map((cause) => ({ ...cause, status: 'suspected' as const })) }
    expect(changesOf([suspected, ill])[1]).toMatchObject([
      { change: 'changed', previous: 'suspected', status: 'proven', code: 'upstream-dead' },
    ])
  })

  it('names a server once that fails without a proven cause, and tells when it answers', async () => {
    const lost = await report({ cluster: smallCluster(), rules: [silence(REPLICAS['coredns-a'])] })
    const [first, second] = changesOf([lost, await healthy()])
    const failing = first?.filter((change) => change.kind === 'failing')
    const servers = new Set(failing?.map((change) => ('subject' in change ? change.subject : '')))
    expect(servers.size).toBe(failing?.length)
    expect(servers).toContain('kube-system/coredns-a')
    expect(second?.filter(({ kind }) => kind === 'failing').length).toBe(failing?.length)
  })

  it('remembers nothing but the last run', async () => {
    const [well, ill] = [await healthy(), await dead()]
    let memory: Memory = NOTHING_KNOWN
    for (let run = 0; run < 100; run += 1) memory = compareRuns(memory, run % 2 === 0 ? ill : well, run).memory
    expect(memory.known.size).toBe(0)
  })
})

describe('renderChanges()', () => {
  it('begins each line with its time, and says what acts on what appeared', async () => {
    const [well, ill] = [await healthy(), await dead()]
    const [, appeared = [], ended = []] = changesOf([well, ill, well])
    expect(renderChanges(appeared, { report: ill, time: TIME, color: false })).toBe(
      [
        `${TIME}  proven        upstream-dead`,
        `${TIME}  proven        upstream-dead: ${ill.verdict?.summary}`,
        `                      $ ${ill.causes[0]?.fix.command.split('\n')[0]}`,
        '',
      ].join('\n'),
    )
    expect(renderChanges(ended, { report: well, time: TIME, color: false })).toContain(
      `${TIME}  gone          upstream-dead 1.2.4.8, after 30 s\n`,
    )
  })

  it('speaks Chinese', async () => {
    const ill = await report(CAUSE_FIXTURES['upstream-dead'].has(), 'zh')
    const [changes = []] = changesOf([ill])
    expect(renderChanges(changes, { report: ill, time: TIME, color: false })).toMatch(
      /证实 .*upstream-dead：.*\p{Script=Han}/u,
    )
  })
})
