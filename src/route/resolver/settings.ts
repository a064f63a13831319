// What a resolver makes of a resolv.conf: its defaults, its limits, and the options that it knows. One table; every number was seen
// from the real program (test/netns/resolvers.test.ts) unless its comment says otherwise.
import { isAddress, type ResolvConf } from '../resolv-conf.ts'

/** The resolvers that are modelled. */
export type ResolverName = 'busybox' | 'c-ares' | 'glibc' | 'go' | 'musl' | 'musl-1.2.3' | 'systemd-resolved'

/** All of them. */
export const RESOLVER_NAMES: readonly ResolverName[] = [
  'glibc',
  'musl',
  'musl-1.2.3',
  'go',
  'c-ares',
  'busybox',
  'systemd-resolved',
]

/** How one resolver reads the file. */
export interface ResolverTraits {
  /** For people. */
  readonly title: string
  /** Nameservers after these are not read. */
  readonly maxNameservers: number
  /** Asked when the file names none. */
  readonly noNameserver: readonly string[]
  readonly timeoutS: { readonly default: number; readonly min: number; readonly max: number }
  readonly attempts: { readonly default: number; readonly min: number; readonly max: number }
  /** Longest line that is read, in octets without its line feed; longer ones are ignored. */
  readonly maxLineOctets: number
  /** Options that change something, beside ndots, timeout and attempts. */
  readonly options: readonly string[]
  /** Which of ndots, timeout and attempts are read. */
  readonly reads: readonly ('attempts' | 'ndots' | 'timeout')[]
  /** Whether queries carry an OPT record (RFC 6891): always, never, or with `options edns0`. */
  readonly edns: 'always' | 'never' | 'option'
  /** Octets that it says it takes over UDP, where it sends one. Default: 1232. */
  readonly payloadOctets?: number
  /** Addresses that are never asked: its own. */
  readonly ownAddresses?: readonly string[]
}

const ANY_LINE = Infinity

const MUSL: Omit<ResolverTraits, 'title'> = {
  maxNameservers: 3,
  noNameserver: ['127.0.0.1'],
  timeoutS: { default: 5, min: 0, max: 60 },
  // 0 is divided by: the program crashes.
  attempts: { default: 2, min: 1, max: 10 },
  maxLineOctets: 254,
  options: [],
  reads: ['ndots', 'timeout', 'attempts'],
  edns: 'never',
}

