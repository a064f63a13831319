// Labs of namespaces whose process was killed: what they left on this machine is found by their journals.
import { LabError } from '../cluster/lab-error.ts'
import { clearAway, journalPid, journaledLabs } from '../netns/journal.ts'
import { removeLab } from './lab-folder.ts'

/** Names of labs that left namespaces behind. */
export function killedLabs(): string[] {
  return journaledLabs().filter((lab) => journalPid(lab) === undefined)
}

/** Removes what a killed lab left; one that runs, or left nothing, is left alone. @throws {LabError} `start-failed` */
export async function clearKilledLab(lab: string): Promise<void> {
  if (!killedLabs().includes(lab)) return
  removeLab(lab)
  const left = await clearAway(lab)
  if (left.length > 0) throw new LabError('start-failed', `Cannot clear away lab "${lab}": ${left.join('; ')}`)
}
