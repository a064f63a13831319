// Fragments of IP packets put together again (RFC 791 §3.2, RFC 8200 §4.5), within limits of time and memory. Fragments of one
// packet seen at two places are two packets: they are kept apart by path.
import type { Packet } from '../link/packet.ts'

const MAX_WAITING = 512
const MAX_PARTS = 128
const TIMEOUT_MICROS = 30e6
const MAX_DATAGRAM = 65_535

export interface Fragment {
  readonly protocol: number
  readonly id: number
  readonly path: number
  /** Octets from the start of the payload. */
  readonly offset: number
  readonly hasMore: boolean
  /** Where its payload begins in the packet's octets. */
  readonly start: number
}

/** A packet of which not all fragments came. */
export interface LostFragments {
  readonly frame: number
  readonly atMicros: number
  readonly source: number
  readonly destination: number
  readonly protocol: number
  readonly path: number
  /** Whether the first fragment, with the ports, was there. */
  readonly hasFirst: boolean
  /** Of the transport header in the first fragment; 0 without. */
  readonly sourcePort: number
  readonly destinationPort: number
  /** Octets of payload in the first fragment. */
  readonly first: Uint8Array | undefined
  /** What is missing is in the capture's last seconds, so that it may have come later. */
  readonly isAtEnd: boolean
  /** Some of it is missing because the snap length cut it. */
  readonly isCut: boolean
}

interface Waiting {
  readonly fragment: Fragment
  readonly source: number
  readonly destination: number
  readonly frame: number
  readonly atMicros: number
  readonly parts: { readonly offset: number; readonly octets: Uint8Array }[]
  /** Known once the last fragment is there. */
  total: number
  isCut: boolean
}

/** Waits for the fragments of packets. */
export class FragmentTable {
  /** In order of their first fragment. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #onLost: (lost: LostFragments) => void
  #now = 0

  constructor(onLost: (lost: LostFragments) => void) {
    this.#onLost = onLost
  }

  /** Takes a fragment; the whole payload when it was the last one missing. */
  add(packet: Packet, fragment: Fragment): Uint8Array | undefined {
    this.#now = packet.atMicros
    this.#expire()
    const end = fragment.offset + packet.end - fragment.start
    if (end > MAX_DATAGRAM || packet.end < fragment.start) return undefined
    const key = `${packet.source} ${packet.destination} ${fragment.id} ${fragment.protocol} ${fragment.path}`
    const waiting = this.#waiting.get(key) ?? this.#begin(key, packet, fragment)
    if (waiting.parts.length >= MAX_PARTS) return undefined
    waiting.parts.push({ offset: fragment.offset, octets: packet.octets.slice(fragment.start, packet.end) })
    if (packet.missing > 0) waiting.isCut = true
    if (!fragment.hasMore) waiting.total = end
    const whole = assemble(waiting)
    if (whole !== undefined) this.#waiting.delete(key)
    return whole
  }

  /** Gives up what still waits when the capture ends. */
  finish(atMicros: number): void {
    this.#now = atMicros
    for (const waiting of this.#waiting.values()) this.#lose(waiting)
    this.#waiting.clear()
  }

  #begin(key: string, packet: Packet, fragment: Fragment): Waiting {
    const { source, destination, frame, atMicros } = packet
    const waiting: Waiting = { fragment, source, destination, frame, atMicros, parts: [], total: -1, isCut: false }
    this.#waiting.set(key, waiting)
    return waiting
  }

  #expire(): void {
    for (const [key, waiting] of this.#waiting) {
      if (this.#waiting.size <= MAX_WAITING && this.#now - waiting.atMicros < TIMEOUT_MICROS) return
      this.#waiting.delete(key)
      this.#lose(waiting)
    }
  }

  #lose({ fragment, source, destination, frame, atMicros, parts, isCut }: Waiting): void {
    const first = parts.find(({ offset }) => offset === 0)?.octets
    const hasPorts = first !== undefined && first.length >= 8
    this.#onLost({
      frame,
      atMicros,
      source,
      destination,
      protocol: fragment.protocol,
      path: fragment.path,
      hasFirst: hasPorts,
      sourcePort: hasPorts ? ((first[0] ?? 0) << 8) | (first[1] ?? 0) : 0,
      destinationPort: hasPorts ? ((first[2] ?? 0) << 8) | (first[3] ?? 0) : 0,
      first,
      isAtEnd: this.#now - atMicros < 1e6,
      isCut,
    })
  }
}

/** The whole payload when its parts leave no gap; what overlaps is taken from the part that came first. */
function assemble({ parts, total }: Waiting): Uint8Array | undefined {
  if (total < 0) return undefined
  const sorted = [...parts].sort((a, b) => a.offset - b.offset)
  let covered = 0
  for (const { offset, octets } of sorted) {
    if (offset > covered) return undefined
    covered = Math.max(covered, offset + octets.length)
  }
  if (covered < total) return undefined
  const whole = new Uint8Array(total)
  for (const { offset, octets } of [...parts].reverse())
    whole.set(octets.subarray(0, Math.max(0, total - offset)), offset)
  return whole
}
