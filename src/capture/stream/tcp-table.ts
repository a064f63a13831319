// TCP connections by their addresses and ports: handshakes of all, messages of those to DNS ports. Copies of segments at other
// places are left aside; a connection under translated addresses is another one.
import type { Packet } from '../link/packet.ts'
import type { TcpConnection } from './tcp-connection.ts'
import type { SeenAt } from './seen-at.ts'
import { TcpStream } from './tcp-stream.ts'
import type { StreamBudget } from './tcp-stream.ts'

export const FIN = 1
export const SYN = 2
export const RST = 4
export const ACK = 16

const MAX_CONNECTIONS = 16_384
const BUDGET_BYTES = 24 << 20
/** In link types without interfaces, a copy and not a resend. */
const COPY_MICROS = 2000
/** A packet so much older than the one before it is of another stretch of time. */
const JUMP_MICROS = 20e6

export interface TcpHandlers {
  readonly isDnsPort: (port: number) => boolean
  /** A message; its packet is the one that completed it. Valid while the handler runs. */
  message(message: TcpMessage): void
  /** A segment with data that was sent again; its packet is valid while the handler runs. */
  resent?(segment: TcpSegment): void
  /** A connection that ended, was given up, or was open at the end of the capture. */
  connection(connection: TcpConnection): void
}

export interface TcpMessage {
  readonly packet: Packet
  readonly octets: Uint8Array
  readonly start: number
  readonly end: number
  /** Sequence number of the octet behind it. */
  readonly endSequence: number
  readonly connection: TcpConnection
  readonly isFromClient: boolean
}

export interface TcpSegment {
  readonly packet: Packet
  readonly connection: TcpConnection
  readonly isFromClient: boolean
}

/** Follows the connections of a capture. */
export class TcpTable {
  /** Packets of segments that were seen at another place before. */
  copies = 0
  readonly #handlers: TcpHandlers
  readonly #open = new Map<string, TcpConnection>()
  readonly #budget: StreamBudget = { left: BUDGET_BYTES }

  constructor(handlers: TcpHandlers) {
    this.#handlers = handlers
  }

  take(packet: Packet): void {
    const { sourcePort, destinationPort, tcpFlags } = packet
    const isDns = this.#handlers.isDnsPort(sourcePort) || this.#handlers.isDnsPort(destinationPort)
    if (!isDns && (tcpFlags & (SYN | RST)) === 0) return
    const isClient = this.#isFromClient(packet)
    const key = isClient
      ? `${packet.source} ${sourcePort} ${packet.destination} ${destinationPort}`
      : `${packet.destination} ${destinationPort} ${packet.source} ${sourcePort}`
    let connection = this.#open.get(key)
    const seen: SeenAt = { frame: packet.frame, atMicros: packet.atMicros }
    if (connection !== undefined && isNewBeginning(packet, connection)) {
      this.#end(key, connection)
      connection = undefined
    }
    if (connection === undefined) {
      // A reset of something that began before the capture says nothing.
      if ((tcpFlags & SYN) === 0 && (!isDns || (tcpFlags & (RST | FIN)) !== 0)) return
      connection = this.#begin(key, packet, { isClient, isDns, seen })
    }
    if (!this.#isHome(connection, packet, isClient)) {
      this.copies += 1
      return
    }
    connection.last = seen
    if (isClient) this.#fromClient(connection, packet, seen)
    else this.#fromServer(connection, packet, seen)
  }

