// What real resolvers are tried on: a resolv.conf, a name, and what the nameservers do. Nameserver 11 stands for 127.0.0.11; 98 and 99
// are addresses where nobody listens.
import type { ResolvedScope, ResolverName } from '../../src/route/index.ts'
import type { ActRule } from './resolvers-agent.ts'

/** The programs that a case is run with; `node` is dns.lookup, which is glibc's resolver with telling error codes. */
export type ProgramName = 'node' | ResolverName

export interface ResolverCase {
  readonly title: string
  readonly resolvConf: string
  readonly name: string
  /** Default: every question is NXDOMAIN. */
  readonly rules?: readonly ActRule[]
  /** Default: getent, both musls, Go. */
  readonly programs?: readonly ProgramName[]
  /** A nameserver that says SERVFAIL and one that answers: musl asks both at once. */
  readonly racing?: true
  /** systemd-resolved's, instead of what the resolv.conf says; the first one is that of resolved.conf, the others are links'. */
  readonly scopes?: readonly ResolvedScope[]
  /** `ResolveUnicastSingleLabel=yes`. */
  readonly sendsSingleLabels?: true
  /** Takes longer than two seconds; run when FATHOM_SLOW_RESOLVERS is set. */
  readonly slow?: true
}

export const USUAL_PROGRAMS: readonly ProgramName[] = ['glibc', 'musl-1.2.3', 'musl', 'go']
const ALL: readonly ProgramName[] = [...USUAL_PROGRAMS, 'node', 'c-ares', 'busybox', 'systemd-resolved']
const RESOLVED: readonly ProgramName[] = ['systemd-resolved']

function conf(numbers: readonly number[], options = '', search = 'search a.test b.test'): string {
  const servers = numbers.map((number) => `nameserver 127.0.0.${number}\n`).join('')
  return `${servers}${search}\noptions ndots:2 timeout:1 ${options}\n`
}

const ONE = conf([11])
const TWO = conf([11, 12])
const POD =
  'nameserver 127.0.0.11\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5 timeout:1\n'
/** A search line of so many octets. */
function searchOf(octets: number): string {
  const line = `search ${Array.from({ length: 20 }, (_, at) => `d${at}.test`).join(' ')} `
  const label = 'l'.repeat(60)
  const rest = `${label}.${label}.${label}.${label}`
  return `${line}${rest.slice(-(octets - line.length)).replace(/^\./, 'l')}`
}

const LONG = `search ${Array.from({ length: 24 }, (_, at) => `d${at}.example.test`).join(' ')}`
const at11 = { nameserver: '127.0.0.11' }
const ANSWERS: ActRule = { act: 'answers' }

