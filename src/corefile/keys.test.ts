import { describe, expect, it } from 'vitest'
import type { Token } from './ast.ts'
import { checkOverlap, parseKey } from './keys.ts'
import type { BoundZone } from './keys.ts'

const key = (text: string, line = 1): Token => ({ text, file: 'Corefile', line, column: 1, quoted: false, row: 0 })

describe('parseKey()', () => {
  it.each([
    { text: '.', served: ['dns://.:53'] },
    { text: 'Example.ORG:1053', served: ['dns://example.org.:1053'] },
    { text: 'DNS://example.org', served: ['dns://example.org.:53'] },
    { text: 'tls://example.org', served: ['tls://example.org.:853'] },
    { text: 'https://example.org:4453', served: ['https://example.org.:4453'] },
    { text: 'https3://.', served: ['https3://.:443'] },
    { text: 'grpc://.', served: ['grpc://.:443'] },
    { text: 'quic://.', served: ['quic://.:853'] },
    { text: '10.0.0.0/23:1053', served: ['dns://0.0.10.in-addr.arpa.:1053', 'dns://1.0.10.in-addr.arpa.:1053'] },
  ])('reads $text', ({ text, served }) => {
    expect(parseKey(key(text)).map(({ transport, zone, port }) => `${transport}://${zone}:${port}`)).toEqual(served)
  })

  it('takes the port of -dns.port where a dns key names none', () => {
    expect(parseKey(key('.'), 1053)[0]?.port).toBe(1053)
    expect(parseKey(key('tls://.'), 1053)[0]?.port).toBe(853)
    expect(parseKey(key('.:53'), 1053)[0]?.port).toBe(53)
  })

  it('refuses what is no zone, with file and line', () => {
    expect(() => parseKey(key('a..b', 7))).toThrow(
      'Corefile:7 - Error during parsing: zone is not a valid domain name: a..b',
    )
  })
})

describe('checkOverlap()', () => {
  const bound = (text: string, address = '', isFiltered = false): BoundZone[] =>
    parseKey(key(text)).map((zone) => ({ ...zone, address, isFiltered }))

  it.each([
    { what: 'zones of one address', zones: [...bound('.'), ...bound('a')] },
    { what: 'one zone on two ports', zones: [...bound('.'), ...bound('.:54')] },
    { what: 'one zone on two addresses', zones: [...bound('.', '10.0.0.1'), ...bound('.', '10.0.0.2')] },
    { what: 'one zone over two transports', zones: [...bound('.:853'), ...bound('tls://.')] },
    { what: 'blocks with a view before the one without', zones: [...bound('.', '', true), ...bound('.')] },
  ])('accepts $what', ({ zones }) => {
    expect(() => checkOverlap(zones)).not.toThrow()
  })

  it.each([
    { zones: [...bound('.:53'), ...bound('.')], message: 'cannot serve dns://.:53 - it is already defined' },
    {
      zones: [...bound('10.0.0.0/24'), ...bound('0.0.10.in-addr.arpa')],
      message: 'cannot serve dns://0.0.10.in-addr.arpa.:53 - it is already defined',
    },
    {
      zones: [...bound('a', '10.0.0.1'), ...bound('a', '10.0.0.1')],
      message: 'cannot serve dns://a.:53 on 10.0.0.1 - it is already defined',
    },
    {
      zones: [...bound('.'), ...bound('.', '127.0.0.1')],
      message: 'cannot serve dns://.:53 on 127.0.0.1 - zone overlap listener capacity with dns://.:53',
    },
    {
      zones: [...bound('.', '127.0.0.1'), ...bound('.')],
      message: 'cannot serve dns://.:53 - zone overlap listener capacity with dns://.:53 on 127.0.0.1',
    },
  ])('refuses: $message', ({ zones, message }) => {
    expect(() => checkOverlap(zones)).toThrow(message)
  })
})
