import { array, assert, integer, nat, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DatagramVector, NAME_WORDS, SLOT_BYTES, isLibc, libc } from '../../sys/index.ts'
import { QueryRingReader, QueryRingWriter } from './query-ring.ts'

const found = libc()

describe.skipIf(!isLibc(found))('QueryRingReader', () => {
  const vector = isLibc(found) ? new DatagramVector(found) : undefined

  function take(ring: QueryRingReader, socket: number): { octets: number[]; name: number[] } | undefined {
    if (vector === undefined) return undefined
    const bytes = ring.take(socket, vector, 2)
    if (bytes < 0) return undefined
    const start = 2 * SLOT_BYTES
    const names = vector.nameWords.subarray(2 * NAME_WORDS, 3 * NAME_WORDS)
    return { octets: [...vector.octets.subarray(start, start + bytes)], name: [...names] }
  }

  it('gives what was put in, in order, around the end of the ring as often as needed', () => {
    const ring = new QueryRingReader()
    const writer = new QueryRingWriter(ring.memory)
    const name = Int32Array.from({ length: NAME_WORDS + 1 }, (_, index) => index * 1000)
    const step = record({ bytes: integer({ min: 12, max: SLOT_BYTES }), takes: nat(2) })
    assert(
      property(array(step, { maxLength: 400 }), (steps) => {
        const waiting: { octets: number[]; socket: number }[] = []
        for (const [index, { bytes, takes }] of steps.entries()) {
          const octets = new Uint8Array(SLOT_BYTES).fill(index & 255)
          // The ring holds 60 of the longest at least.
          if (waiting.length < 60) {
            writer.put(index, new Int32Array(octets.buffer), 0, bytes, name, 1)
            waiting.push({ octets: [...octets.subarray(0, bytes)], socket: index })
          }
          for (let left = takes; left > 0; left -= 1) {
            const wanted = waiting.shift()
            expect(ring.nextSocket()).toBe(wanted?.socket ?? -1)
            if (wanted === undefined) continue
            expect(take(ring, wanted.socket + 1)).toBeUndefined()
            expect(take(ring, wanted.socket)).toEqual({ octets: wanted.octets, name: [...name.subarray(1)] })
          }
        }
        for (const { socket } of waiting) {
          expect(ring.nextSocket()).toBe(socket)
          ring.drop()
        }
        expect(ring.nextSocket()).toBe(-1)
      }),
      { numRuns: 20 },
    )
    expect(ring.lost).toBe(0)
  })

  it('counts what finds no room, and keeps what it has', () => {
    const ring = new QueryRingReader()
    const writer = new QueryRingWriter(ring.memory)
    const name = new Int32Array(NAME_WORDS)
    for (let index = 0; index < 1000; index += 1) writer.put(index, new Int32Array(1024).fill(index), 0, 4096, name, 0)
    expect(ring.lost).toBeGreaterThan(0)
    let taken = 0
    for (let socket = ring.nextSocket(); socket >= 0; socket = ring.nextSocket()) {
      expect(socket).toBe(taken)
      expect(take(ring, socket)?.octets.slice(0, 1)).toEqual([taken & 255])
      taken += 1
    }
    expect(taken + ring.lost).toBe(1000)
  })

  it('must be woken up once for each sleep, and does not sleep over what came', () => {
    const ring = new QueryRingReader()
    const writer = new QueryRingWriter(ring.memory)
    const put = (): void => writer.put(1, new Int32Array(3), 0, 12, new Int32Array(NAME_WORDS), 0)
    put()
    expect([writer.mustWake(), writer.mustWake()]).toEqual([true, false])
    expect(ring.sleep()).toBe(false)
    ring.drop()
    expect(ring.sleep()).toBe(true)
    put()
    expect([writer.mustWake(), writer.mustWake()]).toEqual([true, false])
  })
})
