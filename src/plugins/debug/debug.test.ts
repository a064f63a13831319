import { describe, expect, it } from 'vitest'
import { configured } from '../../../test/support/configured.ts'
import { hexDump } from '../hex-dump.ts'
import { debugPlugin } from './index.ts'

describe('debug', () => {
  it('turns debugging on', () => {
    expect(configured(debugPlugin, 'debug')).toEqual({ debug: true })
  })

  it('takes neither arguments nor a block', () => {
    expect(() => configured(debugPlugin, 'debug x')).toThrow('Wrong argument count')
    expect(() => configured(debugPlugin, 'debug {\nx\n}')).toThrow("Unexpected token '{'")
  })
})

describe('hexDump()', () => {
  it('prints what text2pcap reads', () => {
    expect(hexDump(Uint8Array.from({ length: 18 }, (_, index) => index))).toBe(
      ['debug: 000000 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f', 'debug: 000010 10 11', 'debug: 000012'].join(
        '\n',
      ),
    )
  })
})
