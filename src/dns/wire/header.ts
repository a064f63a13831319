// The header and the questions: what a server looks at before it decodes a whole message (RFC 1035 §4.1.1, §4.1.2).
import type { Flags, Opcode, Question, Rcode } from '../message.ts'
import { classMnemonic, opcodeMnemonic, rcodeMnemonic, typeMnemonic } from '../mnemonics.ts'
import { WireError } from './error.ts'
import { decodeName } from './name.ts'

/** Octets before the question section. */
export const HEADER_OCTETS = 12

export interface Header {
  readonly id: number
  readonly opcode: Opcode
  readonly flags: Flags
  /** The header's four bits only; an OPT record may add eight more. */
  readonly rcode: Rcode
  readonly questionCount: number
  readonly answerCount: number
  readonly authorityCount: number
  readonly additionalCount: number
}

export interface DecodedQuestion {
  readonly question: Question
  /** The first octet after the question. */
  readonly end: number
}

/** Decodes the header alone. @throws {WireError} `truncated` under 12 octets */
export function decodeHeader(message: Uint8Array): Header {
  if (message.length < HEADER_OCTETS) {
    throw new WireError(
      'truncated',
      message.length,
      `Cannot decode message: it has ${message.length} octets, the header alone needs ${HEADER_OCTETS}`,
    )
  }
  const bits = uint16At(message, 2)
  return {
    id: uint16At(message, 0),
    opcode: opcodeMnemonic((bits >>> 11) & 15),
    flags: {
      qr: (bits & 0x8000) !== 0,
      aa: (bits & 0x0400) !== 0,
      tc: (bits & 0x0200) !== 0,
      rd: (bits & 0x0100) !== 0,
      ra: (bits & 0x0080) !== 0,
      z: (bits & 0x0040) !== 0,
      ad: (bits & 0x0020) !== 0,
      cd: (bits & 0x0010) !== 0,
    },
    rcode: rcodeMnemonic(bits & 15),
    questionCount: uint16At(message, 4),
    answerCount: uint16At(message, 6),
    authorityCount: uint16At(message, 8),
    additionalCount: uint16At(message, 10),
  }
}

/**
 * Decodes one question.
 *
 * @param offset where it begins; the first stands at {@link HEADER_OCTETS}
 * @throws {WireError} `truncated` and as `decodeName`
 */
export function decodeQuestion(message: Uint8Array, offset: number = HEADER_OCTETS): DecodedQuestion {
  const { name, end } = decodeName(message, offset)
  if (end + 4 > message.length) {
    throw new WireError('truncated', end, `Cannot decode question: the message ends at offset ${message.length}`)
  }
  const question = {
    name,
    type: typeMnemonic(uint16At(message, end)),
    class: classMnemonic(uint16At(message, end + 2)),
  }
  return { question, end: end + 4 }
}

/** The header's second pair of octets: QR, opcode, bits, lower four bits of the rcode. */
export function packFlags(flags: Flags, codes: { readonly opcode: number; readonly rcode: number }): number {
  return (
    (flags.qr ? 0x8000 : 0) |
    (codes.opcode << 11) |
    (flags.aa ? 0x0400 : 0) |
    (flags.tc ? 0x0200 : 0) |
    (flags.rd ? 0x0100 : 0) |
    (flags.ra ? 0x0080 : 0) |
    (flags.z ? 0x0040 : 0) |
    (flags.ad ? 0x0020 : 0) |
    (flags.cd ? 0x0010 : 0) |
    (codes.rcode & 15)
  )
}

function uint16At(message: Uint8Array, offset: number): number {
  return ((message[offset] ?? 0) << 8) | (message[offset + 1] ?? 0)
}
