// The pcap format (draft-ietf-opsawg-pcap). Hot path.
//   file header, 24 octets:   magic u32 | major u16 | minor u16 | 0 u32 | 0 u32 | snap length u32 | link type u32
//   record header, 16 octets: seconds u32 | fraction u32 | captured length u32 | length on the wire u32
// The magic number gives the byte order, and whether fractions are micro- or nanoseconds.
import { CaptureError } from '../error.ts'
import type { Frame, FrameSink } from '../frame.ts'
import { MAX_FRAME_BYTES, uint32At } from './capture-parser.ts'
import type { CaptureFormat, CaptureInterface, CaptureParser } from './capture-parser.ts'

const FILE_HEADER = 24
const MICROS = 0xa1b2c3d4
const NANOS = 0xa1b23c4d
/** Of a patched libpcap of the nineties: eight more octets in each record header. */
const PATCHED = 0xa1b2cd34

/** Whether a file that begins with these four octets is a pcap file. */
export function isPcapMagic(octets: Uint8Array): boolean {
  return [MICROS, NANOS, PATCHED].some(
    (magic) => magic === uint32At(octets, 0, true) || magic === uint32At(octets, 0, false),
  )
}

/** Reads pcap files and hands each frame to a sink. */
export class PcapParser implements CaptureParser {
  needed: number = FILE_HEADER
  format: CaptureFormat = 'pcap'
  interfaces: readonly CaptureInterface[] = []
  readonly droppedFrames = 0
  readonly endMicros = 0
  damage: string | undefined
  readonly #frame: Frame
  readonly #sink: FrameSink
  #view: DataView = new DataView(new ArrayBuffer(0))
  #isLittle = true
  #recordHeader = 0

  constructor(frame: Frame, sink: FrameSink) {
    this.#frame = frame
    this.#sink = sink
  }

  parse(octets: Uint8Array, start: number, end: number): number {
    let at = start
    if (this.damage !== undefined) return end
    if (this.#recordHeader === 0) {
      if (end - at < FILE_HEADER) return at
      this.#readFileHeader(octets, at)
      at += FILE_HEADER
    }
    return this.#isLittle ? this.#readRecords(octets, at, end, true) : this.#readRecords(octets, at, end, false)
  }

  #readFileHeader(octets: Uint8Array, at: number): void {
    const little = uint32At(octets, at, true)
    this.#isLittle = little === MICROS || little === NANOS || little === PATCHED
    const magic = uint32At(octets, at, this.#isLittle)
    this.format = magic === NANOS ? 'pcap-ns' : 'pcap'
    this.#recordHeader = magic === PATCHED ? 24 : 16
    this.needed = this.#recordHeader
    const major = this.#isLittle ? octets[at + 4] : octets[at + 5]
    if (major !== 2) {
      throw new CaptureError(
        'not-a-capture',
        at + 4,
        `Cannot read capture: its pcap version is ${major}, only 2 is known`,
      )
    }
    // The upper bits say how long a frame check sequence is.
    this.#frame.linkType = uint32At(octets, at + 20, this.#isLittle) & 0xffff
    this.interfaces = [{ linkType: this.#frame.linkType, name: undefined }]
  }

  #readRecords(octets: Uint8Array, start: number, end: number, isLittle: boolean): number {
    const frame = this.#frame
    const sink = this.#sink
    const header = this.#recordHeader
    const isNanos = this.format === 'pcap-ns'
    frame.octets = octets
    if (!isViewOf(this.#view, octets)) this.#view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
    const view = this.#view
    let at = start
    while (end - at >= header) {
      const length = view.getUint32(at + 8, isLittle)
      if (length > MAX_FRAME_BYTES) {
        this.damage = `the record after frame ${frame.number} says that ${length} octets follow, at most ${MAX_FRAME_BYTES} are believed`
        return end
      }
      if (end - at < header + length) {
        this.needed = header + length
        return at
      }
      const fraction = view.getUint32(at + 4, isLittle)
      frame.number += 1
      frame.atMicros = view.getUint32(at, isLittle) * 1e6 + (isNanos ? Math.trunc(fraction / 1000) : fraction)
      frame.start = at + header
      frame.end = at + header + length
      frame.wireBytes = view.getUint32(at + 12, isLittle)
      at += header + length
      sink(frame)
    }
    this.needed = header
    return at
  }
}

function isViewOf(view: DataView, { buffer, byteOffset, byteLength }: Uint8Array): boolean {
  return view.buffer === buffer && view.byteOffset === byteOffset && view.byteLength === byteLength
}
