import { describe, expect, it } from 'vitest'
import { withEventOnly } from '../../../../test/support/causes/faults.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import { buildReport, renderReport } from '../../report/index.ts'

describe('too-many-nameservers', () => {
  it("quotes kubelet's event where the node's file was not seen", async () => {
    const diagnosis = await diagnoseFixture({ cluster: withEventOnly() })
    const [found] = buildReport(diagnosis, 'en').observations
    expect(found?.summary).toBe(
      'node3 has more nameservers than the three that pods get: kubelet applied 10.0.0.2, 10.0.0.3, 10.0.0.4 and left out the rest',
    )
    expect(found?.evidence).toEqual([
      {
        basis: 'observed',
        text: '1 event DNSConfigForming there, such as for kube-system/node-local-dns-node3: applied are 10.0.0.2, 10.0.0.3, 10.0.0.4',
      },
    ])
    expect(renderReport(buildReport(diagnosis, 'en'), 'text')).toMatch(/^Healthy: .*, with 1 observation\n/)
    expect(buildReport(diagnosis, 'zh').observations[0]?.summary).toContain('10.0.0.2、10.0.0.3、10.0.0.4')
  })
})
