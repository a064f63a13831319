// node-cache's command line (Go's flag package: one or two dashes, `-flag value` or `-flag=value`) to settings.
import { isIPv4, isIPv6 } from 'node:net'
import { GoValueError, UsageError, formatGoDuration, parseGoDuration } from '../base/index.ts'
import { MAX_THREADS, parseThreadCount } from '../server/index.ts'

/** What the command line asks for. */
export interface NodeCacheFlags {
  readonly action: 'help' | 'plugins' | 'serve' | 'version'
  /** Addresses that pods ask, all of one family. */
  readonly localAddresses: readonly string[]
  readonly setupInterface: boolean
  readonly interfaceName: string
  /** Time between two checks of interface and rules. */
  readonly syncIntervalMs: number
  readonly metricsAddress: string
  readonly setupIptables: boolean
  /** The template. */
  readonly baseCorefile: string
  /** Where the filled template goes, and what is served. */
  readonly corefile: string
  /** Directory of the mounted kube-dns ConfigMap; empty: `/etc/kube-dns` if it is there. */
  readonly kubeDnsDirectory: string
  readonly upstreamService: string
  /** Only for the rules. */
  readonly healthPort: number
  readonly skipTeardown: boolean
  readonly reloadWithSignal: boolean
  readonly prometheusAddress: string
  readonly dnsPort: number
  readonly pidfile: string | undefined
  readonly quiet: boolean
  /** How long expired answers are served when the upstream is silent; undefined: as the Corefile says. */
  readonly serveStaleMs: number | undefined
  /** Run as the supervisor of a second process that serves. */
  readonly guard: boolean
  /** Threads that answer over UDP; undefined: what `multisocket` says, else 1. */
  readonly workers: number | undefined
  /** Name asked of the upstream Service, and how often; 0 ms: never. */
  readonly selfTestName: string
  readonly selfTestIntervalMs: number
}

const DEFAULTS = {
  localip: '',
  setupinterface: 'true',
  interfacename: 'nodelocaldns',
  syncinterval: '60s',
  'metrics-listen-address': '0.0.0.0:9353',
  setupiptables: 'true',
  basecorefile: '/etc/coredns/Corefile.base',
  corefile: '/etc/Corefile',
  kubednscm: '',
  upstreamsvc: 'kube-dns',
  'health-port': '8080',
  skipteardown: 'false',
  reloadwithsignal: 'false',
  'prometheus-listen-address': ':9253',
  conf: '',
  'dns.port': '53',
  pidfile: '',
  quiet: 'false',
  'serve-stale': '',
  guard: 'false',
  workers: '',
  'self-test-name': 'kubernetes.default.svc.cluster.local.',
  'self-test-interval': '30s',
  plugins: 'false',
  version: 'false',
  help: 'false',
} as const

type FlagName = keyof typeof DEFAULTS

const SYNONYMS: Readonly<Record<string, FlagName>> = { p: 'dns.port', h: 'help' }
const BOOLEAN: ReadonlySet<string> = new Set<FlagName>([
  'setupinterface',
  'setupiptables',
  'skipteardown',
  'reloadwithsignal',
  'quiet',
  'guard',
  'plugins',
  'version',
  'help',
])

/** Interface names the kernel takes: at most 15 octets, no slash, no white space. */
const INTERFACE_NAME = /^[^/\s:]{1,15}$/
/** Names of Services are labels (RFC 1035). */
const SERVICE_NAME = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/

/**
 * Reads the command line.
 *
 * @throws {UsageError}
 */
