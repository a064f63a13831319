// Domain names in wire format: labels with a length octet, and pointers to names before them (RFC 1035 §3.1, §4.1.4).
import type { DomainName } from '../message.ts'
import { parentName } from '../name.ts'
import { WireError } from './error.ts'
import type { Reader } from './reader.ts'
import { writeOctets, writeUint16 } from './writer.ts'
import type { Writer } from './writer.ts'

/** RFC 1035 §2.3.4: octets of a name, length octets and the root's zero included. */
export const MAX_NAME_OCTETS = 255
/** RFC 1035 §2.3.4. */
export const MAX_LABEL_OCTETS = 63

const BACKSLASH = 0x5c
const DOT = 0x2e
const ZERO = 0x30
/** The most characters a name can take: 255 octets, each as `\DDD`. */
const text = Buffer.alloc(4 * MAX_NAME_OCTETS + 1)

export interface DecodedName {
  readonly name: DomainName
  /** The first octet after the name where it stands, pointers not followed. */
  readonly end: number
}

/**
 * Decodes one domain name, following compression pointers.
 *
 * Labels keep their case; compare with `equalNames`. Each pointer must lead before the labels that led to it, so that
 * no chain of pointers can loop.
 *
 * @param offset first octet of the name, counted from the start of the message
 * @throws {WireError} `truncated`, `name-too-long`, `bad-pointer`, `bad-label-type`
 * @see https://www.rfc-editor.org/rfc/rfc1035#section-4.1.4
 */
export function decodeName(message: Uint8Array, offset: number): DecodedName {
  let at = offset
  let end = -1
  let earliest = offset
  let nameOctets = 1
  let length = 0
  for (;;) {
    const head = message[at]
    if (head === undefined) throw truncated(at)
    if (head === 0) break
    if (head <= MAX_LABEL_OCTETS) {
      nameOctets += head + 1
      if (nameOctets > MAX_NAME_OCTETS) throw nameTooLong(offset)
      const labelEnd = at + 1 + head
      if (labelEnd > message.length) throw truncated(at)
      for (at += 1; at < labelEnd; at += 1) length = appendOctet(message[at] ?? 0, length)
      text[length] = DOT
      length += 1
    } else if (head >= 0xc0) {
      const low = message[at + 1]
      if (low === undefined) throw truncated(at)
      const target = ((head & 0x3f) << 8) | low
      if (target >= earliest) throw badPointer(at, target)
      if (end < 0) end = at + 2
      earliest = target
      at = target
    } else {
      throw badLabelType(at, head)
    }
  }
  return { name: length === 0 ? '.' : text.toString('latin1', 0, length), end: end < 0 ? at + 1 : end }
}

/** Decodes the name at the reader's place and steps over it. @throws {WireError} as {@link decodeName} */
export function readName(reader: Reader): DomainName {
  const { message, offset, questionName } = reader
  if (
    questionName !== undefined &&
    message[offset] === 0xc0 &&
    message[offset + 1] === 12 &&
    offset + 2 <= reader.end
  ) {
    reader.offset = offset + 2
    return questionName
  }
  const { name, end } = decodeName(reader.message, reader.offset)
  if (end > reader.end) throw truncated(reader.offset)
  reader.offset = end
  return name
}

/** Appends one octet in presentation format (RFC 1035 §5.1) and returns the new length. */
function appendOctet(octet: number, length: number): number {
  if (octet > 0x20 && octet < 0x7f) {
    if (octet === DOT || octet === BACKSLASH) {
      text[length] = BACKSLASH
      text[length + 1] = octet
      return length + 2
    }
    text[length] = octet
    return length + 1
  }
  text[length] = BACKSLASH
  text[length + 1] = ZERO + Math.trunc(octet / 100)
  text[length + 2] = ZERO + (Math.trunc(octet / 10) % 10)
  text[length + 3] = ZERO + (octet % 10)
  return length + 4
}

// --- Encoding ---

/** A pointer has 14 bits for the offset. */
const MAX_POINTER = 0x3fff

/** Where a name is encoded before it is copied; one octet more than fits, so that a name that is too long shows. */
const scratch = new Uint8Array(MAX_NAME_OCTETS + 1)

/**
 * Encodes a domain name as octets, without compression.
 *
 * @throws {WireError} `label-too-long`, `name-too-long`, `bad-label-type` (empty label or bad escape)
 */
export function encodeName(name: DomainName): Uint8Array {
  return scratch.slice(0, encodeIntoScratch(name))
}

/** Encodes a name into `scratch` and gives its length. A name without the final dot is taken as absolute all the same. */
function encodeIntoScratch(name: DomainName): number {
  if (name === '.') {
    scratch[0] = 0
    return 1
  }
  let at = 1
  let labelStart = 0
  for (let index = 0; index < name.length;) {
    let octet = name.charCodeAt(index)
    index += 1
    if (octet === DOT) {
      at = endLabel(name, labelStart, at)
      labelStart = at - 1
      continue
    }
    if (octet === BACKSLASH) {
      const width = escapeWidth(name, index)
      octet = width === 3 ? Number(name.slice(index, index + 3)) : name.charCodeAt(index)
      index += width
    }
    if (!(octet <= 255)) {
      throw new WireError('bad-label-type', 0, `Cannot encode name "${name}": a character is not one octet`)
    }
    scratch[at] = octet
    at += 1
  }
  if (at > labelStart + 1) {
    at = endLabel(name, labelStart, at)
    labelStart = at - 1
  }
  if (at > MAX_NAME_OCTETS) throw nameTooLong(0, { name, size: at })
  scratch[labelStart] = 0
  return at
}

