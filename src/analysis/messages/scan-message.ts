// What pairing and counting need of a message, read where it lies, and whether its structure holds. Hot path: no objects; whoever
// wants the records decodes the message with dns/.
//   header, 12 octets: id | QR, opcode, AA TC RD RA Z AD CD, rcode | counts of questions, answers, authority, additional records

export interface ScannedMessage {
  id: number
  /** The header's second pair of octets. */
  bits: number
  answers: number
  /** Whether there is a question that could be read. */
  hasQuestion: boolean
  /** Where the first question's name stands; it is not compressed. */
  nameStart: number
  nameEnd: number
  type: number
  /** Octets of the OPT record's UDP payload size; 0 without OPT. */
  ednsSize: number
  /** With the OPT record's upper bits. */
  rcode: number
  /** What is wrong although the message is whole; undefined when nothing is, or when it is cut. */
  fault: MessageFault | undefined
  /** A sum that two responses with the same records in any order share, whatever their TTLs. */
  contents: number
}

export type MessageFault =
  | 'bad-label'
  | 'bad-pointer'
  | 'header-too-short'
  | 'name-too-long'
  | 'question-too-short'
  | 'record-too-short'
  | 'too-many-records'

const HEADER = 12
const OPT = 41

export function createScan(): ScannedMessage {
  return {
    id: 0,
    bits: 0,
    answers: 0,
    hasQuestion: false,
    nameStart: 0,
    nameEnd: 0,
    type: 0,
    ednsSize: 0,
    rcode: 0,
    fault: undefined,
    contents: 0,
  }
}

/**
 * Scans a message.
 *
 * @param isCut the message was longer: what is missing at its end is no fault
 * @returns whether there is at least a header
 */
// oxlint-disable-next-line max-params -- hot path
export function scanMessage(
  octets: Uint8Array,
  start: number,
  end: number,
  isCut: boolean,
  scan: ScannedMessage,
): boolean {
  scan.fault = undefined
  scan.hasQuestion = false
  scan.ednsSize = 0
  scan.contents = 0
  scan.type = 0
  if (end - start < HEADER) {
    scan.fault = isCut ? undefined : 'header-too-short'
    return false
  }
  scan.id = uint16(octets, start)
  scan.bits = uint16(octets, start + 2)
  scan.rcode = scan.bits & 15
  const questions = uint16(octets, start + 4)
  scan.answers = uint16(octets, start + 6)
  const records = scan.answers + uint16(octets, start + 8) + uint16(octets, start + 10)
  if (HEADER + questions * 5 + records * 11 > end - start && !isCut) scan.fault = 'too-many-records'
  let at = start + HEADER
  for (let index = 0; index < questions; index += 1) {
    const nameEnd = skipName(octets, start, at, end)
    if (nameEnd < 0 || nameEnd + 4 > end) {
      if (!isCut || nameEnd === BAD_POINTER || nameEnd === BAD_LABEL || nameEnd === TOO_LONG) {
        scan.fault = faultOf(nameEnd) ?? 'question-too-short'
      }
      return true
    }
    if (index === 0) {
      scan.hasQuestion = !isCompressed(octets, at, nameEnd)
      if (!scan.hasQuestion) scan.fault = 'bad-pointer'
      scan.nameStart = at
      scan.nameEnd = nameEnd
      scan.type = uint16(octets, nameEnd)
    }
    at = nameEnd + 4
  }
  if (scan.fault !== undefined) return true
  if (records > 0) scanRecords(octets, start, at, end, records, isCut, scan)
  return true
}

// oxlint-disable-next-line max-params -- hot path
function scanRecords(
  octets: Uint8Array,
  start: number,
  first: number,
  end: number,
  records: number,
  isCut: boolean,
  scan: ScannedMessage,
): void {
  let at = first
  for (let index = 0; index < records; index += 1) {
    const nameEnd = skipName(octets, start, at, end)
    if (nameEnd < 0 || nameEnd + 10 > end) {
      if (!isCut) scan.fault = faultOf(nameEnd) ?? 'record-too-short'
      return
    }
    const type = uint16(octets, nameEnd)
    const length = uint16(octets, nameEnd + 8)
    if (type === OPT) {
      scan.ednsSize = uint16(octets, nameEnd + 2)
      scan.rcode = (scan.bits & 15) | ((octets[nameEnd + 4] ?? 0) << 4)
    }
    at = nameEnd + 10 + length
    if (at > end) {
      if (!isCut) scan.fault = 'record-too-short'
      return
    }
    if (index < scan.answers) {
      let sum = type
      for (let octet = nameEnd + 10; octet < at; octet += 1) sum = (Math.imul(sum, 31) + (octets[octet] ?? 0)) | 0
      scan.contents = (scan.contents + sum) | 0
    }
  }
}

// --- Names (RFC 1035 §4.1.4) ---

const BAD_POINTER = -1
const BAD_LABEL = -2
const TOO_LONG = -3
const RUNS_OUT = -4

/** The octet after a name, or what is wrong with it. Pointers must lead backwards, each before the last. */
// oxlint-disable-next-line max-params -- hot path
function skipName(octets: Uint8Array, message: number, start: number, end: number): number {
  let at = start
  let after = -1
  let earliest = start
  let length = 1
  for (;;) {
    if (at >= end) return RUNS_OUT
    const head = octets[at] ?? 0
    if (head === 0) return after < 0 ? at + 1 : after
    if (head < 64) {
      length += head + 1
      if (length > 255) return TOO_LONG
      at += head + 1
    } else if (head >= 192) {
      if (at + 1 >= end) return RUNS_OUT
      const target = message + (((head & 63) << 8) | (octets[at + 1] ?? 0))
      if (target >= earliest) return BAD_POINTER
      if (after < 0) after = at + 2
      earliest = target
      at = target
    } else return BAD_LABEL
  }
}

function faultOf(result: number): MessageFault | undefined {
  if (result === BAD_POINTER) return 'bad-pointer'
  if (result === BAD_LABEL) return 'bad-label'
  return result === TOO_LONG ? 'name-too-long' : undefined
}

/** A pointer in the first name could only lead into the header. */
function isCompressed(octets: Uint8Array, start: number, end: number): boolean {
  return end - start >= 2 && (octets[end - 2] ?? 0) >= 192 && octets[end - 1] !== 0
}

function uint16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
}
