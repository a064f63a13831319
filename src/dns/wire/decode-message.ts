// A whole message from octets to data (RFC 1035 §4.1).
import type { Edns, Message, Question, ResourceRecord } from '../message.ts'
import { rcodeMnemonic } from '../mnemonics.ts'
import { WireError } from './error.ts'
import { HEADER_OCTETS, decodeHeader, decodeQuestion } from './header.ts'
import type { Header } from './header.ts'
import { isOpt, readOpt } from './opt.ts'
import type { Reader } from './reader.ts'
import { readRecord } from './record.ts'

/** The root's name, type and class; then for a record also TTL and length. */
const MIN_QUESTION_OCTETS = 5
const MIN_RECORD_OCTETS = 11

export interface DecodedMessage {
  readonly message: Message
  /** Octets after the last record that belong to nothing. */
  readonly trailingOctets: number
  /** How many octets there are before the OPT record, where that is the last record, else up to the end; 0 where one is elsewhere. */
  readonly octetsBeforeOpt: number
}

/** A question that the message is likely to repeat octet by octet. */
export interface KnownQuestion {
  readonly question: readonly Question[]
  /** A message that has it as its only question, without compression. */
  readonly octets: Uint8Array
}

/**
 * Decodes a message; octets after its last record are ignored.
 *
 * The last OPT record of the additional section becomes `edns`; any other OPT record stays a record with its octets.
 *
 * @throws {WireError} `truncated`, `too-many-records`, `bad-rdata`, and as `decodeName`
 */
export function decodeMessage(octets: Uint8Array): Message {
  return decodeMessageAndTrailer(octets).message
}

/**
 * Decodes a message and tells how much follows it.
 *
 * @param known taken for the message's questions, the very array, if their octets are the same: nothing is made for them
 * @throws {WireError} as {@link decodeMessage}
 */
export function decodeMessageAndTrailer(octets: Uint8Array, known?: KnownQuestion): DecodedMessage {
  const header = decodeHeader(octets)
  checkCounts(header, octets.length)
  const reader: Reader = { message: octets, offset: HEADER_OCTETS, end: octets.length, questionName: undefined }
  const knownEnd = known !== undefined && header.questionCount === 1 ? endOfSame(octets, known.octets) : 0
  const question = known === undefined || knownEnd === 0 ? readQuestions(reader, header.questionCount) : known.question
  if (knownEnd > 0) reader.offset = knownEnd
  reader.questionName = question[0]?.name
  const answer = readRecords(reader, header.answerCount)
  const authority = readRecords(reader, header.authorityCount)
  const { records: additional, edns, extendedRcode, optStart, optEnd } = readAdditional(reader, header.additionalCount)
  const { id, opcode, flags } = header
  const rcode = extendedRcode === 0 ? header.rcode : rcodeMnemonic((extendedRcode << 4) | ((octets[3] ?? 0) & 15))
  const message: Message = { id, opcode, flags, rcode, question, answer, authority, additional, edns }
  const octetsBeforeOpt = optStart < 0 ? reader.offset : optEnd === reader.offset ? optStart : 0
  return { message, trailingOctets: octets.length - reader.offset, octetsBeforeOpt }
}

/** Where the question ends if both messages have it, octet by octet; else 0. */
function endOfSame(octets: Uint8Array, known: Uint8Array): number {
  let end = HEADER_OCTETS
  for (let head = known[end] ?? 0; head !== 0; head = known[end] ?? 0) end += head + 1
  end += MIN_QUESTION_OCTETS
  if (end > octets.length || end > known.length) return 0
  for (let at = HEADER_OCTETS; at < end; at += 1) if (octets[at] !== known[at]) return 0
  return end
}

/** Refuses counts that the message's length cannot hold, before anything is allocated for them. */
function checkCounts(header: Header, length: number): void {
  const records = header.answerCount + header.authorityCount + header.additionalCount
  const least = HEADER_OCTETS + header.questionCount * MIN_QUESTION_OCTETS + records * MIN_RECORD_OCTETS
  if (least <= length) return
  throw new WireError(
    'too-many-records',
    4,
    `Cannot decode message: its header counts ${header.questionCount} questions and ${records} records, too many for ${length} octets`,
  )
}

function readQuestions(reader: Reader, count: number): Question[] {
  const questions: Question[] = []
  for (let index = 0; index < count; index += 1) {
    const { question, end } = decodeQuestion(reader.message, reader.offset)
    questions.push(question)
    reader.offset = end
  }
  return questions
}

function readRecords(reader: Reader, count: number): ResourceRecord[] {
  const records: ResourceRecord[] = []
  for (let index = 0; index < count; index += 1) records.push(readRecord(reader))
  return records
}

interface AdditionalSection {
  readonly records: readonly ResourceRecord[]
  readonly edns: Edns | undefined
  readonly extendedRcode: number
  /** Where the last OPT record begins, and where it ends; -1 without one. */
  readonly optStart: number
  readonly optEnd: number
}

function readAdditional(reader: Reader, count: number): AdditionalSection {
  const records: ResourceRecord[] = []
  let edns: Edns | undefined
  let extendedRcode = 0
  let optStart = -1
  let optEnd = -1
  let isOptAlone = true
  for (let index = 0; index < count; index += 1) {
    if (isOpt(reader.message, reader.offset)) {
      if (optStart >= 0) records.push(readRecord({ ...reader, offset: optStart }))
      isOptAlone = optStart < 0
      optStart = reader.offset
      const opt = readOpt(reader)
      edns = opt.edns
      extendedRcode = opt.extendedRcode
      optEnd = isOptAlone ? reader.offset : 0
    } else {
      records.push(readRecord(reader))
    }
  }
  return { records, edns, extendedRcode, optStart, optEnd }
}
