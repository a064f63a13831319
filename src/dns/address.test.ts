import { isIP } from 'node:net'
import { assert, ipV4, ipV6, property, string, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressFromReverse, formatIpv6, parseAddress, parseIpv4, parseIpv6, reverseName } from './address.ts'

describe('addresses', () => {
  it.each([
    ['0:0:0:0:0:0:0:0', '::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::1', '::1'],
    ['1::', '1::'],
  ])('%s is written %s (RFC 5952)', (text, canonical) => {
    const octets = parseIpv6(text)
    expect(octets && formatIpv6(octets)).toBe(canonical)
  })

  it.each(['', '1', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.4 ', ' 1.2.3.4', '1.2.3.-4', '1..3.4'])(
    'parseIpv4() refuses "%s"',
    (text) => {
      expect(parseIpv4(text)).toBeUndefined()
    },
  )

  it.each([
    '',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    'g::',
    '1.2.3.4::',
    '::1.2.3',
    'fe80::1%eth0',
    '1:2:3:4:5:6:7::8',
  ])('parseIpv6() refuses "%s"', (text) => {
    expect(parseIpv6(text)).toBeUndefined()
  })

  it('agree with Node about what an address is', () => {
    assert(
      property(string({ unit: 'binary-ascii', maxLength: 20 }), (text) => {
        expect(parseAddress(text) === undefined).toBe(isIP(text) === 0)
      }),
    )
    expect.hasAssertions()
  })

  it('read back what they write', () => {
    assert(
      property(uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
        expect(parseIpv6(formatIpv6(octets))).toEqual(octets)
      }),
    )
    expect.hasAssertions()
  })
})

describe('reverseName() and addressFromReverse()', () => {
  it.each([
    { address: '10.233.0.3', name: '3.0.233.10.in-addr.arpa.' },
    {
      address: '2001:db8::567:89ab',
      name: 'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.',
    },
  ])('$address is $name', ({ address, name }) => {
    expect(reverseName(address)).toBe(name)
    expect(addressFromReverse(name.toUpperCase())).toBe(address)
  })

  it('go back and forth for every address', () => {
    const check = (address: string): void => {
      const octets = parseAddress(address)
      expect(parseAddress(addressFromReverse(reverseName(address) ?? '') ?? '')).toEqual(octets)
    }
    assert(property(ipV4(), check))
    assert(property(ipV6(), check))
  })

  it.each([
    '.',
    'in-addr.arpa.',
    '0.233.10.in-addr.arpa.',
    '3.0.233.256.in-addr.arpa.',
    '1.3.0.233.10.in-addr.arpa.',
    '03.0.233.10.in-addr.arpa.',
    '3.0.233.10.example.',
    '1.0.ip6.arpa.',
    'a\\.b.0.0.0.in-addr.arpa.',
  ])('give no address for %s', (name) => {
    expect(addressFromReverse(name)).toBeUndefined()
  })

  it('give no name for text that is no address', () => {
    expect(reverseName('10.233.0')).toBeUndefined()
  })
})
