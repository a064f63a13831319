import { array, assert, constantFrom, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY_RESOLV_CONF, formatResolvConf, ndotsOf, parseResolvConf } from './resolv-conf.ts'

describe('parseResolvConf()', () => {
  it("reads the reference cluster's node3, comments and the fourth nameserver included", () => {
    const conf = parseResolvConf(
      'nameserver 100.64.11.3\nnameserver 114.114.114.114\nnameserver 119.29.29.29\n# Too many DNS servers configured, the following entries may be ignored.\nnameserver 1.2.4.8\n',
    )
    expect(conf.nameservers).toEqual(['100.64.11.3', '114.114.114.114', '119.29.29.29', '1.2.4.8'])
    expect(conf.searches).toEqual([])
  })

  it.each([
    { rule: 'the last search or domain line wins', text: 'search a b\ndomain c\n', expected: { searches: ['c'] } },
    {
      rule: 'the last search or domain line wins, the other way round',
      text: 'domain c\nsearch a b.\n',
      expected: { searches: ['a', 'b'] },
    },
    { rule: 'the root stays a dot', text: 'search .\n', expected: { searches: ['.'] } },
    {
      rule: 'options lines add up',
      text: 'options ndots:2 rotate\noptions timeout:1\n',
      expected: { options: ['ndots:2', 'rotate', 'timeout:1'] },
    },
    {
      rule: 'tabs and carriage returns are blanks',
      text: 'nameserver\t10.0.0.1 \r\n',
      expected: { nameservers: ['10.0.0.1'] },
    },
    {
      rule: 'comments begin with ; or # in the first column',
      text: '; nameserver 1.1.1.1\n#nameserver 1.1.1.2\n',
      expected: {},
    },
    {
      rule: 'a keyword must begin its line',
      text: ' nameserver 1.1.1.1\nnameservers 1.1.1.2\nnameserver\n',
      expected: {},
    },
    {
      rule: 'a comment may follow an address',
      text: 'nameserver 1.1.1.1#x\nnameserver 1.1.1.2 # y\n',
      expected: { nameservers: ['1.1.1.1', '1.1.1.2'] },
    },
    {
      rule: 'IPv6 addresses keep their zone',
      text: 'nameserver fe80::1%eth0\nnameserver ::1\n',
      expected: { nameservers: ['fe80::1%eth0', '::1'] },
    },
    {
      rule: 'what is no address is left out',
      text: 'nameserver dns.example.org\nnameserver 1.2.3.400\n',
      expected: {},
    },
    {
      rule: 'sort lists are kept',
      text: 'sortlist 130.155.160.0/255.255.240.0 130.155.0.0\n',
      expected: { sortlist: ['130.155.160.0/255.255.240.0', '130.155.0.0'] },
    },
    { rule: 'the last line needs no line feed', text: 'search x', expected: { searches: ['x'] } },
  ])('$rule', ({ text, expected }) => {
    expect(parseResolvConf(text)).toEqual({ ...EMPTY_RESOLV_CONF, ...expected })
  })
})

describe('formatResolvConf()', () => {
  it('is read back unchanged', () => {
    const words = array(constantFrom('a', 'b.example', 'svc.cluster.local'))
    assert(
      property(
        array(constantFrom('10.0.0.1', 'fd00::1')),
        words,
        array(constantFrom('ndots:5', 'rotate')),
        (nameservers, searches, options) => {
          const conf = { nameservers, searches, options, sortlist: [] }
          expect(parseResolvConf(formatResolvConf(conf))).toEqual(conf)
        },
      ),
    )
  })
})

describe('ndotsOf()', () => {
  it.each([
    { options: [], ndots: 1 },
    { options: ['ndots:5'], ndots: 5 },
    { options: ['ndots:5', 'ndots:2'], ndots: 2 },
    { options: ['ndots:0'], ndots: 0 },
    { options: ['ndots:99'], ndots: 15 },
    { options: ['ndots:x'], ndots: 1 },
  ])('$options: $ndots', ({ options, ndots }) => {
    expect(ndotsOf({ ...EMPTY_RESOLV_CONF, options })).toBe(ndots)
  })
})
