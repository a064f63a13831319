import { describe, expect, it } from 'vitest'
import { factsOf, findObject, removeObject, replace, smallCluster } from '../../../../test/support/small-cluster.ts'
import type { NodeCacheFact } from '../facts.ts'

/** The node caches of the small cluster, whose DaemonSet is gone and whose pods were changed. */
async function withoutSet(metadata: (node: string) => Record<string, unknown>): Promise<readonly NodeCacheFact[]> {
  const cluster = smallCluster()
  removeObject(cluster, 'DaemonSet', 'node-local-dns')
  for (const node of ['node1', 'node2', 'node3']) {
    replace(findObject(cluster, 'Pod', `node-local-dns-${node}`), 'metadata', metadata(node))
  }
  return (await factsOf(cluster)).dns.nodeCaches
}

describe('findNodeCaches()', () => {
  it.each([
    {
      title: 'whose DaemonSet cannot be seen',
      metadata: () => ({}),
    },
    {
      title: 'that a deleted DaemonSet left behind',
      metadata: () => ({ ownerReferences: [] }),
    },
    {
      title: 'without owner and labels, named after their nodes',
      metadata: () => ({ ownerReferences: [], labels: {} }),
    },
    {
      title: 'that are static: kubelet names their node as the owner',
      metadata: (node: string) => ({
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid: node, controller: true }],
        labels: {},
      }),
    },
  ])('takes pods for one cache $title', async ({ metadata }) => {
    const caches = await withoutSet(metadata)
    expect(caches.map(({ namespace, name, pods }) => [namespace, name, pods.map(({ node }) => node)])).toEqual([
      ['kube-system', 'node-local-dns', ['node1', 'node2', 'node3']],
    ])
    expect(caches[0]?.localIPs).toEqual(['169.254.20.10'])
  })
})
