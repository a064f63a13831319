// What the fast path keeps is what the chain says: every block is asked twice, with answers kept and without, in all the ways
// a query can be put; responses and metrics must be the same.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startRig } from '../../../test/support/server-rig.ts'
import type { ServerRig } from '../../../test/support/server-rig.ts'
import { encodeMessage, query } from '../../dns/index.ts'
import type { QueryFields } from '../../dns/index.ts'
import { PLUGINS } from '../../plugins/index.ts'
import type { Plugin, PluginRegistry } from '../index.ts'

interface Case {
  readonly title: string
  /** Directives beside `errors` and `prometheus`. */
  readonly block: string
  readonly questions: readonly string[]
  /** False: every query must pass the chain. */
  readonly kept: boolean
  /** Answers may differ from one to the next; only how often the chain is asked is looked at. */
  readonly differs?: boolean
}

const HOSTS = `hosts {
    10.1.1.1 www.example.org
    2001:db8::1 www.example.org
    no_reverse
  }`
const ADDRESS = 'answer "{{ .Name }} 60 IN A 192.0.2.1"'

const KEPT: readonly Omit<Case, 'kept'>[] = [
  { title: 'hosts', block: HOSTS, questions: ['www.example.org A', 'www.example.org AAAA'] },
  { title: 'a NODATA of hosts', block: HOSTS, questions: ['www.example.org TXT'] },
  { title: 'a template', block: `template IN A {\n ${ADDRESS}\n }`, questions: ['x.example.org A'] },
  {
    title: 'a template with groups, sections and an extended error',
    block: `template IN A example.org {
      match ^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)[.]
      answer "{{ .Name }} 60 IN A 10.0.{{ .Group.a }}.{{ .Group.b }}"
      additional "{{ .Zone }} 60 IN TXT \\"{{ .Type }} {{ .Question.Name }}\\""
      authority "{{ .Zone }} 60 IN NS ns.{{ .Zone }}"
      ederror 17 why
      fallthrough
    }`,
    questions: ['ip-1-2.example.org A'],
  },
  {
    title: 'a denial by template',
    block:
      'template ANY ANY example.org {\n rcode NXDOMAIN\n authority "{{ .Zone }} 60 IN SOA ns.{{ .Zone }} x.{{ .Zone }} 1 2 3 4 5"\n }',
    questions: ['no.example.org A', 'no.example.org MX'],
  },
  { title: 'a refusal by template', block: 'template ANY ANY {\n rcode REFUSED\n }', questions: ['no.example.org A'] },
  {
    title: 'a template that reads flags of the query',
    block: `template IN A {\n answer "{{ .Name }} 60 IN A 192.0.2.{{ if .Message.RecursionDesired }}1{{ else }}2{{ end }}"\n }`,
    questions: ['x.example.org A'],
  },
  {
    title: 'a template under conditions on query and client',
    block: `template IN A {\n var n size() + bufsize()\n expr do() || n > 10\n expr incidr(client_ip(), '127.0.0.0/8')\n ${ADDRESS}\n }`,
    questions: ['x.example.org A'],
  },
  {
    title: 'hosts behind templates for others',
    block: `template IN A example.net {\n ${ADDRESS}\n }\n ${HOSTS}`,
    questions: ['www.example.org A'],
  },
  {
    title: 'rewritten names',
    block: `rewrite name suffix .example.net .example.org answer auto\n ${HOSTS}`,
    questions: ['www.example.net A', 'www.example.net AAAA', 'www.example.net TXT', 'www.example.org A'],
  },
  {
    title: 'rewritten types, TTLs and rcodes',
    block: `rewrite continue type MX A\n rewrite continue ttl www.example.org 5\n rewrite rcode no.example.org NXDOMAIN NOERROR
      template IN ANY no.example.org {\n rcode NXDOMAIN\n }\n ${HOSTS}`,
    questions: ['www.example.org MX', 'www.example.org A', 'no.example.org A'],
  },
  {
    title: 'rewritten options of client and query',
    block: `rewrite continue edns0 local set 0xffee {client_ip}\n rewrite edns0 subnet set 24 56\n ${HOSTS}`,
    questions: ['www.example.org A'],
  },
  {
    title: 'an alias that no cname rule is for',
    block:
      'rewrite cname other.example. new.example.\n template IN CNAME {\n answer "{{ .Name }} 60 IN CNAME a.example."\n }',
    questions: ['x.example.org CNAME'],
  },
  { title: 'any', block: `any\n ${HOSTS}`, questions: ['www.example.org ANY', 'www.example.org A'] },
  {
    title: 'local names',
    block: `local\n ${HOSTS}`,
    questions: ['localhost A', 'localhost.example.org AAAA', '1.0.0.127.in-addr.arpa PTR', 'www.example.org A'],
  },
  {
    title: "a server's version",
    block: 'chaos FATHOM-1 one',
    questions: ['version.bind TXT CH', 'authors.bind TXT CH'],
  },
  {
    title: 'refusals by acl',
    block: `acl example.net {\n block\n }\n acl example.com {\n filter type A\n }\n ${HOSTS}`,
    questions: ['x.example.net A', 'x.example.com A', 'www.example.org A'],
  },
  { title: 'names that log passes over', block: `log example.net\n ${HOSTS}`, questions: ['www.example.org A'] },
  {
    title: 'classes that log passes over',
    block: `log {\n class error\n }\n ${HOSTS}`,
    questions: ['www.example.org A'],
  },
  { title: 'hosts behind metadata', block: `metadata\n ${HOSTS}`, questions: ['www.example.org A'] },
  {
    title: 'truncated answers',
    block: `template IN TXT {\n answer ${Array.from({ length: 12 }, (_, n) => `"{{ .Name }} 60 IN TXT ${'x'.repeat(100)}${n}"`).join(' ')}\n }`,
    questions: ['x.example.org TXT'],
  },
]

