import { afterEach, describe, expect, it } from 'vitest'
import { rr } from '../../../test/support/records.ts'
import { startRig } from '../../../test/support/server-rig.ts'
import type { ServerRig } from '../../../test/support/server-rig.ts'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { fail, respond } from '../../server/index.ts'
import type { Handler, PluginRegistry } from '../../server/index.ts'
import { expandFormat, formatEntry, parseFormat } from './format.ts'
import { logPlugin } from './index.ts'

let rig: ServerRig | undefined

afterEach(async () => {
  await rig?.server.stop()
  rig = undefined
})

/** By name: an answer, NXDOMAIN, SERVFAIL or silence. */
const byName: Handler = (request) => {
  const { name } = request
  if (name === 'drop.') return { kind: 'drop', by: 'whoami' }
  if (name === 'fail.') return fail('whoami', 'SERVFAIL', 'no healthy proxies')
  const soa = rr('. 60 IN SOA ns. admin. 1 1 1 1 1')
  if (name === 'none.') return respond(request, { by: 'whoami', rcode: 'NXDOMAIN', authority: [soa] })
  const answer = [rr(`${request.question.name} 5 IN A 192.0.2.1`)]
  return respond(request, { by: 'whoami', reason: 'Service default/kubernetes', answer })
}

const PLUGINS: PluginRegistry = {
  log: async () => logPlugin,
  whoami: async () => ({ name: 'whoami', parse: () => undefined, create: () => ({ handler: byName }) }),
}

/** Lines that the questions leave, without what differs from run to run. */
async function linesFor(directives: string, questions: readonly string[]): Promise<string[]> {
  rig = await startRig(`. {\n${directives}\nwhoami\n}`, { plugins: PLUGINS })
  const own = rig
  for (const name of questions) await own.ask({ name })
  await own.server.stop()
  return own
    .output()
    .split('\n')
    .filter((line) => line.startsWith('[INFO]'))
}

describe('log', () => {
  it('writes the default format', async () => {
    const [line] = await linesFor('log', ['WWW.example.org'])
    expect(line).toMatch(
      /^\[INFO\] 127\.0\.0\.1:\d+ - \d+ "A IN www\.example\.org\. udp 33 false 512" NOERROR qr,aa,rd 49 0\.\d+s$/,
    )
  })

  it('shows rcode and size of the response that the server writes for a bare status', async () => {
    const [line] = await linesFor('log . "{rcode} {>rflags} {rsize}"', ['fail'])
    expect(line).toBe('[INFO] SERVFAIL qr,rd 22')
  })

  it('shows the plugin and the reason of an answer, and the error behind none', async () => {
    const lines = await linesFor('log . "{name} {/fathom/plugin}: {/fathom/reason}"', ['x', 'none', 'fail'])
    expect(lines).toEqual([
      '[INFO] x. whoami: Service default/kubernetes',
      '[INFO] none. whoami: -',
      '[INFO] fail. whoami: no healthy proxies',
    ])
  })

  it.each([
    { classes: '', logged: ['x.', 'none.', 'fail.'] },
    { classes: 'class all', logged: ['x.', 'none.', 'fail.'] },
    { classes: 'class success', logged: ['x.'] },
    { classes: 'class denial', logged: ['none.'] },
    { classes: 'class error', logged: ['fail.'] },
    { classes: 'class denial error', logged: ['none.', 'fail.'] },
    { classes: 'class denial\nclass success', logged: ['x.', 'none.'] },
  ])('with "$classes" logs $logged', async ({ classes, logged }) => {
    const block = classes === '' ? '' : `{\n${classes}\n}`
    const lines = await linesFor(`log . "{name}" ${block}`, ['x', 'none', 'fail'])
    expect(lines.map((line) => line.slice('[INFO] '.length))).toEqual(logged)
  })

  it('uses the first line whose zone matches', async () => {
    const directives = 'log example.org "first {name}"\nlog org "second {name}"'
    const lines = await linesFor(directives, ['a.EXAMPLE.org', 'b.org', 'c.net', 'notexample.org'])
    expect(lines).toEqual(['[INFO] first a.example.org.', '[INFO] second b.org.', '[INFO] second notexample.org.'])
  })

  it('takes one argument for a name, even if it looks like a format', async () => {
    expect(await linesFor('log example.org', ['x'])).toEqual([])
  })

  it.each([
    { directive: 'log . {\nclass\n}', message: 'Wrong argument count' },
    { directive: 'log . {\nclass abracadabra\n}', message: 'invalid Class: abracadabra' },
    { directive: 'log . {\nunknown\n}', message: "unknown property 'unknown'" },
  ])('refuses $directive', ({ directive, message }) => {
    expect(() => startPlugin(logPlugin, directive)).toThrow(message)
  })
})

describe('parseFormat()', () => {
  const request = {
    type: 'A',
    name: 'a.',
    client: { address: '2001:db8::1', port: 4 },
    local: { address: '::1', port: 53 },
    metadata: new Map([['kubernetes/service', () => 'web']]),
  }
  const entry = { request, outcome: { kind: 'drop', by: '' }, octets: undefined, durationMs: 0.25 }
  const render = (text: string): string =>
    formatEntry(parseFormat(text), entry as unknown as Parameters<typeof formatEntry>[1])

  it.each([
    ['{remote}:{port}', '[2001:db8::1]:4'],
    ['{local}', '[::1]'],
    ['{type}{name}', 'Aa.'],
    ['{rcode} {rsize} {>rflags}', '- 0 -'],
    ['{duration}', '0.00025s'],
    ['{/kubernetes/service} {/none}', 'web -'],
    ['{ {type} } {nonsense} }{', '{ A } {nonsense} }{'],
    ['plain', 'plain'],
  ])('%s becomes %s', (text, line) => {
    expect(render(text)).toBe(line)
  })

  it('knows the names of whole formats', () => {
    expect(expandFormat('{combined}')).toBe(`${expandFormat('{common}')} "{>opcode}"`)
  })
})
