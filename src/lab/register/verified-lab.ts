// A running lab, written down by its own process, as one whose faults can be verified.
import type { LabState } from './lab-folder.ts'
import { callLab } from './call-lab.ts'
import { loopbackLooks, namespaceLooks } from '../verify/run-look.ts'
import type { VerifiedLab } from '../verify/verify-fault.ts'

/** Puts faults in and out by the lab's own process, and looks from this one. */
export function verifiedLab(state: LabState): VerifiedLab {
  const { kubeconfig } = state
  const fillIn = (text: string): Promise<string> =>
    text.includes('{') ? callLab(state, 'fillIn', { text }) : Promise.resolve(text)
  return {
    inject: (fault) => callLab(state, 'inject', { fault }),
    heal: (fault) => callLab(state, 'heal', { fault }),
    look:
      state.grade === 'netns'
        ? namespaceLooks({ kubeconfig, fillIn, enter: (place) => callLab(state, 'enter', { place }) })
        : loopbackLooks({
            kubeconfig,
            fillIn,
            places: {
              resolve: (place, endpoint) => callLab(state, 'resolve', { place, endpoint }),
              readFile: (place, path) => callLab(state, 'readFile', { place, path }),
            },
          }),
  }
}
