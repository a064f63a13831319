import { describe, expect, it } from 'vitest'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { formatRecord } from '../../dns/index.ts'
import { localPlugin } from './index.ts'

/** Rcode and records of answer and authority, white space squeezed. */
async function ask(question: string, directive = 'local'): Promise<string> {
  const outcome = await startPlugin(localPlugin, directive).ask(question)
  if (outcome.kind !== 'answer') return outcome.kind
  const { rcode, answer, authority } = outcome.message
  return [rcode, ...answer.map(text), ...authority.map((record) => `; ${text(record)}`)].join(' ')
}

function text(record: Parameters<typeof formatRecord>[0]): string {
  return formatRecord(record).replaceAll(/\s+/g, ' ')
}

const soa = (name: string): string => `${name} 604800 IN SOA localhost. root.localhost. 1 0 0 0 604800`

describe('local', () => {
  it.each([
    { question: 'localhost A', outcome: 'NOERROR localhost. 604800 IN A 127.0.0.1' },
    { question: 'LocalHost AAAA', outcome: 'NOERROR LocalHost. 604800 IN AAAA ::1' },
    { question: 'localhost MX', outcome: `NOERROR ; ${soa('localhost.')}` },
    { question: 'localhost SOA', outcome: `NOERROR ${soa('localhost.')}` },
    { question: '127.in-addr.arpa NS', outcome: 'NOERROR 127.in-addr.arpa. 604800 IN NS localhost.' },
    { question: '127.in-addr.arpa A', outcome: `NOERROR ; ${soa('127.in-addr.arpa.')}` },
    { question: '-x 127.0.0.1', outcome: 'NOERROR 1.0.0.127.in-addr.arpa. 604800 IN PTR localhost.' },
    { question: '1.0.0.127.in-addr.arpa A', outcome: `NOERROR ; ${soa('127.in-addr.arpa.')}` },
    { question: '-x 127.0.0.2', outcome: `NXDOMAIN ; ${soa('127.in-addr.arpa.')}` },
    { question: '-x 0.1.2.3', outcome: `NXDOMAIN ; ${soa('0.in-addr.arpa.')}` },
    { question: '-x 255.255.255.255', outcome: `NXDOMAIN ; ${soa('255.in-addr.arpa.')}` },
    { question: 'a.localhost A', outcome: 'NOERROR a.localhost. 604800 IN A 127.0.0.1' },
    { question: 'localhost.example.org A', outcome: 'NOERROR localhost.example.org. 604800 IN A 127.0.0.1' },
    { question: 'localhost.example.org TXT', outcome: `NOERROR ; ${soa('localhost.example.org.')}` },
    { question: 'www.example.org A', outcome: 'status' },
    { question: 'mylocalhost A', outcome: 'status' },
    { question: '-x 10.0.0.1', outcome: 'status' },
  ])('gives $question: $outcome', async ({ question, outcome }) => {
    expect(await ask(question)).toBe(outcome)
  })

  it('leaves localhost.DOMAIN alone with localhost_prefix off', async () => {
    const directive = 'local {\nlocalhost_prefix off\n}'
    expect(await ask('localhost.example.org A', directive)).toBe('status')
    expect(await ask('a.localhost A', directive)).toMatch(/127\.0\.0\.1/)
  })

  it('counts names below localhost', async () => {
    const rig = startPlugin(localPlugin, 'local')
    for (const name of ['localhost.example.org', 'a.localhost', 'localhost']) await rig.ask(`${name} A`)
    expect(rig.metric('coredns_local_')).toEqual(['coredns_local_localhost_requests_total 2'])
  })

  it.each([
    ['local x', 'Wrong argument count'],
    ['local {\nlocalhost_prefix\n}', 'Wrong argument count'],
    ['local {\nlocalhost_prefix maybe\n}', `localhost_prefix expects 'on' or 'off', got "maybe"`],
    ['local {\nfoo\n}', "unknown property 'foo'"],
  ])('refuses %j: %s', (directive, message) => {
    expect(() => startPlugin(localPlugin, directive)).toThrow(message)
  })
})
