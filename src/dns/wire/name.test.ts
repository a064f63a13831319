import { describe, expect, it } from 'vitest'
import { WireError } from './error.ts'
import { decodeName, encodeName, writeName } from './name.ts'
import { createWriter, writtenOctets } from './writer.ts'

const octets = (...parts: readonly (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part, 'latin1')])))

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return error instanceof WireError ? error.code : 'not a WireError'
  }
}

describe('decodeName()', () => {
  it.each([
    { title: 'the root', message: octets(0), offset: 0, name: '.', end: 1 },
    {
      title: 'labels in the case they have',
      message: octets(3, 'WwW', 2, 'Eu', 0),
      offset: 0,
      name: 'WwW.Eu.',
      end: 8,
    },
    { title: 'a pointer', message: octets(1, 'a', 0, 1, 'b', 0xc0, 0), offset: 3, name: 'b.a.', end: 7 },
    { title: 'a pointer to a pointer', message: octets(1, 'a', 0, 0xc0, 0, 0xc0, 3), offset: 5, name: 'a.', end: 7 },
    {
      title: 'dots and backslashes in labels',
      message: octets(3, 'a.b', 1, '\\', 0),
      offset: 0,
      name: 'a\\.b.\\\\.',
      end: 7,
    },
    {
      title: 'octets that cannot be printed',
      message: octets(4, 0, 32, 127, 255, 0),
      offset: 0,
      name: '\\000\\032\\127\\255.',
      end: 6,
    },
  ])('decodes $title', ({ message, offset, name, end }) => {
    expect(decodeName(message, offset)).toEqual({ name, end })
  })

  const label63 = octets(63, 'x'.repeat(63))
  const longest = Uint8Array.of(...label63, ...label63, ...label63, ...octets(61, 'y'.repeat(61)), 0)

  it('decodes a name of 255 octets and rejects one of 256', () => {
    expect(longest.length).toBe(255)
    expect(decodeName(longest, 0).name).toHaveLength(254)
    const over = Uint8Array.of(...label63, ...label63, ...label63, ...octets(62, 'y'.repeat(62)), 0)
    expect(codeOf(() => decodeName(over, 0))).toBe('name-too-long')
  })

  it('rejects a name that only pointers make longer than 255 octets', () => {
    const message = Uint8Array.of(...longest, ...label63, 0xc0, 0)
    expect(codeOf(() => decodeName(message, 255))).toBe('name-too-long')
  })

  it.each([
    { title: 'a pointer to itself', message: octets(0xc0, 0), offset: 0, code: 'bad-pointer' },
    { title: 'a pointer to a later offset', message: octets(0xc0, 4, 0, 0, 1, 'a', 0), offset: 0, code: 'bad-pointer' },
    { title: 'a pointer into the name that it ends', message: octets(1, 'a', 0xc0, 0), offset: 0, code: 'bad-pointer' },
    { title: 'two pointers in a circle', message: octets(0xc0, 2, 0xc0, 0), offset: 2, code: 'bad-pointer' },
    { title: 'a label type of 0x40', message: octets(0x41, 'a', 0), offset: 0, code: 'bad-label-type' },
    { title: 'a label type of 0x80', message: octets(0x81, 'a', 0), offset: 0, code: 'bad-label-type' },
    { title: 'no octets', message: octets(), offset: 0, code: 'truncated' },
    { title: 'a label that is cut off', message: octets(5, 'abc'), offset: 0, code: 'truncated' },
    { title: 'a name without its end', message: octets(1, 'a'), offset: 0, code: 'truncated' },
    { title: 'half a pointer', message: octets(0xc0), offset: 0, code: 'truncated' },
  ])('rejects $title', ({ message, offset, code }) => {
    expect(codeOf(() => decodeName(message, offset))).toBe(code)
  })
})

describe('encodeName()', () => {
  it.each([
    { name: '.', encoded: octets(0) },
    { name: '', encoded: octets(0) },
    { name: 'www.example.', encoded: octets(3, 'www', 7, 'example', 0) },
    { name: 'www.example', encoded: octets(3, 'www', 7, 'example', 0) },
    { name: 'a\\.b\\\\.\\000\\255.', encoded: octets(4, 'a.b\\', 2, 0, 255, 0) },
  ])('encodes $name', ({ name, encoded }) => {
    expect(encodeName(name)).toEqual(encoded)
  })

  it.each([
    { title: 'a label of 64 octets', name: `${'a'.repeat(64)}.`, code: 'label-too-long' },
    { title: 'a last label of 64 octets without a dot', name: 'a'.repeat(64), code: 'label-too-long' },
    { title: 'a name of 256 octets', name: `${'a.'.repeat(127)}b.`, code: 'name-too-long' },
    { title: 'a name of a million labels', name: 'a.'.repeat(1_000_000), code: 'name-too-long' },
    { title: 'an empty label', name: 'a..b.', code: 'bad-label-type' },
    { title: 'a lone dot before a label', name: '.a.', code: 'bad-label-type' },
    { title: 'a number over 255', name: 'a\\256.', code: 'bad-label-type' },
    { title: 'a backslash at the end', name: 'a\\', code: 'bad-label-type' },
    { title: 'a character of two octets', name: 'ä\u0142.', code: 'bad-label-type' },
  ])('rejects $title', ({ name, code }) => {
    expect(codeOf(() => encodeName(name))).toBe(code)
  })
})

describe('writeName()', () => {
  it('points to the longest suffix that stands in the message, and keeps case', () => {
    const writer = createWriter(true)
    for (const name of ['a.example.', 'b.a.example.', 'a.example.', 'EXAMPLE.', 'example.', '.'])
      writeName(writer, name)
    expect(writtenOctets(writer)).toEqual(
      octets(1, 'a', 7, 'example', 0, 1, 'b', 0xc0, 0, 0xc0, 0, 7, 'EXAMPLE', 0, 0xc0, 2, 0),
    )
  })

  it('never points beyond what 14 bits can say', () => {
    const writer = createWriter(true)
    writer.octets = new Uint8Array(20_000)
    writer.length = 0x3fff
    writeName(writer, 'far.example.')
    const start = writer.length
    writeName(writer, 'far.example.')
    // "far" begins at the last offset that fits, "example" after it: only the whole name is found again.
    expect(writtenOctets(writer).slice(start)).toEqual(octets(0xff, 0xff))
    const next = writer.length
    writeName(writer, 'example.')
    expect(writtenOctets(writer).slice(next)).toEqual(octets(7, 'example', 0))
  })
})
