// A place that is not on this machine: where a kubeconfig leads to a cluster that has it.
import { UsageError } from '../../base/index.ts'
import type { KubeClient } from '../../kube/api/index.ts'
import { apiVantages } from '../../vantage/index.ts'
import type { Place, Skipped } from '../../vantage/index.ts'
import { undoingOnSignal } from '../consent.ts'
import type { OpenPlace } from './open-place.ts'
import type { PlaceOptions } from './place-options.ts'
import { waysInstead } from './ways-instead.ts'

/**
 * Opens a place through the API server; undefined without a kubeconfig.
 *
 * @param onMachine why the place was not found on this machine; undefined where nobody looked
 */
export async function openThroughApi(
  place: Exclude<Place, { kind: 'here' }>,
  onMachine: Skipped | undefined,
  { env = process.env, kubeconfig, context, as, allowExec = false, ephemeral }: PlaceOptions,
): Promise<OpenPlace | Skipped | undefined> {
  const { KubeApiError, loadCluster } = await import('../../kube/api/index.ts')
  const { listPodsOfNode, lookUpPod } = await import('./look-up-pod.ts')
  let client: KubeClient
  try {
    client = await loadCluster({ kubeconfig, context, as }, env)
  } catch (error) {
    // One that is named must be there; one that was only looked for need not.
    const isNamed = [kubeconfig, context, as, ephemeral].some((given) => given !== undefined)
    if (error instanceof UsageError && !isNamed) return undefined
    throw error
  }
  let close = (): Promise<void> => Promise.resolve(client.close())
  try {
    const found = place.kind === 'node' ? await listPodsOfNode(client, place.name) : await lookUpPod(client, place)
    if ('why' in found) {
      await close()
      return found
    }
    const pods = 'spec' in found ? [found] : found
    const added = ephemeral === undefined || place.kind === 'node' ? undefined : { ...ephemeral, pod: place }
    const vantages = apiVantages({ client, pods, allowExec, ephemeral: added })
    close = () => vantages.close().finally(() => client.close())
    const vantage = await undoingOnSignal(close, () => vantages.at(place))
    if (!('kind' in vantage)) {
      const node = 'spec' in found ? found.spec.nodeName : place.name
      return {
        vantage,
        from: place.kind === 'node' ? `node ${node} through the API server` : vantage.how,
        ...(added === undefined ? { instead: waysInstead(place, node) } : {}),
        close,
      }
    }
    await close()
    return vantage
  } catch (error) {
    await close()
    if (!(error instanceof KubeApiError)) throw error
    if (onMachine === undefined) return { kind: 'skipped', why: error.message }
    return { ...onMachine, why: `${onMachine.why}, and through the API server: ${error.message}` }
  }
}
