// The pcapng format (draft-ietf-opsawg-pcapng): blocks of type u32 | length u32 | body | length u32. A section header says in
// which byte order its section is; interfaces are numbered within a section and have a link type and time resolution each.
import type { Frame, FrameDirection, FrameSink } from '../frame.ts'
import { MAX_FRAME_BYTES, uint16At, uint32At } from './capture-parser.ts'
import type { CaptureFormat, CaptureInterface, CaptureParser } from './capture-parser.ts'

const SECTION_HEADER = 0x0a0d0d0a
const INTERFACE_DESCRIPTION = 1
const PACKET = 2
const SIMPLE_PACKET = 3
const INTERFACE_STATISTICS = 5
const ENHANCED_PACKET = 6
const BYTE_ORDER_MAGIC = 0x1a2b3c4d

/** Longest block that is put together; comments and packets are shorter. */
const MAX_BLOCK_BYTES = 2 * MAX_FRAME_BYTES
/** Interfaces of one file that are told apart. */
const MAX_INTERFACES = 65_536

const OPTION_END = 0
const IF_NAME = 2
const IF_TIME_RESOLUTION = 9
const IF_TIME_OFFSET = 14
const STATISTICS_END_TIME = 3
const STATISTICS_DROPPED = 5
const STATISTICS_OS_DROPPED = 7
const PACKET_FLAGS = 2

interface SectionInterface extends CaptureInterface {
  /** Over all sections. */
  readonly index: number
  readonly snapLength: number
  /** Exponent of ten, negative; or of two when `isBinary`. */
  readonly resolution: number
  readonly isBinary: boolean
  readonly offsetSeconds: number
}

/** Whether a file that begins with these four octets is a pcapng file. */
export function isPcapngMagic(octets: Uint8Array): boolean {
  return uint32At(octets, 0, true) === SECTION_HEADER
}

/** Reads pcapng files and hands each frame to a sink. */
export class PcapngParser implements CaptureParser {
  needed = 12
  readonly format: CaptureFormat = 'pcapng'
  readonly interfaces: CaptureInterface[] = []
  droppedFrames = 0
  endMicros = 0
  damage: string | undefined
  readonly #frame: Frame
  readonly #sink: FrameSink
  #section: SectionInterface[] = []
  /** Dropped frames so far by interface: statistics blocks count from the start. */
  readonly #dropped = new Map<number, number>()
  #isLittle = true
  /** Octets of a block that nobody reads, still to come. */
  #toSkip = 0

  constructor(frame: Frame, sink: FrameSink) {
    this.#frame = frame
    this.#sink = sink
  }

