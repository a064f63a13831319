// Whether a message belongs to a transaction, by addresses and ports alone: as it was sent, or behind NAT. Hot path.
import type { Leg } from './leg.ts'
import { BITS, CLIENT, ENDPOINT, MASQUERADE, NAT_PORTS, PORTS, SERVER, TCP } from './transaction-row.ts'
import type { Rows } from './transaction-row.ts'

/** How a response matches: not, to its client from a stranger, wholly. */
export type Match = 0 | 1 | 2
export const NONE = 0
export const CLIENT_ONLY = 1
export const WHOLE = 2

/**
 * Whether a query with the same id and question, seen soon after at another place, is the row's behind NAT; if so, the row learns the
 * addresses.
 *
 * @param at the row's first word
 */
// oxlint-disable-next-line max-params -- hot path
export function joinNatLeg(words: Int32Array, at: number, leg: Leg, sameClient: boolean, sameServer: boolean): boolean {
  const natPorts = words[at + NAT_PORTS] ?? 0
  const toEndpoint = words[at + ENDPOINT] === leg.destination && natPorts >>> 16 === leg.destinationPort
  if (sameClient) {
    if (words[at + ENDPOINT] === 0) {
      setEndpoint(words, at, leg)
      return true
    }
    return toEndpoint
  }
  // A server that asks the same question on, with the same id, is a forwarder and no masquerade.
  if (leg.source === words[at + SERVER] || leg.source === words[at + ENDPOINT]) return false
  const isMasquerade = words[at + MASQUERADE] === leg.source && (natPorts & 0xffff) === leg.sourcePort
  if (words[at + MASQUERADE] !== 0 && !isMasquerade) return false
  if (!sameServer && !toEndpoint) {
    // Both translated in one step.
    const serverPort = (words[at + PORTS] ?? 0) & 0xffff
    if (words[at + ENDPOINT] !== 0 || leg.destinationPort !== serverPort || leg.destination === words[at + CLIENT])
      return false
    setEndpoint(words, at, leg)
  }
  words[at + MASQUERADE] = leg.source
  words[at + NAT_PORTS] = ((words[at + NAT_PORTS] ?? 0) & ~0xffff) | leg.sourcePort
  return true
}

function setEndpoint(words: Int32Array, at: number, leg: Leg): void {
  words[at + ENDPOINT] = leg.destination
  words[at + NAT_PORTS] = (leg.destinationPort << 16) | ((words[at + NAT_PORTS] ?? 0) & 0xffff)
}

/** @param at the row's first word */
export function matchResponse({ words, octets }: Rows, at: number, leg: Leg): Match {
  if (((octets[4 * at + BITS] ?? 0) & TCP) !== (leg.isTcp ? TCP : 0)) return NONE
  const ports = words[at + PORTS] ?? 0
  const natPorts = words[at + NAT_PORTS] ?? 0
  const toClient = words[at + CLIENT] === leg.destination && ports >>> 16 === leg.destinationPort
  const toMasquerade = words[at + MASQUERADE] === leg.destination && (natPorts & 0xffff) === leg.destinationPort
  if (!toClient && !toMasquerade) return NONE
  const fromServer = words[at + SERVER] === leg.source && (ports & 0xffff) === leg.sourcePort
  const fromEndpoint = words[at + ENDPOINT] === leg.source && natPorts >>> 16 === leg.sourcePort
  return fromServer || fromEndpoint ? WHOLE : CLIENT_ONLY
}
