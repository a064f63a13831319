// Capture files as octets: pcap with microseconds, or pcapng, both of link type SLL2.
import type { Frame } from '../frame.ts'

const LINKTYPE_SLL2 = 276
const SNAP_LENGTH = 262_144

export type WrittenFormat = 'pcap' | 'pcapng'

/** What stands before the first packet. */
export function encodeFileHeader(format: WrittenFormat): Buffer {
  if (format === 'pcap') {
    const header = Buffer.alloc(24)
    header.writeUInt32LE(0xa1b2c3d4, 0)
    header.writeUInt16LE(2, 4)
    header.writeUInt16LE(4, 6)
    header.writeUInt32LE(SNAP_LENGTH, 16)
    header.writeUInt32LE(LINKTYPE_SLL2, 20)
    return header
  }
  const header = Buffer.alloc(28 + 20)
  header.writeUInt32LE(0x0a0d0d0a, 0)
  header.writeUInt32LE(28, 4)
  header.writeUInt32LE(0x1a2b3c4d, 8)
  header.writeUInt16LE(1, 12)
  // The section's length is not known: all ones.
  header.fill(0xff, 16, 24)
  header.writeUInt32LE(28, 24)
  header.writeUInt32LE(1, 28)
  header.writeUInt32LE(20, 32)
  header.writeUInt16LE(LINKTYPE_SLL2, 36)
  header.writeUInt32LE(SNAP_LENGTH, 40)
  header.writeUInt32LE(20, 44)
  return header
}

/** What stands behind the last packet: when the capture ended and what it lost; nothing in pcap, which has no place for it. */
export function encodeFileEnd(format: WrittenFormat, { endMicros, droppedFrames }: CaptureEnd): Buffer {
  if (format === 'pcap') return Buffer.alloc(0)
  // Interface statistics: type, length, interface u32, time, options end time (3) and dropped (5), end of options, length.
  const block = Buffer.alloc(20 + 12 + 12 + 4 + 4)
  block.writeUInt32LE(5, 0)
  block.writeUInt32LE(block.length, 4)
  writeTime(block, endMicros, 12)
  block.writeUInt16LE(3, 20)
  block.writeUInt16LE(8, 22)
  writeTime(block, endMicros, 24)
  block.writeUInt16LE(5, 32)
  block.writeUInt16LE(8, 34)
  block.writeBigUInt64LE(BigInt(droppedFrames), 36)
  block.writeUInt32LE(block.length, block.length - 4)
  return block
}

export interface CaptureEnd {
  readonly endMicros: number
  /** Frames that the kernel had no room for. */
  readonly droppedFrames: number
}

/** Upper half, lower half. */
function writeTime(block: Buffer, atMicros: number, at: number): void {
  block.writeUInt32LE(Math.floor(atMicros / 4_294_967_296), at)
  block.writeUInt32LE(atMicros % 4_294_967_296, at + 4)
}

/** One packet. */
export function encodeRecord(format: WrittenFormat, { octets, start, end, wireBytes, atMicros }: Frame): Buffer {
  const length = end - start
  const captured = octets.subarray(start, end)
  if (format === 'pcap') {
    const record = Buffer.allocUnsafe(16 + length)
    record.writeUInt32LE(Math.floor(atMicros / 1e6) >>> 0, 0)
    record.writeUInt32LE(Math.floor(atMicros % 1e6), 4)
    record.writeUInt32LE(length, 8)
    record.writeUInt32LE(wireBytes, 12)
    record.set(captured, 16)
    return record
  }
  const padded = Math.ceil(length / 4) * 4
  const block = Buffer.alloc(32 + padded)
  block.writeUInt32LE(6, 0)
  block.writeUInt32LE(block.length, 4)
  writeTime(block, atMicros, 12)
  block.writeUInt32LE(length, 20)
  block.writeUInt32LE(wireBytes, 24)
  block.set(captured, 28)
  block.writeUInt32LE(block.length, block.length - 4)
  return block
}
