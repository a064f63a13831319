// Which messages are queries at all, and the bare headers that some others get. Works on octets: most hostile input
// ends here, before anything is decoded.

/** What becomes of a message before it is decoded. */
export type Acceptance = 'decode' | 'format-error' | 'ignore' | 'not-implemented'

const HEADER = 12
const OPCODE_QUERY = 0
const OPCODE_NOTIFY = 4

/**
 * Judges a message by its header.
 *
 * Responses and what is shorter than a header get silence: an answer could be reflected at somebody else. One question
 * exactly; at most one record in the answer section (NOTIFY has a SOA there), one in the authority section (IXFR), two in
 * the additional section (OPT and TSIG).
 */
export function judgeHeader(octets: Uint8Array): Acceptance {
  if (octets.length < HEADER) return 'ignore'
  const bits = octets[2] ?? 0
  if ((bits & 0x80) !== 0) return 'ignore'
  const opcode = (bits >> 3) & 15
  if (opcode !== OPCODE_QUERY && opcode !== OPCODE_NOTIFY) return 'not-implemented'
  if (countAt(octets, 4) !== 1) return 'format-error'
  if (countAt(octets, 6) > 1 || countAt(octets, 8) > 1 || countAt(octets, 10) > 2) return 'format-error'
  return 'decode'
}

/**
 * A header without any section: FORMERR or NOTIMP.
 *
 * Id, RD and CD are the query's; so is the opcode, but FORMERR always says QUERY, as CoreDNS does.
 */
export function bareResponse(query: Uint8Array, kind: 'format-error' | 'not-implemented'): Uint8Array {
  const response = new Uint8Array(HEADER)
  response[0] = query[0] ?? 0
  response[1] = query[1] ?? 0
  const opcodeBits = kind === 'not-implemented' ? (query[2] ?? 0) & 0x78 : 0
  response[2] = 0x80 | opcodeBits | ((query[2] ?? 0) & 0x01)
  response[3] = ((query[3] ?? 0) & 0x10) | (kind === 'not-implemented' ? 4 : 1)
  return response
}

function countAt(octets: Uint8Array, offset: number): number {
  return ((octets[offset] ?? 0) << 8) | (octets[offset + 1] ?? 0)
}
