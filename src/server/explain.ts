// Adds the reason to answers that are none, as an extended error (RFC 8914). Such a text names objects of the cluster:
// only for who asked for it on the command line.
import { EDNS_OPTION, findOption, writeExtendedError } from '../dns/index.ts'
import type { Message, Rcode } from '../dns/index.ts'
import type { Outcome, Request } from './handler.ts'
import { respond } from './respond.ts'

/** Longer texts would crowd out the answer. */
const MAX_TEXT_CHARACTERS = 200

const OTHER = 0
const NOT_AUTHORITATIVE = 20

/** The outcome with an extended error, where it has a reason or an error and the client spoke EDNS. */
export function explainOutcome(request: Request, outcome: Outcome): Outcome {
  if (request.message.edns === undefined || outcome.kind === 'drop') return outcome
  const text = outcome.reason ?? outcome.error?.message
  if (outcome.kind === 'status') {
    const infoCode = codeFor(outcome.rcode, text)
    if (text === undefined && infoCode === OTHER) return outcome
    const options = [writeExtendedError({ infoCode, extraText: shortened(text) })]
    return respond(request, { by: outcome.by, rcode: outcome.rcode, aa: false, options })
  }
  const { message } = outcome
  if (text === undefined || isPositive(message) || findOption(message.edns, EDNS_OPTION.extendedError)) return outcome
  const option = writeExtendedError({ infoCode: codeFor(message.rcode, text), extraText: shortened(text) })
  const edns = message.edns ?? { udpPayloadSize: 512, version: 0, dnssecOk: false, z: 0, options: [] }
  return { ...outcome, message: { ...message, edns: { ...edns, options: [...edns.options, option] } } }
}

function isPositive({ rcode, answer }: Message): boolean {
  return rcode === 'NOERROR' && answer.length > 0
}

/** The registered codes speak of resolvers; what is said here is in the text. */
function codeFor(rcode: Rcode, text: string | undefined): number {
  return rcode === 'REFUSED' && text === undefined ? NOT_AUTHORITATIVE : OTHER
}

function shortened(text = ''): string {
  return text.length > MAX_TEXT_CHARACTERS ? `${text.slice(0, MAX_TEXT_CHARACTERS - 1)}…` : text
}