const ASKED_EACH_TIME: readonly Omit<Case, 'kept'>[] = [
  {
    title: "the client's address in a template",
    block: 'template IN A {\n answer "{{ .Name }} 60 IN A {{ .Remote }}"\n }',
    questions: ['x.example.org A'],
  },
  {
    title: 'the id in a template',
    block: 'template IN TXT {\n answer "{{ .Name }} 60 IN TXT {{ .Message.Id }}"\n }',
    questions: ['x.example.org TXT'],
    differs: true,
  },
  {
    title: 'the whole message in a template',
    block: 'template IN TXT {\n answer "{{ .Name }} 60 IN TXT \\"{{ .Message }}\\""\n }',
    questions: ['x.example.org TXT'],
    differs: true,
  },
  {
    title: 'the id in a condition that was not met',
    block: `template IN A {\n expr id() == 70000\n ${ADDRESS}\n fallthrough\n }\n ${HOSTS}`,
    questions: ['www.example.org A'],
  },
  {
    title: 'a label in a template',
    block: 'metadata\n template IN TXT {\n answer "{{ .Name }} 60 IN TXT \\"x{{ .Meta \\"a/b\\" }}\\""\n }',
    questions: ['x.example.org TXT'],
  },
  {
    title: "the client's port in a rewritten option",
    block: `rewrite edns0 local set 0xffee {client_port}\n ${HOSTS}`,
    questions: ['www.example.org A'],
    differs: true,
  },
  { title: 'names that log writes', block: `log\n ${HOSTS}`, questions: ['www.example.org A'] },
  {
    title: 'authors in random order',
    block: 'chaos FATHOM-1 one two three',
    questions: ['authors.bind TXT CH'],
    differs: true,
  },
  { title: 'the client itself', block: 'whoami', questions: ['x.example.org A'], differs: true },
]

/** Ways of putting a question. */
const VARIANTS: readonly (Partial<QueryFields> & { readonly upperCase?: boolean })[] = [
  {},
  { rd: false },
  { cd: true },
  { ad: true },
  { upperCase: true },
  { edns: {} },
  { edns: { dnssecOk: true } },
  { edns: { udpPayloadSize: 512 } },
  { edns: { udpPayloadSize: 4096, options: [{ code: 12, octets: new Uint8Array(40) }] } },
  { edns: { options: [{ code: 0xffee, octets: Uint8Array.of(1, 2) }] } },
]
const TIMES = 4

let rigs: ServerRig[] = []
let reached = 0
let nextId = 1

afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(rigs.map(({ server }) => server.stop({ atOnce: true })))
  rigs = []
})

