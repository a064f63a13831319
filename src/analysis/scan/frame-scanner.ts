// The part of the analysis that needs no state but tables of addresses and names, so that it can run in a thread ahead of the rest:
// what a DNS message in an ordinary frame says becomes a record, every other frame is passed on whole. Hot path: numbers only.
import { AddressTable, LINK_ETHERNET, LINK_SLL, LINK_SLL2, isRawIp } from '../../capture/index.ts'
import type { Frame } from '../../capture/index.ts'
import { NAME_WORDS, NameTable, packName } from '../messages/name-table.ts'
import { createScan, scanMessage } from '../messages/scan-message.ts'
import * as batch from './batch.ts'
import type { Batch } from './batch.ts'

const DNS = 53
const UDP = 17
const ETHERTYPE_IPV4 = 0x0800
const ETHERTYPE_IPV6 = 0x86dd

/** Gives batches out, and takes them full. */
export interface BatchExchange {
  /** An empty batch; may wait for one. */
  take(): Batch
  give(full: Batch): void
}

/** Turns frames into records, in order. */
export class FrameScanner {
  readonly #exchange: BatchExchange
  readonly #addresses = new AddressTable()
  readonly #names = new NameTable()
  readonly #scan = createScan()
  readonly #name: Int32Array = new Int32Array(NAME_WORDS)
  #batch: Batch
  #count = 0
  #octets = 0
  #wireBytes = 0
  #place = 0
  #isCoarse = 0

  constructor(exchange: BatchExchange) {
    this.#exchange = exchange
    this.#batch = exchange.take()
  }

  frame(frame: Frame): void {
    if (!this.#batch.hasRoom(this.#count, this.#octets, frame.end - frame.start)) {
      this.finish()
      this.#batch = this.#exchange.take()
    }
    if (!this.#ordinary(frame)) this.#raw(frame)
  }

  /** Hands on what there is. */
  finish(): void {
    this.#batch.count = this.#count
    this.#batch.wireBytes = this.#wireBytes
    this.#count = 0
    this.#octets = 0
    this.#wireBytes = 0
    this.#exchange.give(this.#batch)
  }

  #raw(frame: Frame): void {
    const at = this.#begin(batch.RAW, frame)
    const { words, octets } = this.#batch
    const length = frame.end - frame.start
    octets.set(frame.octets.subarray(frame.start, frame.end), this.#octets)
    words[at + batch.START] = this.#octets
    words[at + batch.END] = this.#octets + length
    words[at + batch.WIRE_BYTES] = frame.wireBytes
    words[at + batch.LINK_TYPE] = frame.linkType
    words[at + batch.INTERFACE] = frame.interfaceIndex
    words[at + batch.DIRECTION] = frame.direction
    this.#octets = (this.#octets + length + 3) & ~3
  }

  #begin(kind: number, frame: Frame): number {
    const at = this.#count * batch.RECORD
    this.#count += 1
    this.#batch.words[at + batch.KIND] = kind
    this.#batch.words[at + batch.NUMBER] = frame.number
    this.#batch.times[at / 2 + batch.AT] = frame.atMicros
    return at
  }

