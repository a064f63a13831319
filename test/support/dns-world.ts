// A network that behaves as a fixture says: every server of a cluster answers as the cluster's objects say, unless the
// fixture's rules say otherwise. No sockets, no time.
import type { Clock } from '../../src/base/index.ts'
import { formatRData, parseRData, response } from '../../src/dns/index.ts'
import type { Message, RRType, ResourceRecord } from '../../src/dns/message.ts'
import type { ClusterFacts } from '../../src/doctor/facts/index.ts'
import { diagnose } from '../../src/doctor/index.ts'
import { chooseNodeOrigins, createExplain, formatPlace } from '../../src/doctor/ladder/index.ts'
import type { Explain, Origin } from '../../src/doctor/ladder/index.ts'
import type { Diagnosis } from '../../src/doctor/verdict/index.ts'
import type { ExchangeResult, Transport } from '../../src/net/exchange-result.ts'
import type { KernelTables } from '../../src/vantage/kernel/tables.ts'
import type { HttpResult, Place, Vantages } from '../../src/vantage/vantage.ts'
import type { Skipped } from '../../src/vantage/skipped.ts'
import { factsOf } from './small-cluster.ts'
import type { SmallCluster } from './small-cluster.ts'

/** One question on its way: what rules look at. */
export interface Ask {
  readonly from: Place
  /** Name of the node, or empty. */
  readonly node: string
  readonly to: string
  readonly port: number
  readonly transport: Transport | 'http'
  /** With its final dot; the path of an HTTP request. */
  readonly name: string
  readonly type: string
  /** Octets that the query takes over UDP; 0 for HTTP. */
  readonly size: number
  /** Whether another query goes out beside it, from the same socket. */
  readonly isOfPair?: true
}

export type Reply =
  /** The place itself has no port to ask from. */
  | 'no-port'
  /** The vantage itself did not get to it. */
  | 'unasked'
  /** A connection that is made and ended; over UDP there is none to end. */
  | 'closed'
  /** Over TCP: the connection is made, and nothing comes over it. */
  | 'connected'
  | 'refused'
  | 'silent'
  | 'unreachable'
  /** Nothing that counts: a response from this address, which was not asked. */
  | { readonly strayFrom: string }
  | {
      readonly rcode: string
      readonly answers?: readonly string[]
      /** Targets of CNAME records before the answers, in order. */
      readonly cnames?: readonly string[]
      readonly ttl?: number
      readonly soaTtl?: number
      /** Truncated. */
      readonly tc?: boolean
    }
  | { readonly status: number; readonly body: string }

/** The first rule that gives something decides; undefined leaves it to the next, in the end to the healthy cluster. */
export type Rule = (ask: Ask) => Reply | undefined

export interface Fixture {
  readonly cluster: SmallCluster
  readonly rules?: readonly Rule[]
  readonly name?: string
  /** The type that the name is asked for; see `--type`. */
  readonly type?: RRType
  /** Search domains of the pod that asks for it. */
  readonly searches?: readonly string[]
  /** How often each question is asked; see `--repeat`. */
  readonly repeat?: number
  /** Logs by `namespace/name` of the pod; of its previous run by `namespace/name previous`. */
  readonly logs?: Readonly<Record<string, string>>
  /** Kernel tables by node, or by `namespace/name` of a pod that is asked from; a second reading where counters grow. Tables that are left out were not seen. */
  readonly kernels?: Readonly<
    Record<string, { readonly first: Partial<KernelTables>; readonly second?: Partial<KernelTables> }>
  >
  readonly origins?: readonly Origin[]
  /** /etc/resolv.conf of pods by `namespace/name`. */
  readonly podFiles?: Readonly<Record<string, string>>
  /** /etc/hosts of pods by `namespace/name`. */
  readonly hosts?: Readonly<Record<string, string>>
  /** /etc/os-release of pods by `namespace/name`. */
  readonly osReleases?: Readonly<Record<string, string>>
}

