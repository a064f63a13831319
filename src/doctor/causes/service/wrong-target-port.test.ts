import { describe, expect, it } from 'vitest'
import { DNS_IP, REPLICAS, findObject, replace, smallCluster } from '../../../../test/support/small-cluster.ts'
import type { SmallCluster } from '../../../../test/support/small-cluster.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import type { Rule } from '../../../../test/support/dns-world.ts'

describe('judgeTargetPorts()', () => {
  it('names port, targetPort and where the replicas answer', async () => {
    const { verdict } = await diagnoseFixture({ cluster: leadingTo(5353), rules: [refused('udp')] })
    expect(verdict.main).toMatchObject({
      code: 'dns-service-selector-mismatch',
      summary: 'wrong-port',
      values: { protocols: ['UDP'], target: 5353, served: ['53'] },
    })
    expect(verdict.main?.evidence.map(({ key }) => key)).toEqual([
      'target-port',
      'listens',
      'port-fails',
      'port-answers',
    ])
    expect(verdict.main?.fix.command).toContain('"path":"/spec/ports/0/targetPort","value":53')
    expect(verdict.causes.filter(({ code }) => code === 'service-ip-unreachable')).toEqual([])
  })

  it('is proven by the objects alone, where nothing could be asked', async () => {
    const { verdict } = await diagnoseFixture({
      cluster: leadingTo(5353),
      rules: [({ transport }) => (transport === 'http' ? 'silent' : 'unasked')],
    })
    expect(verdict.main?.code).toBe('dns-service-selector-mismatch')
  })

  it('takes the number of a named port from the pods', async () => {
    const cluster = leadingTo('dns')
    for (const name of Object.keys(REPLICAS)) {
      const [container] = containersOf(cluster, name)
      if (container !== undefined) container['ports'] = [{ name: 'dns', protocol: 'UDP', containerPort: 1053 }]
    }
    const { verdict } = await diagnoseFixture({ cluster, rules: [refused('udp')] })
    expect(verdict.main?.values).toMatchObject({ target: 1053 })
  })

  it('is suspected where another container may listen there', async () => {
    const cluster = leadingTo(5353)
    containersOf(cluster, 'coredns-a').push({ name: 'front', image: 'example/dnsdist:1' })
    const { verdict } = await diagnoseFixture({ cluster, rules: [refused('udp')] })
    const found = verdict.causes.find(({ code }) => code === 'dns-service-selector-mismatch')
    expect(found?.status).toBe('suspected')
  })

  it.each([
    ['answers come through the Service', leadingTo(5353), []],
    ['the target is the port that the Corefile names', leadingTo(53), [refused('udp')]],
    ['CoreDNS listens there', listeningAt(5353, leadingTo(5353)), [refused('udp')]],
    ['the Service names no target', smallCluster(), [refused('udp')]],
  ] as const)('is not called where %s', async (_title, cluster, rules) => {
    const { verdict } = await diagnoseFixture({ cluster, rules })
    const found = [...verdict.causes, ...verdict.observations].map(({ code }) => code)
    expect(found).not.toContain('dns-service-selector-mismatch')
  })
})

describe('judgeMissingPorts()', () => {
  it.each([
    ['moves the port that was meant', 5353, '"op":"replace","path":"/spec/ports/0/port","value":53'],
    ['adds one where none was', undefined, '"op":"add","path":"/spec/ports/-"'],
  ])('is proven where the Service has no UDP port 53, and %s', async (_title, port, patch) => {
    const { verdict } = await diagnoseFixture({ cluster: servingUdpAt(port), rules: [silentOver('udp')] })
    expect(verdict.main).toMatchObject({
      code: 'dns-service-selector-mismatch',
      summary: 'no-port',
      values: { protocols: ['UDP'] },
    })
    expect(verdict.main?.fix.command).toContain(patch)
    expect(verdict.causes.map(({ code }) => code)).not.toContain('service-ip-unreachable')
    expect(verdict.unexplained).toEqual([])
  })

  it('is not called where answers come all the same, as from a node cache at that address', async () => {
    const { verdict } = await diagnoseFixture({ cluster: servingUdpAt(5353) })
    expect([...verdict.causes, ...verdict.observations].map(({ code }) => code)).not.toContain(
      'dns-service-selector-mismatch',
    )
  })
})

/** The DNS Service has TCP 53, and UDP elsewhere or not at all. */
function servingUdpAt(port: number | undefined): SmallCluster {
  const cluster = smallCluster()
  const tcp = { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 }
  const udp = { name: 'dns', protocol: 'UDP', targetPort: 53 }
  const ports = port === undefined ? [tcp] : [{ ...udp, port }, tcp]
  replace(findObject(cluster, 'Service', 'kube-dns'), 'spec', { ports })
  return cluster
}

function silentOver(transport: 'udp'): Rule {
  return (ask) => (ask.to === DNS_IP && ask.transport === transport ? 'silent' : undefined)
}

/** The DNS Service's UDP port leads there. */
function leadingTo(targetPort: number | string): SmallCluster {
  const cluster = smallCluster()
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP', targetPort },
    { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
  ]
  replace(findObject(cluster, 'Service', 'kube-dns'), 'spec', { ports })
  const known = typeof targetPort === 'string' ? [] : [{ name: 'dns', protocol: 'UDP', port: targetPort }]
  findObject(cluster, 'EndpointSlice', 'kube-dns')['ports'] = known
  return cluster
}

function listeningAt(port: number, cluster: SmallCluster): SmallCluster {
  const map = findObject(cluster, 'ConfigMap', 'coredns')
  const data = map['data'] as Record<string, string>
  map['data'] = { Corefile: (data['Corefile'] ?? '').replace('.:53', `.:${port}`) }
  return cluster
}

function containersOf(cluster: SmallCluster, name: string): Record<string, unknown>[] {
  return (findObject(cluster, 'Pod', name)['spec'] as { containers: Record<string, unknown>[] }).containers
}

function refused(transport: 'udp'): Rule {
  return (ask) => (ask.to === DNS_IP && ask.transport === transport ? 'refused' : undefined)
}
