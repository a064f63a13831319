import { describe, expect, it } from 'vitest'
import { factsOf, smallCluster } from '../../../test/support/small-cluster.ts'
import { completeName } from './asked-name.ts'
import { createExpect } from './expectation.ts'

describe('completeName()', () => {
  const CASES = [
    { given: 'kubernetes', name: 'kubernetes.default.svc.cluster.local.', what: 'a Service of the namespace in use' },
    { given: 'redis', name: 'redis.default.svc.cluster.local.', what: 'a single label that does not exist' },
    { given: 'kubernetes.default', name: 'kubernetes.default.svc.cluster.local.', what: 'SERVICE.NAMESPACE' },
    { given: 'nothing.db', name: 'nothing.db.svc.cluster.local.', what: 'an absent Service of another namespace' },
    { given: 'example.org', name: 'example.org.', what: 'a name outside' },
    { given: 'db.shoop', name: 'db.shoop.svc.cluster.local.', what: 'a Service in a namespace that does not exist' },
    { given: 'cache.shoop', name: 'cache.shoop.', what: 'a Service and a namespace that do not exist' },
    { given: 'db.com', name: 'db.com.', what: 'a name outside that begins like a Service' },
    { given: 'redis.', name: 'redis.', what: 'an absolute name' },
  ]

  it.each(CASES)('without a pod reads $what, $given, as $name', async ({ given, name }) => {
    const facts = await factsOf(smallCluster())
    const inUse = { ...facts, source: { ...facts.source, namespace: 'default' } }
    expect(completeName(given, inUse, createExpect(inUse)).name).toBe(name)
  })

  it.each([
    { given: 'www.example.com', name: 'www.example.com.', what: 'a name outside, not an endpoint of Service com' },
    { given: 'example.com', name: 'example.com.', what: 'a name outside' },
    { given: 'db-0.db', name: 'db-0.db.db.svc.cluster.local.', what: 'an endpoint of a Service that exists' },
    { given: '_x._tcp.db', name: '_x._tcp.db.db.svc.cluster.local.', what: 'a port that does not exist' },
  ])('in a pod of namespace db reads $what, $given, as $name', async ({ given, name }) => {
    const facts = await factsOf(smallCluster())
    const searches = ['db.svc.cluster.local', 'svc.cluster.local', 'cluster.local']
    expect(completeName(given, facts, createExpect(facts), { searches }).name).toBe(name)
  })

  it.each([
    { given: '10.96.0.1', name: '1.0.96.10.in-addr.arpa.', type: 'PTR', inCluster: true },
    { given: '192.0.2.1', name: '1.2.0.192.in-addr.arpa.', type: 'PTR', inCluster: false },
    { given: '_https._tcp.kubernetes.default.svc.cluster.local', type: 'SRV', inCluster: true },
    { given: 'example.org', name: 'example.org.', type: 'A', inCluster: false },
  ])('asks $given for $type', async ({ given, name = `${given}.`, type, inCluster }) => {
    const facts = await factsOf(smallCluster())
    expect(completeName(given, facts, createExpect(facts))).toMatchObject({ name, type, inCluster })
  })
})
