// Who sent a message to whom, and where it was seen.
import type { AddressId } from '../../capture/index.ts'

/** Filled again for every message. */
export interface Leg {
  frame: number
  atMicros: number
  source: AddressId
  sourcePort: number
  destination: AddressId
  destinationPort: number
  path: number
  isCoarsePath: boolean
  isTcp: boolean
  /** Octets of the message. */
  bytes: number
}

export function createLeg(): Leg {
  return {
    frame: 0,
    atMicros: 0,
    source: 0,
    sourcePort: 0,
    destination: 0,
    destinationPort: 0,
    path: 0,
    isCoarsePath: false,
    isTcp: false,
    bytes: 0,
  }
}