/** Collects, asks and judges a fixture as the doctor does. */
export async function diagnoseFixture(fixture: Fixture): Promise<Diagnosis> {
  const { cluster, rules = [], name, type, searches, origins, repeat, logs = {} } = fixture
  const facts = await factsOf(cluster)
  return diagnose({
    facts,
    origins: origins ?? chooseNodeOrigins(facts),
    vantages: worldOf(facts, rules, fixture),
    clock: steppingClock(),
    // Its clock also counts what waits at the same time.
    ...(repeat === undefined ? {} : { repeat, timeoutMs: 100_000_000 }),
    readLog: async ({ namespace, pod, isPrevious }) => logs[`${namespace}/${pod}${isPrevious ? ' previous' : ''}`],
    ...(name === undefined
      ? {}
      : {
          name: {
            text: name,
            ...(type === undefined ? {} : { type }),
            ...(searches === undefined ? {} : { searches }),
          },
        }),
  })
}

/** The vantages of a cluster whose servers follow the rules. */
export function worldOf(
  facts: ClusterFacts,
  rules: readonly Rule[],
  {
    kernels = {},
    podFiles = {},
    osReleases = {},
    hosts = {},
  }: Pick<Fixture, 'hosts' | 'kernels' | 'osReleases' | 'podFiles'> = {},
): Vantages {
  const read = new Set<string>()
  const healthy = healthyRule(facts)
  const decide = (ask: Ask): Reply => {
    for (const rule of rules) {
      const reply = rule(ask)
      if (reply !== undefined) return reply
    }
    return healthy(ask)
  }
  return {
    at: async (place) => {
      const node = place.kind === 'node' ? place.name : ''
      return {
        place,
        how: 'fixture',
        exchange: async ({ server, message, companion, transport, timeoutMs }) => {
          const [question] = message.question
          const pair = companion === undefined ? {} : ({ isOfPair: true } as const)
          const ask = { from: place, node, to: server.address, port: server.port, transport }
          const size = message.edns?.udpPayloadSize ?? 512
          const reply = decide({ ...ask, name: question?.name ?? '', type: question?.type ?? '', size, ...pair })
          if (reply === 'unasked') return { kind: 'skipped', why: 'the thread does not answer' }
          const result = toExchange(reply, message, { transport, timeoutMs })
          const [beside] = companion?.question ?? []
          if (beside === undefined) return result
          const isLost = decide({ ...ask, name: beside.name, type: beside.type, size, ...pair }) === 'silent'
          if (result.kind === 'timeout') return { ...result, answered: isLost ? 'none' : 'one' }
          return isLost ? { kind: 'timeout', afterMs: timeoutMs, transport, stray: [], answered: 'one' } : result
        },
        httpGet: async ({ server, path }) =>
          toHttp(
            decide({
              from: place,
              node,
              to: server.address,
              port: server.port,
              transport: 'http',
              name: path,
              type: '',
              size: 0,
            }),
          ),
        readFile: async (path) => {
          const files = { '/etc/resolv.conf': podFiles, '/etc/os-release': osReleases, '/etc/hosts': hosts }[path]
          const text = place.kind === 'pod' ? files?.[`${place.namespace}/${place.name}`] : undefined
          return text === undefined ? { kind: 'absent' } : { kind: 'file', text }
        },
        kernelTables: async () => {
          const own = kernels[place.kind === 'pod' ? `${place.namespace}/${place.name}` : node]
          if (own === undefined) return { kind: 'skipped', why: 'a fixture has no kernel' }
          const key = formatPlace(place)
          const isSecond = read.has(key)
          read.add(key)
          return { ...NOTHING_SEEN, ...own.first, ...(isSecond ? own.second : {}) }
        },
      }
    },
    close: async () => {},
  }
}

