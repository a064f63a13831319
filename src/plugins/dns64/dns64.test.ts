import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createRequest, startPlugin } from '../../../test/support/plugin-rig.ts'
import { rr } from '../../../test/support/records.ts'
import { fail, respond, type Next, type Outcome, type ResponseParts } from '../../server/index.ts'
import { dns64Plugin } from './index.ts'
import { embedIpv4, parsePrefix } from './prefix.ts'

const SOA = 'example.org. 300 IN SOA ns.example.org. admin.example.org. 1 7200 1800 86400 300'
const answers =
  (parts: Omit<ResponseParts, 'by'>): Next =>
  (request) =>
    respond(request, { by: 'next', ...parts })

interface Scene {
  readonly directive?: string
  readonly question?: string
  readonly family?: 1 | 2
  /** The answer to the AAAA question. */
  readonly next: Next
  /** The answer to the A question. */
  readonly lookup?: Next
}

async function ask({
  directive = 'dns64',
  question = 'www.example.org AAAA',
  family = 2,
  next,
  lookup,
}: Scene): Promise<{
  readonly outcome: Outcome
  readonly metric: string[]
}> {
  const rig = startPlugin(dns64Plugin, directive, lookup === undefined ? {} : { lookup })
  const request = { ...createRequest(question, { clock: createFakeClock() }), family }
  const outcome = await rig.instance.handler?.(request, next)
  if (outcome === undefined) throw new Error('no handler')
  return { outcome, metric: rig.metric('coredns_dns64_requests_translated_total') }
}

const noData = answers({ authority: [rr(SOA)] })
const ipv4 = answers({
  answer: [rr('www.example.org. 900 IN CNAME a.example.org.'), rr('a.example.org. 600 IN A 192.0.2.42')],
})

describe('dns64', () => {
  it('makes AAAA of A records, other records kept, the TTL bounded by that of the SOA', async () => {
    const { outcome, metric } = await ask({ next: noData, lookup: ipv4 })
    expect(outcome).toMatchObject({
      by: 'dns64',
      message: {
        rcode: 'NOERROR',
        question: [{ name: 'www.example.org.', type: 'AAAA' }],
        answer: [
          rr('www.example.org. 900 IN CNAME a.example.org.'),
          rr('a.example.org. 300 IN AAAA 64:ff9b::c000:22a'),
        ],
      },
    })
    expect(metric).toEqual(['coredns_dns64_requests_translated_total{server="dns://:53"} 1'])
  })

  it('bounds the TTL by 600 where there is no SOA', async () => {
    const lookup = answers({ answer: [rr('www.example.org. 900 IN A 192.0.2.42')] })
    const { outcome } = await ask({ next: answers({ rcode: 'SERVFAIL' }), lookup })
    expect(outcome).toMatchObject({ message: { answer: [{ ttl: 600 }] } })
  })

  it.each([
    { what: 'NXDOMAIN', next: answers({ rcode: 'NXDOMAIN', authority: [rr(SOA)] }) },
    { what: 'AAAA records', next: answers({ answer: [rr('www.example.org. 60 IN AAAA 2001:db8::1')] }) },
    { what: 'no response', next: (): Outcome => fail('forward', 'SERVFAIL') },
  ])('leaves $what as they are', async ({ next }) => {
    const { outcome, metric } = await ask({ next, lookup: ipv4 })
    expect(outcome.by).not.toBe('dns64')
    expect(metric).toEqual([])
  })

  it.each([
    { what: 'clients of IPv4', scene: { family: 1, next: noData } as const },
    { what: 'other types', scene: { question: 'www.example.org A', next: noData } },
    { what: 'other classes', scene: { question: 'www.example.org AAAA CH', next: noData } },
  ])('does nothing for $what', async ({ scene }) => {
    expect((await ask({ ...scene, lookup: ipv4 })).outcome.by).toBe('next')
  })

  it('serves clients of IPv4 with allow_ipv4, and replaces AAAA records with translate_all', async () => {
    const directive = 'dns64 {\nallow_ipv4\ntranslate_all\nprefix 2001:db8:64::/96\n}'
    const next = answers({ answer: [rr('www.example.org. 60 IN AAAA 2001:db8::1')] })
    const { outcome } = await ask({ directive, family: 1, next, lookup: ipv4 })
    expect(outcome).toMatchObject({ message: { answer: [{}, { rdata: { address: '2001:db8:64::c000:22a' } }] } })
  })

  it('says SERVFAIL when the A question has no response', async () => {
    const lookup: Next = () => fail('forward', 'SERVFAIL', 'i/o timeout')
    expect((await ask({ next: noData, lookup })).outcome).toMatchObject({
      kind: 'status',
      rcode: 'SERVFAIL',
      error: { message: 'i/o timeout' },
    })
  })

  it.each([
    ['dns64 64:ff9b::/96 x', 'Wrong argument count'],
    ['dns64 nonsense', 'invalid CIDR address: nonsense'],
    ['dns64 10.0.0.0/8', 'invalid netmask 32 IPv6 address: "10.0.0.0/8"'],
    ['dns64 64:ff9b::/97', 'invalid prefix length "64:ff9b::/97"'],
    ['dns64 {\nprefix 64:ff9b::/24\n}', 'invalid prefix length "64:ff9b::/24"'],
    ['dns64 {\nprefix\n}', 'Wrong argument count'],
    ['dns64 {\nfoo\n}', "unknown property 'foo'"],
  ])('refuses %j: %s', (directive, message) => {
    expect(() => startPlugin(dns64Plugin, directive)).toThrow(message)
  })
})

describe('embedIpv4()', () => {
  // RFC 6052 §2.4, table 2.
  it.each([
    ['2001:db8::/32', '2001:db8:c000:221::'],
    ['2001:db8:100::/40', '2001:db8:1c0:2:21::'],
    ['2001:db8:122::/48', '2001:db8:122:c000:2:2100::'],
    ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::'],
    ['2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100:0'],
    ['2001:db8:122:344::/96', '2001:db8:122:344::c000:221'],
  ])('puts 192.0.2.33 under %s as %s', (prefix, address) => {
    expect(embedIpv4(parsePrefix(prefix), '192.0.2.33')).toBe(address)
  })
})
