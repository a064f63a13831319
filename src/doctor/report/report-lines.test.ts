import { describe, expect, it } from 'vitest'
import { diagnoseFixture, silence } from '../../../test/support/dns-world.ts'
import type { Rule } from '../../../test/support/dns-world.ts'
import { REPLICAS, smallCluster } from '../../../test/support/small-cluster.ts'
import { buildReport } from './build-report.ts'
import { outcomeText, rungText, unexplainedGroups } from './report-lines.ts'

/** Half of what comes through it is lost with the replica. */
const servfailAtCaches: Rule = ({ to, transport }) =>
  to === '169.254.20.10' && transport !== 'http' ? { rcode: 'SERVFAIL' } : undefined

describe('outcomeText()', () => {
  it('names a replica that hangs, and not the caches that ask it, where nothing explains it', async () => {
    const rules = [silence(REPLICAS['coredns-b']), servfailAtCaches]
    const diagnosis = await diagnoseFixture({ cluster: smallCluster(), rules })
    expect(diagnosis.verdict.outcome).toBe('inconclusive')
    expect(outcomeText(buildReport(diagnosis, 'en'))).toMatch(/replica kube-system\/coredns-b .*no response/)
  })
})

describe('unexplainedGroups()', () => {
  it('says a replica that fails once, with all the places from where it does', async () => {
    const rules = [silence(REPLICAS['coredns-b'], ({ node, transport }) => node !== 'node2' && transport === 'udp')]
    const report = buildReport(await diagnoseFixture({ cluster: smallCluster(), rules }), 'en')
    const all = {
      ...report,
      unexplained: report.ladder.filter(({ result }) => result === 'failed').map(({ id }) => id),
    }
    const group = unexplainedGroups(all).find(({ rung }) => rung.server === 'kube-system/coredns-b')
    expect(group?.places).toEqual(['node/node1', 'node/node3'])
    expect(group === undefined ? '' : rungText(group, all)).toContain('coredns-b UDP <- node1, node3: ')
  })
})