const UNSEEN: Skipped = { kind: 'skipped', why: 'not in the fixture' }
const NOTHING_SEEN: KernelTables = {
  conntrack: UNSEEN,
  conntrackStatistics: UNSEEN,
  iptables: UNSEEN,
  nftables: UNSEEN,
  ipvs: UNSEEN,
  links: UNSEEN,
  addresses: UNSEEN,
  routes: UNSEEN,
  sysctls: UNSEEN,
  udp: UNSEEN,
}

/** Time stands still but for timers, which are due at once unless they are cleared before anything else can happen. */
function steppingClock(): Clock {
  let ms = 0
  return {
    now: () => 0,
    monotonic: () => ms,
    setTimeout(callback, delayMs) {
      const due = setImmediate(() => {
        ms += delayMs
        callback()
      })
      return { clear: () => clearImmediate(due), unref: () => due.unref() }
    },
  }
}

/** Everybody answers: the cluster's names as the schema says, others with one address. */
function healthyRule(facts: ClusterFacts): (ask: Ask) => Reply {
  const explain = createExplain(facts)
  return ({ transport, name, type, to }) => {
    if (transport === 'http') return { status: 200, body: name === '/metrics' ? metrics({}) : 'OK' }
    const isCluster = !facts.nodes.some(({ resolvConf }) => resolvConf?.conf.nameservers.includes(to))
    const answer = isCluster ? explain(name, type) : { kind: 'not-in-zone' as const }
    switch (answer.kind) {
      case 'records':
        return {
          rcode: 'NOERROR',
          ttl: answer.answer[0]?.ttl ?? 30,
          answers: answer.answer.map(({ rdata }) => rdataText(rdata)),
        }
      case 'delegate':
        return followName(
          explain,
          answer.target,
          type,
          answer.answer.map(({ rdata }) => rdataText(rdata)),
        )
      case 'nxdomain':
        return { rcode: 'NXDOMAIN', soaTtl: answer.soa.ttl }
      case 'not-in-zone':
        return { rcode: 'NOERROR', answers: type === 'A' ? ['192.0.2.10'] : [] }
      default:
        return { rcode: 'NOERROR', soaTtl: 30 }
    }
  }
}

/** What CoreDNS makes of an ExternalName: the names on the way, and the address at its end where there is one. */
function followName(explain: Explain, name: string, type: RRType, names: readonly string[]): Reply {
  const answer = explain(name, type)
  if (answer.kind === 'not-in-zone')
    return { rcode: 'NOERROR', cnames: names, answers: type === 'A' ? ['192.0.2.10'] : [] }
  if (answer.kind === 'records') {
    return { rcode: 'NOERROR', cnames: names, answers: answer.answer.map(({ rdata }) => rdataText(rdata)) }
  }
  if (answer.kind !== 'delegate' || names.length > 10) return { rcode: 'NOERROR', cnames: names }
  return followName(explain, answer.target, type, [...names, answer.target])
}

/** An exposition with failed health checks by upstream. */
export function metrics(failures: Readonly<Record<string, number>>): string {
  const lines = Object.entries(failures).map(
    ([to, count]) => `coredns_proxy_healthcheck_failures_total{proxy_name="forward",to="${to}"} ${count}`,
  )
  return ['coredns_build_info{version="1.11.1"} 1', ...lines, ''].join('\n')
}

/** Metrics of servers by series, as they are at the first, second, … reading. */
export function countingMetrics(
  servers: readonly string[],
  seriesAt: (reading: number) => Readonly<Record<string, number>>,
): Rule {
  const readings = new Map<string, number>()
  return ({ transport, name, to }) => {
    if (transport !== 'http' || name !== '/metrics' || !servers.includes(to)) return undefined
    const reading = (readings.get(to) ?? 0) + 1
    readings.set(to, reading)
    const lines = Object.entries(seriesAt(reading)).map(([series, value]) => `${series} ${value}`)
    return { status: 200, body: ['coredns_build_info{version="1.11.1"} 1', ...lines, ''].join('\n') }
  }
}

