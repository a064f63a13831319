// Which address records of a rendered response may change places in it, and changing them. Records that are moved whole
// must be equally long, and nothing may point into them (RFC 1035 §4.1.4): a name elsewhere would read something else.
import type { RecordSpan } from './scan-records.ts'
import { TYPE_A, TYPE_AAAA, TYPE_MX, scanRecords } from './scan-records.ts'

/** Neighboring pieces of equal length, packed: offset of the first in bits 0-15, length in 16-23, count in 24-31. */
export type Shuffle = number

export const NO_SHUFFLE: Shuffle = 0

/** Two at most: the answer section's and the additional section's. */
export type Shuffles = readonly [answer: Shuffle, additional: Shuffle]

/**
 * Finds what `loadbalance` would shuffle in a response.
 *
 * @returns undefined when it would reorder records in a way that cannot be done by exchanging equal pieces
 */
export function findShuffles(octets: Uint8Array): Shuffles | undefined {
  const spans = scanRecords(octets, 0, octets.length)
  if (spans === undefined) return undefined
  const answer = shuffleOf(octets, spans, 'answer')
  const additional = shuffleOf(octets, spans, 'additional')
  return answer === undefined || additional === undefined ? undefined : [answer, additional]
}

function shuffleOf(
  octets: Uint8Array,
  spans: readonly RecordSpan[],
  section: RecordSpan['section'],
): Shuffle | undefined {
  const own = spans.filter((span) => span.section === section)
  if (own.filter(({ type }) => type === TYPE_MX).length > 1) return undefined
  const addresses = own.filter(({ type }) => type === TYPE_A || type === TYPE_AAAA)
  const [first, ...others] = addresses
  if (first === undefined || others.length === 0) return NO_SHUFFLE
  const lengthOf = ({ start, end }: RecordSpan): number => end - start
  const areNeighbors = addresses.every((span, index) => index === 0 || addresses[index - 1]?.end === span.start)
  const areEqual = others.every((span) => lengthOf(span) === lengthOf(first))
  if (!areNeighbors || !areEqual || addresses.length > 255 || lengthOf(first) > 255) return undefined
  const end = first.start + lengthOf(first) * addresses.length
  if (pointersOf(octets, spans).some((target) => target >= first.start && target < end)) return undefined
  return pack(first.start, lengthOf(first), addresses.length)
}

function pack(offset: number, bytes: number, count: number): Shuffle {
  return offset | (bytes << 16) | (count << 24)
}

/** Every two octets that look like a pointer; too many does no harm. */
function pointersOf(octets: Uint8Array, spans: readonly RecordSpan[]): readonly number[] {
  const targets: number[] = []
  for (const { start, rdataAt, end, type } of spans) {
    const to = type === TYPE_A || type === TYPE_AAAA ? rdataAt - 10 : end
    for (let at = start; at + 1 < to; at += 1) {
      const octet = octets[at] ?? 0
      if ((octet & 0xc0) === 0xc0) targets.push(((octet & 0x3f) << 8) | (octets[at + 1] ?? 0))
    }
  }
  return targets
}

/** A small generator of random 32-bit numbers (xorshift): orders need to be even, not unguessable. */
export interface Draw {
  state: number
}

/** Shuffles the pieces in place (Fisher and Yates). */
export function applyShuffle(octets: Uint8Array, start: number, shuffle: Shuffle, draw: Draw): void {
  const first = start + (shuffle & 0xffff)
  const bytes = (shuffle >>> 16) & 0xff
  let { state } = draw
  for (let left = shuffle >>> 24; left > 1; left -= 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    // The high bits of a 32-bit number times `left`: even to 2^-24 for so few pieces.
    const other = Math.floor(((state >>> 8) * left) / 16_777_216)
    if (other === left - 1) continue
    let a = first + other * bytes
    let b = first + (left - 1) * bytes
    for (let end = a + bytes; a < end; a += 1, b += 1) {
      const octet = octets[a] ?? 0
      octets[a] = octets[b] ?? 0
      octets[b] = octet
    }
  }
  draw.state = state
}
