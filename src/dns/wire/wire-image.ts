// A response kept as the octets it came in, to be passed on without encoding it again. Hot path of forwarded queries.
//
//   header (12) | question, as sent | answer | authority | additional without OPT
//
// Held as text of one code unit per octet: of all that V8 has it is the least for the garbage collector to copy.
import type { Edns, Flags, Message, ResourceRecord } from '../message.ts'
import { decodeMessage, decodeMessageAndTrailer, type KnownQuestion } from './decode-message.ts'
import { HEADER_OCTETS, packFlags } from './header.ts'
import { optSize, writeOpt } from './opt.ts'
import { createWriter, patchUint16, writtenOctets } from './writer.ts'

/** The octets of a message. Who makes another message of it has no octets for that one: compare `message` before use. */
export interface WireImage {
  readonly message: Message
  /** One code unit per octet, without the OPT record; ARCOUNT counts none. */
  readonly octets: string
}

export interface DecodedResponse {
  readonly message: Message
  /** Undefined where the octets say anything but what the message says. */
  readonly image: WireImage | undefined
}

const MAX_IMAGE_OCTETS = 4096
const ARCOUNT = 10
const scratch = Buffer.alloc(MAX_IMAGE_OCTETS)

/** Decodes a response and keeps its octets. @throws {WireError} as `decodeMessage` */
export function decodeResponse(octets: Uint8Array, known?: KnownQuestion): DecodedResponse {
  const { message, octetsBeforeOpt: length } = decodeMessageAndTrailer(octets, known)
  const { question, answer, authority, additional } = message
  // A TTL over 2^31 decodes as zero (RFC 2181 §8): then the octets are not to be passed on.
  const isSame = question.length === 1 && hasTtls(answer) && hasTtls(authority) && hasTtls(additional)
  if (!isSame || length === 0 || length > MAX_IMAGE_OCTETS) return { message, image: undefined }
  scratch.set(octets.length === length ? octets : octets.subarray(0, length))
  patchCount(scratch, additional.length)
  return { message, image: { message, octets: scratch.toString('latin1', 0, length) } }
}

/** The message of an image, without `edns`. */
export function decodeImage(octets: string): Message {
  return decodeMessage(Buffer.from(octets, 'latin1'))
}

/** How many records an image has. */
export function countImageRecords(octets: string): number {
  let count = 0
  for (let at = 6; at < HEADER_OCTETS; at += 2) count += (octets.charCodeAt(at) << 8) | octets.charCodeAt(at + 1)
  return count
}

export interface ImageHead {
  readonly id: number
  readonly flags: Flags
  /** Numbers; an rcode over 15 needs an OPT record. */
  readonly opcode: number
  readonly rcode: number
  readonly edns: Edns | undefined
}

/** How many octets {@link encodeImage} gives. */
export function imageSize(octets: string, edns: Edns | undefined): number {
  return octets.length + (edns === undefined ? 0 : optSize(edns))
}

/** Puts another header before an image, and an OPT record behind it. */
export function encodeImage(octets: string, { id, flags, opcode, rcode, edns }: ImageHead): Uint8Array {
  const writer = createWriter(false)
  // An image is never longer than the buffer of a writer that has just begun.
  const { octets: out } = writer
  const { length } = octets
  for (let at = 0; at < length; at += 1) out[at] = octets.charCodeAt(at)
  writer.length = length
  patchUint16(writer, 0, id)
  patchUint16(writer, 2, packFlags(flags, { opcode, rcode }))
  if (edns !== undefined) {
    patchCount(out, ((out[ARCOUNT] ?? 0) << 8) + (out[ARCOUNT + 1] ?? 0) + 1)
    writeOpt(writer, edns, rcode)
  }
  return writtenOctets(writer)
}

function patchCount(octets: Uint8Array, count: number): void {
  octets[ARCOUNT] = count >>> 8
  octets[ARCOUNT + 1] = count & 0xff
}

function hasTtls(records: readonly ResourceRecord[]): boolean {
  for (let index = 0; index < records.length; index += 1) if (records[index]?.ttl === 0) return false
  return true
}
