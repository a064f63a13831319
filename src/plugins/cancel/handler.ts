// Gives every query a time after which nobody works for it any longer; plugins that wait look at it.
import type { Clock } from '../../base/index.ts'
import type { Handler } from '../../server/index.ts'
import type { CancelOptions } from './setup.ts'

export function createCancelHandler({ timeoutMs }: CancelOptions, clock: Clock): Handler {
  return (request, next) => {
    const deadlineAt = Math.min(request.deadlineAt ?? Number.POSITIVE_INFINITY, clock.monotonic() + timeoutMs)
    return next({ ...request, deadlineAt })
  }
}
