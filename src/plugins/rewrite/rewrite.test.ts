import { describe, expect, it } from 'vitest'
import { formatRecord, parseRecord } from '../../dns/index.ts'
import { fail, respond, type Next, type Outcome, type Request } from '../../server/index.ts'
import { startPlugin, type RigOptions } from '../../../test/support/plugin-rig.ts'
import { rewritePlugin } from './index.ts'

/** Asks through `rules`; tells what came to the next plugin and what went back to the client. */
async function pass(
  rules: string,
  question: string,
  options: RigOptions & { readonly answer?: readonly string[]; readonly authority?: readonly string[] } = {},
): Promise<{ readonly seen: string; readonly reply: string; readonly outcome: Outcome; readonly request: Request }> {
  let seen: Request | undefined
  const next: Next = (request) => {
    seen = request
    return respond(request, {
      by: 'next',
      answer: (options.answer ?? ['@ 60 IN A 192.0.2.1']).map((text) =>
        parseRecord(text.replaceAll('@', request.question.name)),
      ),
      authority: (options.authority ?? []).map((text) => parseRecord(text)),
    })
  }
  const rig = startPlugin(rewritePlugin, rules, { next, ...options })
  const outcome = await rig.ask(question)
  if (seen === undefined) throw new TypeError('the next plugin was not asked')
  const { question: asked } = seen
  return {
    seen: `${asked.name} ${asked.type} ${asked.class}`,
    reply: describeReply(outcome),
    outcome,
    request: seen,
  }
}

function describeReply(outcome: Outcome): string {
  if (outcome.kind !== 'answer') return outcome.kind === 'status' ? outcome.rcode : outcome.kind
  const { rcode, question, answer, authority } = outcome.message
  const lines = [...answer, ...authority].map((record) => formatRecord(record).replaceAll(/\s+/g, ' '))
  return [rcode, question[0]?.name, ...lines].join(' | ')
}

