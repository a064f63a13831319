// One direction of a TCP connection: segments in any order become the messages in it (RFC 1035 §4.2.2: length u16, message).
import type { Packet } from '../link/packet.ts'
import type { SeenAt } from './seen-at.ts'

/** Later than this a segment that fills a gap was sent again; earlier it came out of order. */
const REORDER_MICROS = 50_000
const MAX_WAITING_SEGMENTS = 256
const MAX_STREAM_BYTES = 1 << 20

/** A message, valid while the sink runs. @param endSequence sequence number of the octet behind it */
// oxlint-disable-next-line max-params -- hot path
export type MessageSink = (octets: Uint8Array, start: number, end: number, endSequence: number) => void

interface Segment {
  readonly sequence: number
  readonly octets: Uint8Array
}

/** Octets that all streams together keep. */
export interface StreamBudget {
  left: number
}

/** Follows one direction. */
export class TcpStream {
  /** Sequence number of the next octet; undefined before the first segment. */
  #next: number | undefined
  #waiting: Segment[] = []
  #gapSince = 0
  /** A message that began in an earlier segment, or its length. */
  #partial: Uint8Array = new Uint8Array(0)
  readonly #budget: StreamBudget
  /** Nothing more can be read: octets are missing. */
  isBroken = false
  /** Segments with data that were sent again. */
  retransmissions = 0
  firstRetransmission: SeenAt | undefined
  /** The segment that was sent again last: where it ends, its length, how many times more than once. */
  resentEnd = 0
  resentBytes = 0
  resentTimes = 0
  /** Highest acknowledgment that the other side sent; undefined before. */
  acknowledged: number | undefined
  /** Messages of which octets are missing in the capture although the peer acknowledged them. */
  lostMessages = 0
  cutMessages = 0
  largestSegment = 0

  constructor(budget: StreamBudget) {
    this.#budget = budget
  }

  /** Begins behind a SYN. */
  begin(sequence: number): void {
    this.#next ??= (sequence + 1) >>> 0
  }

  /** Whether messages may be missing because the capture does not have their octets. */
  get isBrokenByCapture(): boolean {
    return this.lostMessages > 0 || this.cutMessages > 0
  }

  /** Whether the segment that was resent last was never acknowledged. */
  get isResentUnacknowledged(): boolean {
    return this.resentTimes > 0 && (this.acknowledged === undefined || before(this.acknowledged, this.resentEnd))
  }

  /** Takes a segment's payload; whole messages go to the sink. @returns whether the segment was sent again */
  take(packet: Packet, sink: MessageSink): boolean {
    const { octets, start, end, sequence } = packet
    const length = end - start
    if (length <= 0) return false
    if (length > this.largestSegment) this.largestSegment = length
    this.#next ??= sequence
    const ahead = (sequence - this.#next) | 0
    // A keep-alive repeats the last octet.
    if (ahead < 0 && length <= 1) return false
    if (ahead + length <= 0) {
      if (!packet.isCoarsePath) this.#countResent(packet, length)
      return !packet.isCoarsePath
    }
    if (packet.missing > 0) {
      this.cutMessages += 1
      this.#break()
    }
    if (this.isBroken) {
      this.#next = (sequence + length) >>> 0
      return false
    }
    if (ahead > 0) {
      this.#keep(packet, sink)
      return false
    }
    const fillsGapLate = this.#waiting.length > 0 && packet.atMicros - this.#gapSince > REORDER_MICROS
    if (fillsGapLate) this.#countResent(packet, length)
    this.#next = (sequence + length) >>> 0
    this.#read(octets, start - ahead, end, sink)
    this.#drain(sink)
    return fillsGapLate
  }

  /** The other side acknowledges: what is missing before that, the capture has lost. */
  acknowledge(acknowledgment: number, sink: MessageSink): void {
    if (this.acknowledged === undefined || before(this.acknowledged, acknowledgment)) this.acknowledged = acknowledgment
    const [first] = this.#waiting
    if (first === undefined || this.#next === undefined || !before(this.#next, acknowledgment)) return
    if (before(acknowledgment, first.sequence)) return
    this.lostMessages += 1
    this.#partial = new Uint8Array(0)
    this.#next = first.sequence
    this.#drain(sink)
  }

  /** Gives back what is kept. */
  close(): void {
    this.#break()
  }

  #countResent({ frame, atMicros, sequence }: Packet, length: number): void {
    this.retransmissions += 1
    this.firstRetransmission ??= { frame, atMicros }
    const end = (sequence + length) >>> 0
    this.resentTimes = end === this.resentEnd ? this.resentTimes + 1 : 1
    this.resentEnd = end
    this.resentBytes = length
  }

  #keep({ octets, start, end, sequence, atMicros }: Packet, sink: MessageSink): void {
    if (this.#waiting.some((segment) => segment.sequence === sequence)) return
    if (this.#waiting.length >= MAX_WAITING_SEGMENTS || this.#budget.left < end - start) {
      this.lostMessages += 1
      this.#break()
      return
    }
    if (this.#waiting.length === 0) this.#gapSince = atMicros
    this.#budget.left -= end - start
    this.#waiting.push({ sequence, octets: octets.slice(start, end) })
    this.#waiting.sort((a, b) => (a.sequence - b.sequence) | 0)
    this.#drain(sink)
  }

  #drain(sink: MessageSink): void {
    for (;;) {
      const [first] = this.#waiting
      if (first === undefined || this.#next === undefined) return
      const ahead = (first.sequence - this.#next) | 0
      if (ahead > 0) return
      this.#waiting.shift()
      this.#budget.left += first.octets.length
      if (ahead + first.octets.length <= 0) continue
      this.#next = (first.sequence + first.octets.length) >>> 0
      this.#read(first.octets, -ahead, first.octets.length, sink)
    }
  }

  #read(octets: Uint8Array, start: number, end: number, sink: MessageSink): void {
    const next = this.#next ?? 0
    if (this.#partial.length === 0) {
      const stop = readMessages(octets, { start, end, next }, sink)
      if (stop < end) this.#setPartial(octets.slice(stop, end))
      return
    }
    const joined = new Uint8Array(this.#partial.length + end - start)
    joined.set(this.#partial)
    joined.set(octets.subarray(start, end), this.#partial.length)
    const stop = readMessages(joined, { start: 0, end: joined.length, next }, sink)
    this.#setPartial(joined.slice(stop))
  }

  #setPartial(partial: Uint8Array): void {
    this.#budget.left += this.#partial.length - partial.length
    this.#partial = partial
    // A message has at most 65,537 octets with its length: more cannot come together.
    if (partial.length > MAX_STREAM_BYTES || this.#budget.left < 0) this.#break()
  }

  #break(): void {
    for (const { octets } of this.#waiting) this.#budget.left += octets.length
    this.#budget.left += this.#partial.length
    this.#waiting = []
    this.#partial = new Uint8Array(0)
    this.isBroken = true
  }
}

interface Stretch {
  readonly start: number
  readonly end: number
  /** Sequence number of the octet at `end`. */
  readonly next: number
}

/** Hands on whole messages; where the rest begins. */
function readMessages(octets: Uint8Array, { start, end, next }: Stretch, sink: MessageSink): number {
  let at = start
  while (end - at >= 2) {
    const length = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
    if (end - at < 2 + length) break
    at += 2 + length
    sink(octets, at - length, at, (next - (end - at)) >>> 0)
  }
  return at
}

/** Whether one sequence number comes before another (RFC 9293 §3.4). */
function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0
}