  parse(octets: Uint8Array, start: number, end: number): number {
    let at = start
    if (this.#toSkip > 0) {
      const skipped = Math.min(this.#toSkip, end - at)
      this.#toSkip -= skipped
      at += skipped
    }
    this.#frame.octets = octets
    while (end - at >= 12 && this.damage === undefined) {
      const type = uint32At(octets, at, this.#isLittle)
      if (type === SECTION_HEADER && !this.#readByteOrder(octets, at)) return end
      const length = uint32At(octets, at + 4, this.#isLittle)
      const padded = Math.ceil(length / 4) * 4
      if (length < 12) return this.#stop(`a block says that it is ${length} octets long, at least 12 are needed`, end)
      if (!isRead(type)) {
        this.#toSkip = Math.max(0, padded - (end - at))
        at = Math.min(end, at + padded)
        continue
      }
      if (length > MAX_BLOCK_BYTES) {
        return this.#stop(`a block says that it is ${length} octets long, at most ${MAX_BLOCK_BYTES} are believed`, end)
      }
      if (end - at < padded) {
        this.needed = padded
        return at
      }
      this.#readBlock(octets, type, { start: at + 8, end: at + length - 4 })
      at += padded
    }
    this.needed = 12
    return this.damage === undefined ? at : end
  }

  #stop(what: string, end: number): number {
    this.damage = `after frame ${this.#frame.number}, ${what}`
    return end
  }

  #readByteOrder(octets: Uint8Array, at: number): boolean {
    this.#isLittle = uint32At(octets, at + 8, true) === BYTE_ORDER_MAGIC
    if (this.#isLittle || uint32At(octets, at + 8, false) === BYTE_ORDER_MAGIC) return true
    this.damage = `after frame ${this.#frame.number}, a section header has no byte order`
    return false
  }

  #readBlock(octets: Uint8Array, type: number, body: Span): void {
    switch (type) {
      case SECTION_HEADER:
        this.#section = []
        break
      case INTERFACE_DESCRIPTION:
        this.#readInterface(octets, body)
        break
      case ENHANCED_PACKET:
        this.#readEnhanced(octets, body)
        break
      case PACKET:
        this.#readPacket(octets, body)
        break
      case SIMPLE_PACKET:
        this.#readSimple(octets, body)
        break
      case INTERFACE_STATISTICS:
        this.#readStatistics(octets, body)
        break
    }
  }

  #readInterface(octets: Uint8Array, { start, end }: Span): void {
    if (end - start < 8 || this.interfaces.length >= MAX_INTERFACES) {
      this.damage = `after frame ${this.#frame.number}, an interface cannot be described`
      return
    }
    let name: string | undefined
    let [resolution, isBinary, offsetSeconds] = [-6, false, 0]
    this.#eachOption(octets, { start: start + 8, end }, (code, at, size) => {
      if (code === IF_NAME) name = Buffer.from(octets.subarray(at, at + size)).toString('utf8')
      if (code === IF_TIME_RESOLUTION && size >= 1) {
        isBinary = ((octets[at] ?? 0) & 0x80) !== 0
        resolution = -((octets[at] ?? 0) & 0x7f)
      }
      if (code === IF_TIME_OFFSET && size >= 8) offsetSeconds = Number(BigInt.asIntN(64, this.#uint64(octets, at)))
    })
    const linkType = uint16At(octets, start, this.#isLittle)
    const snapLength = uint32At(octets, start + 4, this.#isLittle)
    const index = this.interfaces.length
    this.#section.push({ linkType, name, index, snapLength, resolution, isBinary, offsetSeconds })
    this.interfaces.push({ linkType, name })
  }

  #uint64(octets: Uint8Array, at: number): bigint {
    const [first, second] = [uint32At(octets, at, this.#isLittle), uint32At(octets, at + 4, this.#isLittle)]
    return this.#isLittle ? (BigInt(second) << 32n) | BigInt(first) : (BigInt(first) << 32n) | BigInt(second)
  }

  // enhanced packet: interface u32 | time upper u32 | time lower u32 | captured u32 | on the wire u32 | octets, padded | options
  #readEnhanced(octets: Uint8Array, { start, end }: Span): void {
    const at = this.#section[uint32At(octets, start, this.#isLittle)]
    const captured = uint32At(octets, start + 12, this.#isLittle)
    if (end - start < 20 || !this.#canHold(captured, end - start - 20)) return
    const frame = this.#frame
    frame.wireBytes = uint32At(octets, start + 16, this.#isLittle)
    const options = start + 20 + Math.ceil(captured / 4) * 4
    frame.direction = end - options >= 8 ? this.#directionOf(octets, { start: options, end }) : 0
    this.#hand(at, { start: start + 20, end: start + 20 + captured, time: start + 4 }, octets)
  }

  // the obsolete packet block: interface u16 | drops u16, then as above
  #readPacket(octets: Uint8Array, { start, end }: Span): void {
    const at = this.#section[uint16At(octets, start, this.#isLittle)]
    const captured = uint32At(octets, start + 12, this.#isLittle)
    if (end - start < 20 || !this.#canHold(captured, end - start - 20)) return
    this.#frame.wireBytes = uint32At(octets, start + 16, this.#isLittle)
    this.#frame.direction = 0
    this.#hand(at, { start: start + 20, end: start + 20 + captured, time: start + 4 }, octets)
  }

  // simple packet: on the wire u32 | octets; of the first interface, without a time
  #readSimple(octets: Uint8Array, { start, end }: Span): void {
    const at = this.#section[0]
    const wireBytes = uint32At(octets, start, this.#isLittle)
    const limit = at === undefined || at.snapLength === 0 ? wireBytes : Math.min(at.snapLength, wireBytes)
    const captured = Math.min(limit, end - start - 4)
    if (end - start < 4 || captured < 0) return
    this.#frame.wireBytes = wireBytes
    this.#frame.direction = 0
    this.#hand(at, { start: start + 4, end: start + 4 + captured, time: -1 }, octets)
  }

  #canHold(captured: number, room: number): boolean {
    if (captured <= room && captured <= MAX_FRAME_BYTES) return true
    this.damage = `after frame ${this.#frame.number}, a packet says that ${captured} octets follow, its block holds ${room}`
    return false
  }

  #hand(at: SectionInterface | undefined, span: Span & { readonly time: number }, octets: Uint8Array): void {
    const frame = this.#frame
    if (at === undefined) {
      this.damage = `after frame ${frame.number}, a packet is of an interface that was not described`
      return
    }
    frame.number += 1
    if (span.time >= 0) frame.atMicros = this.#micros(octets, span.time, at)
    frame.start = span.start
    frame.end = span.end
    frame.linkType = at.linkType
    frame.interfaceIndex = at.index
    this.#sink(frame)
  }

  #micros(octets: Uint8Array, at: number, { resolution, isBinary, offsetSeconds }: SectionInterface): number {
    const upper = uint32At(octets, at, this.#isLittle)
    const lower = uint32At(octets, at + 4, this.#isLittle)
    const offset = offsetSeconds * 1e6
    if (!isBinary && resolution === -6) return upper * 4_294_967_296 + lower + offset
    // 2^32 ns are 4294967.296 us: whole microseconds and the rest apart, since the product has more than 53 bits.
    if (!isBinary && resolution === -9) return upper * 4_294_967 + Math.trunc((upper * 296 + lower) / 1000) + offset
    const ticks = (BigInt(upper) << 32n) | BigInt(lower)
    const perSecond = isBinary ? 1n << BigInt(-resolution) : 10n ** BigInt(Math.min(-resolution, 30))
    return Number((ticks * 1_000_000n) / perSecond) + offset
  }

  #directionOf(octets: Uint8Array, options: Span): FrameDirection {
    let direction: FrameDirection = 0
    this.#eachOption(octets, options, (code, at, size) => {
      if (code !== PACKET_FLAGS || size < 4) return
      const bits = uint32At(octets, at, this.#isLittle) & 3
      direction = bits === 1 || bits === 2 ? bits : 0
    })
    return direction
  }

  #readStatistics(octets: Uint8Array, { start, end }: Span): void {
    const at = this.#section[uint32At(octets, start, this.#isLittle)]
    if (at === undefined || end - start < 12) return
    let dropped = 0
    this.#eachOption(octets, { start: start + 12, end }, (code, value, size) => {
      if (size < 8) return
      if (code === STATISTICS_DROPPED || code === STATISTICS_OS_DROPPED) dropped += Number(this.#uint64(octets, value))
      if (code === STATISTICS_END_TIME) this.endMicros = Math.max(this.endMicros, this.#micros(octets, value, at))
    })
    this.droppedFrames += dropped - (this.#dropped.get(at.index) ?? 0)
    this.#dropped.set(at.index, dropped)
  }

  /** Options: code u16 | length u16 | value, padded to four octets. One that runs over the end is the last. */
  #eachOption(octets: Uint8Array, { start, end }: Span, take: (code: number, at: number, size: number) => void): void {
    for (let at = start; end - at >= 4;) {
      const code = uint16At(octets, at, this.#isLittle)
      const size = uint16At(octets, at + 2, this.#isLittle)
      if (code === OPTION_END || at + 4 + size > end) return
      take(code, at + 4, size)
      at += 4 + Math.ceil(size / 4) * 4
    }
  }
}

interface Span {
  readonly start: number
  readonly end: number
}

function isRead(type: number): boolean {
  return (
    type === SECTION_HEADER ||
    type === INTERFACE_DESCRIPTION ||
    type === PACKET ||
    type === SIMPLE_PACKET ||
    type === INTERFACE_STATISTICS ||
    type === ENHANCED_PACKET
  )
}
