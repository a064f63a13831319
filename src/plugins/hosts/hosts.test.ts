import { describe, expect, it } from 'vitest'
import { formatRecord } from '../../dns/index.ts'
import { respond, type Outcome } from '../../server/index.ts'
import { startPlugin, type FakeFile, type PluginRig, type RigOptions } from '../../../test/support/plugin-rig.ts'
import { hostsPlugin } from './index.ts'

const FILE = `127.0.0.1 localhost localhost.domain
::1 localhost
192.0.2.1 Example.org # remark
::FFFF:192.0.2.2 example.com
192.0.2.3 multi.example.com second.example.com
192.0.2.4 multi.example.com
2001:DB8:0::3 multi.example.com
192.0.2.9 *.wild.example.com
192.0.2.8 own.wild.example.com
not an address
192.0.2.5
`

function start(directive: string, options: RigOptions = {}): PluginRig {
  const files = options.files ?? new Map<string, FakeFile>([['/etc/hosts', { text: FILE, mtimeMs: 1000 }]])
  return startPlugin(hostsPlugin, directive, { ...options, files })
}

async function answersOf(rig: PluginRig, question: string): Promise<string> {
  const outcome = await rig.ask(question)
  if (outcome.kind !== 'answer') return describeEnd(outcome)
  if (outcome.by !== 'hosts') return 'next'
  return (
    outcome.message.answer.map((record) => formatRecord(record).split(/\s+/).slice(4).join(' ')).join(', ') || 'empty'
  )
}

function describeEnd(outcome: Exclude<Outcome, { readonly kind: 'answer' }>): string {
  return outcome.kind === 'status' ? outcome.rcode : outcome.kind
}

const NEXT: RigOptions = { next: (request) => respond(request, { by: 'elsewhere' }) }