  finish(): void {
    for (const [key, connection] of this.#open) this.#end(key, connection)
  }

  /** Who opened it: the sender of the SYN, else who is not on a DNS port. */
  #isFromClient({ sourcePort, destinationPort, tcpFlags, source, destination }: Packet): boolean {
    if ((tcpFlags & SYN) !== 0) return (tcpFlags & ACK) === 0
    const isToDns = this.#handlers.isDnsPort(destinationPort)
    if (isToDns !== this.#handlers.isDnsPort(sourcePort)) return isToDns
    return this.#open.has(`${source} ${sourcePort} ${destination} ${destinationPort}`)
  }

  #begin(
    key: string,
    packet: Packet,
    { isClient, isDns, seen }: { isClient: boolean; isDns: boolean; seen: SeenAt },
  ): TcpConnection {
    if (this.#open.size >= MAX_CONNECTIONS) {
      for (const [oldest, connection] of this.#open) {
        this.#end(oldest, connection)
        break
      }
    }
    const connection: TcpConnection = {
      client: isClient ? packet.source : packet.destination,
      clientPort: isClient ? packet.sourcePort : packet.destinationPort,
      server: isClient ? packet.destination : packet.source,
      serverPort: isClient ? packet.destinationPort : packet.sourcePort,
      isDns,
      first: seen,
      last: seen,
      syns: 0,
      lastSyn: undefined,
      synAck: undefined,
      serverReset: undefined,
      clientReset: undefined,
      serverFin: undefined,
      clientFin: undefined,
      queries: 0,
      responses: 0,
      firstQuery: undefined,
      toServer: new TcpStream(this.#budget),
      toClient: new TcpStream(this.#budget),
      serverwardPath: -1,
      clientwardPath: -1,
    }
    this.#open.set(key, connection)
    return connection
  }

  #isHome(connection: TcpConnection, { path }: Packet, isClient: boolean): boolean {
    if (isClient) {
      if (connection.serverwardPath < 0) connection.serverwardPath = path
      return connection.serverwardPath === path
    }
    if (connection.clientwardPath < 0) connection.clientwardPath = path
    return connection.clientwardPath === path
  }

  #fromClient(connection: TcpConnection, packet: Packet, seen: SeenAt): void {
    const { tcpFlags } = packet
    if ((tcpFlags & SYN) !== 0) {
      const isCopy =
        packet.isCoarsePath &&
        connection.lastSyn !== undefined &&
        seen.atMicros - connection.lastSyn.atMicros < COPY_MICROS
      if (!isCopy) connection.syns += 1
      connection.lastSyn = seen
      connection.toServer.begin(packet.sequence)
    }
    if ((tcpFlags & RST) !== 0) connection.clientReset ??= seen
    if ((tcpFlags & FIN) !== 0) connection.clientFin ??= seen
    if (!connection.isDns) return
    this.#exchange(connection, packet, seen, true)
  }

  #fromServer(connection: TcpConnection, packet: Packet, seen: SeenAt): void {
    const { tcpFlags } = packet
    if ((tcpFlags & SYN) !== 0) {
      connection.synAck ??= seen
      connection.toClient.begin(packet.sequence)
    }
    if ((tcpFlags & RST) !== 0) connection.serverReset ??= seen
    if ((tcpFlags & FIN) !== 0) connection.serverFin ??= seen
    if (!connection.isDns) return
    this.#exchange(connection, packet, seen, false)
  }

  /** What a segment carries, and what it acknowledges: the other side's, where the capture lacks part of that. */
  #exchange(connection: TcpConnection, packet: Packet, seen: SeenAt, isFromClient: boolean): void {
    const { toServer, toClient } = connection
    const [own, other] = isFromClient ? [toServer, toClient] : [toClient, toServer]
    const isResent = own.take(packet, (octets, start, end, endSequence) => {
      count(connection, seen, isFromClient)
      this.#handlers.message({ packet, octets, start, end, endSequence, connection, isFromClient })
    })
    if (isResent) this.#handlers.resent?.({ packet, connection, isFromClient })
    if ((packet.tcpFlags & ACK) === 0) return
    other.acknowledge(packet.acknowledgment, (octets, start, end, endSequence) => {
      count(connection, seen, !isFromClient)
      const message = { octets, start, end, endSequence, connection, isFromClient: !isFromClient }
      this.#handlers.message({ packet: reversed(packet), ...message })
    })
  }

  #end(key: string, connection: TcpConnection): void {
    this.#open.delete(key)
    connection.toServer.close()
    connection.toClient.close()
    this.#handlers.connection(connection)
  }
}

/** A SYN on the ports of a connection that ended, or was answered by RST, or is of a time after which the capture's times jumped back. */
function isNewBeginning(
  { tcpFlags, atMicros }: Packet,
  { serverReset, clientReset, serverFin, clientFin, last }: TcpConnection,
): boolean {
  if ((tcpFlags & (SYN | ACK)) !== SYN) return false
  if (last.atMicros - atMicros > JUMP_MICROS) return true
  return [serverReset, clientReset, serverFin, clientFin].some((end) => end !== undefined)
}

/** The packet as the other side's: a message that waited for octets which the capture lost. */
function reversed(packet: Packet): Packet {
  return {
    ...packet,
    source: packet.destination,
    destination: packet.source,
    sourcePort: packet.destinationPort,
    destinationPort: packet.sourcePort,
  }
}

/** One message more on a connection. */
function count(connection: TcpConnection, seen: SeenAt, isFromClient: boolean): void {
  if (!isFromClient) {
    connection.responses += 1
    return
  }
  connection.queries += 1
  connection.firstQuery ??= seen
}
