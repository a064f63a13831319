// One resource record between octets and data (RFC 1035 §4.1.3); RDATA by the type's form, unknown types as octets.
import type { RData, ResourceRecord } from '../message.ts'
import { classMnemonic, classNumber, typeMnemonic, typeNumber } from '../mnemonics.ts'
import { rdataFormOf } from '../rdata/registry.ts'
import { WireError } from './error.ts'
import { readName, writeName } from './name.ts'
import { readOctets, readUint16, readUint32 } from './reader.ts'
import type { Reader } from './reader.ts'
import { patchUint16, writeOctets, writeUint16, writeUint32 } from './writer.ts'
import type { Writer } from './writer.ts'

const MAX_TTL = 2_147_483_647

/**
 * Decodes the record at the reader's place and steps over it.
 *
 * A TTL with the top bit set counts as zero (RFC 2181 §8). RDATA of length zero in class ANY or NONE stays empty
 * whatever the type: that is how UPDATE names RRsets (RFC 2136 §2.4).
 *
 * @throws {WireError} `bad-rdata` when RDATA does not fill its length, and as `decodeName`
 */
export function readRecord(reader: Reader): ResourceRecord {
  const name = readName(reader)
  const type = typeMnemonic(readUint16(reader))
  const rrclass = classMnemonic(readUint16(reader))
  const ttl = readUint32(reader)
  const length = readUint16(reader)
  const rdata = readRData(reader, { type, length, empty: length === 0 && (rrclass === 'ANY' || rrclass === 'NONE') })
  return { name, type, class: rrclass, ttl: ttl > MAX_TTL ? 0 : ttl, rdata }
}

export interface RDataPlace {
  readonly type: string
  readonly length: number
  /** RDATA of no octets that must not be read as the type says. */
  readonly empty: boolean
}

/**
 * Decodes RDATA of a type at the reader's place.
 *
 * @throws {WireError} `bad-rdata`, `truncated`, and as `decodeName`
 */
export function readRData(reader: Reader, { type, length, empty }: RDataPlace): RData {
  const form = empty ? undefined : rdataFormOf(type)
  if (form === undefined) return { type: 'UNKNOWN', octets: readOctets(reader, length) }
  const start = reader.offset
  const messageEnd = reader.end
  const end = start + length
  if (end > messageEnd) {
    const left = messageEnd - start
    throw new WireError('truncated', start, `Cannot decode ${type} record: RDATA of ${length} octets, ${left} left`)
  }
  reader.end = end
  let rdata: RData
  try {
    rdata = form.decode(reader)
  } catch (error) {
    if (!(error instanceof WireError) || error.code !== 'truncated') throw error
    throw new WireError('bad-rdata', start, `Cannot decode ${type} record: its RDATA of ${length} octets is too short`)
  }
  if (reader.offset !== end) {
    const used = reader.offset - start
    throw new WireError('bad-rdata', start, `Cannot decode ${type} record: RDATA takes ${used} of its ${length} octets`)
  }
  reader.end = messageEnd
  return rdata
}

/** Writes one record. @throws {RangeError} for values that do not fit their fields @throws {WireError} as `writeName` */
export function writeRecord(writer: Writer, record: ResourceRecord): void {
  writeName(writer, record.name)
  writeUint16(writer, requireNumber(typeNumber(record.type), `type "${record.type}"`))
  writeUint16(writer, requireNumber(classNumber(record.class), `class "${record.class}"`))
  writeUint32(writer, record.ttl)
  const lengthAt = writer.length
  writeUint16(writer, 0)
  writeRData(writer, record.rdata)
  patchUint16(writer, lengthAt, writer.length - lengthAt - 2)
}

/** Writes RDATA without its length. */
export function writeRData(writer: Writer, rdata: RData): void {
  if (rdata.type === 'UNKNOWN') {
    writeOctets(writer, rdata.octets)
    return
  }
  const form = rdataFormOf(rdata.type)
  if (form === undefined) throw new RangeError(`Cannot encode RDATA of type "${rdata.type}": there is no form for it`)
  form.encode(writer, rdata)
}

/** @throws {RangeError} for a mnemonic without a number */
export function requireNumber(number: number | undefined, what: string): number {
  if (number === undefined) throw new RangeError(`Cannot encode ${what}: it has no number`)
  return number
}
