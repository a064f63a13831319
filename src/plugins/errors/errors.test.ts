import { describe, expect, it } from 'vitest'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { fail, respond } from '../../server/index.ts'
import type { Next } from '../../server/index.ts'
import { errorsPlugin } from './index.ts'

const timeout: Next = () => fail('forward', 'SERVFAIL', 'read udp 10.0.0.1:53->192.0.2.53:53: i/o timeout')

describe('errors', () => {
  it('logs rcode number, name in lower case, type and error', async () => {
    const rig = startPlugin(errorsPlugin, 'errors', { next: timeout })
    await rig.ask('WWW.example.org A')
    expect(rig.log).toEqual(['error 2 www.example.org. A: read udp 10.0.0.1:53->192.0.2.53:53: i/o timeout'])
  })

  it('logs an error that comes with an answer under the answer’s rcode, and nothing without one', async () => {
    const next: Next = (request) =>
      respond(request, { by: 'x', rcode: 'NXDOMAIN', error: request.type === 'A' ? new Error('odd') : undefined })
    const rig = startPlugin(errorsPlugin, 'errors stdout', { next })
    await rig.ask('a. A')
    await rig.ask('a. AAAA')
    expect(rig.log).toEqual(['error 3 a. A: odd'])
  })

  it('puts errors of a period into one line', async () => {
    const directive = 'errors {\nconsolidate 5m ".* i/o timeout$" warning\n}'
    const rig = startPlugin(errorsPlugin, directive, { next: timeout })
    for (let count = 0; count < 3; count += 1) await rig.ask('a. A')
    await rig.clock.advance(299_000)
    expect(rig.log).toEqual([])
    await rig.clock.advance(1000)
    expect(rig.log).toEqual([`warning 3 errors like '.* i/o timeout$' occurred in last 5m0s`])
    await rig.clock.advance(300_000)
    expect(rig.log).toHaveLength(1)
  })

  it('with show_first logs the first at once and the sum only if there were more', async () => {
    const rig = startPlugin(errorsPlugin, 'errors {\nconsolidate 10s timeout show_first\n}', { next: timeout })
    await rig.ask('a. A')
    await rig.clock.advance(10_000)
    expect(rig.log).toHaveLength(1)
    await rig.ask('b. A')
    await rig.ask('c. A')
    await rig.clock.advance(10_000)
    expect(rig.log.slice(1)).toEqual([
      expect.stringMatching(/^error 2 b\. A: /),
      `error 2 errors like 'timeout' occurred in last 10s`,
    ])
  })

  it('logs pending sums when the configuration ends', async () => {
    const rig = startPlugin(errorsPlugin, 'errors {\nconsolidate 1h timeout\n}', { next: timeout })
    await rig.ask('a. A')
    await rig.instance.close?.()
    expect(rig.log).toEqual([`error 1 errors like 'timeout' occurred in last 1h0m0s`])
  })

  it('logs errors that no pattern matches one by one', async () => {
    const rig = startPlugin(errorsPlugin, 'errors {\nconsolidate 1h refused\n}', { next: timeout })
    await rig.ask('a. A')
    expect(rig.log).toHaveLength(1)
  })

  it.each([
    { directive: 'errors file.log', message: 'invalid log file: file.log' },
    { directive: 'errors stdout more', message: "Wrong argument count or unexpected line ending after 'more'" },
    { directive: 'errors\nerrors', message: 'this plugin can only be used once per Server Block' },
    { directive: 'errors {\nfoo\n}', message: 'Unknown field foo' },
    { directive: 'errors {\nconsolidate 1m\n}', message: 'Wrong argument count' },
    { directive: 'errors {\nconsolidate 60 x\n}', message: 'time: missing unit in duration "60"' },
    { directive: 'errors {\nconsolidate 1m (a\n}', message: 'missing closing )' },
    { directive: 'errors {\nconsolidate 1m x fatal\n}', message: 'unknown option in consolidate: fatal' },
    { directive: 'errors {\nconsolidate 1m x show_first info\n}', message: 'log level must come before show_first' },
    { directive: 'errors {\nconsolidate 1m x info error\n}', message: 'multiple log levels specified in consolidate' },
  ])('refuses $directive', ({ directive, message }) => {
    expect(() => startPlugin(errorsPlugin, directive)).toThrow(message)
  })

  it('takes a pattern that makes backtracking engines explode', async () => {
    const next: Next = () => fail('x', 'SERVFAIL', `${'a'.repeat(100_000)}!`)
    const rig = startPlugin(errorsPlugin, 'errors {\nconsolidate 1m (a+)+$\n}', { next })
    await rig.ask('a. A')
    expect(rig.log).toHaveLength(1)
  })
})
