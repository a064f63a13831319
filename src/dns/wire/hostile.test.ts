import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { WireError, decodeMessage, encodeMessage } from '../index.ts'

const path = resolve(import.meta.dirname, '../../../testdata/wire/hostile.txt')
const cases = readFileSync(path, 'utf8')
  .trimEnd()
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .map((line) => line.split('\t'))
  .map(([title = '', hex = '', outcome = '']) => ({
    title,
    outcome,
    octets: new Uint8Array(Buffer.from(hex.replace('-', ''), 'hex')),
  }))

describe('decodeMessage() on odd and broken messages', () => {
  it.each(cases)('$title: $outcome', ({ octets, outcome }) => {
    if (outcome === 'message') {
      const message = decodeMessage(octets)
      expect(decodeMessage(encodeMessage(message))).toEqual(message)
    } else {
      expect(() => decodeMessage(octets)).toThrow(expect.objectContaining({ name: WireError.name, code: outcome }))
    }
  })
})
