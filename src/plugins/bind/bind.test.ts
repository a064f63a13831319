import { describe, expect, it } from 'vitest'
import { createDispenser, parseCorefile } from '../../corefile/index.ts'
import { parseBind } from './setup.ts'

const INTERFACES = { eth0: ['192.0.2.7', '2001:db8::7', 'fe80::7%eth0'], lo: ['127.0.0.1', '::1'] }

function addresses(lines: string): string[] {
  const [block] = parseCorefile(`. {\n${lines}\n}`, { accepts: () => true }).blocks
  const [directive] = block?.directives ?? []
  if (directive === undefined) throw new Error('no directive')
  return parseBind(createDispenser(directive), INTERFACES)
}

describe('parseBind()', () => {
  it.each([
    { lines: 'bind 192.0.2.1', result: ['192.0.2.1'] },
    { lines: 'bind 192.0.2.1 ::1', result: ['192.0.2.1', '::1'] },
    { lines: 'bind lo', result: ['127.0.0.1', '::1'] },
    { lines: 'bind eth0', result: ['192.0.2.7', '2001:db8::7', 'fe80::7%eth0'] },
    { lines: 'bind 192.0.2.1\nbind lo 192.0.2.1', result: ['192.0.2.1', '127.0.0.1', '::1'] },
    { lines: 'bind eth0 lo {\nexcept ::1 2001:db8::7\n}', result: ['192.0.2.7', 'fe80::7%eth0', '127.0.0.1'] },
    { lines: 'bind eth0 lo {\nexcept lo\n}', result: ['192.0.2.7', '2001:db8::7', 'fe80::7%eth0'] },
  ])('$lines gives $result', ({ lines, result }) => {
    expect(addresses(lines)).toEqual(result)
  })

  it.each([
    { lines: 'bind', message: 'at least one address or interface name is expected' },
    { lines: 'bind wg0', message: 'not a valid IP address or interface name: "wg0"' },
    { lines: 'bind 192.0.2.1:53', message: 'not a valid IP address or interface name: "192.0.2.1:53"' },
    {
      lines: 'bind lo {\nexcept\n}',
      message: 'at least one address or interface must be given to except subdirective',
    },
    { lines: 'bind lo {\nonly ::1\n}', message: 'invalid option "only"' },
  ])('refuses $lines', ({ lines, message }) => {
    expect(() => addresses(lines)).toThrow(message)
  })
})
