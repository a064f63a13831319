import { constantFrom, ipV4, ipV6, assert as check, property, sample, string, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatIpv4, parseAddress, reverseName } from '../../../dns/index.ts'
import { createAddressMap } from './addresses.ts'
import { rewriteText } from './rewrite-text.ts'
import { createWordMap } from './words.ts'

const KEY = Buffer.alloc(32, 'a test')
const address = createAddressMap(KEY)
const word = createWordMap(KEY, ['shop', 'web', 'acme', '123456789012', 'coredns', 'v2'])
const rewrite = (text: string): string => rewriteText(text, { address, word })

/** How many leading bits two addresses share. */
function shared(a: string, b: string): number {
  const [left, right] = [parseAddress(a), parseAddress(b)]
  const at = [...(left ?? [])].findIndex((octet, index) => octet !== right?.[index])
  return at < 0 ? 8 * (left?.length ?? 0) : 8 * at + Math.clz32((left?.[at] ?? 0) ^ (right?.[at] ?? 0)) - 24
}

describe('createAddressMap()', () => {
  it('keeps as many leading bits in common as there were', () => {
    const pairs = [
      ...sample(tuple(ipV4(), ipV4()), 300),
      ...sample(tuple(ipV6(), ipV6()), 300),
      ['10.233.64.1', '10.233.64.9'] as const,
      ['fd00:1::3', 'fd00:1::4'] as const,
    ]
    const differing = pairs.filter(([a, b]) => shared(address(a), address(b)) !== shared(a, b))
    expect(differing).toEqual([])
  })

  it('keeps addresses in the ranges whose meaning they have, and others out of them', () => {
    const ranges = ['10.0.0.0', '172.16.0.0', '192.168.0.0', '100.64.0.0', 'fd00::']
    const lengths = [8, 12, 16, 10, 8]
    check(
      property(ipV4(), constantFrom(...ranges.keys()), (text, at) => {
        const isIn = (one: string): boolean => shared(one, ranges[at] ?? '') >= (lengths[at] ?? 0)
        expect(isIn(address(text))).toBe(isIn(text))
      }),
    )
    expect(['127.0.0.53', '169.254.25.10', '169.254.169.254', '240.240.0.1', '::1', 'fe80::1'].map(address)).toEqual([
      '127.0.0.53',
      '169.254.25.10',
      '169.254.169.254',
      '240.240.0.1',
      '::1',
      'fe80::1',
    ])
  })

  it('depends on its key', () => {
    expect(createAddressMap(KEY)('10.233.0.3')).toBe(address('10.233.0.3'))
    expect(createAddressMap(Buffer.alloc(32, 'another'))('10.233.0.3')).not.toBe(address('10.233.0.3'))
    expect(address('10.233.0.3')).not.toBe('10.233.0.3')
  })
})

describe('rewriteText()', () => {
  const ip = address('10.233.0.3')

  it.each([
    { what: 'an endpoint', text: '10.233.0.3:53', as: `${ip}:53` },
    { what: 'an address in a name', text: '10.233.0.3.nip.io', as: `${ip}.nip.io` },
    { what: 'a reverse name', text: '3.0.233.10.in-addr.arpa.', as: reverseName(ip) ?? '' },
    { what: 'a name below it', text: 'b._udp.3.0.233.10.in-addr.arpa.', as: `b._udp.${reverseName(ip)}` },
    { what: 'a reverse zone', text: '233.10.in-addr.arpa', as: `${ip.split('.')[1]}.10.in-addr.arpa` },
    { what: 'a pod by its address', text: '10-233-0-3.shop.pod', as: `${ip.replaceAll('.', '-')}.${word('shop')}.pod` },
    { what: 'a machine', text: 'ip-10-233-0-3.ec2', as: `ip-${ip.replaceAll('.', '-')}.ec2` },
    { what: 'a network', text: '10.233.0.0/16', as: `10.${ip.split('.')[1]}.0.0/16` },
    { what: 'a host with its network', text: '10.233.0.3/16', as: `${ip}/16` },
    { what: 'IPv6', text: '[fd00:1::3]:53', as: `[${address('fd00:1::3')}]:53` },
    {
      what: 'IPv6 with dashes',
      text: 'fd00-1--3.shop',
      as: `${address('fd00:1::3').replaceAll(':', '-')}.${word('shop')}`,
    },
    {
      what: 'a reverse name of IPv6',
      text: reverseName('fd00:1::3') ?? '',
      as: reverseName(address('fd00:1::3')) ?? '',
    },
    {
      what: 'versions and times',
      text: 'v1.30.2 2026-01-02T03:04:05Z 12:30:45',
      as: 'v1.30.2 2026-01-02T03:04:05Z 12:30:45',
    },
    { what: 'kept words', text: 'coredns', as: 'coredns' },
    { what: 'an account', text: '123456789012.dkr.ecr', as: `${word('123456789012')}.dkr.ecr` },
    { what: 'words of a name', text: '_http._tcp.Web-0.shop', as: `_http._tcp.${word('web')}-0.${word('shop')}` },
    { what: 'parts of words', text: 'webhook shopping', as: 'webhook shopping' },
  ])('gives $what its pseudonym', ({ text, as }) => {
    expect(rewrite(text)).toBe(as)
  })

  it('leaves nothing of an address, wherever it stands', () => {
    check(
      property(ipV4(), string(), (text, around) => {
        const octets = parseAddress(text)
        const shown = octets === undefined ? '' : formatIpv4(octets)
        if (shown === address(shown) || /[\w.-]$/.test(around)) return
        expect(rewrite(`${around}${shown} `)).not.toContain(` ${shown} `)
        expect(rewrite(`${around}${shown}:53`).endsWith(`${address(shown)}:53`)).toBe(true)
      }),
    )
  })
})

describe('createWordMap()', () => {
  it('keeps the length, and gives no two words one pseudonym', () => {
    const words = Array.from({ length: 600 }, (_, index) => `${String.fromCodePoint(97 + (index % 26))}${index}x`)
    const map = createWordMap(KEY, words)
    const pseudonyms = words.map(map)
    expect(new Set(pseudonyms).size).toBe(600)
    expect(words.filter((one) => pseudonyms.includes(one))).toEqual([])
    const domains = new Set(['shop', 'blog', 'zone', 'uk', 'fr', 'de'])
    const ofDomains = createWordMap(KEY, ['shop', 'uk', 'db', 'aa', 'ab', 'ac'], domains)
    expect([ofDomains('shop'), ['fr', 'de'].includes(ofDomains('uk'))]).toEqual(['blog', true])
    expect(['db', 'aa', 'ab', 'ac'].filter((one) => domains.has(ofDomains(one)))).toEqual([])
    expect(word('acme')).toMatch(/^[a-z][a-z0-9]{3}$/)
    expect(word('123456789012')).toMatch(/^\d{12}$/)
  })
})
