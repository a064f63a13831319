// Builds the outcomes that plugins give most: a response to the request with these records.
import type { EdnsOption, Message, Rcode, ResourceRecord } from '../dns/message.ts'
import type { Keep } from './plugin.ts'
import type { Outcome, Request } from './handler.ts'

/** Sections and bits of a response; absent means an empty section, NOERROR, AA set and the other bits clear. */
export interface ResponseParts {
  /** The plugin's name. */
  readonly by: string
  readonly reason?: string | undefined
  readonly rcode?: Rcode | undefined
  readonly answer?: readonly ResourceRecord[] | undefined
  readonly authority?: readonly ResourceRecord[] | undefined
  readonly additional?: readonly ResourceRecord[] | undefined
  /** True unless said otherwise: most plugins that answer are authoritative. */
  readonly aa?: boolean | undefined
  readonly ra?: boolean | undefined
  readonly ad?: boolean | undefined
  readonly tc?: boolean | undefined
  /** EDNS options to send if the client spoke EDNS (RFC 8914 errors, NSID). */
  readonly options?: readonly EdnsOption[] | undefined
  readonly error?: Error | undefined
  /** See `Outcome.keep`. */
  readonly keep?: (() => Keep | undefined) | undefined
}

const NONE: readonly ResourceRecord[] = []

/** Answers the request; id, question, RD and CD are the request's. */
export function respond(request: Request, parts: ResponseParts): Outcome {
  const { message } = request
  const { rd, cd } = message.flags
  const { aa = true, ra = false, ad = false, tc = false } = parts
  const response: Message = {
    id: message.id,
    opcode: message.opcode,
    flags: { qr: true, aa, tc, rd, ra, z: false, ad, cd },
    rcode: parts.rcode ?? 'NOERROR',
    question: message.question,
    answer: parts.answer ?? NONE,
    authority: parts.authority ?? NONE,
    additional: parts.additional ?? NONE,
    edns: parts.options === undefined ? undefined : { ...EMPTY_EDNS, options: parts.options },
  }
  return { kind: 'answer', message: response, by: parts.by, reason: parts.reason, error: parts.error, keep: parts.keep }
}

/** Nothing written: the server answers with an empty message of this rcode, and `errors` logs the error. */
export function fail(by: string, rcode: Rcode, error?: Error | string): Outcome {
  return { kind: 'status', rcode, by, error: typeof error === 'string' ? new Error(error) : error }
}

const EMPTY_EDNS = { udpPayloadSize: 512, version: 0, dnssecOk: false, z: 0 } as const