/** Writes the length of the label that ends before `at`, and gives where the next label's first octet goes. */
function endLabel(name: string, labelStart: number, at: number): number {
  const size = at - labelStart - 1
  if (size === 0) throw new WireError('bad-label-type', 0, `Cannot encode name "${name}": it has an empty label`)
  if (size > MAX_LABEL_OCTETS) throw labelTooLong(name, size)
  scratch[labelStart] = size
  return at + 1
}

/** How many characters belong to the escape whose backslash stands before `index`. */
function escapeWidth(name: string, index: number): 1 | 3 {
  const first = name.charCodeAt(index)
  if (!(first >= ZERO && first <= ZERO + 9)) return 1
  if (!/^(?:[01]\d\d|2[0-4]\d|25[0-5])$/.test(name.slice(index, index + 3))) {
    throw new WireError('bad-label-type', 0, `Cannot encode name "${name}": bad escape at character ${index}`)
  }
  return 3
}

/**
 * Writes a name, as a pointer where the same labels stand in the message already.
 *
 * The match is by exact case, so that names keep theirs (RFC 4343 §4.1).
 *
 * @throws {WireError} as {@link encodeName}
 */
export function writeName(writer: Writer, name: DomainName): void {
  const { names, first } = writer
  const whole = first?.name === name ? first.at : names?.get(name)
  if (whole !== undefined) {
    writeUint16(writer, 0xc000 | whole)
    return
  }
  if (names !== undefined && first !== undefined) {
    writer.first = undefined
    takeDown(names, first)
    // The second name may be a suffix of the first.
    const suffixAt = names.get(name)
    if (suffixAt !== undefined) {
      writeUint16(writer, 0xc000 | suffixAt)
      return
    }
  }
  const length = encodeIntoScratch(name)
  const at = writer.length
  if (names === undefined) {
    writeOctets(writer, scratch.subarray(0, length))
  } else if (names.size === 0 && length > 1 && at <= MAX_POINTER) {
    writeOctets(writer, scratch.subarray(0, length))
    writer.first = { name, at }
  } else {
    const { known, end } = addSuffixes(names, { name, at, length })
    writeOctets(writer, scratch.subarray(0, end))
    if (known !== undefined) writeUint16(writer, 0xc000 | known)
  }
}

/** Takes the suffixes of the first name down, now that a second one came. */
function takeDown(names: Map<string, number>, { name, at }: { readonly name: DomainName; readonly at: number }): void {
  addSuffixes(names, { name, at, length: encodeIntoScratch(name) })
}

/** Notes where each suffix of the name in `scratch` will stand, up to one that stands in the message already (`known`). */
function addSuffixes(
  names: Map<string, number>,
  { name, at, length }: { readonly name: DomainName; readonly at: number; readonly length: number },
): { readonly known: number | undefined; readonly end: number } {
  let suffix = name
  for (let offset = 0; offset < length - 1;) {
    const known = offset === 0 ? undefined : names.get(suffix)
    if (known !== undefined) return { known, end: offset }
    if (at + offset <= MAX_POINTER) names.set(suffix, at + offset)
    offset += (scratch[offset] ?? 0) + 1
    suffix = parentName(suffix) ?? ''
  }
  return { known: undefined, end: length }
}

/** Writes a name that no receiver may expect to be compressed (RFC 3597 §4), and that later names do not point to. */
export function writePlainName(writer: Writer, name: DomainName): void {
  writeOctets(writer, scratch.subarray(0, encodeIntoScratch(name)))
}

// --- Errors ---

function truncated(offset: number): WireError {
  return new WireError('truncated', offset, `Cannot decode name: the message ends within it, at offset ${offset}`)
}

function nameTooLong(offset: number, encoded?: { readonly name: string; readonly size: number }): WireError {
  const message =
    encoded === undefined
      ? `Cannot decode name: it is over ${MAX_NAME_OCTETS} octets`
      : `Cannot encode name "${encoded.name.slice(0, 300)}": name is ${encoded.size} octets, limit is ${MAX_NAME_OCTETS}`
  return new WireError('name-too-long', offset, message)
}

function labelTooLong(name: string, size: number): WireError {
  return new WireError(
    'label-too-long',
    0,
    `Cannot encode name "${name.slice(0, 300)}": label is ${size} octets, limit is ${MAX_LABEL_OCTETS}`,
  )
}

function badPointer(offset: number, target: number): WireError {
  return new WireError(
    'bad-pointer',
    offset,
    `Cannot decode name: the pointer at offset ${offset} leads to ${target}, not to an earlier name`,
  )
}

function badLabelType(offset: number, head: number): WireError {
  return new WireError(
    'bad-label-type',
    offset,
    `Cannot decode name: label type 0x${(head & 0xc0).toString(16)} at offset ${offset} is not in use`,
  )
}