/** What sets the resolvers apart in reading the file. */
export const RESOLVER_TRAITS: Readonly<Record<ResolverName, ResolverTraits>> = {
  glibc: {
    title: 'glibc (Debian, Ubuntu, RHEL images; Node dns.lookup, Python, Java, curl there)',
    maxNameservers: 3,
    noNameserver: ['127.0.0.1'],
    // RES_MAXRETRANS, RES_MAXRETRY; a timeout of 0 counts as 1 s.
    timeoutS: { default: 5, min: 1, max: 30 },
    attempts: { default: 2, min: 0, max: 5 },
    maxLineOctets: ANY_LINE,
    options: ['rotate', 'single-request', 'single-request-reopen', 'use-vc', 'no-aaaa', 'edns0'],
    reads: ['ndots', 'timeout', 'attempts'],
    edns: 'option',
    payloadOctets: 1200,
  },
  musl: { ...MUSL, title: 'musl 1.2.4 and newer (Alpine 3.18 and newer)' },
  'musl-1.2.3': { ...MUSL, title: 'musl before 1.2.4 (Alpine 3.17 and older, Debian 12)' },
  go: {
    title: "Go's own resolver (CGO_ENABLED=0, and most static Go programs)",
    maxNameservers: 3,
    noNameserver: ['127.0.0.1', '::1'],
    timeoutS: { default: 5, min: 1, max: Infinity },
    attempts: { default: 2, min: 1, max: Infinity },
    maxLineOctets: ANY_LINE,
    options: ['rotate', 'single-request', 'single-request-reopen', 'use-vc', 'usevc', 'tcp'],
    reads: ['ndots', 'timeout', 'attempts'],
    edns: 'always',
  },
  'c-ares': {
    title: "c-ares as Node's dns.resolve* uses it",
    maxNameservers: Infinity,
    noNameserver: ['127.0.0.1'],
    timeoutS: { default: 2, min: 1, max: Infinity },
    // Node asks for 4 whatever the file says.
    attempts: { default: 4, min: 4, max: 4 },
    maxLineOctets: ANY_LINE,
    options: ['rotate', 'use-vc', 'usevc'],
    reads: ['timeout'],
    // c-ares' own default since 1.22 is to send it; Node sets the flags without that one.
    edns: 'never',
  },
  busybox: {
    title: 'busybox nslookup (1.35; not what the programs of such an image use)',
    maxNameservers: Infinity,
    noNameserver: ['127.0.0.1'],
    timeoutS: { default: 5, min: 5, max: 5 },
    attempts: { default: 2, min: 2, max: 2 },
    maxLineOctets: ANY_LINE,
    options: [],
    reads: [],
    edns: 'never',
  },
  'systemd-resolved': {
    title:
      'systemd-resolved behind its stub 127.0.0.53, searched by glibc (nodes of Ubuntu and others; hostNetwork pods there)',
    maxNameservers: Infinity,
    noNameserver: [],
    // Those of glibc at the stub; what systemd-resolved itself waits cannot be set.
    timeoutS: { default: 5, min: 5, max: 5 },
    attempts: { default: 2, min: 2, max: 2 },
    maxLineOctets: ANY_LINE,
    options: [],
    reads: [],
    edns: 'always',
    // What fits into the MTU of its links: 1500 here.
    payloadOctets: 1472,
    ownAddresses: ['127.0.0.53', '127.0.0.54'],
  },
}

/** A resolv.conf as one resolver understands it. */
export interface ResolverSettings {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  readonly ndots: number
  readonly timeoutMs: number
  readonly attempts: number
  readonly rotate: boolean
  /** A and AAAA one after the other. */
  readonly singleRequest: boolean
  readonly singleRequestReopen: boolean
  readonly useTcp: boolean
  readonly noAaaa: boolean
  /** Queries carry an OPT record. */
  readonly edns: boolean
}

const MAX_NDOTS = 15

/** Applies a resolver's defaults and limits to what a resolv.conf says. */
export function readSettings(resolver: ResolverName, conf: ResolvConf): ResolverSettings {
  const traits = RESOLVER_TRAITS[resolver]
  const { options } = conf
  const has = (...names: readonly string[]): boolean =>
    names.some((name) => traits.options.includes(name) && options.includes(name))
  const number = (
    name: 'attempts' | 'ndots' | 'timeout',
    { default: byDefault, min, max }: ResolverTraits['attempts'],
  ): number => {
    const values = options.map((option) => new RegExp(`^${name}:(\\d+)`).exec(option)?.[1])
    const last = values.findLast((value) => value !== undefined)
    return last === undefined || !traits.reads.includes(name) ? byDefault : Math.min(Math.max(Number(last), min), max)
  }
  const nameservers = conf.nameservers
    .filter((address) => isAddress(address) && traits.ownAddresses?.includes(address) !== true)
    .slice(0, traits.maxNameservers)
  // "search " before the domains and a line feed after them.
  const isTooLong = `search ${conf.searches.join(' ')}`.length > traits.maxLineOctets
  return {
    nameservers: nameservers.length === 0 ? traits.noNameserver : nameservers,
    searches: isTooLong ? [] : conf.searches,
    ndots: number('ndots', { default: 1, min: 0, max: MAX_NDOTS }),
    timeoutMs: 1000 * number('timeout', traits.timeoutS),
    attempts: number('attempts', traits.attempts),
    rotate: has('rotate'),
    singleRequest: has('single-request', 'single-request-reopen'),
    singleRequestReopen: has('single-request-reopen'),
    useTcp: has('use-vc', 'usevc', 'tcp'),
    noAaaa: has('no-aaaa'),
    edns: traits.edns === 'always' || (traits.edns === 'option' && options.includes('edns0')),
  }
}
