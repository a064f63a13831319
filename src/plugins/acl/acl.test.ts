import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createRequest, startPlugin } from '../../../test/support/plugin-rig.ts'
import { fail, respond, type Next, type Outcome } from '../../server/index.ts'
import { createAddressSet, readAddress, readRange } from './address-set.ts'
import { aclPlugin } from './index.ts'

const next: Next = (request) => respond(request, { by: 'next' })

/** What becomes of a query: who answered, the rcode, and the code of the extended error. */
async function judge(directive: string, question: string, client: string): Promise<string> {
  const rig = startPlugin(aclPlugin, directive, { next })
  const request = createRequest(question, { clock: createFakeClock(), client })
  return describeOutcome((await rig.instance.handler?.(request, next)) ?? fail('', 'SERVFAIL'))
}

function describeOutcome(outcome: Outcome): string {
  if (outcome.kind !== 'answer') return `${outcome.by} ${outcome.kind}`
  const [option] = outcome.message.edns?.options ?? []
  return [outcome.by, outcome.message.rcode, option?.octets.join('.')].filter(Boolean).join(' ')
}

describe('acl', () => {
  it.each([
    { directive: 'acl {\nblock net 10.0.0.0/8\n}', client: '10.1.2.3', outcome: 'acl REFUSED 0.15' },
    { directive: 'acl {\nblock net 10.0.0.0/8\n}', client: '11.1.2.3', outcome: 'next NOERROR' },
    { directive: 'acl {\nfilter net 10.1.2.3\n}', client: '10.1.2.3', outcome: 'acl NOERROR 0.17' },
    { directive: 'acl {\ndrop\n}', client: '10.1.2.3', outcome: 'acl drop' },
    { directive: 'acl {\nblock type AAAA\n}', client: '10.1.2.3', outcome: 'next NOERROR' },
    { directive: 'acl {\nblock type A AAAA net *\n}', client: '10.1.2.3', outcome: 'acl REFUSED 0.15' },
    { directive: 'acl {\nBLOCK TYPE * NET 10.1.2.3/32\n}', client: '10.1.2.3', outcome: 'acl REFUSED 0.15' },
    { directive: 'acl {\nallow net 10.1.2.3\nblock\n}', client: '10.1.2.3', outcome: 'next NOERROR' },
    { directive: 'acl {\nallow net 10.1.2.3\nblock\n}', client: '10.1.2.4', outcome: 'acl REFUSED 0.15' },
    { directive: 'acl example.net {\nblock\n}', client: '10.1.2.3', outcome: 'next NOERROR' },
    { directive: 'acl example.net {\nblock\n}\nacl example.org {\ndrop\n}', client: '10.1.2.3', outcome: 'acl drop' },
    { directive: 'acl org {\nallow\n}\nacl example.org {\ndrop\n}', client: '10.1.2.3', outcome: 'next NOERROR' },
    { directive: 'acl {\nblock net fd00::/8\n}', client: 'fd12::1', outcome: 'acl REFUSED 0.15' },
    { directive: 'acl {\nblock net fe80::/10\n}', client: 'fe80::1%eth0', outcome: 'acl REFUSED 0.15' },
    { directive: 'acl {\nblock net 10.0.0.0/8\n}', client: '::ffff:10.1.2.3', outcome: 'acl REFUSED 0.15' },
    { directive: 'acl {\nallow\n}', client: 'nonsense', outcome: 'acl REFUSED 0.15' },
  ])('gives $outcome to $client under $directive', async ({ directive, client, outcome }) => {
    expect(await judge(directive, 'www.example.org A', client)).toBe(outcome)
  })

  it('counts what it does, by server and zone', async () => {
    const rig = startPlugin(aclPlugin, 'acl example.org {\nblock type A\nfilter type AAAA\ndrop type MX\n}', { next })
    for (const type of ['A', 'AAAA', 'MX', 'TXT']) await rig.ask(`www.example.org ${type}`)
    expect(rig.metric('coredns_acl_')).toEqual([
      'coredns_acl_allowed_requests_total{server="dns://:53",view=""} 1',
      'coredns_acl_blocked_requests_total{server="dns://:53",view="",zone="example.org."} 1',
      'coredns_acl_dropped_requests_total{server="dns://:53",view="",zone="example.org."} 1',
      'coredns_acl_filtered_requests_total{server="dns://:53",view="",zone="example.org."} 1',
    ])
  })

  it.each([
    ['acl {\ndeny net *\n}', `unexpected token "deny"; expect 'allow', 'block', 'filter' or 'drop'`],
    ['acl {\nblock 10.0.0.0/8\n}', `unexpected token "10.0.0.0/8"; expect 'type | net'`],
    ['acl {\nblock type A net\n}', 'no token specified in "net" section'],
    ['acl {\nblock type net *\n}', 'no token specified in "type" section'],
    ['acl {\nblock type NOPE\n}', 'unexpected token "NOPE"; expect legal QTYPE'],
    ['acl {\nblock type aaaa\n}', 'unexpected token "aaaa"; expect legal QTYPE'],
    ['acl {\nblock net 192.168.0.0/33\n}', 'illegal CIDR notation "192.168.0.0/33"'],
    ['acl {\nblock net 192.168.0\n}', 'illegal CIDR notation "192.168.0/32"'],
    ['acl {\nblock net fd00::x\n}', 'illegal CIDR notation "fd00::x/128"'],
  ])('refuses %j: %s', (directive, message) => {
    expect(() => startPlugin(aclPlugin, directive)).toThrow(message)
  })
})

describe('createAddressSet()', () => {
  it('finds addresses among thousands of blocks that overlap and touch', () => {
    const blocks = Array.from({ length: 5000 }, (_, index) => `10.${index % 250}.${index % 7}.0/2${index % 5}`)
    const set = createAddressSet(
      [...blocks, '192.0.2.1', '2001:db8::/32', '::/128'].flatMap((text) => readRange(text) ?? []),
    )
    const has = (text: string): boolean => set.has(readAddress(text) ?? new Uint8Array())
    expect(['10.249.3.9', '192.0.2.1', '2001:db8:ffff::1', '::'].map(has)).toEqual([true, true, true, true])
    expect(['10.251.0.1', '192.0.2.0', '192.0.2.2', '2001:db9::', '::1', '0.0.0.0'].some(has)).toBe(false)
  })

  it('takes the host bits of a block as zero', () => {
    const set = createAddressSet([readRange('10.1.2.3/8')].flatMap((range) => range ?? []))
    expect(set.has(Uint8Array.of(10, 255, 255, 255))).toBe(true)
  })
})