describe('kept answers', () => {
  it.each([...KEPT.map((one) => ({ ...one, kept: true })), ...ASKED_EACH_TIME.map((one) => ({ ...one, kept: false }))])(
    'of $title are those of the chain (kept: $kept)',
    async ({ block, questions, kept, differs = false }) => {
      const plain = await start(block, 'off')
      const hot = await start(block, 'on')
      for (const question of questions) {
        for (const variant of VARIANTS) {
          const fields = fieldsOf(question, variant)
          const expected = await ask(plain, fields)
          for (let time = 1; time < TIMES; time += 1) await ask(plain, fields)
          reached = 0
          for (let time = 0; time < TIMES; time += 1) {
            const response = await ask(hot, fields)
            if (!differs) expect(response, `${question} ${JSON.stringify(variant)}`).toBe(expected)
          }
          expect(reached, `${question} ${JSON.stringify(variant)}`).toBe(kept ? 2 : TIMES)
        }
      }
      if (!differs) expect(countsOf(hot)).toEqual(countsOf(plain))
    },
  )

  it('of one client are not given to another whose queries an expression treats otherwise', async () => {
    const block = `template IN A {\n expr client_ip() == '127.0.0.1'\n ${ADDRESS}\n fallthrough\n }\n ${HOSTS}`
    const rig = await start(block, 'on')
    const fields = fieldsOf('www.example.org A', {})
    const [one, other] = [await ask(rig, fields), await ask(rig, fields, '127.0.0.2')]
    expect(other).not.toBe(one)
    for (let time = 0; time < TIMES; time += 1) {
      expect(await ask(rig, fields)).toBe(one)
      expect(await ask(rig, fields, '127.0.0.2')).toBe(other)
    }
  })

  it('of acl are those of the client they are for, also where nothing stands behind acl', async () => {
    const rig = await start('acl {\n block net 127.0.0.2/32\n filter\n }', 'on')
    const fields = fieldsOf('www.example.org A', {})
    for (let time = 0; time < TIMES; time += 1) {
      expect((await ask(rig, fields)).slice(2, 4)).toBe('00')
      expect((await ask(rig, fields, '127.0.0.2')).slice(2, 4)).toBe('05')
    }
  })

  it('are given amid datagrams that are empty, cut off, too long or no queries', async () => {
    const rig = await start(HOSTS, 'on')
    const fields = fieldsOf('www.example.org A', {})
    const expected = await ask(rig, fields)
    const whole = encodeMessage(query(fields))
    const { port } = rig.endpoint()
    const broken = [
      new Uint8Array(0),
      Uint8Array.of(1),
      whole.subarray(0, 11),
      whole.subarray(0, whole.length - 3),
      Buffer.concat([whole, new Uint8Array(9000)]),
      new Uint8Array(60_000).fill(0xff),
    ]
    const socket = createSocket('udp4')
    for (let time = 0; time < TIMES; time += 1) {
      for (const octets of broken) socket.send(octets, port, '127.0.0.1')
      expect(await ask(rig, fields)).toBe(expected)
    }
    socket.close()
  })

  it('age behind a rewritten TTL as the rule wants', async () => {
    const rig = await start(`rewrite ttl www.example.org 7\n cache 30\n ${HOSTS}`, 'on')
    for (let time = 0; time < TIMES; time += 1) {
      const { answer } = await rig.ask({ name: 'www.example.org.', type: 'A' })
      expect(answer.map(({ ttl }) => ttl)).toEqual([7])
    }
  })
})

function fieldsOf(question: string, { upperCase, ...fields }: (typeof VARIANTS)[number]): QueryFields {
  const [name = '', type = '', rrclass = 'IN'] = question.split(' ')
  return { ...fields, name: upperCase === true ? name.toUpperCase() : name, type, class: rrclass }
}

async function start(block: string, hot: 'off' | 'on'): Promise<ServerRig> {
  vi.stubEnv('FATHOM_HOT', hot)
  const text = `.:53 {\n errors\n prometheus 127.0.0.1:0\n ${block}\n }`
  const rig = await startRig(text, { plugins: counting(PLUGINS) })
  rigs.push(rig)
  return rig
}

/** The plugins, `prometheus`, the first in all chains, counting what passes. */
function counting(plugins: PluginRegistry): PluginRegistry {
  return {
    ...plugins,
    prometheus: async () => {
      const plugin: Plugin = (await plugins['prometheus']?.()) ?? expect.unreachable()
      return {
        ...plugin,
        create(options, env) {
          const instance = plugin.create(options, env)
          const { handler = expect.unreachable() } = instance
          return {
            ...instance,
            handler(request, next) {
              reached += 1
              return handler(request, next)
            },
          }
        },
      }
    },
  }
}

/** Asks over UDP; the response without its id, in hexadecimal digits. */
async function ask(rig: ServerRig, fields: QueryFields, from = '127.0.0.1'): Promise<string> {
  const id = (nextId += 1)
  const socket = createSocket('udp4')
  socket.bind(0, from)
  await once(socket, 'listening')
  socket.send(encodeMessage(query({ ...fields, id })), rig.endpoint().port, '127.0.0.1')
  const [response] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  expect(response.readUInt16BE(0)).toBe(id)
  return response.toString('hex', 2)
}

/** Every series that counts queries, but the time they took. */
function countsOf(rig: ServerRig): readonly string[] {
  return rig.server.metrics
    .render()
    .split('\n')
    .filter((line) => /^(?:coredns|fathom)_/.test(line) && !/duration_seconds_(?:bucket|sum)|info|_start_/.test(line))
}
