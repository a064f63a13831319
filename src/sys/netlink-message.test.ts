import { describe, expect, it } from 'vitest'
import { encodeAttributes, frameNetlink, readAttributes, readNetlinkMessages } from './netlink-message.ts'

function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
}

describe('encodeAttributes()', () => {
  it('fills values up to multiples of four and marks what holds others', () => {
    const octets = encodeAttributes(Uint8Array.of(2, 0, 0, 53), [
      [1, Uint8Array.of(9)],
      [2, [[3, Uint8Array.of(7, 7, 7, 7)]]],
    ])
    expect(Buffer.from(octets).toString('hex')).toBe('0200003505000100090000000c0002800800030007070707')
    const attributes = readAttributes(viewOf(octets), 4)
    expect([...attributes.keys()]).toEqual([1, 2])
    expect(attributes.get(1)?.byteLength).toBe(1)
  })
})

describe('readNetlinkMessages()', () => {
  it('hands over each message of a datagram, and ends at one that is cut off', () => {
    const framed = Buffer.concat([
      frameNetlink({ type: 20, body: Uint8Array.of(1, 2, 3, 4) }),
      frameNetlink({ type: 21, body: Uint8Array.of(5) }),
    ])
    const seen: [number, number][] = []
    const read = (octets: Uint8Array): number => (
      readNetlinkMessages(viewOf(octets), (type, message) => seen.push([type, message.byteLength])),
      seen.length
    )
    expect(read(framed)).toBe(2)
    expect(seen).toEqual([
      [20, 4],
      [21, 1],
    ])
    expect(read(framed.subarray(0, 30))).toBe(3)
  })
})
