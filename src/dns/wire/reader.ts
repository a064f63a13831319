// A place in a message and the numbers that can be read there. Knows nothing of names or records.
import { WireError } from './error.ts'

/** A position that moves through a message; `end` is the first octet that may not be read. */
export interface Reader {
  readonly message: Uint8Array
  offset: number
  end: number
  /** Of the first question, at offset 12 of a message: most records point there. */
  questionName?: string | undefined
}

/** Reads one octet. @throws {WireError} `truncated` */
export function readUint8(reader: Reader): number {
  const at = advance(reader, 1)
  return reader.message[at] ?? 0
}

/** Reads two octets, most significant first. @throws {WireError} `truncated` */
export function readUint16(reader: Reader): number {
  const at = advance(reader, 2)
  const { message } = reader
  return ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0)
}

/** Reads four octets, most significant first, as an unsigned number. @throws {WireError} `truncated` */
export function readUint32(reader: Reader): number {
  return readUint16(reader) * 65_536 + readUint16(reader)
}

/** Copies the next `length` octets out of the message. @throws {WireError} `truncated` */
export function readOctets(reader: Reader, length: number): Uint8Array {
  const at = advance(reader, length)
  return new Uint8Array(reader.message.subarray(at, at + length))
}

/** Copies everything up to `end`. */
export function readRest(reader: Reader): Uint8Array {
  return readOctets(reader, reader.end - reader.offset)
}

/** Reads `length` octets as text of one code unit per octet. @throws {WireError} `truncated` */
export function readLatin1(reader: Reader, length: number): string {
  const at = advance(reader, length)
  const { message } = reader
  let text = ''
  for (let index = at; index < at + length; index += 1) text += String.fromCharCode(message[index] ?? 0)
  return text
}

/** Steps over `length` octets and returns where they begin. */
function advance(reader: Reader, length: number): number {
  const at = reader.offset
  if (at + length > reader.end) {
    throw new WireError(
      'truncated',
      at,
      `Cannot decode message: ${length} octets wanted at offset ${at}, ${Math.max(reader.end - at, 0)} left`,
    )
  }
  reader.offset = at + length
  return at
}
