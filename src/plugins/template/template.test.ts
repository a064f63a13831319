import { describe, expect, it } from 'vitest'
import { formatRecord, parseRecord, readExtendedError } from '../../dns/index.ts'
import { respond, type Outcome } from '../../server/index.ts'
import { startPlugin, type PluginRig, type RigOptions } from '../../../test/support/plugin-rig.ts'
import { templatePlugin } from './index.ts'

const NEXT: RigOptions = { next: (request) => respond(request, { by: 'elsewhere' }) }

function start(body: string, options: RigOptions = NEXT): PluginRig {
  return startPlugin(templatePlugin, body, options)
}

function describeOutcome(outcome: Outcome): string {
  if (outcome.kind === 'drop') return 'drop'
  if (outcome.kind === 'status') return outcome.rcode
  if (outcome.by !== 'template') return 'next'
  const { rcode, answer } = outcome.message
  return [rcode, ...answer.map((record) => formatRecord(record).replaceAll(/\s+/g, ' '))].join(' | ')
}

const IPS = `template IN A example {
  match (^|[.])ip-10-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$
  answer "{{ .Name }} 60 IN A 10.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
}`

describe('template', () => {
  it.each([
    { body: IPS, question: 'ip-10-1-2-3.example A', expected: 'NOERROR | ip-10-1-2-3.example. 60 IN A 10.1.2.3' },
    { body: IPS, question: 'IP-10-1-2-3.Example A', expected: 'NOERROR | ip-10-1-2-3.example. 60 IN A 10.1.2.3' },
    { body: IPS, question: 'other.example A', expected: 'SERVFAIL' },
    { body: IPS, question: 'ip-10-1-2-3.example AAAA', expected: 'next' },
    { body: IPS, question: 'ip-10-1-2-3.example.org A', expected: 'next' },
    { body: IPS, question: 'ip-10-1-2-3.example A CH', expected: 'next' },
    { body: 'template ANY ANY {\n rcode NXDOMAIN\n }', question: 'x.org MX CH', expected: 'NXDOMAIN' },
    { body: 'template IN A {\n match ^a[.]\n rcode REFUSED\n fallthrough\n }', question: 'b.org A', expected: 'next' },
    {
      body: 'template IN A {\n match ^a[.]\n rcode REFUSED\n fallthrough\n }',
      question: 'a.org A',
      expected: 'REFUSED',
    },
    { body: 'template IN A {\n match ^a[.]\n fallthrough net\n }', question: 'b.org A', expected: 'SERVFAIL' },
    { body: 'template IN A {\n match ^a[.] ^b[.]\n }', question: 'b.org A', expected: 'NOERROR' },
    { body: 'template IN A {\n rcode SERVFAIL\n }', question: 'b.org A', expected: 'SERVFAIL' },
    { body: 'template IN A {\n answer "{{ .Name }}"\n }', question: 'b.org A', expected: 'SERVFAIL' },
    {
      body: 'template IN A {\n answer "{{ .Name }} 60 IN A {{ .Remote }}"\n }',
      question: 'b.org A',
      expected: 'NOERROR | b.org. 60 IN A 10.244.1.7',
    },
    {
      body: 'template IN TXT example {\n match ^([a-z]+)[.]([a-z]+)[.]example[.]$\n answer "{{ .Name }} 60 IN TXT {{ index .Match 2 }}"\n }',
      question: 'one.two.example TXT',
      expected: 'NOERROR | one.two.example. 60 IN TXT "two"',
    },
    {
      body: 'template IN A a.org {\n match ^x[.]\n fallthrough\n }\ntemplate IN A org {\n answer "{{ .Zone }} A 192.0.2.1"\n }',
      question: 'y.a.org A',
      expected: 'NOERROR | org. 3600 IN A 192.0.2.1',
    },
  ])('gives $expected to $question', async ({ body, question, expected }) => {
    expect(describeOutcome(await start(body).ask(question))).toBe(expected)
  })

  it.each([
    {
      options: "expr name() == 'a.example.'",
      question: 'a.example A',
      expected: 'NOERROR | a.example. 60 IN A 192.0.2.1',
    },
    { options: "expr name() == 'a.example.'", question: 'b.example A', expected: 'SERVFAIL' },
    { options: "expr name() == 'a.example.'\n fallthrough", question: 'b.example A', expected: 'next' },
    {
      options: "expr type() == 'A'\n expr incidr(client_ip(), '10.0.0.0/8')",
      question: 'b.example A',
      expected: 'NOERROR | b.example. 60 IN A 192.0.2.1',
    },
    { options: "expr incidr(client_ip(), '192.0.2.0/24')\n fallthrough", question: 'b.example A', expected: 'next' },
    {
      options: String.raw`match ^(?P<n>\d+)
      var num int(group('n'))
      expr num > 1 && group(0) == '2'`,
      question: '2.example A',
      expected: 'NOERROR | 2.example. 60 IN A 192.0.2.1',
    },
    { options: 'expr 1\n fallthrough', question: 'b.example A', expected: 'next' },
    { options: "expr incidr('notanip', '10.0.0.0/8')\n fallthrough", question: 'b.example A', expected: 'SERVFAIL' },
    { options: "expr metadata('test/region') == 'eu'\n fallthrough", question: 'b.example A', expected: 'next' },
  ])('gives $expected to $question with $options', async ({ options, question, expected }) => {
    const rig = start(`template IN A example {\n ${options}\n answer "{{ .Name }} 60 A 192.0.2.1"\n }`)
    expect(describeOutcome(await rig.ask(question))).toBe(expected)
  })

  it('shows variables to the templates', async () => {
    const rig = start(`template IN A example {
      match ^h(?P<n>[0-9]+)[.]
      var host int(group('n')) + 10
      var octet host % 256
      answer "{{ .Name }} 60 A 192.0.2.{{ .Var.octet }}"
    }`)
    expect(describeOutcome(await rig.ask('h7.example A'))).toBe('NOERROR | h7.example. 60 IN A 192.0.2.17')
  })

  it('fills all sections and sets AA', async () => {
    const outcome = await start(
      'template IN A example {\n answer "{{ .Name }} 60 A 192.0.2.1"\n additional "ns.example. 60 A 192.0.2.2"\n authority "example. 60 NS ns.example."\n }',
    ).ask('a.example A')
    if (outcome.kind !== 'answer') throw new TypeError(outcome.kind)
    const { flags, answer, authority, additional } = outcome.message
    expect(flags.aa).toBe(true)
    expect([answer, authority, additional].map((section) => section.map(({ type }) => type))).toEqual([
      ['A'],
      ['NS'],
      ['A'],
    ])
  })

  it('follows an alias inside the server', async () => {
    const rig = start('template IN A example {\n answer "{{ .Name }} 60 CNAME target.example.org."\n }', {
      lookup: (request) =>
        respond(request, { by: 'elsewhere', answer: [parseRecord(`${request.question.name} 5 A 192.0.2.7`)] }),
    })
    expect(describeOutcome(await rig.ask('a.example A'))).toBe(
      'NOERROR | a.example. 60 IN CNAME target.example.org. | target.example.org. 5 IN A 192.0.2.7',
    )
    expect(describeOutcome(await rig.ask('a.example TXT'))).toBe('SERVFAIL')
  })

  it('adds the extended error', async () => {
    const outcome = await start('template IN A {\n rcode NXDOMAIN\n ederror 15 "not here"\n }').ask('a.example A')
    const option = outcome.kind === 'answer' ? outcome.message.edns?.options[0] : undefined
    expect(option && readExtendedError(option)).toMatchObject({ infoCode: 15, extraText: 'not here' })
  })

  it('counts matches and failures', async () => {
    const rig = start(
      'template IN A example {\n answer "{{ index .Match 9 }}"\n }\ntemplate IN TXT example {\n answer "no record"\n }',
    )
    await rig.ask('a.example A')
    await rig.ask('a.example TXT')
    expect(rig.metric('coredns_template_')).toEqual(
      expect.arrayContaining([
        'coredns_template_matches_total{class="IN",server="dns://:53",type="A",view="",zone="example."} 1',
        'coredns_template_template_failures_total{class="IN",section="answer",server="dns://:53",template="{{ index .Match 9 }}",type="A",view="",zone="example."} 1',
        'coredns_template_rr_failures_total{class="IN",section="answer",server="dns://:53",template="no record",type="TXT",view="",zone="example."} 1',
      ]),
    )
  })

  it.each([
    { body: 'template', message: "Wrong argument count or unexpected line ending after 'template'" },
    { body: 'template XX A', message: 'invalid query class XX' },
    { body: 'template IN XX', message: 'invalid RR class XX' },
    {
      body: 'template ANY ANY {\n answer\n }',
      message: "Wrong argument count or unexpected line ending after 'answer'",
    },
    { body: 'template ANY ANY {\n answer "{{"\n }', message: 'could not compile template: {{' },
    { body: 'template ANY ANY {\n match (\n }', message: 'could not parse regex: (' },
    { body: 'template ANY ANY {\n rcode NOPE\n }', message: 'unknown rcode NOPE' },
    { body: 'template ANY ANY {\n ederror x\n }', message: 'strconv.ParseUint: parsing "x": invalid syntax' },
    { body: 'template ANY ANY {\n var x\n }', message: "Wrong argument count or unexpected line ending after 'x'" },
    { body: 'template ANY ANY {\n var 1x 1\n }', message: 'invalid variable name "1x"' },
    { body: 'template ANY ANY {\n var len 1\n }', message: 'variable name "len" is reserved' },
    { body: 'template ANY ANY {\n var name 1\n }', message: 'variable name "name" is reserved' },
    { body: 'template ANY ANY {\n expr 1 +\n }', message: 'could not compile expression: unexpected end in: 1 +' },
    { body: 'template ANY ANY {\n expr later == 1\n var later 1\n }', message: 'unknown name later' },
    { body: 'template ANY ANY {\n nope\n }', message: "unknown property 'nope'" },
  ])('refuses $body', ({ body, message }) => {
    expect(() => start(body)).toThrow(message)
  })
})
