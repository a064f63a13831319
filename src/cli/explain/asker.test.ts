import { describe, expect, it } from 'vitest'
import { worldOf } from '../../../test/support/dns-world.ts'
import { factsOf, pod, smallCluster } from '../../../test/support/small-cluster.ts'
import { podResolvConfOf } from '../../doctor/facts/index.ts'
import { comparableOf, readResolvConf } from '../read-resolv-conf.ts'
import type { Explanation } from './explanation.ts'
import { findPod } from './asker.ts'
import { explain, readRequest } from './explain.ts'
import { renderText } from './render-text.ts'

const CACHE = '169.254.20.10'
const USUAL = `nameserver ${CACHE}\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n`

async function explainFrom(file: string | undefined, name = 'db.db'): Promise<Explanation> {
  const cluster = smallCluster()
  cluster.objects.push(pod('shop', 'web', { node: 'node1', ip: '10.244.1.40', labels: {} }))
  const facts = await factsOf(cluster)
  const own = findPod(facts, 'shop/web')
  const vantages = worldOf(facts, [], file === undefined ? {} : { podFiles: { 'shop/web': file } })
  const place = { kind: 'pod', namespace: 'shop', name: 'web' } as const
  const seen = await readResolvConf(vantages, place, comparableOf(podResolvConfOf(facts, own)))
  return explain(facts, readRequest(name, undefined), { pod: own, resolver: 'glibc', seen })
}

describe('explain() from a pod whose resolv.conf was read', () => {
  it("says that it was read, with kubelet's reason for each line", async () => {
    const { asker, lookups } = await explainFrom(USUAL)
    expect(asker?.resolvConf).toMatchObject({ origin: 'observed', why: null, lines: [], text: USUAL })
    expect(asker?.resolvConf.entries.map(({ value, from }) => [value, from])).toContainEqual(['ndots:5', 'default'])
    expect(lookups.find(({ result }) => result === 'records')?.name).toBe('db.db.svc.cluster.local.')
  })

  it('asks by the file that the pod has, and gives the difference line by line', async () => {
    const explanation = await explainFrom('nameserver 192.0.2.53\nsearch corp.example\noptions ndots:5\n')
    const { asker, lookups } = explanation
    expect(asker?.resolvConf.lines).toEqual([
      { text: `nameserver ${CACHE}`, in: 'computed' },
      { text: 'search shop.svc.cluster.local svc.cluster.local cluster.local', in: 'computed' },
      { text: 'nameserver 192.0.2.53', in: 'observed' },
      { text: 'search corp.example', in: 'observed' },
      { text: 'options ndots:5', in: 'both' },
    ])
    expect(asker?.resolvConf.entries).toContainEqual(
      expect.objectContaining({ value: 'corp.example', from: 'pod-file' }),
    )
    expect(lookups.map(({ name }) => name)).toEqual(['db.db.corp.example.', 'db.db.'])
    const text = renderText(explanation, false)
    expect(text).toContain('(read in the pod; dnsPolicy ClusterFirst)')
    expect(text).toContain('    - search shop.svc.cluster.local svc.cluster.local cluster.local\n')
    expect(text).toContain('    + nameserver 192.0.2.53\n')
  })

  it('computes the file where it cannot be read, and says why', async () => {
    const explanation = await explainFrom(undefined)
    expect(explanation.asker?.resolvConf).toMatchObject({ origin: 'computed', lines: [] })
    expect(renderText(explanation, false)).toContain('(computed, as it was not read: the place has no /etc/resolv.conf')
  })

  it('searches as the chosen resolver does', async () => {
    const facts = await factsOf(smallCluster())
    const from = { pod: findPod(facts, 'default/worker'), resolver: 'c-ares' } as const
    const { asker, lookups } = explain(facts, readRequest('db.db', undefined), from)
    expect(asker?.resolver).toBe('c-ares')
    expect(lookups.filter(({ asked }) => asked).map(({ name }) => name)).toEqual(['db.db.'])
  })
})
