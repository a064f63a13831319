import { BaseError } from '../../base/index.ts'

export type LabErrorCode =
  | 'bad-description'
  | 'lab-exists'
  | 'lab-not-running'
  | 'not-supported'
  | 'start-failed'
  | 'unknown-fault'

/** A lab could not be described, started, found or changed. */
export class LabError extends BaseError<LabErrorCode> {}

/** What to say of a lab that somebody gave up while it started. */
export function interrupted(lab: string): LabError {
  return new LabError('start-failed', `Cannot start lab "${lab}": interrupted`)
}
