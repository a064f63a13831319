import { array, assert, constantFrom, oneof, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TextError, formatRecord, parseName, parseRData, parseRecord } from '../index.ts'

describe('parseRecord()', () => {
  it.each([
    {
      title: 'all fields',
      text: 'www.example.org. 300 IN A 192.0.2.1',
      expected: 'www.example.org.\t300\tIN\tA\t192.0.2.1',
    },
    {
      title: 'class before TTL',
      text: 'www.example.org. CH 300 A 192.0.2.1',
      expected: 'www.example.org.\t300\tCH\tA\t192.0.2.1',
    },
    { title: 'neither', text: 'www.example.org. A 192.0.2.1', expected: 'www.example.org.\t60\tIN\tA\t192.0.2.1' },
    {
      title: 'lower case',
      text: 'www.example.org. in a 192.0.2.1',
      expected: 'www.example.org.\t60\tIN\tA\t192.0.2.1',
    },
    { title: 'a TTL with units', text: 'www 1h30m A 192.0.2.1', expected: 'www.example.org.\t5400\tIN\tA\t192.0.2.1' },
    { title: 'relative names', text: 'www MX 10 mail', expected: 'www.example.org.\t60\tIN\tMX\t10 mail.example.org.' },
    { title: 'the origin', text: '@ MX 10 @', expected: 'example.org.\t60\tIN\tMX\t10 example.org.' },
    {
      title: 'an owner that is called like a type',
      text: 'MX MX 10 A',
      expected: 'MX.example.org.\t60\tIN\tMX\t10 A.example.org.',
    },
    {
      title: 'parentheses and comments',
      text: '@ SOA a. b. ( ; start\n 1 ; serial\n 2h 3 4 5 )',
      expected: 'example.org.\t60\tIN\tSOA\ta. b. 1 7200 3 4 5',
    },
    {
      title: 'escapes in names',
      text: 'a\\.b\\032\\065 A 192.0.2.1',
      expected: 'a\\.b\\032A.example.org.\t60\tIN\tA\t192.0.2.1',
    },
    {
      title: 'characters beyond ASCII',
      text: 'ü A 192.0.2.1',
      expected: '\\195\\188.example.org.\t60\tIN\tA\t192.0.2.1',
    },
    {
      title: 'words and quoted strings',
      text: '@ TXT one "two;(3)" \\"four\\"',
      expected: 'example.org.\t60\tIN\tTXT\t"one" "two;(3)" "\\"four\\""',
    },
    { title: 'octets of a known type', text: '@ A \\# 4 c0 00 02 01', expected: 'example.org.\t60\tIN\tA\t192.0.2.1' },
    {
      title: 'unknown type and class',
      text: '@ CLASS32 TYPE731 \\# 6 abcdef 01 23 45',
      expected: 'example.org.\t60\tCLASS32\tTYPE731\t\\# 6 ABCDEF012345',
    },
    { title: 'a type by its number', text: '@ TYPE1 192.0.2.1', expected: 'example.org.\t60\tIN\tA\t192.0.2.1' },
    {
      title: 'hexadecimal in pieces',
      text: '@ DS 1 8 2 ( AABB\n ccdd )',
      expected: 'example.org.\t60\tIN\tDS\t1 8 2 AABBCCDD',
    },
    {
      title: 'a quoted service parameter',
      text: '@ HTTPS 1 . alpn="h2,h3" port=443',
      expected: 'example.org.\t60\tIN\tHTTPS\t1 . alpn="h2,h3" port=443',
    },
    {
      title: 'an ALPN id that ends with a comma',
      text: String.raw`@ HTTPS 1 . alpn="h\\,,h3"`,
      expected: 'example.org.\t60\tIN\tHTTPS\t1 . alpn="h\\\\,,h3"',
    },
    {
      title: 'service parameters in any order',
      text: '@ HTTPS 1 . port=443 alpn=h2',
      expected: 'example.org.\t60\tIN\tHTTPS\t1 . alpn="h2" port=443',
    },
  ])('reads $title', ({ text, expected }) => {
    expect(formatRecord(parseRecord(text, { origin: 'example.org.', defaultTtl: 60 }))).toBe(expected)
  })

  it.each([
    { text: '', says: 'owner name is missing' },
    { text: 'www', says: 'record type is missing' },
    { text: 'www 300 IN', says: 'record type is missing' },
    { text: 'www 300 IN A', says: 'address is missing' },
    { text: 'www WHAT 1', says: '"WHAT" is no record type, nor class or TTL' },
    { text: 'www 4294967295 A 192.0.2.1', says: 'Cannot read TTL "4294967295": the limit is 2147483647 seconds' },
    { text: 'www A 192.0.2.256', says: 'Cannot read address "192.0.2.256": expected an IPv4 address' },
    { text: 'www AAAA 192.0.2.1', says: 'expected an IPv6 address' },
    { text: 'www A 192.0.2.1 192.0.2.2', says: '"192.0.2.2" follows where it should end' },
    { text: 'www A 192.0.2.1\nwww A 192.0.2.2', says: "it goes on after the line's end" },
    { text: 'www MX 65536 a.', says: 'Cannot read preference "65536": expected a number from 0 to 65535' },
    { text: 'www TXT "open', says: 'a quote is not closed' },
    { text: 'www TXT ( a', says: '"(" without ")"' },
    { text: 'www TXT a )', says: '")" without "("' },
    { text: 'www TXT \\999', says: '"\\999" is not \\000 to \\255' },
    { text: `www TXT ${'x'.repeat(256)}`, says: 'at most 255 octets, not 256' },
    { text: 'a..b A 192.0.2.1', says: 'it has an empty label' },
    { text: `${'a'.repeat(64)} A 192.0.2.1`, says: 'label is 64 octets, limit is 63' },
    { text: `${'a.'.repeat(128)} A 192.0.2.1`, says: 'name is 257 octets, limit is 255' },
    { text: 'www DS 1 8 2 ABC', says: 'expected pairs of hexadecimal digits' },
    { text: 'www DNSKEY 256 3 8 A===', says: 'expected base64' },
    { text: 'www TYPE731 abc', says: 'write its RDATA as \\# LENGTH HEXADECIMAL' },
    { text: 'www A \\# 4 c00002', says: 'Cannot read RDATA length "4": 3 octets follow' },
    { text: 'www A \\# 3 c00002', says: 'its octets are not A RDATA' },
    { text: 'www SVCB 1 . port=99999', says: 'Cannot read service parameter port "99999"' },
    { text: 'www SVCB 1 . port=1 port=2', says: 'expected each key once' },
    { text: 'www RRSIG A 8 2 5 20241301000000 20240101000000 1 . AA==', says: 'expected a time as YYYYMMDDHHmmSS' },
    { text: 'www LOC 91 N 0 E 0m', says: 'at most 90 degrees' },
  ])('refuses "$text"', ({ text, says }) => {
    let message = ''
    try {
      parseRecord(text)
    } catch (error) {
      expect(error).toBeInstanceOf(TextError)
      message = (error as TextError).message
    }
    expect(message).toContain(says)
  })

  const word = oneof(
    constantFrom(
      'www',
      '@',
      'IN',
      '300',
      'A',
      'TXT',
      'SVCB',
      'LOC',
      'NSEC3',
      'TYPE1',
      '\\#',
      '4',
      '"',
      '(',
      ')',
      ';',
      '\\',
      '\\012',
      'alpn="',
      ',',
      '.',
      '-',
    ),
    string({ unit: 'binary-ascii', maxLength: 6 }),
    string({ unit: 'binary', maxLength: 3 }),
  )

  it('gives a record or throws a TextError for any text, and what it gives reads back the same', () => {
    assert(
      property(array(word, { maxLength: 12 }), (words) => {
        try {
          const record = parseRecord(`www ${words.join(' ')}`)
          if (record.class !== 'ANY') expect(parseRecord(formatRecord(record))).toEqual(record)
        } catch (error) {
          if (!(error instanceof TextError)) throw error
        }
      }),
      { numRuns: 5000 },
    )
    expect(() => parseRecord('www')).toThrow(TextError)
  })

  it.each(['A', 'TXT', 'SVCB', 'LOC', 'NSEC3', 'NSEC', 'CERT', 'RRSIG', 'NAPTR', 'DHCID', 'EUI48', 'TYPE731'])(
    'parseRData() gives %s RDATA or throws a TextError for any text',
    (type) => {
      assert(
        property(array(word, { maxLength: 10 }), (words) => {
          try {
            parseRData(type, words.join(' '))
          } catch (error) {
            if (!(error instanceof TextError)) throw error
          }
        }),
        { numRuns: 500 },
      )
      expect(() => parseRData(type, '"')).toThrow(TextError)
    },
  )
})

describe('parseName()', () => {
  it('gives every spelling of a name the one form', () => {
    expect(parseName('\\119\\w\\119.ex\\097mple.org')).toBe('www.example.org.')
    expect(parseName('a\\"b\\(c')).toBe('a"b(c.')
    expect(parseName('.')).toBe('.')
  })

  it('counts the origin against the limit', () => {
    const origin = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.`
    expect(parseName('d'.repeat(63), origin)).toHaveLength(64 + origin.length)
    expect(() => parseName(`${'d'.repeat(63)}.eeeeeee`, origin)).toThrow('name is 256 octets, limit is 255')
  })
})
