import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonSplitter, type JsonFault, type JsonPiece } from './json-splitter.ts'

interface Cut {
  readonly items: JsonPiece[]
  readonly shells: JsonPiece[]
  readonly faults: JsonFault[]
}

/** Cuts a text that arrives in chunks of the given sizes, used round and round. */
function cut(text: string, sizes: readonly number[] = [1 << 20]): Cut {
  const result: Cut = { items: [], shells: [], faults: [] }
  const splitter = new JsonSplitter({
    item: (piece) => result.items.push(piece),
    items({ text, ...piece }) {
      if (!isJson(text)) return -1
      const elements = JSON.parse(text) as unknown[]
      for (const [at, element] of elements.entries()) {
        result.items.push({ ...piece, item: piece.item + at, text: JSON.stringify(element) })
      }
      return elements.length
    },
    shell: (piece) => result.shells.push(piece),
    fault: (fault) => result.faults.push(fault),
  })
  const octets = Buffer.from(text)
  for (let from = 0, turn = 0; from < octets.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1
    splitter.push(octets.subarray(from, from + size))
    from += size
  }
  splitter.end()
  return result
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const parsed = (pieces: readonly JsonPiece[]): unknown[] => pieces.map(({ text }) => JSON.parse(text) as unknown)

describe('JsonSplitter', () => {
  it('cuts the items out of a list and leaves the rest as its shell', () => {
    const { items, shells } = cut('{"kind":"List","items":[{"a":1},{"b":[{"items":[2]}]}],"metadata":{"items":[3]}}')
    expect(parsed(items)).toEqual([{ a: 1 }, { b: [{ items: [2] }] }])
    expect(items.map(({ item, offset }) => ({ item, offset }))).toEqual([
      { item: 0, offset: 24 },
      { item: 1, offset: 32 },
    ])
    expect(parsed(shells)).toEqual([{ kind: 'List', items: [], metadata: { items: [3] } }])
  })

  it('takes several documents and arrays, numbered in order', () => {
    const { items, shells, faults } = cut('\uFEFF{"kind":"Pod"}\n[{"kind":"A"}, {"kind":"B"}]{"items": []}')
    expect(shells.map(({ document, text }) => `${document} ${text}`)).toEqual([
      '1 {"kind":"Pod"}',
      '2 []',
      '3 {"items": []}',
    ])
    expect(items.map(({ document }) => document)).toEqual([2, 2])
    expect(faults).toEqual([])
  })

  it('is not misled by brackets, quotes and the word items in strings', () => {
    const value = { kind: 'x"items":[{', items: [{ note: '}]\\"{ \\\\', items: ['{'] }] }
    const { items, shells } = cut(JSON.stringify(value), [3])
    expect(parsed(items)).toEqual(value.items)
    expect(parsed(shells)).toEqual([{ ...value, items: [] }])
  })

  it('finds the true end where the indentation misleads', () => {
    const text = '{\n "items": [\n  {\n   "a": {\n  }, "b": 2\n  },\n  {"c": 3}\n ]\n}'
    expect(parsed(cut(text).items)).toEqual([{ a: {}, b: 2 }, { c: 3 }])
  })

  it.each([
    { text: '{"items":[{"a":1}', why: /ends in the middle/ },
    { text: '{"a":1}}', why: /closed that was not opened/ },
    { text: 'hello', why: /"h" stands where an object must/ },
    { text: '"hello"', why: /a string stands where an object must/ },
    { text: '{"items":[1]}', why: /"1" stands where an object must/ },
    { text: '{"items":["a"]}', why: /a string stands where an object must/ },
  ])('reports where it must stop: $text', ({ text, why }) => {
    expect(cut(text, [2]).faults[0]?.why).toMatch(why)
  })

  it('gives what JSON.parse gives, in chunks of any size and any indentation', () => {
    const items = fc.array(fc.dictionary(fc.string(), fc.jsonValue()))
    const shell = fc.dictionary(
      fc.string().filter((key) => key !== 'items' && key !== '__proto__'),
      fc.jsonValue(),
    )
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
    fc.assert(
      fc.property(items, shell, sizes, fc.integer({ min: 0, max: 5 }), (list, rest, chunks, indent) => {
        const text = JSON.stringify({ ...rest, items: list }, null, indent)
        const result = cut(text, chunks)
        expect(result.faults).toEqual([])
        expect(parsed(result.items)).toEqual(JSON.parse(JSON.stringify(list)))
        expect(parsed(result.shells)).toEqual([JSON.parse(JSON.stringify({ ...rest, items: [] }))])
      }),
    )
  })

  it('never throws, whatever the octets', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', '\n', ' ', 'items') }),
        fc.integer({ min: 1, max: 9 }),
        (text, size) => {
          expect(() => cut(text, [size])).not.toThrow()
        },
      ),
    )
  })
})
