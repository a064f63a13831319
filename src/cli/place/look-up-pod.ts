// A pod as the API server has it, before anybody tries to ask from it.
import { KubeApiError } from '../../kube/api/index.ts'
import type { KubeClient } from '../../kube/api/index.ts'
import { groupObjects, readList } from '../../kube/objects/index.ts'
import type { Pod } from '../../kube/objects/index.ts'
import type { Place, Skipped } from '../../vantage/index.ts'
import { nearestPods } from '../explain/asker.ts'
import { withoutPlace } from '../without-place.ts'

const TIMEOUT_MS = 5000

/**
 * Gets a pod that can be asked from; `skipped` says that there is none, or what it waits for, and which one would do.
 *
 * @throws {KubeApiError} it cannot be told
 */
export async function lookUpPod(
  client: KubeClient,
  { namespace, name }: Extract<Place, { kind: 'pod' }>,
): Promise<Pod | Skipped> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`
  // That it exists is asked for by name: a list would be empty for a name that is mistyped.
  const [pod] = await getPods(client, `${path}/${encodeURIComponent(name)}`).catch((error: unknown) => {
    if (error instanceof KubeApiError && error.code === 'absent') return []
    throw error
  })
  const siblings = async (): Promise<Pod[]> => getPods(client, path).catch(() => [])
  if (pod !== undefined) {
    if (withoutPlace(pod, { pods: [], events: [] }) === undefined) return pod
    return withoutPlace(pod, { pods: await siblings(), events: [] }) ?? pod
  }
  return {
    kind: 'skipped',
    why: `there is no pod ${namespace}/${name}${nearestPods(await siblings(), { namespace, name })}`,
  }
}

/** The pods of a node: those that answer there, and those that show it. @throws {KubeApiError} it cannot be told */
export async function listPodsOfNode(client: KubeClient, node: string): Promise<readonly Pod[] | Skipped> {
  try {
    await client.getJson(`/api/v1/nodes/${encodeURIComponent(node)}`, { timeoutMs: TIMEOUT_MS })
  } catch (error) {
    if (error instanceof KubeApiError && error.code === 'absent') {
      return { kind: 'skipped', why: `the cluster has no node "${node}"` }
    }
    throw error
  }
  return getPods(client, `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`)
}

async function getPods(client: KubeClient, path: string): Promise<Pod[]> {
  return [...groupObjects([readList(await client.getJson(path, { timeoutMs: TIMEOUT_MS }))]).pods]
}
