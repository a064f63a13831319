import { describe, expect, it } from 'vitest'
import { factsOf, smallCluster } from '../../../test/support/small-cluster.ts'
import type { ClusterFacts } from '../facts/index.ts'
import { isNodeCacheUnseen, withoutNodeCache } from './support.ts'

describe('withoutNodeCache()', () => {
  it.each([
    { what: 'all lists came', missing: [], source: 'kubeconfig', isUnseen: false },
    { what: 'pods came', missing: ['daemonSets'], source: 'kubeconfig', isUnseen: false },
    { what: 'DaemonSets came', missing: ['pods'], source: 'kubeconfig', isUnseen: false },
    { what: 'neither came', missing: ['daemonSets', 'pods'], source: 'kubeconfig', isUnseen: true },
    { what: 'manifests hold neither', missing: ['pods'], source: 'manifests', isUnseen: true },
  ] as const)('says that there is none only where that was seen: $what', async ({ missing, source, isUnseen }) => {
    const facts = await bareFacts(missing, source)
    expect(isNodeCacheUnseen(facts)).toBe(isUnseen)
    const { why, needs } = withoutNodeCache(facts)
    expect(why.key).toBe(isUnseen ? 'not-checked.node-cache-unseen' : 'not-checked.no-node-cache')
    expect(needs?.values['detail']).toBe(isUnseen ? missing.toReversed().map(permissionFor).join(', ') : undefined)
  })
})

/** A cluster in which no node cache was found. */
async function bareFacts(missing: readonly string[], kind: ClusterFacts['source']['kind']): Promise<ClusterFacts> {
  const facts = await factsOf(smallCluster())
  return {
    ...facts,
    source: { ...facts.source, kind },
    objects: { ...facts.objects, workloads: [] },
    dns: { ...facts.dns, nodeCaches: [] },
    missing: missing.map((what) => ({ what, why: 'forbidden', needs: permissionFor(what) })),
  }
}

function permissionFor(what: string): string {
  return `list ${what}`
}
