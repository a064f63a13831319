// Walks over a rendered response in place: where its records, their TTLs and SOA serials are. Only for responses that this
// program rendered itself: what does not fit gives undefined, never an error.

/** One record of a rendered response; offsets in octets from the start of the message. */
export interface RecordSpan {
  readonly section: 'additional' | 'answer' | 'authority'
  readonly start: number
  readonly type: number
  readonly ttlAt: number
  readonly rdataAt: number
  readonly end: number
}

export const TYPE_A = 1
export const TYPE_SOA = 6
export const TYPE_MX = 15
export const TYPE_AAAA = 28
export const TYPE_OPT = 41

const HEADER = 12
const POINTER = 0xc0

/** The records of a message at `start` in `octets`; undefined when it cannot be followed. */
export function scanRecords(octets: Uint8Array, start: number, bytes: number): readonly RecordSpan[] | undefined {
  const end = start + bytes
  const u16 = (at: number): number => readU16(octets, at)
  let at = start + HEADER
  for (let left = u16(start + 4); left > 0; left -= 1) at = skipName(octets, at, end) + 4
  const spans: RecordSpan[] = []
  const sections = ['answer', 'authority', 'additional'] as const
  for (const [index, section] of sections.entries()) {
    for (let left = u16(start + 6 + 2 * index); left > 0; left -= 1) {
      const fixed = skipName(octets, at, end)
      const rdataAt = fixed + 10
      const next = rdataAt + u16(fixed + 8)
      if (next > end) return undefined
      spans.push({
        section,
        start: at - start,
        type: u16(fixed),
        ttlAt: fixed + 4 - start,
        rdataAt: rdataAt - start,
        end: next - start,
      })
      at = next
    }
  }
  return spans
}

/** Where a name ends; `end` when it does not. */
export function skipName(octets: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end) {
    const length = octets[at] ?? 0
    if (length === 0) return at + 1
    if ((length & POINTER) === POINTER) return at + 2
    at += length + 1
  }
  return end
}

/**
 * Writes one TTL into all records, but OPT, whose TTL field means something else (RFC 6891 §6.1.3).
 *
 * Runs once a second for each kept answer that ages, so it makes no objects.
 */
export function patchTtls(octets: Uint8Array, start: number, { bytes, ttl }: { bytes: number; ttl: number }): void {
  const end = start + bytes
  let at = start + HEADER
  for (let left = readU16(octets, start + 4); left > 0; left -= 1) at = skipName(octets, at, end) + 4
  const records = readU16(octets, start + 6) + readU16(octets, start + 8) + readU16(octets, start + 10)
  for (let left = records; left > 0; left -= 1) {
    const fixed = skipName(octets, at, end)
    if (fixed + 10 > end) return
    if (readU16(octets, fixed) !== TYPE_OPT) writeU32(octets, fixed + 4, ttl)
    at = fixed + 10 + readU16(octets, fixed + 8)
  }
}

/** Writes the serial into all SOA records (RFC 1035 §3.3.13: behind two names). */
export function patchSerials(octets: Uint8Array, start: number, serial: { bytes: number; value: number }): void {
  const end = start + serial.bytes
  for (const { type, rdataAt } of scanRecords(octets, start, serial.bytes) ?? []) {
    if (type !== TYPE_SOA) continue
    const afterMname = skipName(octets, start + rdataAt, end)
    writeU32(octets, skipName(octets, afterMname, end), serial.value)
  }
}

function readU16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
}

function writeU32(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >>> 24
  octets[at + 1] = value >>> 16
  octets[at + 2] = value >>> 8
  octets[at + 3] = value
}