describe('rewrite name', () => {
  it.each([
    { rules: 'rewrite name a.org b.net', question: 'a.org', seen: 'b.net.', owner: 'a.org.' },
    { rules: 'rewrite name exact a.org. b.net.', question: 'A.Org', seen: 'b.net.', owner: 'A.Org.' },
    { rules: 'rewrite name exact a.org b.net', question: 'sub.a.org', seen: 'sub.a.org.', owner: 'sub.a.org.' },
    {
      rules: 'rewrite name prefix alpha. first.',
      question: 'alpha.x.org',
      seen: 'first.x.org.',
      owner: 'first.x.org.',
    },
    {
      rules: 'rewrite name prefix alpha. first. answer auto',
      question: 'alpha.x.org',
      seen: 'first.x.org.',
      owner: 'alpha.x.org.',
    },
    {
      rules: 'rewrite name suffix .a.com .b.com answer auto',
      question: 'www.a.com',
      seen: 'www.b.com.',
      owner: 'www.a.com.',
    },
    {
      rules: 'rewrite name substring .mid. .new. answer auto',
      question: 'x.mid.org',
      seen: 'x.new.org.',
      owner: 'x.mid.org.',
    },
    {
      rules: String.raw`rewrite name regex (.*)-(us)\.org {1}.s.{2}.net`,
      question: 'ftp-us.org',
      seen: 'ftp.s.us.net.',
      owner: 'ftp.s.us.net.',
    },
    {
      rules: String.raw`rewrite name regex (.*)-(us)\.org {1}.s.{2}.net answer auto`,
      question: 'ftp-us.org',
      seen: 'ftp.s.us.net.',
      owner: 'ftp-us.org.',
    },
    {
      rules: String.raw`rewrite name regex (.*)\.org x.{1}.net answer name x\.(.*)\.net {1}.org`,
      question: 'a.b.org',
      seen: 'x.a.b.net.',
      owner: 'a.b.org.',
    },
    {
      rules: 'rewrite stop {\n name suffix .a.com .b.com answer auto\n }',
      question: 'www.a.com',
      seen: 'www.b.com.',
      owner: 'www.a.com.',
    },
    {
      rules: 'rewrite continue name suffix .a.com .b.com\nrewrite name suffix .b.com .c.com',
      question: 'x.a.com',
      seen: 'x.c.com.',
      owner: 'x.c.com.',
    },
    {
      rules: 'rewrite name suffix .a.com .b.com\nrewrite name suffix .b.com .c.com',
      question: 'x.a.com',
      seen: 'x.b.com.',
      owner: 'x.b.com.',
    },
    {
      rules: 'rewrite continue name suffix .a.com .b.com answer auto\nrewrite name suffix .b.com .c.com answer auto',
      question: 'x.a.com',
      seen: 'x.c.com.',
      owner: 'x.a.com.',
    },
  ])('asks for $seen when $question is asked under: $rules', async ({ rules, question, seen, owner }) => {
    const result = await pass(rules, `${question} A`)
    expect(result.seen).toBe(`${seen} A IN`)
    expect(result.reply).toBe(`NOERROR | ${question}. | ${owner} 60 IN A 192.0.2.1`)
  })

  it('changes names in RDATA of all sections by answer value, in reverse order of the rules', async () => {
    const { reply } = await pass(
      String.raw`rewrite stop {
        name suffix .arpa. .arpa.
        answer value (.*)\.service\.consul\. {1}.example.org.
      }`,
      '-x 192.0.2.30',
      {
        answer: ['@ 60 IN PTR ftp.service.consul.'],
        authority: [
          'arpa. 60 IN NS ns.service.consul.',
          'arpa. 60 IN SOA s.service.consul. r.service.consul. 1 2 3 4 5',
        ],
      },
    )
    expect(reply).toBe(
      'NOERROR | 30.2.0.192.in-addr.arpa. | 30.2.0.192.in-addr.arpa. 60 IN PTR ftp.example.org. | arpa. 60 IN NS ns.example.org. | arpa. 60 IN SOA s.example.org. r.service.consul. 1 2 3 4 5',
    )
  })

  it('gives names below the rewritten one the client’s name, and leaves look-alikes alone', async () => {
    const { reply } = await pass('rewrite name srv.from.net srv.to.net', 'srv.from.net SRV', {
      answer: ['@ 60 IN SRV 0 10 80 a.srv.to.net.', '@ 60 IN SRV 0 10 80 asrv.to.net.'],
    })
    expect(reply).toContain('SRV 0 10 80 a.srv.from.net.')
    expect(reply).toContain('SRV 0 10 80 asrv.to.net.')
  })

  it('fails a query whose name is none after rewriting', async () => {
    const long = 'a'.repeat(60)
    const rig = startPlugin(rewritePlugin, `rewrite name prefix x. ${long}${long}.`, {
      next: (request) => respond(request, { by: 'next' }),
    })
    const outcome = await rig.ask('x.org A')
    expect(outcome).toMatchObject({
      kind: 'status',
      rcode: 'SERVFAIL',
      error: { message: `invalid name after rewrite: ${long}${long}.org.` },
    })
  })

  it('warns about prefixes and substrings that get a dot', () => {
    const rig = startPlugin(rewritePlugin, 'rewrite name prefix foo- bar-')
    expect(rig.log[0]).toMatch(/^warning name prefix "foo-" is read as "foo-\."/)
  })

  it('leaves a drop and a status as they are, and gives an unknown name on', async () => {
    const rig = startPlugin(rewritePlugin, 'rewrite name a.org b.net', { next: () => ({ kind: 'drop', by: 'x' }) })
    expect((await rig.ask('a.org A')).kind).toBe('drop')
    const failing = startPlugin(rewritePlugin, 'rewrite name a.org b.net', { next: () => fail('x', 'SERVFAIL') })
    expect(await failing.ask('a.org A')).toMatchObject({ kind: 'status', rcode: 'SERVFAIL' })
  })
})

