import { describe, expect, it } from 'vitest'
import { query, type RRType } from '../../dns/index.ts'
import type { Request } from '../../server/index.ts'
import { Flights, type Flight } from './flights.ts'

interface Asked {
  readonly name?: string
  readonly type?: RRType
  readonly transport?: 'tcp' | 'udp'
  readonly ad?: boolean
  readonly payload?: number
}

function ask({ name = 'a.example.org.', type = 'A', transport = 'udp', ad = false, payload }: Asked = {}): Request {
  const plain = query({ name, type })
  const edns =
    payload === undefined ? undefined : { udpPayloadSize: payload, version: 0, dnssecOk: false, z: 0, options: [] }
  const message = { ...plain, flags: { ...plain.flags, ad }, edns }
  return { message, name, type, class: 'IN', transport } as unknown as Request
}

describe('Flights', () => {
  it('merges identical questions, and tells each of them', () => {
    const flights = new Flights<string>()
    const told: string[] = []
    const flight = flights.join(ask(), (result) => told.push(`1 ${result}`))
    expect(flights.join(ask(), (result) => told.push(`2 ${result}`))).toBe(flight)
    expect(flights.join(ask(), (result) => told.push(`3 ${result}`)).waiting).toBe(3)
    flights.end(flight, 'done')
    expect(told).toEqual(['1 done', '2 done', '3 done'])
    expect(flights.join(ask(), () => {}).waiting).toBe(1)
  })

  it.each<[string, Asked]>([
    ['name', { name: 'b.example.org.' }],
    ['type', { type: 'AAAA' }],
    ['transport', { transport: 'tcp' }],
    ['flags', { ad: true }],
    ['EDNS', { payload: 1232 }],
  ])('keeps questions apart by their %s', (_what, other) => {
    const flights = new Flights<string>()
    flights.join(ask(), () => {})
    expect(flights.join(ask(other), () => {}).waiting).toBe(1)
  })

  it('asks a HINFO question eight times before it merges', () => {
    const flights = new Flights<string>()
    const waiting = Array.from({ length: 10 }, () => flights.join(ask({ type: 'HINFO' }), () => {}).waiting)
    expect(waiting).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 2, 3])
  })

  it('never merges a transfer', () => {
    const flights = new Flights<string>()
    expect([1, 2].map(() => flights.join(ask({ type: 'AXFR' }), () => {}).waiting)).toEqual([1, 1])
  })

  it('finds each of thousands, in whatever order they end', () => {
    const flights = new Flights<number>()
    const names = Array.from({ length: 5000 }, (_, index) => `n${index}.example.org.`)
    const begin = (): Flight<number>[] => names.map((name) => flights.join(ask({ name }), () => {}))
    const first = begin()
    expect(new Set(begin()).size).toBe(5000)
    expect(first.every(({ waiting }) => waiting === 2)).toBe(true)
    const odd = first.filter((_, index) => index % 2 === 1)
    for (const flight of odd.toReversed()) flights.end(flight, 0)
    expect(begin().filter(({ waiting }) => waiting === 1)).toHaveLength(2500)
  })
})
