import { beforeEach, describe, expect, it } from 'vitest'
import { Stamp, stampWords } from '../../base/index.ts'
import { encodeMessage, query } from '../../dns/index.ts'
import { HotReader } from './hot-reader.ts'
import { HotTable } from './hot-table.ts'
import { HotTally, HotTallyReader } from './hot-tally.ts'
import { NO_SHUFFLE } from './shuffle.ts'

const NO_CLIENT = new Int32Array(6)
const BOUNDS = [0.001, 0.01]

let front: Stamp
let stamp: Stamp
let table: HotTable
let counts: HotTallyReader
let tally: HotTally
let reader: HotReader

beforeEach(() => {
  front = new Stamp()
  stamp = new Stamp()
  table = new HotTable({ perClient: false, random: () => 7, isShared: true, stampSlots: [front.slot] })
  table.setStampSum(front.value)
  counts = new HotTallyReader(BOUNDS)
  tally = new HotTally(counts.memory)
  const { memory } = table
  if (memory === undefined) expect.unreachable()
  reader = new HotReader({ memory, stamps: stampWords(), tally, random: 1 })
})

function wordsOf(name: string): { words: Int32Array; bytes: number } {
  const octets = encodeMessage({ ...query({ name, type: 'A' }), id: 0x1234 })
  const words = new Int32Array((octets.length + 3) >> 2)
  new Uint8Array(words.buffer).set(octets)
  return { words, bytes: octets.length }
}

/** Keeps a response of so many octets of one value. */
function keep(name: string, value: number, due = 1000): number {
  const { words, bytes } = wordsOf(name)
  const hash = table.hash(words, 0, bytes, 0, NO_CLIENT, 1)
  const old = table.find(hash, words, 0, bytes, 0, NO_CLIENT, 1)
  const response = new Uint8Array(50).fill(value)
  const shuffles = [NO_SHUFFLE, NO_SHUFFLE] as const
  const answer = { response, shuffles, group: 1, stampValue: stamp.value, stampSlot: stamp.slot, due }
  return table.add({ words, at: 0, bytes, via: 0, client: NO_CLIENT, clientAt: 1 }, hash, answer, old)
}

/** What the reader says to a query: nothing, or its id and the value of the other octets. */
function ask(name: string, now = 0): { id: number; value: number } | undefined {
  const { words, bytes } = wordsOf(name)
  const response = new Int32Array(1024)
  const octets = new Uint8Array(response.buffer)
  const written = reader.answer(now, words, 0, bytes, response, octets, 0, 0, NO_CLIENT, 1)
  if (written === 0) return undefined
  expect(written).toBe(50)
  expect(new Set(octets.subarray(2, written)).size).toBe(1)
  return { id: ((octets[0] ?? 0) << 8) | (octets[1] ?? 0), value: octets[2] ?? 0 }
}

describe('HotReader', () => {
  it('gives what is kept, with the id of the query, and nothing else', () => {
    keep('a.example.org.', 1)
    expect(ask('a.example.org.')).toEqual({ id: 0x1234, value: 1 })
    expect(ask('b.example.org.')).toBeUndefined()
    keep('a.example.org.', 2)
    expect(ask('a.example.org.')).toMatchObject({ value: 2 })
  })

  it('gives nothing from the moment the stamp changed until the entry is renewed', () => {
    const entry = keep('a.example.org.', 1)
    stamp.change()
    expect(ask('a.example.org.')).toBeUndefined()
    table.renew(entry, stamp.value, 1000)
    expect(ask('a.example.org.')).toMatchObject({ value: 1 })
  })

  it('gives nothing from the moment something in front of all entries changed', () => {
    keep('a.example.org.', 1)
    front.change()
    expect(ask('a.example.org.')).toBeUndefined()
    table.setStampSum(front.value)
    expect(ask('a.example.org.')).toMatchObject({ value: 1 })
  })

  it('gives nothing once an entry is due or retired, and shows what a renewal patched', () => {
    const entry = keep('a.example.org.', 1, 1000)
    expect(ask('a.example.org.', 999)).toMatchObject({ value: 1 })
    expect(ask('a.example.org.', 1000)).toBeUndefined()
    table.renew(entry, stamp.value, 2000, (octets, start, bytes) => octets.fill(9, start, start + bytes))
    expect(ask('a.example.org.', 1000)).toMatchObject({ value: 9 })
    table.retire(entry)
    expect(ask('a.example.org.', 0)).toBeUndefined()
  })

  it('gives nothing that was cleared, nor anything once the table is closed', () => {
    keep('a.example.org.', 1)
    table.clear()
    expect(ask('a.example.org.')).toBeUndefined()
    keep('a.example.org.', 2)
    expect(ask('a.example.org.')).toMatchObject({ value: 2 })
    table.close()
    expect(ask('a.example.org.')).toBeUndefined()
    table.clear()
    keep('a.example.org.', 3)
    expect(ask('a.example.org.')).toBeUndefined()
  })

  it('gives nothing whose stamp other threads cannot see', () => {
    const { words, bytes } = wordsOf('a.example.org.')
    const hash = table.hash(words, 0, bytes, 0, NO_CLIENT, 1)
    const shuffles = [NO_SHUFFLE, NO_SHUFFLE] as const
    const answer = { response: new Uint8Array(50), shuffles, group: 1, stampValue: 0, stampSlot: 0, due: 1000 }
    table.add({ words, at: 0, bytes, via: 0, client: NO_CLIENT, clientAt: 1 }, hash, answer, 0)
    expect(ask('a.example.org.')).toBeUndefined()
  })

  it('counts its answers by entry, and their durations in the buckets that they fall into', () => {
    const entry = keep('a.example.org.', 1)
    ask('a.example.org.')
    ask('a.example.org.')
    tally.end(0.002)
    ask('a.example.org.')
    tally.end(0.5)
    expect(counts.takeHits(table.numberOf(entry))).toBe(3)
    expect(counts.takeHits(table.numberOf(entry))).toBe(0)
    const told: (readonly [number, number])[] = []
    counts.takeDurations(1, (seconds, times) => told.push([seconds, times]))
    counts.takeDurations(1, (seconds, times) => told.push([seconds, times]))
    expect(told).toEqual([
      [0.002, 2],
      [0.5, 1],
    ])
  })
})