  /** Takes a frame with one whole and sound DNS message over UDP; leaves every other one alone. */
  #ordinary(frame: Frame): boolean {
    const { octets } = frame
    const ip = this.#link(frame)
    if (ip < 0) return false
    const { end } = frame
    const version = octets[ip] ?? 0
    let udp = ip + 20
    let stop = end
    if (version === 0x45) {
      const fragment = uint16(octets, ip + 6) & 0x3fff
      stop = ip + uint16(octets, ip + 2)
      if (octets[ip + 9] !== UDP || fragment !== 0) return false
    } else if (version >>> 4 === 6) {
      udp = ip + 40
      const payload = uint16(octets, ip + 4)
      stop = udp + payload
      if (octets[ip + 6] !== UDP || payload === 0) return false
    } else return false
    if (stop > end || stop < udp + 8) return false
    const sourcePort = uint16(octets, udp)
    const destinationPort = uint16(octets, udp + 2)
    if (sourcePort !== DNS && destinationPort !== DNS) return false
    const length = uint16(octets, udp + 4)
    if (length >= 8 && udp + length < stop) stop = udp + length
    return this.#message(frame, ip, udp, stop)
  }

  /** Where IP begins; -1 for what is not plain. */
  #link({ octets, start, end, linkType, interfaceIndex, direction }: Frame): number {
    this.#isCoarse = 0
    this.#place = interfaceIndex * 4 + direction
    let type = 0
    let ip = start
    if (linkType === LINK_ETHERNET) {
      type = uint16(octets, start + 12)
      ip = start + 14
    } else if (linkType === LINK_SLL2) {
      type = uint16(octets, start)
      ip = start + 20
      const ifindex = (octets[start + 5] ?? 0) * 65_536 + uint16(octets, start + 6)
      this.#place = (0x10000 + ifindex) * 4 + (octets[start + 10] === 4 ? 2 : 1)
    } else if (linkType === LINK_SLL) {
      type = uint16(octets, start + 14)
      ip = start + 16
      this.#isCoarse = batch.COARSE_PATH
      this.#place = interfaceIndex * 4 + (uint16(octets, start) === 4 ? 2 : 1)
    } else if (isRawIp(linkType)) {
      type = (octets[start] ?? 0) >>> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4
    } else return -1
    const isV4 = type === ETHERTYPE_IPV4 && octets[ip] === 0x45 && end - ip >= 28
    const isV6 = type === ETHERTYPE_IPV6 && (octets[ip] ?? 0) >>> 4 === 6 && end - ip >= 48
    return isV4 || isV6 ? ip : -1
  }

  // oxlint-disable-next-line max-params -- hot path
  #message(frame: Frame, ip: number, udp: number, stop: number): boolean {
    const { octets } = frame
    const scan = this.#scan
    const isSound = scanMessage(octets, udp + 8, stop, false, scan) && scan.fault === undefined && scan.hasQuestion
    if (!isSound || (scan.bits & 0x7800) !== 0) return false
    const isV6 = udp - ip === 40
    const source = this.#addressOf(frame, isV6 ? ip + 8 : ip + 12, isV6)
    const destination = this.#addressOf(frame, isV6 ? ip + 24 : ip + 16, isV6)
    if (source === 0 || destination === 0) return false
    const isResponse = (scan.bits & 0x8000) !== 0
    const hash = packName(octets, scan.nameStart, scan.nameEnd, this.#name, 0)
    const name = isResponse ? 0 : this.#nameOf(frame, hash, scan.nameEnd - scan.nameStart)
    if (!isResponse && name === 0) return false
    const at = this.#begin((isResponse ? batch.RESPONSE : batch.QUERY) | this.#isCoarse, frame)
    const { words } = this.#batch
    this.#wireBytes += frame.wireBytes
    words[at + batch.SOURCE] = source
    words[at + batch.DESTINATION] = destination
    words[at + batch.PORTS] = (uint16(octets, udp) << 16) | uint16(octets, udp + 2)
    words[at + batch.PLACE] = this.#place
    words[at + batch.MESSAGE_BYTES] = stop - udp - 8
    words[at + batch.QUESTION] = (scan.id << 16) | scan.type
    words[at + batch.BITS] = (scan.bits << 16) | scan.rcode
    words[at + batch.ANSWERS] = (scan.answers << 16) | scan.ednsSize
    words[at + batch.CONTENTS] = scan.contents
    words[at + batch.HASH] = hash
    words[at + batch.NAME_ID] = name
    return true
  }

  /** The scanner's number of the address at an offset; 0 when there are too many. */
  #addressOf(frame: Frame, offset: number, isV6: boolean): number {
    const addresses = this.#addresses
    const before = addresses.size
    const id = isV6 ? addresses.idOfV6(frame.octets, offset) : addresses.idOfV4(frame.octets, offset)
    if (addresses.size === before) return id
    const at = this.#begin(batch.ADDRESS, frame)
    const { words } = this.#batch
    words[at + batch.DEFINED] = id
    words[at + batch.IS_V6] = isV6 ? 1 : 0
    for (let word = 0; word < 4; word += 1) words[at + batch.ADDRESS_WORDS + word] = addresses.wordOf(id, word)
    return id
  }

  /** The scanner's number of the packed name; 0 when there are too many. */
  #nameOf(frame: Frame, hash: number, length: number): number {
    const before = this.#names.size
    const id = this.#names.idOf(this.#name, 0, length, hash)
    if (this.#names.size === before) return id
    const at = this.#begin(batch.NAME, frame)
    const { words, packed } = this.#batch
    const start = this.#octets >> 2
    const count = (length + 3) >> 2
    packed.set(this.#name.subarray(0, count), start)
    this.#octets += 4 * count
    words[at + batch.DEFINED] = id
    words[at + batch.NAME_START] = start
    words[at + batch.NAME_LENGTH] = length
    words[at + batch.HASH] = hash
    return id
  }
}

function uint16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
}
