import { describe, expect, it } from 'vitest'
import { editCorefile } from '../../../../test/support/causes/faults.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import type { Rule } from '../../../../test/support/dns-world.ts'
import { smallCluster } from '../../../../test/support/small-cluster.ts'

describe('stalePositiveCache', () => {
  it('is no second cause where a line of the Corefile gives the address', async () => {
    const name = 'db-0.db.db.svc.cluster.local'
    const cluster = smallCluster()
    editCorefile(cluster, (text) => text.replace('errors', `errors\n    hosts {\n        10.9.9.9 ${name}\n    }`))
    const taken: Rule = ({ name: asked, transport }) =>
      transport !== 'http' && asked === `${name}.` ? { rcode: 'NOERROR', answers: ['10.9.9.9'], ttl: 3 } : undefined
    const { verdict } = await diagnoseFixture({ cluster, name, rules: [taken] })
    const causes = verdict.causes.filter(({ causedBy }) => causedBy === undefined)
    expect(causes.map(({ code, status }) => `${code} ${status}`)).toEqual(['cluster-zone-overridden proven'])
    expect(verdict.causes.map(({ code }) => code)).toContain('stale-positive-cache')
  })
})
