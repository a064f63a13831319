// What the parsers of both file formats tell besides frames.
import type { UnitParser } from './unit-feeder.ts'

/** One interface of a capture. */
export interface CaptureInterface {
  readonly linkType: number
  /** Of pcapng's if_name; undefined elsewhere. */
  readonly name: string | undefined
}

export interface CaptureParser extends UnitParser {
  readonly format: CaptureFormat
  readonly interfaces: readonly CaptureInterface[]
  /** Frames that the capturing program says it lost; pcapng only. */
  readonly droppedFrames: number
  /** When the capture ended, microseconds since the Unix epoch; 0 where the file does not say: pcapng only. */
  readonly endMicros: number
  /** Why the rest of the file cannot be read; undefined while all is well. */
  readonly damage: string | undefined
}

export type CaptureFormat = 'pcap' | 'pcap-ns' | 'pcapng'

/** Longest frame that is believed, in octets: libpcap's own limit for snap lengths. */
export const MAX_FRAME_BYTES = 262_144

export function uint32At(octets: Uint8Array, at: number, isLittle: boolean): number {
  const a = octets[at] ?? 0
  const b = octets[at + 1] ?? 0
  const c = octets[at + 2] ?? 0
  const d = octets[at + 3] ?? 0
  return (isLittle ? a | (b << 8) | (c << 16) | (d << 24) : d | (c << 8) | (b << 16) | (a << 24)) >>> 0
}

export function uint16At(octets: Uint8Array, at: number, isLittle: boolean): number {
  const a = octets[at] ?? 0
  const b = octets[at + 1] ?? 0
  return isLittle ? a | (b << 8) : (a << 8) | b
}
