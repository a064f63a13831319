import { describe, expect, it } from 'vitest'
import { fromPod, nodes } from '../../../test/support/causes/pod-dns.ts'
import { CAUSE_FIXTURES } from '../../../test/support/causes/index.ts'
import { diagnoseFixture } from '../../../test/support/dns-world.ts'
import type { Rule } from '../../../test/support/dns-world.ts'
import { replace, findObject, smallCluster } from '../../../test/support/small-cluster.ts'
import { limitRows } from './ladder-rows.ts'
import type { LadderRow } from './ladder-rows.ts'
import type { Diagnosis } from '../verdict/index.ts'
import { buildReport, renderReport } from './index.ts'

describe('renderText()', () => {
  it('tells a cause that is at work on several nodes once, and names the other places', async () => {
    const diagnosis = await diagnoseFixture(CAUSE_FIXTURES['resolv-conf-missing'].has())
    const report = buildReport(diagnosis, 'en')
    expect(report.causes.filter(({ code }) => code === 'resolv-conf-missing')).toHaveLength(2)
    const text = renderReport(report, 'text')
    expect(text.match(/^Fix$/gm)).toHaveLength(1)
    expect(text).toMatch(/^The same in other places\n {2}node2 has no \/run\/systemd\/resolve\/resolv\.conf/m)
  })

  it.each([
    ['en', 'forbidden', '7 lists of objects are forbidden to this user'],
    ['zh', '没有权限', '当前用户没有权限读取 7 类对象列表'],
  ] as const)('leads a user without rights to those that are missing, in %s', async (language, why, said) => {
    const whole = buildReport(await diagnoseFixture({ cluster: smallCluster() }), language)
    const render = (lists: number): string[] => {
      const missing = Array.from({ length: lists }, (_, at) => ({ what: `list${at}`, why, needs: `list ${at}` }))
      const cluster = { ...whole.cluster, missing }
      return renderReport({ ...whole, cluster, outcome: 'inconclusive', ladder: [] }, 'text').split('\n')
    }
    const [headline, hint] = render(7)
    expect(headline).toContain(said)
    expect(hint).toContain('fathom rbac --tier 0 --user USER | kubectl apply -f -')
    expect(render(2).join('\n')).not.toContain('fathom rbac')
  })

  it('says from how many nodes of a large cluster was asked', async () => {
    const cluster = smallCluster()
    for (let at = 4; at <= 40; at += 1) {
      const node = structuredClone(findObject(cluster, 'Node', 'node1'))
      replace(node, 'metadata', { name: `node${at}` })
      cluster.objects.push(node)
    }
    const diagnosis = await diagnoseFixture({ cluster })
    expect(renderReport(buildReport(diagnosis, 'en'), 'text')).toContain('Asked from 16 of 40 nodes')
    expect(renderReport(buildReport(diagnosis, 'zh'), 'text')).toContain('只从 40 个节点中的 16 个发起查询')
    for (const format of ['md', 'html'] as const) {
      expect(renderReport(buildReport(diagnosis, 'en'), format)).toContain('Asked from 16 of 40 nodes')
    }
    expect(buildReport(diagnosis, 'en').cluster).toMatchObject({ nodes: 40, askedNodes: 16 })
  })

  it.each(['text', 'md', 'html'] as const)(
    'says before all else that the pod itself could not be asked, as %s',
    async (format) => {
      const origins = [...nodes(), fromPod('db', 'db-0', 'node3')]
      const isFromPod: Rule = ({ from, transport }) =>
        from.kind === 'pod' && transport !== 'http' ? 'unasked' : undefined
      const sound = await diagnoseFixture({ cluster: smallCluster(), origins })
      expect(renderReport(buildReport(sound, 'en'), format)).not.toContain('from db/db-0 itself')
      const { cluster, rules = [] } = CAUSE_FIXTURES['service-ip-unreachable'].has()
      const ailing = await diagnoseFixture({ cluster, origins, rules: [isFromPod, ...rules] })
      const lines = renderReport(buildReport(ailing, 'en'), format).split('\n')
      const said = lines.findIndex((line) => line.includes('Nothing could be asked from db/db-0 itself'))
      expect(said).toBeGreaterThan(0)
      expect(lines.slice(0, said).join()).not.toContain('Proof')
    },
  )

  it('says that the latencies are its own fault where it stood still', async () => {
    const diagnosis = await diagnoseFixture({ cluster: smallCluster() })
    const late: Diagnosis = { ...diagnosis, ladder: { ...diagnosis.ladder, ownDelayMs: 1300 } }
    for (const format of ['text', 'md', 'html'] as const) {
      expect(renderReport(buildReport(late, 'en'), format)).toContain('stood still for up to 1300 ms')
      expect(renderReport(buildReport(late, 'zh'), format)).toContain('最长停顿 1300 毫秒')
    }
  })
})

describe('renderMarkdown()', () => {
  it('counts observations beside "healthy"', async () => {
    const diagnosis = await diagnoseFixture(CAUSE_FIXTURES['coredns-metrics-unavailable'].has())
    expect(renderReport(buildReport(diagnosis, 'en'), 'md')).toMatch(/^## Healthy.*, with 1 observation\n/)
  })
})

describe('renderJunit()', () => {
  it('fails where nothing could be asked: that is not health', async () => {
    const [origin] = nodes()
    const skip = { why: { key: 'skip.no-place', values: {} } }
    const diagnosis = await diagnoseFixture({ cluster: smallCluster(), origins: origin ? [{ ...origin, skip }] : [] })
    const xml = renderReport(buildReport(diagnosis, 'en'), 'junit')
    expect(xml).toMatch(/<testsuite name="outcome" tests="1" failures="1"/)
    const healthy = renderReport(buildReport(await diagnoseFixture({ cluster: smallCluster() }), 'en'), 'junit')
    expect(healthy).toMatch(/<testsuite name="outcome" tests="1" failures="0"/)
  })
})

describe('limitRows()', () => {
  const row = (server: string, result: 'failed' | 'ok'): LadderRow => ({
    hop: 'replica',
    server,
    address: '',
    from: [],
    cells: { udp: { result, count: 1, all: 1, isRepeated: false, purposes: [], rungs: [] } },
    equivalent: '',
  })

  it('keeps failures, and the order', () => {
    const rows = [row('a', 'ok'), row('b', 'ok'), row('c', 'failed'), row('d', 'ok')]
    expect(limitRows(rows, 2).rows.map(({ server }) => server)).toEqual(['a', 'c'])
    expect(limitRows(rows, 2).left).toBe(2)
    expect(limitRows(rows, 4)).toEqual({ rows, left: 0 })
  })
})