export const CASES: readonly ResolverCase[] = [
  // Names and the search list
  { title: 'few dots: the search list first', resolvConf: ONE, name: 'x', programs: ALL },
  { title: 'one dot fewer than ndots', resolvConf: ONE, name: 'x.y', programs: ALL },
  { title: 'as many dots as ndots', resolvConf: ONE, name: 'x.y.z', programs: ALL },
  { title: 'many dots', resolvConf: ONE, name: 'a.b.c.d.e.f' },
  { title: 'a final dot', resolvConf: ONE, name: 'x.', programs: ALL },
  { title: 'a final dot after many', resolvConf: POD, name: 'redis.shop.svc.cluster.local.' },
  {
    title: "a pod's Service",
    resolvConf: POD,
    name: 'redis',
    rules: [{ act: 'answers', zone: 'redis.shop.svc.cluster.local.' }],
    programs: ALL,
  },
  {
    title: "another namespace's Service",
    resolvConf: POD,
    name: 'redis.db',
    rules: [{ act: 'answers', zone: 'redis.db.svc.cluster.local.' }],
  },
  {
    title: 'an outside name from a pod',
    resolvConf: POD,
    name: 'www.example.org',
    rules: [{ act: 'answers', zone: 'www.example.org.' }],
    programs: ALL,
  },
  {
    title: 'a full name without its final dot',
    resolvConf: POD,
    name: 'redis.shop.svc.cluster.local',
    rules: [{ act: 'answers', zone: 'redis.shop.svc.cluster.local.' }],
  },
  { title: 'ndots:0', resolvConf: 'nameserver 127.0.0.11\nsearch a.test\noptions ndots:0\n', name: 'x' },
  {
    title: 'ndots:99 counts as 15',
    resolvConf: 'nameserver 127.0.0.11\nsearch a.test\noptions ndots:99\n',
    name: 'a.b.c.d.e.f.g.h',
  },
  {
    title: 'the last of two ndots',
    resolvConf: 'nameserver 127.0.0.11\nsearch a.test\noptions ndots:5\noptions ndots:1\n',
    name: 'x.y',
  },
  { title: 'no ndots: one dot is enough', resolvConf: 'nameserver 127.0.0.11\nsearch a.test\n', name: 'x.y' },
  { title: 'domain instead of search', resolvConf: 'nameserver 127.0.0.11\ndomain a.test\n', name: 'x', programs: ALL },
  {
    title: 'the last of search and domain',
    resolvConf: 'nameserver 127.0.0.11\nsearch a.test b.test\ndomain c.test\n',
    name: 'x',
  },
  { title: 'a search domain with its final dot', resolvConf: 'nameserver 127.0.0.11\nsearch a.test.\n', name: 'x' },
  { title: 'no search list', resolvConf: 'nameserver 127.0.0.11\n', name: 'x', programs: ALL },
  { title: 'the root as search domain', resolvConf: 'nameserver 127.0.0.11\nsearch .\noptions timeout:1\n', name: 'x' },
  { title: 'a search line longer than 255 octets', resolvConf: `nameserver 127.0.0.11\n${LONG}\n`, name: 'x' },
  { title: 'a line of 254 octets', resolvConf: `nameserver 127.0.0.11\n${searchOf(254)}\n`, name: 'x.y' },
  { title: 'a line of 255 octets', resolvConf: `nameserver 127.0.0.11\n${searchOf(255)}\n`, name: 'x.y' },
  {
    title: 'attempts:0',
    resolvConf: 'nameserver 127.0.0.11\noptions attempts:0\n',
    name: 'x.',
    programs: ['glibc', 'go'],
  },
  {
    title: 'no nameserver: this machine',
    resolvConf: 'search a.test\noptions timeout:1\n',
    name: 'x',
    programs: ['glibc', 'musl-1.2.3', 'musl', 'c-ares'],
  },
  { title: 'an IPv6 nameserver', resolvConf: 'nameserver ::1\nsearch a.test\n', name: 'x' },
  {
    title: 'both families of nameservers',
    resolvConf: 'nameserver ::1\nnameserver 127.0.0.11\nsearch a.test\n',
    name: 'x',
  },
  { title: 'four nameservers', resolvConf: conf([11, 12, 13, 14]), name: 'x.' },

  // What nameservers say
  {
    title: 'NODATA of a suffix',
    resolvConf: ONE,
    name: 'x',
    rules: [
      { act: 'nodata', zone: 'x.a.test.' },
      { act: 'answers', zone: 'x.b.test.' },
    ],
  },
  { title: 'NODATA everywhere', resolvConf: ONE, name: 'x', rules: [{ act: 'nodata' }], programs: ALL },
  { title: 'NODATA for AAAA only', resolvConf: ONE, name: 'x', rules: [{ act: 'nodata', type: 'AAAA' }, ANSWERS] },
  { title: 'NXDOMAIN for AAAA only', resolvConf: ONE, name: 'x', rules: [{ act: 'nxdomain', type: 'AAAA' }, ANSWERS] },
  {
    title: 'NXDOMAIN for A only',
    resolvConf: ONE,
    name: 'x',
    rules: [{ act: 'nxdomain', type: 'A', zone: 'x.a.test.' }, ANSWERS],
  },
  { title: 'NODATA without AA and RA', resolvConf: ONE, name: 'x', rules: [{ act: 'lame', zone: 'a.test.' }] },
  { title: 'SERVFAIL of a suffix', resolvConf: ONE, name: 'x', rules: [{ act: 'servfail', zone: 'a.test.' }, ANSWERS] },
  {
    title: 'SERVFAIL of the name as it is',
    resolvConf: ONE,
    name: 'x.y.z',
    rules: [{ act: 'servfail', zone: 'y.z.' }],
    programs: ['glibc', 'go', 'node', 'c-ares', 'busybox'],
  },
  { title: 'SERVFAIL everywhere', resolvConf: ONE, name: 'x', rules: [{ act: 'servfail' }], programs: ALL },
  { title: 'SERVFAIL for AAAA only', resolvConf: ONE, name: 'x', rules: [{ act: 'servfail', type: 'AAAA' }, ANSWERS] },
  {
    title: 'SERVFAIL of the first nameserver',
    racing: true,
    resolvConf: TWO,
    name: 'x',
    rules: [{ act: 'servfail', ...at11 }, ANSWERS],
    programs: ALL,
  },
  { title: 'REFUSED of a suffix', resolvConf: ONE, name: 'x', rules: [{ act: 'refused', zone: 'a.test.' }, ANSWERS] },
  { title: 'REFUSED everywhere', resolvConf: ONE, name: 'x', rules: [{ act: 'refused' }], programs: ALL },
  {
    title: 'REFUSED of the first nameserver',
    resolvConf: TWO,
    name: 'x',
    rules: [{ act: 'refused', ...at11 }, ANSWERS],
    programs: ALL,
  },
  {
    title: 'NXDOMAIN of the first nameserver is final',
    resolvConf: TWO,
    name: 'x.',
    rules: [{ act: 'nxdomain', ...at11 }, ANSWERS],
    programs: ['glibc', 'go', 'c-ares', 'busybox'],
  },
  {
    title: 'FORMERR of a suffix',
    resolvConf: ONE,
    name: 'x',
    rules: [{ act: 'formerr', zone: 'a.test.' }, ANSWERS],
    programs: ['glibc', 'go', 'node'],
  },
  {
    title: 'NOTIMP for AAAA only',
    resolvConf: ONE,
    name: 'x',
    rules: [{ act: 'notimp', type: 'AAAA' }, ANSWERS],
    programs: ['glibc', 'go'],
  },
  {
    title: 'SERVFAIL of one, REFUSED of the other',
    resolvConf: TWO,
    name: 'x',
    rules: [{ act: 'servfail', ...at11 }, { act: 'refused' }],
    programs: ['glibc', 'go', 'node'],
  },

  // Nameservers that do not answer
  { title: 'the first nameserver is dead', resolvConf: TWO, name: 'x', rules: [{ act: 'silent', ...at11 }, ANSWERS] },
  {
    title: 'the first nameserver is dead, for a name that is not there',
    resolvConf: TWO,
    name: 'x.',
    rules: [{ act: 'silent', ...at11 }],
  },
  {
    title: 'nobody listens at the first nameserver',
    resolvConf: conf([99, 12]),
    name: 'x',
    rules: [ANSWERS],
    programs: ALL,
  },
  {
    title: 'nobody listens anywhere',
    resolvConf: conf([99, 98], 'attempts:1'),
    name: 'x.',
    programs: ALL.filter((name) => name !== 'busybox'),
  },
  {
    title: 'a suffix is not answered',
    resolvConf: ONE,
    name: 'x',
    rules: [{ act: 'silent', zone: 'a.test.' }, ANSWERS],
  },
  { title: 'attempts:1, dead', resolvConf: conf([11], 'attempts:1'), name: 'x.', rules: [{ act: 'silent' }] },
  {
    title: 'attempts:3, dead',
    resolvConf: conf([11], 'attempts:3'),
    name: 'x.',
    rules: [{ act: 'silent' }],
    slow: true,
  },
  {
    title: 'AAAA is never answered',
    resolvConf: ONE,
    name: 'x',
    rules: [{ act: 'silent', type: 'AAAA' }, ANSWERS],
    slow: true,
  },
  {
    title: 'A is never answered',
    resolvConf: ONE,
    name: 'x',
    rules: [{ act: 'silent', type: 'A' }, ANSWERS],
    slow: true,
  },
  {
    title: 'three dead nameservers share the time',
    resolvConf: conf([11, 12, 13], 'timeout:2 attempts:1'),
    name: 'x.',
    rules: [{ act: 'silent' }],
    slow: true,
  },
  { title: 'everything is dead', resolvConf: TWO, name: 'x', rules: [{ act: 'silent' }], slow: true },
  {
    title: 'default times, dead',
    resolvConf: 'nameserver 127.0.0.11\nnameserver 127.0.0.12\n',
    name: 'x.',
    rules: [{ act: 'silent', ...at11 }, ANSWERS],
    slow: true,
    programs: ALL,
  },
  {
    title: 'every nameserver dead',
    resolvConf: conf([11, 12, 13, 14]),
    name: 'x.',
    rules: [{ act: 'silent' }],
    slow: true,
    programs: ['c-ares', 'busybox'],
  },

  // Options
  {
    title: 'single-request',
    resolvConf: conf([11], 'single-request'),
    name: 'x',
    rules: [{ act: 'answers', zone: 'b.test.' }],
    programs: ALL,
  },
  {
    title: 'single-request-reopen',
    resolvConf: conf([11], 'single-request-reopen'),
    name: 'x',
    rules: [{ act: 'answers', zone: 'b.test.' }],
  },
  {
    title: 'single-request and SERVFAIL for A',
    resolvConf: conf([11], 'single-request'),
    name: 'x',
    rules: [{ act: 'servfail', type: 'A' }, ANSWERS],
    programs: ['glibc', 'go'],
  },
  {
    title: 'use-vc',
    resolvConf: conf([11], 'use-vc'),
    name: 'x',
    rules: [{ act: 'answers', zone: 'b.test.' }],
    programs: ALL,
  },
  {
    title: 'use-vc and SERVFAIL',
    resolvConf: conf([11], 'use-vc'),
    name: 'x',
    rules: [{ act: 'servfail' }],
    programs: ['glibc', 'go', 'node'],
  },
  {
    title: 'use-vc, nobody listens at the first',
    resolvConf: conf([99, 12], 'use-vc'),
    name: 'x',
    rules: [ANSWERS],
    programs: ['glibc', 'go'],
  },
  { title: 'rotate', resolvConf: conf([11, 12, 13], 'rotate'), name: 'x', programs: ['glibc', 'go'] },
  { title: 'no-aaaa', resolvConf: conf([11], 'no-aaaa'), name: 'x' },
  { title: 'trust-ad and edns0 change no query', resolvConf: conf([11], 'trust-ad edns0'), name: 'x' },
  {
    title: 'options that nobody knows',
    resolvConf: conf([11], 'debug inet6 no-tld-query nonsense:7'),
    name: 'x',
    programs: ['musl', 'go', 'c-ares'],
  },

  // Truncation
  {
    title: 'truncated: again over TCP',
    resolvConf: ONE,
    name: 'x',
    rules: [{ act: 'truncated', transport: 'udp' }, ANSWERS],
    programs: ALL,
  },
  {
    title: 'truncated for A only',
    resolvConf: ONE,
    name: 'x',
    rules: [{ act: 'truncated', transport: 'udp', type: 'A' }, ANSWERS],
    programs: ['glibc', 'musl', 'go'],
  },
  {
    title: 'truncated, then NXDOMAIN',
    resolvConf: ONE,
    name: 'x',
    rules: [{ act: 'truncated', transport: 'udp' }],
    programs: ['glibc', 'musl', 'go'],
  },
  {
    title: 'truncated, then SERVFAIL',
    resolvConf: ONE,
    name: 'x',
    rules: [{ act: 'truncated', transport: 'udp' }, { act: 'servfail' }],
    programs: ['glibc', 'go'],
  },
  {
    title: 'truncated for A, then SERVFAIL',
    resolvConf: ONE,
    name: 'x',
    rules: [{ act: 'truncated', transport: 'udp', type: 'A' }, { act: 'servfail', type: 'A' }, ANSWERS],
    programs: ['glibc', 'musl', 'go'],
  },

  // systemd-resolved: one server in use, EDNS given up for denials and failures, a memory of who failed
  {
    title: 'FORMERR of the first server',
    resolvConf: TWO,
    name: 'x.y.',
    rules: [{ act: 'formerr', ...at11 }, ANSWERS],
    programs: RESOLVED,
  },
  {
    title: 'NOTIMP of the first server',
    resolvConf: TWO,
    name: 'x.y.',
    rules: [{ act: 'notimp', ...at11 }, ANSWERS],
    programs: RESOLVED,
  },
  {
    title: 'SERVFAIL of both servers',
    resolvConf: TWO,
    name: 'x.y.',
    rules: [{ act: 'servfail' }],
    programs: RESOLVED,
  },
  { title: 'REFUSED of both servers', resolvConf: TWO, name: 'x.y.', rules: [{ act: 'refused' }], programs: RESOLVED },
  {
    title: 'SERVFAIL, then REFUSED',
    resolvConf: TWO,
    name: 'x.y.',
    rules: [{ act: 'servfail', ...at11 }, { act: 'refused' }],
    programs: RESOLVED,
  },
  {
    title: 'SERVFAIL for AAAA, two servers',
    resolvConf: TWO,
    name: 'x.y.',
    rules: [{ act: 'servfail', type: 'AAAA' }, ANSWERS],
    programs: RESOLVED,
  },
  {
    title: 'three servers, two of them REFUSED',
    resolvConf: conf([11, 12, 13]),
    name: 'x.y.',
    rules: [{ act: 'refused', ...at11 }, { act: 'refused', nameserver: '127.0.0.12' }, ANSWERS],
    programs: RESOLVED,
  },
  { title: 'truncated over TCP too', resolvConf: TWO, name: 'x.y.', rules: [{ act: 'truncated' }], programs: RESOLVED },
  {
    title: 'truncated, REFUSED over TCP',
    resolvConf: TWO,
    name: 'x.y.',
    rules: [{ act: 'truncated', transport: 'udp' }, { act: 'refused' }],
    programs: RESOLVED,
  },
  {
    title: 'a name without a dot, no search list',
    resolvConf: 'nameserver 127.0.0.11\n',
    name: 'x',
    rules: [ANSWERS],
    programs: RESOLVED,
  },
  {
    title: 'a name without a dot that may be sent',
    resolvConf: 'nameserver 127.0.0.11\n',
    name: 'x',
    rules: [ANSWERS],
    sendsSingleLabels: true,
    programs: RESOLVED,
  },
  {
    title: 'a name of the cluster on a node',
    resolvConf: 'nameserver 127.0.0.11\nsearch corp.test\n',
    name: 'redis.shop.svc.cluster.local.',
    rules: [ANSWERS],
    programs: RESOLVED,
  },
  {
    title: 'a name of the cluster, its domain in the search list',
    resolvConf: 'nameserver 127.0.0.11\nsearch cluster.local\n',
    name: 'redis.shop.svc.cluster.local.',
    rules: [ANSWERS],
    programs: RESOLVED,
  },
  { title: 'localhost', resolvConf: ONE, name: 'x.localhost.', programs: RESOLVED },
  {
    title: 'a name that is invalid by definition',
    resolvConf: ONE,
    name: 'x.invalid.',
    rules: [ANSWERS],
    programs: RESOLVED,
  },
  {
    title: 'a routing domain of a link',
    resolvConf: '',
    name: 'db.corp.test.',
    rules: [ANSWERS],
    scopes: [
      { nameservers: ['127.0.0.11'], domains: [], isDefaultRoute: true },
      { nameservers: ['127.0.0.12'], domains: ['corp.test'], isDefaultRoute: false },
    ],
    programs: RESOLVED,
  },
  {
    title: 'a name that no scope has a domain for',
    resolvConf: '',
    name: 'www.example.',
    rules: [{ act: 'refused', ...at11 }, ANSWERS],
    scopes: [
      { nameservers: ['127.0.0.11'], domains: [], isDefaultRoute: true },
      { nameservers: ['127.0.0.12'], domains: ['corp.test'], isDefaultRoute: false },
      { nameservers: ['127.0.0.13'], domains: [], isDefaultRoute: true },
    ],
    programs: RESOLVED,
  },
  {
    title: 'every name routed to resolved.conf',
    resolvConf: '',
    name: 'www.example.',
    rules: [ANSWERS],
    scopes: [
      { nameservers: ['127.0.0.11'], domains: ['.'], isDefaultRoute: true },
      { nameservers: ['127.0.0.12'], domains: [], isDefaultRoute: true },
    ],
    programs: RESOLVED,
  },
  {
    title: 'the longest routing domain',
    resolvConf: '',
    name: 'a.db.corp.test.',
    rules: [ANSWERS],
    scopes: [
      { nameservers: ['127.0.0.11'], domains: ['.'], isDefaultRoute: true },
      { nameservers: ['127.0.0.12'], domains: ['corp.test'], isDefaultRoute: false },
      { nameservers: ['127.0.0.13'], domains: ['db.corp.test', 'test'], isDefaultRoute: false },
    ],
    programs: RESOLVED,
  },
  {
    title: 'links only, and none for the name',
    resolvConf: '',
    name: 'www.example.',
    rules: [ANSWERS],
    scopes: [
      { nameservers: [], domains: [], isDefaultRoute: false },
      { nameservers: ['127.0.0.12'], domains: ['corp.test'], isDefaultRoute: false },
    ],
    programs: RESOLVED,
  },
  {
    title: 'two links that disagree, the last failure counts',
    resolvConf: '',
    name: 'www.example.',
    rules: [{ act: 'nxdomain', nameserver: '127.0.0.12' }, { act: 'servfail' }],
    scopes: [
      { nameservers: [], domains: [], isDefaultRoute: false },
      { nameservers: ['127.0.0.12'], domains: [], isDefaultRoute: true },
      { nameservers: ['127.0.0.13'], domains: [], isDefaultRoute: true },
    ],
    programs: RESOLVED,
  },
  {
    title: 'the first server is dead',
    resolvConf: TWO,
    name: 'x.y.',
    rules: [{ act: 'silent', ...at11 }, ANSWERS],
    slow: true,
    programs: RESOLVED,
  },
  {
    title: 'AAAA is never answered by either',
    resolvConf: TWO,
    name: 'x.y.',
    rules: [{ act: 'silent', type: 'AAAA' }, ANSWERS],
    slow: true,
    programs: RESOLVED,
  },
  {
    title: 'the only server is dead',
    resolvConf: 'nameserver 127.0.0.11\n',
    name: 'x.y.',
    rules: [{ act: 'silent' }],
    slow: true,
    programs: RESOLVED,
  },
]
