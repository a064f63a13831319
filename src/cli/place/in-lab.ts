// A place of a running lab.
import { UsageError } from '../../base/index.ts'
import type { Place, Skipped } from '../../vantage/index.ts'
import type { OpenPlace } from './open-place.ts'
import type { PlaceOptions } from './place-options.ts'

/** Opens a place of the lab that the options name. @throws {LabError} no such lab runs */
export async function openInLab(place: Place, options: PlaceOptions): Promise<OpenPlace | Skipped> {
  if (options.netns !== undefined || options.pid !== undefined) {
    throw new UsageError('bad-argument', 'Cannot use --lab with --netns or --pid: a place in a lab is named with --in')
  }
  const { attachLab } = await import('../../lab/index.ts')
  const { kubeconfig, name, vantages } = await attachLab(options.lab === '' ? undefined : options.lab)
  const described = await describe(place, { kubeconfig, name })
  const vantage = typeof described === 'string' ? await vantages.at(place) : described
  if (!('kind' in vantage) && typeof described === 'string')
    return { vantage, from: described, close: () => vantages.close() }
  await vantages.close()
  return 'kind' in vantage ? vantage : { kind: 'skipped', why: `lab "${name}" has no such place` }
}

/** What a place is called, and on which node; `skipped` for a pod that has no place (yet). */
async function describe(
  place: Place,
  { kubeconfig, name }: { readonly kubeconfig: string; readonly name: string },
): Promise<Skipped | string> {
  if (place.kind === 'here') return `lab ${name}, its first node`
  if (place.kind === 'node') return `node ${place.name} (lab ${name})`
  const { KubeApiError, loadCluster } = await import('../../kube/api/index.ts')
  const { lookUpPod } = await import('./look-up-pod.ts')
  const client = await loadCluster({ kubeconfig }, process.env)
  try {
    const pod = await lookUpPod(client, place)
    return 'why' in pod ? pod : `pod ${place.namespace}/${place.name} on ${pod.spec.nodeName} (lab ${name})`
  } catch (error) {
    if (error instanceof KubeApiError) return { kind: 'skipped', why: error.message }
    throw error
  } finally {
    client.close()
  }
}

/** Who runs a lab may mean one of its pods. */
export async function withLabHint(skipped: Skipped): Promise<Skipped> {
  const { listLabs } = await import('../../lab/register/lab-folder.ts')
  return listLabs().length === 0
    ? skipped
    : { ...skipped, needs: `${skipped.needs ?? 'that node'}; or --lab for a lab's pod` }
}
