import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createRequest, startPlugin } from '../../../test/support/plugin-rig.ts'
import { formatRecord } from '../../dns/index.ts'
import { fail, type Request } from '../../server/index.ts'
import { whoamiPlugin } from './index.ts'

async function additionalFor(question: string, change: Partial<Request> = {}): Promise<string[]> {
  const rig = startPlugin(whoamiPlugin, 'whoami')
  const request = { ...createRequest(question, { clock: createFakeClock() }), ...change }
  const outcome = await rig.instance.handler?.(request, () => fail('', 'SERVFAIL'))
  if (outcome?.kind !== 'answer') throw new Error('no answer')
  expect(outcome.message).toMatchObject({ rcode: 'NOERROR', flags: { aa: true }, answer: [], authority: [] })
  return outcome.message.additional.map((record) => formatRecord(record).replaceAll(/\s+/g, ' '))
}

describe('whoami', () => {
  it('tells the client’s address and port, whatever was asked', async () => {
    expect(await additionalFor('Example.org MX')).toEqual([
      'Example.org. 0 IN A 10.244.1.7',
      '_udp.Example.org. 0 IN SRV 0 0 40212 .',
    ])
  })

  it('tells an IPv6 address without its zone, and tcp for every stream', async () => {
    const client = { address: 'fe80::1%eth0', port: 5 }
    expect(await additionalFor('example.org A', { client, family: 2, transport: 'tls' })).toEqual([
      'example.org. 0 IN AAAA fe80::1',
      '_tcp.example.org. 0 IN SRV 0 0 5 .',
    ])
  })

  it('names the record of the root _udp.', async () => {
    expect((await additionalFor('. A'))[1]).toBe('_udp. 0 IN SRV 0 0 40212 .')
  })

  it('takes neither arguments nor a block', () => {
    expect(() => startPlugin(whoamiPlugin, 'whoami x')).toThrow('Wrong argument count')
    expect(() => startPlugin(whoamiPlugin, 'whoami {\nx\n}')).toThrow("Unexpected token '{'")
  })
})