describe('rewrite type, class, ttl, rcode', () => {
  it.each([
    { rules: 'rewrite type ANY HINFO', question: 'a.org ANY', seen: 'a.org. HINFO IN' },
    { rules: 'rewrite type aaaa a', question: 'a.org AAAA', seen: 'a.org. A IN' },
    { rules: 'rewrite type ANY HINFO', question: 'a.org A', seen: 'a.org. A IN' },
    { rules: 'rewrite class CH IN', question: 'a.org A CH', seen: 'a.org. A IN' },
  ])(
    'asks $seen for $question under $rules, and answers under the client’s question',
    async ({ rules, question, seen }) => {
      const result = await pass(rules, question)
      expect(result.seen).toBe(seen)
      const [, type, rrclass = 'IN'] = question.split(' ')
      expect(result.outcome.kind === 'answer' && result.outcome.message.question[0]).toMatchObject({
        type,
        class: rrclass,
      })
    },
  )

  it.each([
    { rules: 'rewrite ttl a.org 30', ttl: 30 },
    { rules: 'rewrite ttl exact a.org 100-', ttl: 100 },
    { rules: 'rewrite ttl suffix .org -10', ttl: 10 },
    { rules: 'rewrite ttl regex ^a 30-300', ttl: 60 },
    { rules: 'rewrite ttl prefix a. 70-300', ttl: 70 },
    { rules: 'rewrite ttl b.org 30', ttl: 60 },
  ])('gives TTL $ttl under $rules', async ({ rules, ttl }) => {
    expect((await pass(rules, 'a.org A')).reply).toBe(`NOERROR | a.org. | a.org. ${ttl} IN A 192.0.2.1`)
  })

  it.each([
    { rules: 'rewrite rcode a.org SERVFAIL NOERROR', expected: 'NOERROR | a.org.' },
    { rules: 'rewrite rcode suffix org. 2 3', expected: 'NXDOMAIN | a.org.' },
    { rules: 'rewrite rcode a.org NXDOMAIN NOERROR', expected: 'SERVFAIL' },
  ])('turns SERVFAIL by status into $expected under $rules', async ({ rules, expected }) => {
    const rig = startPlugin(rewritePlugin, rules, { next: () => fail('x', 'SERVFAIL') })
    expect(describeReply(await rig.ask('a.org A'))).toBe(expected)
  })

  it('applies a ttl rule and a name rule to one query', async () => {
    const { reply } = await pass('rewrite continue ttl a.org 7\nrewrite name a.org b.org', 'a.org A')
    expect(reply).toBe('NOERROR | a.org. | a.org. 7 IN A 192.0.2.1')
  })
})

describe('rewrite cname', () => {
  it('looks the new target up and keeps what led to the alias', async () => {
    const lookup: RigOptions['lookup'] = (request) =>
      respond(request, { by: 'x', answer: [parseRecord(`${request.question.name} 5 IN A 192.0.2.99`)] })
    const { reply } = await pass(String.raw`rewrite cname regex (.*)\.cdn\.net\. {1}.other.com.`, 'my.org A', {
      lookup,
      answer: [
        '@ 60 IN CNAME my.example.',
        'my.example. 60 IN CNAME my.org.cdn.net.',
        'my.org.cdn.net. 60 IN A 192.0.2.1',
      ],
    })
    expect(reply).toBe(
      'NOERROR | my.org. | my.org. 60 IN CNAME my.example. | my.example. 60 IN CNAME my.org.other.com. | my.org.other.com. 5 IN A 192.0.2.99',
    )
  })

  it('keeps the answer when the look-up fails', async () => {
    const { reply } = await pass('rewrite cname b.org c.org', 'a.org A', { answer: ['@ 60 IN CNAME b.org.'] })
    expect(reply).toBe('NOERROR | a.org. | a.org. 60 IN CNAME b.org.')
  })
})

describe('rewrite edns0', () => {
  const optionsSeen = async (rules: string, question = 'a.org A'): Promise<string> => {
    const { request } = await pass(rules, question)
    return (request.message.edns?.options ?? [])
      .map(({ code, octets }) => `${code}=${Buffer.from(octets).toString('hex')}`)
      .join(' ')
  }

  it.each([
    { rules: 'rewrite edns0 local set 0xffee hello', seen: '65518=68656c6c6f' },
    { rules: 'rewrite edns0 local set 65518 0x61626364', seen: '65518=61626364' },
    { rules: 'rewrite edns0 local replace 0xffee x', seen: '' },
    { rules: 'rewrite continue edns0 local set 0xffee a\nrewrite edns0 local append 0xffee b', seen: '65518=61' },
    { rules: 'rewrite continue edns0 local set 0xffee a\nrewrite edns0 local replace 0xffee b', seen: '65518=62' },
    { rules: 'rewrite continue edns0 local set 0xffee a\nrewrite edns0 local unset 0xffee', seen: '' },
    { rules: 'rewrite edns0 local set 0xffee {qname}', seen: '65518=612e6f72672e' },
    { rules: 'rewrite edns0 local set 0xffee {qtype}', seen: '65518=0001' },
    { rules: 'rewrite edns0 local set 0xffee {client_ip}', seen: '65518=0af40107' },
    { rules: 'rewrite edns0 local set 0xffee {client_port}', seen: '65518=9d14' },
    { rules: 'rewrite edns0 local set 0xffee {server_ip}', seen: '65518=0a60000a' },
    { rules: 'rewrite edns0 local set 0xffee {server_port}', seen: '65518=0035' },
    { rules: 'rewrite edns0 local set 0xffee {protocol}', seen: '65518=756470' },
    { rules: 'rewrite edns0 local set 0xffee {kubernetes/service}', seen: '' },
    { rules: 'rewrite edns0 nsid set', seen: '3=' },
    { rules: 'rewrite edns0 subnet set 24 56', seen: '8=000118000af401' },
    { rules: 'rewrite edns0 subnet set 12 56', seen: '8=00010c000af0' },
  ])('sends "$seen" under $rules', async ({ rules, seen }) => {
    expect(await optionsSeen(rules)).toBe(seen)
  })

  it.each([
    { rules: 'rewrite edns0 local set 0xffee abcd', returned: 'abcd' },
    { rules: 'rewrite edns0 local set 0xffee abcd revert', returned: undefined },
    {
      rules: 'rewrite continue edns0 local set 0xffee abcd\nrewrite edns0 local replace 0xffee bcde revert',
      returned: 'abcd',
    },
  ])('returns $returned under $rules', async ({ rules, returned }) => {
    const { outcome } = await pass(rules, 'a.org A +edns')
    const option =
      outcome.kind === 'answer' ? outcome.message.edns?.options.find(({ code }) => code === 0xff_ee) : undefined
    expect(option && Buffer.from(option.octets).toString()).toBe(returned)
  })
})

