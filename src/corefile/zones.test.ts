import { describe, expect, it } from 'vitest'
import { expandZones, hasPreferredSyntax, normalizeZone, splitHostPort } from './zones.ts'

describe('normalizeZone()', () => {
  it.each([
    ['Example.ORG', 'example.org.'],
    ['example.org.', 'example.org.'],
    ['.', '.'],
    ['bücher.example', String.raw`b\195\188cher.example.`],
    ['example.com{', 'example.com{.'],
  ])('gives %s as %s', (text, zone) => {
    expect(normalizeZone(text)).toBe(zone)
  })

  it.each([
    ['', 'zone is not a valid domain name: '],
    ['a..b', 'zone is not a valid domain name: a..b'],
    [`${'a'.repeat(64)}.b`, 'zone is not a valid domain name'],
    ['a.'.repeat(128), 'specified zone is too long: 256 > 255'],
  ])('refuses %s', (text, message) => {
    expect(() => normalizeZone(text)).toThrow(message)
  })
})

describe('expandZones()', () => {
  it.each([
    { text: '10.0.0.0/24', zones: ['0.0.10.in-addr.arpa.'] },
    { text: '10.1.2.3/16', zones: ['1.10.in-addr.arpa.'] },
    { text: '10.0.0.0/23', zones: ['0.0.10.in-addr.arpa.', '1.0.10.in-addr.arpa.'] },
    { text: '192.0.2.1/32', zones: ['1.2.0.192.in-addr.arpa.'] },
    { text: '0.0.0.0/0', zones: ['in-addr.arpa.'] },
    { text: '2001:db8::/32', zones: ['8.b.d.0.1.0.0.2.ip6.arpa.'] },
    { text: '2001:db8::/35', zones: ['0.8.b.d.0.1.0.0.2.ip6.arpa.', '1.8.b.d.0.1.0.0.2.ip6.arpa.'] },
    { text: '::/0', zones: ['ip6.arpa.'] },
    { text: 'example.org:1053', zones: ['example.org.'] },
    { text: 'dns://example.org', zones: ['example.org.'] },
    { text: '10.0.0.0/33', zones: ['10.0.0.0/33.'] },
    { text: '10.0/16', zones: ['10.0/16.'] },
  ])('gives $zones for $text', ({ text, zones }) => {
    expect(expandZones(text)).toEqual(zones)
  })

  it('splits at the boundary above: 10.96.0.0/12 gives sixteen zones', () => {
    const zones = expandZones('10.96.0.0/12')
    expect(zones).toHaveLength(16)
    expect([zones[0], zones[15]]).toEqual(['96.10.in-addr.arpa.', '111.10.in-addr.arpa.'])
  })
})

describe('splitHostPort()', () => {
  it.each([
    { text: '.:53', zones: ['.'], port: 53 },
    { text: '10.0.0.0/24:1053', zones: ['0.0.10.in-addr.arpa.'], port: 1053 },
    { text: '2001:db8::/32', zones: ['8.b.d.0.1.0.0.2.ip6.arpa.'], port: undefined },
    { text: 'example.org', zones: ['example.org.'], port: undefined },
  ])('reads $text', ({ text, zones, port }) => {
    expect(splitHostPort(text)).toEqual({ zones, port })
  })

  it.each([
    ['example.org:', 'expecting data after last colon: "example.org:"'],
    ['example.org:65536', 'invalid port in "example.org:65536": 65536 is not between 0 and 65535'],
    ['.:-1', 'invalid port in ".:-1": -1 is not between 0 and 65535'],
  ])('refuses %s', (text, message) => {
    expect(() => splitHostPort(text)).toThrow(message)
  })
})

describe('hasPreferredSyntax()', () => {
  it.each([
    ['.', true],
    ['cluster.local.', true],
    ['0.0.10.in-addr.arpa.', true],
    ['a-b.c9.', true],
    ['example.com{.', false],
    ['_tcp.example.org.', false],
    ['9.example.org.', false],
    ['a-.example.', false],
  ])('says of %s: %s', (zone, preferred) => {
    expect(hasPreferredSyntax(zone)).toBe(preferred)
  })
})
