// Everything from frames to figures and patterns, in one pass with bounded memory. Feed it frames, then ask for the result.
import { FrameDecoder, TcpTable } from '../capture/index.ts'
import type {
  CaptureFile,
  Frame,
  LostFragments,
  Packet,
  TcpConnection,
  TcpMessage,
  TcpSegment,
} from '../capture/index.ts'
import { IcmpErrors } from './icmp-errors.ts'
import type { CarriedDatagram } from './icmp-errors.ts'
import { NAME_WORDS, NameTable, packName } from './messages/name-table.ts'
import { createScan, scanMessage } from './messages/scan-message.ts'
import type { MessageFault, ScannedMessage } from './messages/scan-message.ts'
import { Loops } from './statistics/loops.ts'
import { Traffic } from './statistics/traffic.ts'
import {
  CLIENT,
  ENDPOINT,
  FIRST_AT,
  NAME,
  QUERY_FRAME,
  QUESTION,
  RCODE,
  RESPONSES,
  ROW,
  SENDS,
  SERVER,
} from './transactions/transaction-row.ts'
import type { AnalysisHooks, SeenAnswer, StreamPart } from './seen.ts'
import { createLeg } from './transactions/leg.ts'
import type { Leg } from './transactions/leg.ts'
import { TransactionTable } from './transactions/transaction-table.ts'
import type { OpenCounts, Role } from './transactions/transaction-table.ts'

const DNS = 53
const MDNS = 5353
const LLMNR = 5355
const MAX_EXAMPLES = 64
const MAX_CONNECTIONS = 4096
/** Responses this long after the capture's first frame have a query in it, unless it lost packets. */
const START_MICROS = 2e6

export interface AnalysisOptions extends AnalysisHooks {
  /** Ports that DNS is on besides 53. */
  readonly ports?: readonly number[]
}

/** A message that cannot be read although it is whole. */
export interface MalformedMessage {
  readonly frame: number
  readonly source: number
  readonly sourcePort: number
  readonly destination: number
  readonly fault: MessageFault
}

export interface MessageCounts {
  queries: number
  responses: number
  mdns: number
  llmnr: number
  malformed: number
  /** Responses that no query in the capture belongs to, not counting its first seconds. */
  orphans: number
  /** Second sights of one packet at other places. */
  copies: number
  /** Messages cut by the snap length. */
  cut: number
  /** Messages of opcodes other than QUERY. */
  otherOpcodes: number
}

/** Takes frames, one after another, in the order of the capture. */
export class CaptureAnalysis {
  readonly names: NameTable = new NameTable()
  readonly decoder: FrameDecoder
  readonly traffic: Traffic
  readonly icmp: IcmpErrors
  readonly loops: Loops = new Loops()
  readonly counts: MessageCounts = {
    queries: 0,
    responses: 0,
    mdns: 0,
    llmnr: 0,
    malformed: 0,
    orphans: 0,
    copies: 0,
    cut: 0,
    otherOpcodes: 0,
  }
  readonly malformed: MalformedMessage[] = []
  readonly orphanFrames: number[] = []
  readonly copyFrames: number[] = []
  readonly cutFrames: number[] = []
  readonly lostFragments: LostFragments[] = []
  readonly connections: TcpConnection[] = []
  connectionCount = 0
  frames = 0
  firstAtMicros = 0
  lastAtMicros = 0
  /** Octets that frames had on the wire. */
  wireBytes = 0
  /** Of the last frame. */
  #nowMicros = 0
  readonly #table: TransactionTable
  readonly #tcp: TcpTable
  readonly #scan: ScannedMessage = createScan()
  /** The name of the present message. */
  readonly #words: Int32Array = new Int32Array(NAME_WORDS)
  readonly #hooks: AnalysisHooks
  readonly #isDnsPort: (port: number) => boolean
  readonly #leg: Leg = createLeg()