describe('rewrite setup', () => {
  it.each([
    { rules: 'rewrite', message: 'no rule type specified for rewrite' },
    { rules: 'rewrite stop', message: 'stop rule must begin with a rule type' },
    { rules: 'rewrite nope a b', message: 'invalid rule type "nope"' },
    { rules: 'rewrite answer name a b', message: 'response rewrites must begin with a name rule' },
    { rules: 'rewrite name', message: 'too few arguments for a name rule' },
    {
      rules: 'rewrite name stop a.org b.org',
      message: 'name rule supports only exact, prefix, suffix, substring, and regex name matching, received: stop',
    },
    {
      rules: 'rewrite stop {\n name regex foo bar\n answer name bar\n }',
      message: 'name answer rule for regex rule: 2 arguments required',
    },
    { rules: 'rewrite name regex ( b', message: 'invalid regex matching pattern: (' },
    { rules: 'rewrite name regex a {1}', message: 'uses more subexpressions' },
    { rules: 'rewrite name suffix a b answer', message: 'invalid arguments for suffix rule' },
    { rules: 'rewrite name suffix a b c d', message: 'exceeded the number of arguments' },
    {
      rules: 'rewrite name suffix a b answer auto answer name c d',
      message: 'auto name answer rule cannot be combined',
    },
    { rules: 'rewrite type', message: 'type rules must have exactly two arguments' },
    { rules: 'rewrite type any a a', message: 'type rules must have exactly two arguments' },
    { rules: 'rewrite type nope a', message: 'invalid type "NOPE"' },
    { rules: 'rewrite ttl a.org', message: 'too few (1) arguments for a ttl rule' },
    { rules: 'rewrite ttl a.org -', message: "invalid TTL '-' for a ttl rule" },
    { rules: 'rewrite ttl a.org 9-3', message: "invalid TTL '9-3' for a ttl rule" },
    { rules: 'rewrite rcode a.org NOPE NOERROR', message: "invalid matching RCODE 'NOPE' for a rcode rule" },
    { rules: 'rewrite cname nope a b', message: 'unknown cname rewrite type: nope' },
    { rules: 'rewrite edns0 unknown set', message: 'invalid rule type "unknown"' },
    { rules: 'rewrite edns0 local nope 1 2', message: 'invalid action: "nope"' },
    { rules: 'rewrite edns0 local set 0xffee {dummy}', message: 'unsupported variable name "{dummy}"' },
    { rules: 'rewrite edns0 local set x y', message: 'strconv.ParseUint: parsing "x": invalid syntax' },
    { rules: 'rewrite edns0 local set 0xffee 0x1', message: 'invalid hexadecimal data' },
    { rules: 'rewrite edns0 nsid set junk', message: 'EDNS0 NSID rules can accept no more than one arg' },
    { rules: 'rewrite edns0 subnet set 33 56', message: 'invalid IPv4 bit mask length 33' },
  ])('refuses $rules', ({ rules, message }) => {
    expect(() => startPlugin(rewritePlugin, rules)).toThrow(message)
  })
})
