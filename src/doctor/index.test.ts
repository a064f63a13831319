import { describe, expect, it } from 'vitest'
import { diagnoseFixture, silence } from '../../test/support/dns-world.ts'
import { REPLICAS, findObject, removeObject, smallCluster } from '../../test/support/small-cluster.ts'

describe('diagnose()', () => {
  it('finds a healthy cluster healthy: no cause, no observation, nothing unexplained', async () => {
    const { verdict, ladder } = await diagnoseFixture({ cluster: smallCluster() })
    expect(ladder.rungs.filter(({ result }) => result !== 'ok').map(({ id, why }) => ({ id, why }))).toEqual([])
    expect(verdict).toMatchObject({
      outcome: 'healthy',
      main: undefined,
      causes: [],
      observations: [],
      unexplained: [],
    })
  })

  it('calls a cluster without DNS Service and CoreDNS nothing, and says that there is none', async () => {
    const cluster = smallCluster()
    removeObject(cluster, 'Service', 'kube-dns')
    for (const name of Object.keys(REPLICAS)) removeObject(cluster, 'Pod', name)
    cluster.objects = cluster.objects.filter((object) => !JSON.stringify(object).includes('node-local-dns'))
    const rules = [silence('10.96.0.10'), silence('169.254.20.10')]
    const { verdict, facts } = await diagnoseFixture({ cluster, rules })
    expect(facts.dns.replicas).toEqual([])
    expect(facts.dns.service).toBeUndefined()
    expect(verdict.outcome).not.toBe('healthy')
    expect(verdict.notChecked.map(({ why }) => why.key)).toContain('not-checked.no-dns-service')
  })

  it('does not take kube-dns for CoreDNS, and blames nothing of CoreDNS where it serves', async () => {
    const cluster = smallCluster()
    for (const name of Object.keys(REPLICAS)) {
      const spec = findObject(cluster, 'Pod', name)['spec'] as { containers: { image: string }[] }
      for (const container of spec.containers) container.image = 'registry.k8s.io/dns/k8s-dns-dnsmasq-nanny:1.22.28'
    }
    const { verdict, facts } = await diagnoseFixture({ cluster })
    expect(facts.dns.otherServers.map(({ name }) => name)).toContain('kube-dns (dnsmasq)')
    expect(verdict.causes).toEqual([])
  })

  it('blames nothing for clocks that differ: everything was made an hour from now', async () => {
    const cluster = smallCluster()
    const ahead = new Date(Date.parse('2026-01-02T00:00:00Z') + 3_600_000).toISOString()
    for (const object of cluster.objects) {
      const [metadata, status] = ['metadata', 'status'].map(
        (part) => object[part] as Record<string, unknown> | undefined,
      )
      if (metadata !== undefined) metadata['creationTimestamp'] = ahead
      if (status?.['startTime'] !== undefined) status['startTime'] = ahead
    }
    const { verdict } = await diagnoseFixture({ cluster })
    expect(verdict).toMatchObject({ outcome: 'healthy', causes: [] })
  })
})
