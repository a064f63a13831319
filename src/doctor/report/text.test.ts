import { describe, expect, it } from 'vitest'
import { CAUSE_FIXTURES } from '../../../test/support/causes/index.ts'
import { diagnoseFixture } from '../../../test/support/dns-world.ts'
import { replace, findObject, smallCluster } from '../../../test/support/small-cluster.ts'
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
  })
})

describe('renderMarkdown()', () => {
  it('counts observations beside "healthy"', async () => {
    const diagnosis = await diagnoseFixture(CAUSE_FIXTURES['coredns-metrics-unavailable'].has())
    expect(renderReport(buildReport(diagnosis, 'en'), 'md')).toMatch(/^## Healthy.*, with 1 observation\n/)
  })
})
