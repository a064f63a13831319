import { describe, expect, it } from 'vitest'
import { lintResolvConf } from './resolv-conf.ts'

const lint = (text: string): string[] =>
  lintResolvConf(text, 'resolv.conf').map(({ line, column, severity, code }) => `${line}:${column} ${severity} ${code}`)

describe('lintResolvConf()', () => {
  it.each([
    { text: '# good\nnameserver 192.0.2.1\nsearch example.org\noptions ndots:5 rotate\n', findings: [] },
    {
      text: 'nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver fe80::1%eth0\nnameserver 1.2.4.8\n',
      findings: ['4:12 warning too-many-nameservers'],
    },
    { text: 'nameserver dns.example.org\n', findings: ['1:12 error bad-nameserver'] },
    { text: 'nameserver\n', findings: ['1:1 error bad-nameserver'] },
    { text: 'nameserver 127.0.0.53\n', findings: ['1:12 warning loopback-nameserver-in-pod'] },
    { text: 'search example.org\n', findings: ['1:1 warning no-nameserver'] },
    { text: '', findings: ['1:1 warning no-nameserver'] },
    {
      text: 'nameserver 192.0.2.1\ndomain a.example\nsearch b.example\n',
      findings: ['2:8 warning search-overridden'],
    },
    { text: `nameserver 192.0.2.1\nsearch ${'a.example '.repeat(7)}\n`, findings: ['2:8 note search-list-too-long'] },
    {
      text: `nameserver 192.0.2.1\nsearch ${'a.example '.repeat(33)}\n`,
      findings: ['2:8 warning search-line-ignored-by-musl', '2:8 warning search-list-too-long'],
    },
    { text: 'nameserver 192.0.2.1\noptions attempts:0\n', findings: ['2:9 warning attempts-zero'] },
    { text: 'nameserver 192.0.2.1\noptions ndots:99\n', findings: ['2:9 note ndots-too-large'] },
    { text: 'nameserver 192.0.2.1\nnameservers 192.0.2.2\n', findings: ['2:1 warning unknown-keyword'] },
  ])('finds $findings in $text', ({ text, findings }) => {
    expect(lint(text)).toEqual(findings)
  })
})
