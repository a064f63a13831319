// A message under construction: a growing buffer and the names that later ones may point back to.
import { WireError } from './error.ts'

/** The largest message that TCP's two-octet length can announce (RFC 1035 §4.2.2). */
export const MAX_MESSAGE_OCTETS = 65_535

/** A buffer that grows; `names` holds where each domain name suffix was written, undefined when nothing is compressed. */
export interface Writer {
  octets: Uint8Array
  length: number
  readonly names: Map<string, number> | undefined
  /** The first name, of which `names` knows nothing yet: most messages repeat it whole and have no other. */
  first: { readonly name: string; readonly at: number } | undefined
}

/** A buffer that no message is being written to. Most messages are small, and soon written. */
let spare: Uint8Array | undefined
const SPARE_OCTETS = 4096

/** Starts an empty message. Whoever starts one ends it with {@link writtenOctets}, or drops it. */
export function createWriter(compress: boolean): Writer {
  const octets = spare ?? new Uint8Array(SPARE_OCTETS)
  spare = undefined
  return { octets, length: 0, names: compress ? new Map() : undefined, first: undefined }
}

/** The octets written so far, as a copy of exact length; the writer is of no use any more. */
export function writtenOctets(writer: Writer): Uint8Array {
  const written = writer.octets.slice(0, writer.length)
  if (writer.octets.length === SPARE_OCTETS) spare = writer.octets
  writer.octets = NOTHING
  return written
}

const NOTHING = new Uint8Array(0)

/** Writes one octet. @throws {RangeError} for a value that does not fit */
export function writeUint8(writer: Writer, value: number): void {
  checkRange(value, 255)
  const at = reserve(writer, 1)
  writer.octets[at] = value
}

/** Writes two octets, most significant first. @throws {RangeError} for a value that does not fit */
export function writeUint16(writer: Writer, value: number): void {
  checkRange(value, 65_535)
  const at = reserve(writer, 2)
  writer.octets[at] = value >>> 8
  writer.octets[at + 1] = value & 0xff
}

/** Writes four octets, most significant first. @throws {RangeError} for a value that does not fit */
export function writeUint32(writer: Writer, value: number): void {
  checkRange(value, 4_294_967_295)
  const at = reserve(writer, 4)
  const { octets } = writer
  octets[at] = value >>> 24
  octets[at + 1] = (value >>> 16) & 0xff
  octets[at + 2] = (value >>> 8) & 0xff
  octets[at + 3] = value & 0xff
}

/** Writes octets as they are. */
export function writeOctets(writer: Writer, octets: Uint8Array): void {
  const at = reserve(writer, octets.length)
  writer.octets.set(octets, at)
}

/** Writes text of one octet per code unit. @throws {RangeError} for a code unit over 255 */
export function writeLatin1(writer: Writer, text: string): void {
  const at = reserve(writer, text.length)
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    checkRange(code, 255)
    writer.octets[at + index] = code
  }
}

/** Overwrites two octets written before, for lengths and counts known only afterwards. */
export function patchUint16(writer: Writer, offset: number, value: number): void {
  writer.octets[offset] = value >>> 8
  writer.octets[offset + 1] = value & 0xff
}

/** Makes room for `length` octets and returns where they begin. */
function reserve(writer: Writer, length: number): number {
  const at = writer.length
  const wanted = at + length
  if (wanted > MAX_MESSAGE_OCTETS) {
    throw new WireError(
      'message-too-large',
      at,
      `Cannot encode message: it needs more than ${MAX_MESSAGE_OCTETS} octets, the limit of a DNS message`,
    )
  }
  if (wanted > writer.octets.length) {
    const larger = new Uint8Array(Math.min(Math.max(writer.octets.length * 2, wanted), MAX_MESSAGE_OCTETS))
    larger.set(writer.octets)
    writer.octets = larger
  }
  writer.length = wanted
  return at
}

function checkRange(value: number, limit: number): void {
  if (!(value >= 0 && value <= limit && Number.isInteger(value))) {
    throw new RangeError(`Cannot encode ${value}: expected an integer from 0 to ${limit}`)
  }
}