  constructor({ ports = [], ...hooks }: AnalysisOptions = {}) {
    this.#hooks = hooks
    this.#isDnsPort = ports.length === 0 ? (port) => port === DNS : (port) => port === DNS || ports.includes(port)
    this.#table = new TransactionTable({
      onFinished: (slot) => this.#finished(slot),
      beforeFinished: (slot) => this.traffic.prepare(slot),
      onJumpBack: () => this.traffic.forgetOpen(),
    })
    this.traffic = new Traffic(this.names, this.#table)
    this.#tcp = new TcpTable({
      isDnsPort: this.#isDnsPort,
      message: (message) => this.#tcpMessage(message),
      resent: (segment) => this.#resent(segment),
      connection: (connection) => this.#connection(connection),
    })
    this.decoder = new FrameDecoder(
      {
        udp: (packet) => this.#udp(packet),
        tcp: (packet) => this.#tcp.take(packet),
        icmp: (packet) => this.#icmp(packet),
      },
      (lost) => {
        if (this.lostFragments.length < MAX_CONNECTIONS) this.lostFragments.push(lost)
      },
    )
    this.icmp = new IcmpErrors(this.decoder.addresses)
  }

  /** How often the times of the capture jumped back for good, as where files were joined one behind the other. */
  get jumpsBack(): number {
    return this.#table.jumpsBack
  }

  /** Whether a port is one that DNS is on. */
  isDnsPort(port: number): boolean {
    return this.#isDnsPort(port)
  }

  /** Transactions as they look before the capture's end. @param nowMicros since the Unix epoch, as the frames' times */
  countSoFar(nowMicros: number): OpenCounts {
    const { answered, unanswered, resent } = this.traffic
    const open = this.#table.countOpen(nowMicros)
    return {
      answered: answered + open.answered,
      unanswered: unanswered + open.unanswered,
      waiting: open.waiting,
      resent: resent + open.resent,
    }
  }

  frame(frame: Frame): void {
    this.countFrame(frame.atMicros)
    this.wireBytes += frame.wireBytes
    this.decoder.decode(frame)
  }

  /** Counts a frame whose message a scanner has read; {@link takeQuery} or {@link takeResponse} come next. */
  countFrame(atMicros: number): void {
    this.frames += 1
    if (this.frames === 1) this.firstAtMicros = atMicros
    this.#nowMicros = atMicros
    if (atMicros > this.lastAtMicros) this.lastAtMicros = atMicros
  }

  /**
   * Tells that a message with this question comes soon.
   *
   * @param question id in the upper half, type in the lower
   * @returns what {@link touch} wants to be called with, for some messages together
   */
  expect(hash: number, question: number): number {
    return this.#table.expect(hash, question)
  }

  touch(expected: number): void {
    this.#table.touch(expected)
  }

  /** Takes a query. @param name its number in {@link names} @param hash of its name */
  // oxlint-disable-next-line max-params -- hot path
  takeQuery(leg: Leg, scan: ScannedMessage, name: number, hash: number): Role {
    const role = this.#table.query(leg, scan, name, hash)
    if (role === 'copy' || role === 'leg') this.#noteCopy(leg)
    else this.counts.queries += 1
    return role
  }

  /** Takes a response. @param hash of its question's name; any without a question */
  takeResponse(leg: Leg, scan: ScannedMessage, hash: number): Role {
    const role = scan.hasQuestion
      ? this.#table.response(leg, scan, hash)
      : this.#table.responseWithoutQuestion(leg, scan)
    if (role === 'copy') this.#noteCopy(leg)
    else this.counts.responses += 1
    if (this.#hooks.onAnswer !== undefined && role === 'response') this.#tellAnswer(this.#hooks.onAnswer)
    if (role === 'orphan' && leg.atMicros - this.firstAtMicros > START_MICROS) {
      this.counts.orphans += 1
      if (this.orphanFrames.length < MAX_EXAMPLES) this.orphanFrames.push(leg.frame)
    }
    return role
  }

  /** Ends the capture. @param endMicros when it ended, if that is known better than by its last frame */
  finish(endMicros = 0): void {
    this.lastAtMicros = Math.max(this.lastAtMicros, endMicros)
    // Where times jumped back the latest one is of another stretch than the last frame.
    const end = this.jumpsBack === 0 ? this.lastAtMicros : Math.max(this.#nowMicros, endMicros)
    this.decoder.finish(end)
    this.#tcp.finish()
    this.#table.finish(end)
    this.traffic.finish()
    this.counts.copies += this.#tcp.copies
  }

  // --- Packets ---

  #udp(packet: Packet): void {
    const { sourcePort, destinationPort } = packet
    const isDns = this.#isDnsPort(destinationPort) || this.#isDnsPort(sourcePort)
    if (!isDns) {
      if (sourcePort === MDNS || destinationPort === MDNS) this.counts.mdns += 1
      else if (sourcePort === LLMNR || destinationPort === LLMNR) this.counts.llmnr += 1
      return
    }
    this.#message(packet, undefined, packet.octets, packet.start, packet.end, packet.missing > 0)
  }

  #tcpMessage(message: TcpMessage): void {
    this.#message(message.packet, message, message.octets, message.start, message.end, false)
  }

  #resent({ packet, connection, isFromClient }: TcpSegment): void {
    const { frame, atMicros, source, destination, path, sequence, start, end } = packet
    this.#hooks.onResent?.({
      frame,
      atMicros,
      source,
      destination,
      path,
      connection,
      isFromClient,
      startSequence: sequence,
      endSequence: (sequence + end - start) >>> 0,
    })
  }

  // oxlint-disable-next-line max-params -- hot path
  #message(
    packet: Packet,
    inTcp: TcpMessage | undefined,
    octets: Uint8Array,
    start: number,
    end: number,
    isCut: boolean,
  ): void {
    const scan = this.#scan
    const isWhole = scanMessage(octets, start, end, isCut, scan)
    if (isCut) this.#noteCut(packet)
    if (scan.fault !== undefined) {
      this.#noteMalformed(packet, scan.fault)
      if (!isWhole) return
    }
    if (!isWhole) return
    const leg = this.#leg
    leg.frame = packet.frame
    leg.atMicros = packet.atMicros
    leg.source = packet.source
    leg.sourcePort = packet.sourcePort
    leg.destination = packet.destination
    leg.destinationPort = packet.destinationPort
    leg.path = packet.path
    leg.isCoarsePath = packet.isCoarsePath
    leg.isTcp = inTcp !== undefined
    leg.bytes = end - start + packet.missing
    // Opcodes other than QUERY (updates, notifications) are counted, not paired.
    if ((scan.bits & 0x7800) !== 0) {
      this.counts.otherOpcodes += 1
      return
    }
    const isResponse = (scan.bits & 0x8000) !== 0
    const role = isResponse ? this.#response(leg, scan, octets) : this.#query(leg, scan, octets)
    if (this.#hooks.onMessage !== undefined && role !== undefined) {
      const number = this.#table.lastNumber
      const stream = inTcp === undefined ? undefined : partOf(inTcp)
      this.#hooks.onMessage({ leg, scan, role, isResponse, number, octets, start, end, stream })
    }
  }

  #query(leg: Leg, scan: ScannedMessage, octets: Uint8Array): Role | undefined {
    if (!scan.hasQuestion) return undefined
    const { nameStart, nameEnd } = scan
    const hash = packName(octets, nameStart, nameEnd, this.#words, 0)
    const name = this.names.idOf(this.#words, 0, nameEnd - nameStart, hash)
    return this.takeQuery(leg, scan, name, hash)
  }

  #response(leg: Leg, scan: ScannedMessage, octets: Uint8Array): Role {
    const { hasQuestion, nameStart, nameEnd } = scan
    return this.takeResponse(leg, scan, hasQuestion ? packName(octets, nameStart, nameEnd, this.#words, 0) : 0)
  }

  #tellAnswer(tell: (answer: SeenAnswer) => void): void {
    const { responses, answeredAtMicros, firstAtMicros, rcode, name } = this.#table.read(
      this.#table.slotOf(this.#table.lastNumber),
    )
    if (responses !== 1) return
    tell({ micros: answeredAtMicros - firstAtMicros, rcode, name: () => this.names.format(name) })
  }

  #noteCopy({ frame }: Leg): void {
    this.counts.copies += 1
    if (this.copyFrames.length < MAX_EXAMPLES) this.copyFrames.push(frame)
  }

  #noteCut({ frame }: Packet): void {
    this.counts.cut += 1
    if (this.cutFrames.length < MAX_EXAMPLES) this.cutFrames.push(frame)
  }

  #noteMalformed({ frame, source, sourcePort, destination }: Packet, fault: MessageFault): void {
    this.counts.malformed += 1
    if (this.malformed.length < MAX_EXAMPLES) this.malformed.push({ frame, source, sourcePort, destination, fault })
  }

  #icmp(packet: Packet): void {
    this.icmp.take(packet, {
      isInteresting: (sourcePort, destinationPort) =>
        this.#isDnsPort(sourcePort) || this.#isDnsPort(destinationPort) || isTunnelPort(destinationPort),
      rejected: (query) => this.#rejected(packet, query),
      onRejection: (number, meaning, isCopy) => {
        const { frame, atMicros, source, destination, path } = packet
        this.#hooks.onRejection?.({ number, meaning, isCopy, frame, atMicros, source, destination, path })
      },
    })
  }

  /** The number of the transaction whose query an ICMP error carries; 0 for none. */
  #rejected({ octets, end, frame, atMicros, path, isCoarsePath }: Packet, query: CarriedDatagram): number {
    const scan = this.#scan
    // Many an error carries only the start of it.
    if (!scanMessage(octets, query.payload, end, true, scan) || !scan.hasQuestion || (scan.bits & 0x8000) !== 0)
      return 0
    const hash = packName(octets, scan.nameStart, scan.nameEnd, this.#words, 0)
    const response: Leg = {
      frame,
      atMicros,
      source: query.destination,
      sourcePort: query.destinationPort,
      destination: query.source,
      destinationPort: query.sourcePort,
      path,
      isCoarsePath,
      isTcp: false,
      bytes: 0,
    }
    return this.#table.rejected(response, scan, hash)
  }

  #connection(connection: TcpConnection): void {
    this.connectionCount += 1
    const isOrdinary =
      !connection.isDns &&
      connection.serverReset === undefined &&
      (connection.synAck !== undefined || connection.syns === 0)
    if (!isOrdinary && this.connections.length < MAX_CONNECTIONS) this.connections.push(connection)
  }

  // --- Transactions ---

  #finished(slot: number): void {
    const { words, times, halves, octets } = this.#table.rows
    const at = slot * ROW
    const client = words[at + CLIENT] ?? 0
    const server = words[at + SERVER] ?? 0
    this.loops.takeServer(server, words[at + ENDPOINT] ?? 0)
    if (this.loops.isServer(client)) {
      this.loops.take(
        client,
        server,
        words[at + NAME] ?? 0,
        (words[at + QUESTION] ?? 0) & 0xffff,
        times[at / 2 + FIRST_AT] ?? 0,
        (words[at + QUERY_FRAME] ?? 0) >>> 0,
        halves[2 * at + SENDS] ?? 1,
        octets[4 * at + RESPONSES] !== 0 && halves[2 * at + RCODE] !== 2,
      )
    }
    const transaction = this.traffic.take(slot)
    if (this.#hooks.onTransaction !== undefined) this.#hooks.onTransaction(transaction ?? this.#table.read(slot))
  }
}

function partOf({ connection, isFromClient, start, end, endSequence }: TcpMessage): StreamPart {
  // Two octets of length before the message (RFC 1035 §4.2.2).
  return { connection, isFromClient, startSequence: (endSequence - (end - start) - 2) >>> 0, endSequence }
}

/** The UDP ports of VXLAN, of flannel's VXLAN, and of Geneve. */
export function isTunnelPort(port: number): boolean {
  return port === 4789 || port === 8472 || port === 6081
}

/** A finished analysis and the file it came from; absent for a live capture. */
export interface Analyzed {
  readonly analysis: CaptureAnalysis
  readonly file: CaptureFile | undefined
}
