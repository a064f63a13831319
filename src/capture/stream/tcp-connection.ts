// One TCP connection as it was seen at one place: who opened it, how it went, and the octets of its two directions.
import type { AddressId } from '../link/address-table.ts'
import type { SeenAt } from './seen-at.ts'
import type { TcpStream } from './tcp-stream.ts'

export interface TcpConnection {
  readonly client: AddressId
  readonly clientPort: number
  readonly server: AddressId
  readonly serverPort: number
  /** Whether messages are read from it; of others only the handshake is followed. */
  readonly isDns: boolean
  readonly first: SeenAt
  last: SeenAt
  /** SYNs of the client, resent ones included; 0 when the capture began later. */
  syns: number
  lastSyn: SeenAt | undefined
  synAck: SeenAt | undefined
  /** RST of the server, of the client. */
  serverReset: SeenAt | undefined
  clientReset: SeenAt | undefined
  serverFin: SeenAt | undefined
  clientFin: SeenAt | undefined
  queries: number
  responses: number
  firstQuery: SeenAt | undefined
  readonly toServer: TcpStream
  readonly toClient: TcpStream
  /** Place at which each direction is followed; -1 before its first segment. */
  serverwardPath: number
  clientwardPath: number
}
