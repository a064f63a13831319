import { afterEach, describe, expect, it } from 'vitest'
import { startScriptedServer } from '../../../test/support/scripted-server.ts'
import type { Reaction, ScriptedQuery, ScriptedServer } from '../../../test/support/scripted-server.ts'
import { parseRecord, response } from '../../dns/index.ts'
import { exchange } from '../../net/index.ts'
import { parseResolvConf } from '../../route/index.ts'
import { parseArguments } from './arguments.ts'
import { runLookup } from './run-lookup.ts'

const servers: ScriptedServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

interface Outcome {
  readonly output: string
  readonly exitCode: number
  readonly asked: readonly string[]
}

/** Runs one lookup whose nameservers come from a resolv.conf. */
async function lookUp(
  command: string,
  conf: string,
  script: (query: ScriptedQuery, index: number) => Reaction[],
): Promise<Outcome> {
  let index = -1
  const server = await startScriptedServer((query) => script(query, (index += 1)))
  servers.push(server)
  const [settings] = parseArguments([...command.split(' '), '-p', String(server.port)]).lookups
  let output = ''
  const exitCode =
    settings &&
    (await runLookup(settings, {
      place: { conf: parseResolvConf(conf), exchange, lookup: async () => [] },
      greetingArgs: undefined,
      clientCookie: new Uint8Array(8),
      drawId: () => 4660,
      print: (text) => {
        output += text
      },
    }))
  const asked = server.queries.map(({ message }) => message.question[0]?.name ?? '')
  return { output: output.replaceAll(`#${server.port}`, '#PORT'), exitCode: exitCode ?? -1, asked }
}

const reply = (query: ScriptedQuery, rcode: string): Reaction[] => [
  { kind: 'send', message: response(query.message, { rcode, answer: rcode === 'NOERROR' ? [ANSWER] : [] }) },
]
const ANSWER = parseRecord('www.example.org. 5 IN A 192.0.2.1')
const TWO_SERVERS = 'nameserver 127.0.0.1\nnameserver 127.0.0.1\n'
const SEARCH = 'nameserver 127.0.0.1\nsearch default.svc.cluster.local svc.cluster.local\noptions ndots:2\n'

describe('runLookup()', () => {
  it('stops at SERVFAIL, and with +nofail asks the next server', async () => {
    const script = (query: ScriptedQuery, index: number): Reaction[] =>
      reply(query, index === 0 ? 'SERVFAIL' : 'NOERROR')
    expect(await lookUp('www.example.org +short', TWO_SERVERS, script)).toMatchObject({ output: '', exitCode: 0 })
    expect(await lookUp('www.example.org +short +nofail', TWO_SERVERS, script)).toMatchObject({
      output: ';; Got SERVFAIL reply from 127.0.0.1#PORT, trying next server\n192.0.2.1\n',
      exitCode: 0,
    })
  })

  it('asks the next server after silence, and every server again for each try', async () => {
    const script = (query: ScriptedQuery, index: number): Reaction[] => (index < 3 ? [] : reply(query, 'NOERROR'))
    const { output, exitCode } = await lookUp('www.example.org +short +time=1 +tries=2', TWO_SERVERS, script)
    expect(output).toBe(`${';; communications error to 127.0.0.1#PORT: timed out\n'.repeat(3)}192.0.2.1\n`)
    expect(exitCode).toBe(0)
  })

  it.each([
    { command: 'www', asked: ['www.default.svc.cluster.local.', 'www.svc.cluster.local.', 'www.'] },
    { command: 'a.b.c', asked: ['a.b.c.', 'a.b.c.default.svc.cluster.local.', 'a.b.c.svc.cluster.local.'] },
    { command: 'www.', asked: ['www.'] },
    { command: 'www +ndots=0', asked: ['www.', 'www.default.svc.cluster.local.', 'www.svc.cluster.local.'] },
    { command: 'www +domain=example.org', asked: ['www.example.org.', 'www.'] },
  ])('tries the names that resolv.conf makes of "$command"', async ({ command, asked }) => {
    const outcome = await lookUp(`${command} +search +short`, SEARCH, (query) => reply(query, 'NXDOMAIN'))
    expect(outcome.asked).toEqual(asked)
  })

  it('leaves the search list alone without +search, and stops at the first NOERROR', async () => {
    expect((await lookUp('www +short', SEARCH, (query) => reply(query, 'NXDOMAIN'))).asked).toEqual(['www.'])
    const outcome = await lookUp('www +search +short', SEARCH, (query, index) =>
      reply(query, index === 0 ? 'NXDOMAIN' : 'NOERROR'),
    )
    expect(outcome.asked).toHaveLength(2)
  })

  it('shows each response with +showsearch', async () => {
    const { output } = await lookUp('www +showsearch', SEARCH, (query) => reply(query, 'NXDOMAIN'))
    expect(output.match(/status: NXDOMAIN/g)).toHaveLength(3)
  })

  it('says which family is missing', async () => {
    await expect(lookUp('www -6', TWO_SERVERS, () => [])).rejects.toThrow(
      'no nameserver of /etc/resolv.conf has an IPv6 address',
    )
  })
})