/** Metrics whose failures of one upstream grow by two with every reading. */
export function failingMetrics(servers: readonly string[], upstream: string): Rule {
  let readings = 0
  return ({ transport, name, to }) => {
    if (transport !== 'http' || name !== '/metrics' || !servers.includes(to)) return undefined
    readings += 2
    return { status: 200, body: metrics({ [`${upstream}:53`]: readings }) }
  }
}

/** Nothing comes back from an address. */
export function silence(address: string, where: (ask: Ask) => boolean = () => true): Rule {
  return (ask) => (ask.to === address && ask.transport !== 'http' && where(ask) ? 'silent' : undefined)
}

function rdataText(rdata: ResourceRecord['rdata']): string {
  switch (rdata.type) {
    case 'A':
    case 'AAAA':
      return rdata.address
    case 'PTR':
      return rdata.ptrdname
    case 'TXT':
      return rdata.strings.map((text) => `"${text}"`).join(' ')
    default:
      return formatRData(rdata)
  }
}

const RTT_MS = 1.2

function toExchange(
  reply: Exclude<Reply, 'unasked'>,
  message: Message,
  { transport, timeoutMs }: { readonly transport: Transport; readonly timeoutMs: number },
): ExchangeResult {
  if (reply === 'silent') return { kind: 'timeout', afterMs: timeoutMs, transport, stray: [] }
  if (reply === 'connected') return { kind: 'timeout', afterMs: timeoutMs, transport, stray: [], connected: true }
  if (reply === 'unreachable' || reply === 'no-port') {
    const detail = reply === 'no-port' ? 'address already in use' : 'no route to host'
    return { kind: 'unreachable', afterMs: 1, transport, detail }
  }
  if (typeof reply === 'object' && 'strayFrom' in reply) {
    const from = { address: reply.strayFrom, port: 53 }
    return {
      kind: 'timeout',
      afterMs: timeoutMs,
      transport,
      stray: [{ from, why: 'other-address', octets: new Uint8Array() }],
    }
  }
  if (reply === 'closed') return { kind: 'closed', afterMs: 1, transport, detail: 'end of file' }
  if (reply === 'refused' || 'status' in reply) {
    return { kind: 'refused', afterMs: 1, transport, detail: 'connection refused' }
  }
  const { rcode, answers = [], cnames = [], ttl = 30, soaTtl, tc = false } = reply
  const [question] = message.question
  const { name = '.', type = 'A' } = question ?? {}
  const chain = cnames.map((text, at): ResourceRecord => ({
    name: cnames[at - 1] ?? name,
    type: 'CNAME',
    class: 'IN',
    ttl,
    rdata: parseRData('CNAME', text),
  }))
  const records = answers.map((text): ResourceRecord => ({
    name: cnames.at(-1) ?? name,
    type,
    class: 'IN',
    ttl,
    rdata: parseRData(type, text),
  }))
  const answer = [...chain, ...records]
  const authority: ResourceRecord[] =
    soaTtl === undefined
      ? []
      : [
          {
            name: 'cluster.local.',
            type: 'SOA',
            class: 'IN',
            ttl: soaTtl,
            rdata: parseRData('SOA', 'ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30'),
          },
        ]
  const answered = response(message, { rcode, answer, authority, aa: true, tc })
  return { kind: 'response', message: answered, octets: new Uint8Array(), rttMs: RTT_MS, transport, stray: [] }
}

function toHttp(reply: Reply): HttpResult {
  if (reply === 'silent' || reply === 'connected')
    return { kind: 'failed', why: 'timeout', detail: 'no response', afterMs: 3000 }
  if (reply === 'closed') return { kind: 'failed', why: 'unreachable', detail: 'socket hang up', afterMs: 1 }
  if (typeof reply === 'string' || !('status' in reply)) {
    return { kind: 'failed', why: 'refused', detail: 'connection refused', afterMs: 1 }
  }
  return { kind: 'response', status: reply.status, body: reply.body, rttMs: RTT_MS }
}
