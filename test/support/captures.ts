// Small captures made of frames: Ethernet, IPv4 or IPv6, UDP, DNS.
import { createFrame, encodeFileHeader, encodeRecord } from '../../src/capture/index.ts'

/** A DNS message over UDP between two hosts of 10.0.0.0/8 (or fd00::/16). */
export interface CapturedMessage {
  readonly client: number
  readonly server: number
  readonly port: number
  readonly id: number
  readonly name: string
  readonly type: number
  readonly isResponse: boolean
  readonly rcode: number
  readonly isV6: boolean
}

/** A query for `example.org`, type A, from host 1 to host 2. */
export const QUERY: CapturedMessage = {
  client: 1,
  server: 2,
  port: 40_000,
  id: 7,
  name: 'example.org',
  type: 1,
  isResponse: false,
  rcode: 0,
  isV6: false,
}

/** Link types that {@link frameOf} knows. */
export const LINK_TYPES = [1, 101, 113, 276] as const
export type FrameLinkType = (typeof LINK_TYPES)[number]

/** The frame that carries a message, on a link type. */
export function frameOf(message: CapturedMessage, linkType: FrameLinkType): Uint8Array {
  const { client, server, port, isResponse, isV6 } = message
  const payload = encode(message)
  const [from, to] = isResponse ? [server, client] : [client, server]
  const udp = Buffer.alloc(8)
  udp.writeUInt16BE(isResponse ? 53 : port, 0)
  udp.writeUInt16BE(isResponse ? port : 53, 2)
  udp.writeUInt16BE(8 + payload.length, 4)
  const ip = isV6 ? ipv6(from, to, 8 + payload.length) : ipv4(from, to, 8 + payload.length)
  return Buffer.concat([link(linkType, isV6 ? 0x86dd : 0x0800), ip, udp, payload])
}

/** A pcap file of frames that came one millisecond after another. */
export function captureOf(frames: readonly Uint8Array[], linkType: number): Uint8Array {
  const header = encodeFileHeader('pcap')
  header.writeUInt32LE(linkType, 20)
  const records = frames.map((octets, index) => {
    const atMicros = 1.7e15 + index * 1000
    return encodeRecord('pcap', {
      ...createFrame(),
      octets,
      start: 0,
      end: octets.length,
      wireBytes: octets.length,
      atMicros,
    })
  })
  return Buffer.concat([header, ...records])
}

/** A pcap file with some of the frames of another, numbered from 1. */
export function framesOf(octets: Buffer, numbers: readonly number[]): Buffer {
  const kept = [octets.subarray(0, 24)]
  for (let at = 24, number = 1; at < octets.length; number += 1) {
    const end = at + 16 + octets.readUInt32LE(at + 8)
    if (numbers.includes(number)) kept.push(octets.subarray(at, end))
    at = end
  }
  return Buffer.concat(kept)
}

/** A file's octets as a stream gives them: `sizeBytes` at a time, in one piece by default. */
export async function* inParts(octets: Uint8Array, sizeBytes: number = octets.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < octets.length; at += sizeBytes) yield octets.subarray(at, at + sizeBytes)
}

function encode({ id, name, type, isResponse, rcode }: CapturedMessage): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]))
  const header = Buffer.alloc(12)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(isResponse ? 0x8180 | rcode : 0x0100, 2)
  header.writeUInt16BE(1, 4)
  return Buffer.concat([header, ...labels, Buffer.from([0, type >> 8, type & 255, 0, 1])])
}

function link(linkType: FrameLinkType, etherType: number): Buffer {
  const sizes = { 1: 14, 101: 0, 113: 16, 276: 20 }
  const header = Buffer.alloc(sizes[linkType])
  if (linkType === 1) header.writeUInt16BE(etherType, 12)
  if (linkType === 113) header.writeUInt16BE(etherType, 14)
  if (linkType === 276) {
    header.writeUInt16BE(etherType, 0)
    header.writeUInt32BE(7, 4)
  }
  return header
}

function ipv4(from: number, to: number, length: number): Buffer {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header.writeUInt16BE(20 + length, 2)
  header[9] = 17
  header.writeUInt32BE(0x0a000000 + from, 12)
  header.writeUInt32BE(0x0a000000 + to, 16)
  return header
}

function ipv6(from: number, to: number, length: number): Buffer {
  const header = Buffer.alloc(40)
  header[0] = 0x60
  header.writeUInt16BE(length, 4)
  header[6] = 17
  header[8] = header[24] = 0xfd
  header.writeUInt32BE(from, 20)
  header.writeUInt32BE(to, 36)
  return header
}
