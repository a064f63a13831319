// A whole message from data to octets (RFC 1035 §4.1), and responses cut to the size that the client can receive.
import type { Message, ResourceRecord } from '../message.ts'
import { classNumber, opcodeNumber, rcodeNumber, typeNumber } from '../mnemonics.ts'
import { equalNames } from '../name.ts'
import { WireError } from './error.ts'
import { packFlags } from './header.ts'
import { writeName } from './name.ts'
import { optSize, writeOpt } from './opt.ts'
import { requireNumber, writeRecord } from './record.ts'
import { MAX_MESSAGE_OCTETS, createWriter, patchUint16, writeUint16, writtenOctets } from './writer.ts'
import type { Writer } from './writer.ts'

export interface EncodeOptions {
  /** The most octets the message may take; default 65535. */
  readonly maxSizeBytes?: number | undefined
  /** Whether names become pointers where RFC 3597 §4 allows it; default true. */
  readonly compress?: boolean | undefined
}

/**
 * Encodes a message whole.
 *
 * The OPT record goes last in the additional section, but before a TSIG or SIG(0) record, which must be the very last.
 *
 * @throws {WireError} `message-too-large`, `label-too-long`, `name-too-long`
 * @throws {RangeError} for a value that does not fit its field
 */
export function encodeMessage(message: Message, options: EncodeOptions = {}): Uint8Array {
  const { maxSizeBytes = MAX_MESSAGE_OCTETS, compress = true } = options
  const writer = createWriter(compress)
  writeHeaderAndQuestions(writer, message)
  for (const record of message.answer) writeRecord(writer, record)
  for (const record of message.authority) writeRecord(writer, record)
  const { before, signature } = splitSignature(message.additional)
  for (const record of before) writeRecord(writer, record)
  if (message.edns !== undefined) writeOpt(writer, message.edns, rcodeOf(message))
  for (const record of signature) writeRecord(writer, record)
  writeCounts(writer, message)
  if (writer.length > maxSizeBytes) {
    throw new WireError(
      'message-too-large',
      maxSizeBytes,
      `Cannot encode message: it takes ${writer.length} octets, limit is ${maxSizeBytes}`,
    )
  }
  return writtenOctets(writer)
}

/**
 * Encodes a response so that it fits, leaving out what must be left out.
 *
 * Records go from the end: first the additional section by whole RRsets, then authority, then answers. TC is set when
 * something required is missing (RFC 2181 §9): an answer, or the authority section of a response without answers.
 * The OPT record always stays.
 *
 * @throws {WireError} when a name cannot be encoded @throws {RangeError} for a value that does not fit its field
 */
export function encodeResponse(message: Message, options: EncodeOptions = {}): Uint8Array {
  const { maxSizeBytes = MAX_MESSAGE_OCTETS, compress = true } = options
  const writer = createWriter(compress)
  writeHeaderAndQuestions(writer, message)
  const limit = Math.min(maxSizeBytes, MAX_MESSAGE_OCTETS) - (message.edns === undefined ? 0 : optSize(message.edns))
  const answers = writeWhileFitting(writer, message.answer, limit)
  const isWhole = answers === message.answer.length
  const authorities = isWhole ? writeWhileFitting(writer, message.authority, limit) : 0
  const additionals =
    isWhole && authorities === message.authority.length ? writeRRsets(writer, message.additional, limit) : 0
  if (message.edns !== undefined) writeOpt(writer, message.edns, rcodeOf(message))
  const tc = !isWhole || (answers === 0 && authorities < message.authority.length)
  if (tc) writer.octets[2] = (writer.octets[2] ?? 0) | 0x02
  patchCounts(writer, { answers, authorities, additionals: additionals + (message.edns === undefined ? 0 : 1) })
  return writtenOctets(writer)
}

function writeHeaderAndQuestions(writer: Writer, message: Message): void {
  const opcode = requireNumber(opcodeNumber(message.opcode), `opcode "${message.opcode}"`)
  const rcode = rcodeOf(message)
  if (rcode > 15 && message.edns === undefined) {
    throw new RangeError(`Cannot encode rcode ${message.rcode}: it needs an OPT record`)
  }
  writeUint16(writer, message.id)
  writeUint16(writer, packFlags(message.flags, { opcode, rcode }))
  writeUint16(writer, message.question.length)
  for (let count = 0; count < 3; count += 1) writeUint16(writer, 0)
  for (const question of message.question) {
    writeName(writer, question.name)
    writeUint16(writer, requireNumber(typeNumber(question.type), `type "${question.type}"`))
    writeUint16(writer, requireNumber(classNumber(question.class), `class "${question.class}"`))
  }
}

function writeCounts(writer: Writer, message: Message): void {
  patchCounts(writer, {
    answers: message.answer.length,
    authorities: message.authority.length,
    additionals: message.additional.length + (message.edns === undefined ? 0 : 1),
  })
}

interface Counts {
  readonly answers: number
  readonly authorities: number
  readonly additionals: number
}

function patchCounts(writer: Writer, { answers, authorities, additionals }: Counts): void {
  if (answers > 65_535 || authorities > 65_535 || additionals > 65_535) {
    throw new WireError('message-too-large', 6, 'Cannot encode message: a section has more than 65535 records')
  }
  patchUint16(writer, 6, answers)
  patchUint16(writer, 8, authorities)
  patchUint16(writer, 10, additionals)
}

/** Writes records until one does not fit, takes that one back, and tells how many were written. */
function writeWhileFitting(writer: Writer, records: readonly ResourceRecord[], limit: number): number {
  let written = 0
  for (const record of records) {
    if (!tryWrite(writer, record, limit)) break
    written += 1
  }
  return written
}

/** As {@link writeWhileFitting}, but an RRset that does not fit whole is left out whole. */
function writeRRsets(writer: Writer, records: readonly ResourceRecord[], limit: number): number {
  let written = 0
  let rrsetStart = { written: 0, length: writer.length }
  for (const [index, record] of records.entries()) {
    const previous = records[index - 1]
    const isSameRRset =
      previous !== undefined && previous.type === record.type && equalNames(previous.name, record.name)
    if (!isSameRRset) rrsetStart = { written, length: writer.length }
    if (!tryWrite(writer, record, limit)) {
      writer.length = rrsetStart.length
      return rrsetStart.written
    }
    written += 1
  }
  return written
}

/** Writes one record if it fits; else leaves the message as it was. Names it took down are of no use after that. */
function tryWrite(writer: Writer, record: ResourceRecord, limit: number): boolean {
  const start = writer.length
  try {
    writeRecord(writer, record)
  } catch (error) {
    if (!(error instanceof WireError) || error.code !== 'message-too-large') throw error
    writer.length = limit + 1
  }
  if (writer.length <= limit) return true
  writer.length = start
  return false
}

function splitSignature(records: readonly ResourceRecord[]): {
  readonly before: readonly ResourceRecord[]
  readonly signature: readonly ResourceRecord[]
} {
  const last = records.at(-1)
  const cut = last !== undefined && (last.type === 'TSIG' || last.type === 'SIG') ? records.length - 1 : records.length
  return { before: records.slice(0, cut), signature: records.slice(cut) }
}

function rcodeOf(message: Message): number {
  return requireNumber(rcodeNumber(message.rcode), `rcode "${message.rcode}"`)
}