export function parseNodeCacheFlags(args: readonly string[]): NodeCacheFlags {
  const values = readValues(args)
  const action = (['help', 'version', 'plugins'] as const).find((name) => isTrue(name, values[name])) ?? 'serve'
  const interfaceName = values.interfacename
  if (!INTERFACE_NAME.test(interfaceName) || interfaceName === '.' || interfaceName === '..') {
    throw bad('interfacename', interfaceName, 'expected the name of a network interface, 1 to 15 characters')
  }
  if (!SERVICE_NAME.test(values.upstreamsvc)) {
    throw bad('upstreamsvc', values.upstreamsvc, "expected the name of a Service of the pod's own namespace")
  }
  const stale = values['serve-stale']
  if (/^\d+$/.test(stale)) throw bad('serve-stale', stale, 'expected a duration with its unit, such as 1h')
  return {
    action,
    localAddresses: action === 'serve' ? readLocalAddresses(values.localip) : [],
    setupInterface: isTrue('setupinterface', values.setupinterface),
    interfaceName,
    syncIntervalMs: readInterval('syncinterval', values.syncinterval),
    metricsAddress: readHostPort('metrics-listen-address', values['metrics-listen-address']),
    setupIptables: isTrue('setupiptables', values.setupiptables),
    baseCorefile: values.basecorefile,
    corefile: values.conf === '' ? values.corefile : values.conf,
    kubeDnsDirectory: values.kubednscm,
    upstreamService: values.upstreamsvc,
    healthPort: readPort('health-port', values['health-port']),
    skipTeardown: isTrue('skipteardown', values.skipteardown),
    reloadWithSignal: isTrue('reloadwithsignal', values.reloadwithsignal),
    prometheusAddress: values['prometheus-listen-address'],
    dnsPort: readPort('dns.port', values['dns.port']),
    pidfile: values.pidfile === '' ? undefined : values.pidfile,
    quiet: isTrue('quiet', values.quiet),
    serveStaleMs: stale === '' ? undefined : readInterval('serve-stale', stale),
    guard: isTrue('guard', values.guard),
    workers: values.workers === '' ? undefined : readWorkers(values.workers),
    selfTestName: values['self-test-name'],
    selfTestIntervalMs: ['0', '0s'].includes(values['self-test-interval'])
      ? 0
      : readInterval('self-test-interval', values['self-test-interval']),
  }
}

function readValues(args: readonly string[]): Record<FlagName, string> {
  const values: Record<FlagName, string> = { ...DEFAULTS }
  for (let index = 0; index < args.length; index += 1) {
    const text = args[index] ?? ''
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(text)
    if (match?.[1] === undefined) {
      throw new UsageError('bad-argument', `Extra command line arguments: "${text}"; every value belongs to a flag`)
    }
    const name = SYNONYMS[match[1]] ?? match[1]
    if (!isFlag(name)) {
      throw new UsageError(
        'unknown-option',
        `Flag provided but not defined: -${name}; "fathom node-cache -help" lists them`,
      )
    }
    let value = match[2]
    if (value === undefined && BOOLEAN.has(name)) value = 'true'
    if (value === undefined) {
      index += 1
      value = args[index]
    }
    if (value === undefined) throw new UsageError('missing-argument', `Flag needs an argument: -${name}`)
    values[name] = value
  }
  return values
}

function isFlag(name: string): name is FlagName {
  return Object.hasOwn(DEFAULTS, name)
}

function bad(flag: string, text: string, expected: string): UsageError {
  return new UsageError('bad-argument', `Invalid value "${text}" for flag -${flag}: ${expected}`)
}

function readLocalAddresses(text: string): string[] {
  const addresses = text.split(',')
  for (const address of addresses) {
    if (!isIPv4(address) && !isIPv6(address)) {
      throw new UsageError(
        'bad-argument',
        `Invalid localip specified - "${address}": -localip takes the addresses that pods ask, such as 169.254.20.10`,
      )
    }
  }
  if (new Set(addresses.map((address) => isIPv6(address))).size > 1) {
    throw new UsageError(
      'bad-argument',
      `Unexpected IP Family for localIP in "${text}": all addresses must be IPv4, or all IPv6`,
    )
  }
  return [...new Set(addresses)]
}

function isTrue(flag: string, text: string): boolean {
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true
  if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false
  throw bad(flag, text, 'expected true or false')
}

function readWorkers(text: string): number {
  const workers = parseThreadCount(text)
  if (workers === undefined) throw bad('workers', text, `expected a number of threads, 1 to ${MAX_THREADS}`)
  return workers
}

/** A port as people write it: `53`, and not 0. */
function readPort(flag: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw bad(flag, text, 'expected a port, 1 to 65535')
  return port
}

function readHostPort(flag: string, text: string): string {
  const match = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(text)
  const host = (match?.[1] ?? '').replace(/^\[|\]$/g, '')
  if (match === null || Number(match[2]) > 65_535 || (host !== '' && !isIPv4(host) && !isIPv6(host))) {
    throw bad(flag, text, 'expected ADDRESS:PORT, such as 127.0.0.1:9353 or :9353')
  }
  return text
}

/** Ten years: longer ones are slips of a unit. */
const MAX_INTERVAL_MS = 10 * 365 * 86_400_000

/** A Go duration, or bare digits that mean seconds. */
function readInterval(flag: string, text: string): number {
  let ms: number
  try {
    ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseGoDuration(text)
  } catch (error) {
    if (error instanceof GoValueError) throw bad(flag, text, 'expected seconds, or a duration such as 90s or 1m30s')
    throw error
  }
  if (ms < 1000 || ms > MAX_INTERVAL_MS) {
    throw bad(flag, text, `expected at least 1s and at most ${formatGoDuration(MAX_INTERVAL_MS)}`)
  }
  return ms
}