describe('hosts', () => {
  it.each([
    { question: 'example.org A', expected: '192.0.2.1' },
    { question: 'EXAMPLE.org A', expected: '192.0.2.1' },
    { question: 'example.com A', expected: '192.0.2.2' },
    { question: 'multi.example.com A', expected: '192.0.2.3, 192.0.2.4' },
    { question: 'multi.example.com AAAA', expected: '2001:db8::3' },
    { question: 'second.example.com AAAA', expected: 'empty' },
    { question: 'multi.example.com MX', expected: 'empty' },
    { question: 'any.wild.example.com A', expected: '192.0.2.9' },
    { question: 'own.wild.example.com A', expected: '192.0.2.8' },
    { question: 'a.b.wild.example.com A', expected: 'SERVFAIL' },
    { question: 'wild.example.com A', expected: 'SERVFAIL' },
    { question: 'unknown.example.org A', expected: 'SERVFAIL' },
    { question: '-x 192.0.2.3', expected: 'multi.example.com., second.example.com.' },
    { question: '-x 2001:db8::3', expected: 'multi.example.com.' },
    { question: '-x 192.0.2.9', expected: 'SERVFAIL' },
  ])('answers $question with $expected', async ({ question, expected }) => {
    expect(await answersOf(start('hosts'), question)).toBe(expected)
  })

  it('sets AA and the TTL, and keeps the case of the question', async () => {
    const outcome = await start('hosts { \n ttl 60 \n }').ask('ExAmPlE.org A')
    expect(outcome.kind === 'answer' && outcome.message.flags.aa).toBe(true)
    expect(outcome.kind === 'answer' && outcome.message.answer.map((record) => formatRecord(record))).toEqual([
      expect.stringMatching(/^ExAmPlE\.org\.\s+60\s+IN\s+A\s+192\.0\.2\.1$/),
    ])
  })

  it('adds the lines of the Corefile behind those of the file', async () => {
    const rig = start('hosts {\n 198.51.100.1 example.org inline.example.org\n }')
    expect(await answersOf(rig, 'example.org A')).toBe('192.0.2.1, 198.51.100.1')
    expect(await answersOf(rig, 'inline.example.org A')).toBe('198.51.100.1')
  })

  it.each([
    { directive: 'hosts {\n fallthrough\n }', question: 'unknown.example.org A', expected: 'next' },
    { directive: 'hosts {\n fallthrough example.net\n }', question: 'unknown.example.org A', expected: 'SERVFAIL' },
    { directive: 'hosts {\n fallthrough example.net\n }', question: 'unknown.example.net A', expected: 'next' },
    { directive: 'hosts {\n fallthrough\n }', question: 'example.org TXT', expected: 'empty' },
    { directive: 'hosts {\n fallthrough\n fallthrough_unsupported\n }', question: 'example.org TXT', expected: 'next' },
    {
      directive: 'hosts {\n fallthrough\n fallthrough_unsupported\n }',
      question: 'example.org AAAA',
      expected: 'empty',
    },
    { directive: 'hosts', question: '-x 192.0.2.77', expected: 'next' },
    { directive: 'hosts {\n no_reverse\n }', question: '-x 192.0.2.3', expected: 'next' },
    { directive: 'hosts /etc/hosts example.com', question: 'example.org A', expected: 'next' },
    { directive: 'hosts /etc/hosts example.com', question: 'multi.example.com AAAA', expected: '2001:db8::3' },
  ])('gives $expected to $question with $directive', async ({ directive, question, expected }) => {
    expect(await answersOf(start(directive, NEXT), question)).toBe(expected)
  })

  it('reads the file again when it changed, and keeps its lines when it is gone', async () => {
    const files = new Map<string, FakeFile>([['/etc/hosts', { text: '192.0.2.1 a.example.org\n', mtimeMs: 1000 }]])
    const rig = start('hosts', { files })
    files.set('/etc/hosts', { text: '192.0.2.2 a.example.org\n', mtimeMs: 2000 })
    await rig.clock.advance(4900)
    expect(await answersOf(rig, 'a.example.org A')).toBe('192.0.2.1')
    await rig.clock.advance(200)
    expect(await answersOf(rig, 'a.example.org A')).toBe('192.0.2.2')
    expect(rig.metric('coredns_hosts_reload_timestamp_seconds')).toEqual(['coredns_hosts_reload_timestamp_seconds 2'])
    expect(rig.metric('coredns_hosts_entries')).toEqual(['coredns_hosts_entries{hostsfile="/etc/hosts"} 2'])
    files.delete('/etc/hosts')
    await rig.clock.advance(5000)
    expect(await answersOf(rig, 'a.example.org A')).toBe('192.0.2.2')
  })

  it('looks at the file no more with reload 0, nor after close()', async () => {
    expect(start('hosts {\n reload 0\n }').clock.pending()).toBe(0)
    const rig = start('hosts')
    await rig.instance.close?.()
    expect(rig.clock.pending()).toBe(0)
  })

  it('starts without its file, with a warning', async () => {
    const rig = start('hosts /etc/none {\n 192.0.2.1 a.example.org\n }', { files: new Map() })
    expect(rig.log).toContain('warning File does not exist: /etc/none')
    expect(await answersOf(rig, 'a.example.org A')).toBe('192.0.2.1')
  })

  it.each([
    { directive: 'hosts {\n ttl 65536\n }', message: 'ttl provided is invalid: 65536' },
    { directive: 'hosts {\n ttl 0\n }', message: 'ttl provided is invalid: 0' },
    { directive: 'hosts {\n ttl\n }', message: 'ttl needs a time in second' },
    { directive: 'hosts {\n reload x\n }', message: "invalid duration for reload 'x'" },
    { directive: 'hosts {\n reload -1s\n }', message: "invalid negative duration for reload '-1s'" },
    { directive: 'hosts {\n fallthrough\n colour red\n }', message: "unknown property 'colour'" },
    { directive: 'hosts\nhosts', message: 'this plugin can only be used once per Server Block' },
  ])('refuses $directive', ({ directive, message }) => {
    expect(() => start(directive)).toThrow(message)
  })
})
