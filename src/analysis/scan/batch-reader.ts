// Batches of a scanner, fed to the analysis in the order of the capture. Hot path: the same leg and message are filled again for
// each record; the scanner's numbers are looked up once and translated by a table from then on.
import { createFrame } from '../../capture/index.ts'
import type { FrameDirection } from '../../capture/index.ts'
import type { CaptureAnalysis } from '../capture-analysis.ts'
import { MAX_NAMES } from '../messages/name-table.ts'
import { createScan } from '../messages/scan-message.ts'
import { createLeg } from '../transactions/leg.ts'
import * as batch from './batch.ts'
import type { Batch } from './batch.ts'

const KIND_MASK = batch.COARSE_PATH - 1
/** Records that are prepared together. */
const GROUP = 32

/** Feeds an analysis. */
export class BatchReader {
  readonly #analysis: CaptureAnalysis
  readonly #frame = createFrame()
  readonly #leg = createLeg()
  readonly #scan = createScan()
  #addresses: Int32Array = new Int32Array(1024)
  readonly #names: Int32Array = new Int32Array(MAX_NAMES)
  /** Of the records that are prepared. */
  readonly #expected: Int32Array = new Int32Array(GROUP)
  /** Means nothing: without it, what is only touched would be optimized away. */
  touched = 0

  constructor(analysis: CaptureAnalysis) {
    this.#analysis = analysis
    this.#scan.hasQuestion = true
  }

  /** Takes all records of a batch. */
  read(full: Batch): void {
    const end = full.count * batch.RECORD
    this.#analysis.wireBytes += full.wireBytes
    for (let at = 0; at < end; at += GROUP * batch.RECORD) {
      const stop = Math.min(end, at + GROUP * batch.RECORD)
      this.#prepare(full, at, stop)
      this.#take(full, at, stop)
    }
  }

  /** In two turns: the second needs what the first reads. */
  #prepare({ words }: Batch, start: number, stop: number): void {
    const expected = this.#expected
    let count = 0
    let touched = 0
    for (let at = start; at < stop; at += batch.RECORD) {
      const kind = (words[at + batch.KIND] ?? 0) & KIND_MASK
      if (kind !== batch.QUERY && kind !== batch.RESPONSE) continue
      expected[count] = this.#analysis.expect(words[at + batch.HASH] ?? 0, words[at + batch.QUESTION] ?? 0)
      count += 1
      touched ^= this.#names[words[at + batch.NAME_ID] ?? 0] ?? 0
    }
    this.touched = touched
    for (let index = 0; index < count; index += 1) this.#analysis.touch(expected[index] ?? 0)
  }

  #take(full: Batch, start: number, stop: number): void {
    const { words } = full
    for (let at = start; at < stop; at += batch.RECORD) {
      switch ((words[at + batch.KIND] ?? 0) & KIND_MASK) {
        case batch.QUERY:
          this.#query(full, at)
          break
        case batch.RESPONSE:
          this.#fill(full, at)
          this.#analysis.takeResponse(this.#leg, this.#scan, words[at + batch.HASH] ?? 0)
          break
        case batch.RAW:
          this.#raw(full, at)
          break
        case batch.ADDRESS:
          this.#defineAddress(words, at)
          break
        case batch.NAME:
          this.#defineName(full, at)
          break
      }
    }
  }

  #query(full: Batch, at: number): void {
    this.#fill(full, at)
    const hash = full.words[at + batch.HASH] ?? 0
    const name = this.#names[full.words[at + batch.NAME_ID] ?? 0] ?? 0
    this.#analysis.takeQuery(this.#leg, this.#scan, name, hash)
  }

  #fill({ words, times }: Batch, at: number): void {
    const leg = this.#leg
    const scan = this.#scan
    const atMicros = times[at / 2 + batch.AT] ?? 0
    const ports = words[at + batch.PORTS] ?? 0
    const question = words[at + batch.QUESTION] ?? 0
    const bits = words[at + batch.BITS] ?? 0
    const answers = words[at + batch.ANSWERS] ?? 0
    this.#analysis.countFrame(atMicros)
    leg.frame = (words[at + batch.NUMBER] ?? 0) >>> 0
    leg.atMicros = atMicros
    leg.source = this.#addresses[words[at + batch.SOURCE] ?? 0] ?? 0
    leg.sourcePort = ports >>> 16
    leg.destination = this.#addresses[words[at + batch.DESTINATION] ?? 0] ?? 0
    leg.destinationPort = ports & 0xffff
    leg.path = this.#analysis.decoder.paths.idOf(words[at + batch.PLACE] ?? 0, 0)
    leg.isCoarsePath = ((words[at + batch.KIND] ?? 0) & batch.COARSE_PATH) !== 0
    leg.bytes = words[at + batch.MESSAGE_BYTES] ?? 0
    scan.id = question >>> 16
    scan.type = question & 0xffff
    scan.bits = bits >>> 16
    scan.rcode = bits & 0xffff
    scan.answers = answers >>> 16
    scan.ednsSize = answers & 0xffff
    scan.contents = words[at + batch.CONTENTS] ?? 0
  }

  #raw({ words, times, octets }: Batch, at: number): void {
    const frame = this.#frame
    frame.number = (words[at + batch.NUMBER] ?? 0) >>> 0
    frame.atMicros = times[at / 2 + batch.AT] ?? 0
    frame.octets = octets
    frame.start = words[at + batch.START] ?? 0
    frame.end = words[at + batch.END] ?? 0
    frame.wireBytes = (words[at + batch.WIRE_BYTES] ?? 0) >>> 0
    frame.linkType = words[at + batch.LINK_TYPE] ?? 0
    frame.interfaceIndex = words[at + batch.INTERFACE] ?? 0
    frame.direction = directionOf(words[at + batch.DIRECTION] ?? 0)
    this.#analysis.frame(frame)
  }

  #defineAddress(words: Int32Array, at: number): void {
    const id = words[at + batch.DEFINED] ?? 0
    const first = at + batch.ADDRESS_WORDS
    if (id >= this.#addresses.length) this.#addresses = grown(this.#addresses)
    this.#addresses[id] = this.#analysis.decoder.addresses.idOfWords(
      words[first] ?? 0,
      words[first + 1] ?? 0,
      words[first + 2] ?? 0,
      words[first + 3] ?? 0,
      words[at + batch.IS_V6] ?? 0,
    )
  }

  #defineName({ words, packed }: Batch, at: number): void {
    const id = words[at + batch.DEFINED] ?? 0
    const length = words[at + batch.NAME_LENGTH] ?? 0
    this.#names[id] = this.#analysis.names.idOf(
      packed,
      words[at + batch.NAME_START] ?? 0,
      length,
      words[at + batch.HASH] ?? 0,
    )
  }
}

function directionOf(direction: number): FrameDirection {
  return direction === 1 || direction === 2 ? direction : 0
}

function grown(table: Int32Array): Int32Array {
  const larger = new Int32Array(2 * table.length)
  larger.set(table)
  return larger
}
