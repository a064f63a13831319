// The OPT pseudo-record that carries EDNS (RFC 6891 §6.1): its fields live in CLASS and TTL.
import type { Edns, EdnsOption } from '../message.ts'
import { typeNumber } from '../mnemonics.ts'
import { WireError } from './error.ts'
import { readOctets, readUint16, readUint8 } from './reader.ts'
import type { Reader } from './reader.ts'
import { patchUint16, writeOctets, writeUint16, writeUint8 } from './writer.ts'
import type { Writer } from './writer.ts'

const OPT = 41

export interface DecodedOpt {
  readonly edns: Edns
  /** The upper eight bits of the rcode. */
  readonly extendedRcode: number
}

/** Whether the record at `offset` is an OPT record with the root as its owner name. */
export function isOpt(message: Uint8Array, offset: number): boolean {
  return message[offset] === 0 && message[offset + 1] === 0 && message[offset + 2] === OPT
}

/** Decodes the OPT record at the reader's place and steps over it. @throws {WireError} `truncated`, `bad-rdata` */
export function readOpt(reader: Reader): DecodedOpt {
  reader.offset += 3
  const udpPayloadSize = readUint16(reader)
  const extendedRcode = readUint8(reader)
  const version = readUint8(reader)
  const bits = readUint16(reader)
  const length = readUint16(reader)
  const start = reader.offset
  const end = start + length
  if (end > reader.end) {
    throw new WireError(
      'truncated',
      start,
      `Cannot decode OPT record: RDATA of ${length} octets, ${reader.end - start} left`,
    )
  }
  const options: EdnsOption[] = []
  while (reader.offset < end) {
    const at = reader.offset
    const code = at + 4 <= end ? readUint16(reader) : 0
    const size = at + 4 <= end ? readUint16(reader) : end
    if (at + 4 + size > end) {
      throw new WireError('bad-rdata', at, `Cannot decode OPT record: an option at offset ${at} runs over its end`)
    }
    options.push({ code, octets: readOctets(reader, size) })
  }
  return {
    edns: { udpPayloadSize, version, dnssecOk: (bits & 0x8000) !== 0, z: bits & 0x7fff, options },
    extendedRcode,
  }
}

/** Writes an OPT record. @param rcode the whole rcode, of which the upper eight bits go here */
export function writeOpt(writer: Writer, edns: Edns, rcode: number): void {
  writeUint8(writer, 0)
  writeUint16(writer, typeNumber('OPT') ?? OPT)
  writeUint16(writer, edns.udpPayloadSize)
  writeUint8(writer, rcode >>> 4)
  writeUint8(writer, edns.version)
  writeUint16(writer, (edns.dnssecOk ? 0x8000 : 0) | edns.z)
  const lengthAt = writer.length
  writeUint16(writer, 0)
  for (const { code, octets } of edns.options) {
    writeUint16(writer, code)
    writeUint16(writer, octets.length)
    writeOctets(writer, octets)
  }
  patchUint16(writer, lengthAt, writer.length - lengthAt - 2)
}

/** How many octets {@link writeOpt} takes. */
export function optSize(edns: Edns): number {
  return edns.options.reduce((size, { octets }) => size + 4 + octets.length, 11)
}
