// Tells clients that ask which server answered (RFC 5001).
import type { Edns, EdnsOption } from '../../dns/message.ts'
import { mapOutcome, type Handler } from '../../server/index.ts'
import type { NsidOptions } from './setup.ts'

/** OPTION-CODE of NSID (RFC 5001 §4.1). */
const NSID = 3

export function createNsidHandler({ octets }: NsidOptions): Handler {
  const option: EdnsOption = { code: NSID, octets }
  return (request, next) => {
    const asked = request.message.edns
    if (asked?.options.some(({ code }) => code === NSID) !== true) return next(request)
    return mapOutcome(next(request), (outcome) => {
      if (outcome.kind !== 'answer') return outcome
      const given: Edns = outcome.message.edns ?? { ...asked, options: [] }
      const options = [...given.options.filter(({ code }) => code !== NSID), option]
      return { ...outcome, message: { ...outcome.message, edns: { ...given, options } } }
    })
  }
}
