// A running lab as other commands use it: its kubeconfig, and vantages of its places.
import { namespaceVantages } from '../../vantage/index.ts'
import type { NamespaceTarget, Place, Skipped, Vantages } from '../../vantage/index.ts'
import { LabError } from '../cluster/lab-error.ts'
import { labVantages } from '../lab-vantage.ts'
import { callLab } from './call-lab.ts'
import { killedLabs } from './killed-labs.ts'
import { DEFAULT_LAB, listLabs, readLab } from './lab-folder.ts'

export interface AttachedLab {
  readonly name: string
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string
  readonly vantages: Vantages
  /** Where a place's network namespace is; a loopback lab has none. */
  readonly locate: ((place: Place) => Promise<NamespaceTarget | Skipped>) | undefined
}

/**
 * Finds a running lab.
 *
 * @param name default: the only one that runs, else `reference`
 * @throws {LabError} `lab-not-running`
 */
export async function attachLab(name?: string): Promise<AttachedLab> {
  const running = listLabs()
  const wanted = name ?? (running.length === 1 ? running[0]?.name : undefined) ?? DEFAULT_LAB
  const state = readLab(wanted)
  if (state === undefined) {
    const killed = killedLabs()
    const left = name === undefined && running.length === 0 && killed.length === 1 ? (killed[0] ?? wanted) : wanted
    if (killed.includes(left)) {
      throw new LabError(
        'lab-not-running',
        `Cannot use lab "${left}": it was killed and left its namespaces; "fathom lab down --name ${left}" removes them, "fathom lab up" with its options starts it anew`,
      )
    }
    const others = running.length === 0 ? 'no lab runs' : `running: ${running.map((lab) => lab.name).join(', ')}`
    throw new LabError(
      'lab-not-running',
      `Cannot use lab "${wanted}": it does not run (${others}); "fathom lab up${wanted === DEFAULT_LAB ? '' : ` --name ${wanted}`}" starts it`,
    )
  }
  const { kubeconfig } = state
  // A process that is there but does not answer is found here, not in the middle of a diagnosis.
  await callLab(state, 'status', {})
  if (state.grade === 'netns') {
    const locate = (place: Place): Promise<NamespaceTarget | Skipped> => callLab(state, 'locate', { place })
    return { name: wanted, kubeconfig, vantages: namespaceVantages({ locate }), locate }
  }
  const vantages = labVantages(
    {
      resolve: (place, endpoint) => callLab(state, 'resolve', { place, endpoint }),
      readFile: (place, path) => callLab(state, 'readFile', { place, path }),
    },
    { name: wanted },
  )
  return { name: wanted, kubeconfig, vantages, locate: undefined }
}
