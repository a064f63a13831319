// Speaking to a lab that is written down, and what to say when its process is not there any more.
import { LabError } from '../cluster/lab-error.ts'
import { callControl } from './control.ts'
import type { ControlOperations } from './control.ts'
import { removeLab } from './lab-folder.ts'
import type { LabState } from './lab-folder.ts'

/** Nobody listens on the socket, or it is gone: the process ended without clearing up. */
const NOBODY_THERE = new Set(['ECONNREFUSED', 'ENOENT'])

/**
 * Asks a running lab. One whose process is gone is cleared away.
 *
 * @throws {LabError} what the lab throws, or `lab-not-running` with what to do
 */
export async function callLab<O extends keyof ControlOperations>(
  lab: LabState,
  operation: O,
  argument: Parameters<ControlOperations[O]>[0],
): Promise<Awaited<ReturnType<ControlOperations[O]>>> {
  try {
    return await callControl(lab.socket, operation, argument)
  } catch (error) {
    if (!isGone(error)) throw error
    removeLab(lab.name)
    const advice = `what it left is cleared away; "fathom lab up --name ${lab.name}" starts it anew`
    throw new LabError('lab-not-running', `Lab "${lab.name}" was killed: ${advice}`)
  }
}

/** Whether a call failed because the lab's process is not there any more. */
function isGone(error: unknown): boolean {
  if (!(error instanceof LabError) || error.code !== 'lab-not-running') return false
  const { cause } = error
  return cause instanceof Error && NOBODY_THERE.has((cause as NodeJS.ErrnoException).code ?? '')
}
