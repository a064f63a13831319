// The models of route/resolver held against the real resolvers: each case runs in a namespace with its own /etc/resolv.conf and scripted
// nameservers, and the queries that arrive must be those of the model, in its order and not before its times.
// FATHOM_SLOW_RESOLVERS=1 runs the cases that wait for dead nameservers for long; FATHOM_MUSL_GCC tries a musl since 1.2.4.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseResolvConf, readSettings, simulateLookup } from '../../src/route/index.ts'
import type { LookupRun, ResolverName } from '../../src/route/index.ts'
import { createNetns, WHY_NO_NETNS } from '../support/netns.ts'
import { actOf, SERVERS } from './resolvers-agent.ts'
import type { Job, JobReport, SeenQuery } from './resolvers-agent.ts'
import { CASES, USUAL_PROGRAMS } from './resolvers-cases.ts'
import type { ProgramName, ResolverCase } from './resolvers-cases.ts'
import type { ResolvedSetup } from './resolved-process.ts'
import { SYSTEMD_RESOLVED, findPrograms } from './resolvers-programs.ts'
import type { Program } from './resolvers-programs.ts'

const NAMESPACES = 8
/** Timers of two programs may round differently. */
const CLOCK_SLACK_MS = 5
const SLOW = process.env['FATHOM_SLOW_RESOLVERS'] !== undefined

interface Run {
  readonly title: string
  readonly programName: ProgramName
  readonly tried: ResolverCase
}

const RUNS: readonly Run[] = CASES.filter(({ slow }) => slow !== true || SLOW).flatMap((tried) =>
  (tried.programs ?? USUAL_PROGRAMS).map((programName) => ({
    title: `${programName}: ${tried.title}`,
    programName,
    tried,
  })),
)
const reports = new Map<Run, JobReport>()
const folder = mkdtempSync(join(tmpdir(), 'fathom-resolvers-'))
const programs: Readonly<Record<ProgramName, Program>> | undefined =
  WHY_NO_NETNS === undefined ? findPrograms(folder) : undefined

function commandOf({ programName, tried }: Run): readonly string[] | undefined {
  return programs?.[programName].command?.(tried.name)
}

beforeAll(async () => {
  if (programs === undefined) return
  const agent = join(folder, 'agent.mjs')
  await build({
    absWorkingDir: resolve(import.meta.dirname, '../..'),
    entryPoints: ['test/netns/resolvers-agent.ts'],
    outfile: agent,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
  })
  const waiting = RUNS.filter((run) => commandOf(run) !== undefined)
  // What waits longest goes first.
  waiting.sort((left, right) => modelOf(right).tookMs - modelOf(left).tookMs)
  await Promise.all(Array.from({ length: NAMESPACES }, () => work(agent, waiting)))
}, 180_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** Makes a namespace and runs one job after the other in it until none is left. */
async function work(agent: string, waiting: Run[]): Promise<void> {
  const netns = createNetns('stub')
  // "ip netns exec" shows these files as those of /etc.
  const files = `/etc/netns/${netns.name}`
  mkdirSync(files, { recursive: true })
  writeFileSync(`${files}/resolv.conf`, '')
  writeFileSync(`${files}/nsswitch.conf`, 'hosts: files dns\n')
  writeFileSync(`${files}/hosts`, '127.0.0.1 localhost\n')
  netns.ip(`link add ${LINKS[0]} type veth peer name ${LINKS[1]}`)
  for (const [at, link] of LINKS.entries()) {
    netns.ip(`addr add 10.9.${at}.1/24 dev ${link}`)
    netns.ip(`link set ${link} up`)
  }
  try {
    const { child } = netns.start(process.execPath, [agent, `${files}/resolv.conf`])
    if (child.stdout === null || child.stdin === null) throw new Error('the agent has no pipes')
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const { resolvConf, rules = [] } = run.tried
      const resolved = resolvedOf(run)
      const job: Job = {
        resolvConf,
        rules,
        command: commandOf(run) ?? [],
        ...(resolved === undefined ? {} : { resolved }),
      }
      child.stdin.write(`${JSON.stringify(job)}\n`)
      const line = await lines.next()
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agent writes exactly this
      reports.set(run, JSON.parse(String(line.value)) as JobReport)
    }
  } finally {
    await netns.remove()
    rmSync(files, { recursive: true })
  }
}

/** Interfaces for systemd-resolved to have servers of. */
const LINKS = ['link0', 'link1'] as const

/** The configuration that gives systemd-resolved what the case says. */
function resolvedOf({ programName, tried }: Run): ResolvedSetup | undefined {
  if (programName !== 'systemd-resolved' || SYSTEMD_RESOLVED === undefined) return undefined
  const { nameservers, searches } = parseResolvConf(tried.resolvConf)
  const [own, ...links] = tried.scopes ?? [{ nameservers, domains: searches, isDefaultRoute: true }]
  const routing = (domains: readonly string[] = []): string => domains.map((domain) => `~${domain}`).join(' ')
  return {
    program: SYSTEMD_RESOLVED,
    settings: [
      'LLMNR=no',
      'MulticastDNS=no',
      'DNSSEC=no',
      'FallbackDNS=',
      'Cache=no',
      `DNS=${own?.nameservers.join(' ') ?? ''}`,
      `Domains=${tried.scopes === undefined ? searches.join(' ') : routing(own?.domains)}`,
      ...(tried.sendsSingleLabels === true ? ['ResolveUnicastSingleLabel=yes'] : []),
    ],
    links: Object.fromEntries(
      links.map(({ nameservers, domains, isDefaultRoute }, at) => [
        LINKS[at] ?? '',
        [
          `DNS=${nameservers.join(' ')}`,
          `ROUTE_DOMAINS=${domains.join(' ')}`,
          `DNS_DEFAULT_ROUTE=${isDefaultRoute ? 'yes' : 'no'}`,
        ],
      ]),
    ),
  }
}

/** With `rotate` the real ones draw where they begin: what they drew is given to the model. */
function modelOf({ programName, tried }: Run, starts: readonly string[] = []): LookupRun {
  const resolver: ResolverName = programName === 'node' ? 'glibc' : programName
  const conf = parseResolvConf(tried.resolvConf)
  const { nameservers } = readSettings(resolver, conf)
  const drawn = [...starts]
  const pick = (): number => Math.max(nameservers.indexOf(drawn.shift() ?? ''), 0)
  const { name, scopes, sendsSingleLabels = false } = tried
  const ofResolved = { sendsSingleLabels, ...(scopes === undefined ? {} : { scopes }) }
  return simulateLookup({ resolver, conf, name, pick, ...ofResolved }, (asked) =>
    SERVERS.includes(asked.nameserver) ? actOf(tried.rules ?? [], asked) : 'closed',
  )
}

interface Line {
  readonly text: string
  readonly group: number
  readonly atMs: number
}

/** Queries whose order says something; those of different streams overtake each other. */
const STREAMS: Readonly<Partial<Record<ProgramName, readonly ((text: string) => boolean)[]>>> = {
  // All nameservers are asked at once, and each has a socket of its own to be read.
  musl: SERVERS.map((address) => (text) => text.startsWith(`${address} `)),
  'musl-1.2.3': SERVERS.map((address) => (text) => text.startsWith(`${address} `)),
  // A and AAAA each go their own way.
  go: ['A', 'AAAA'].map((type) => (text) => text.split(' ')[2] === type),
  'c-ares': ['A', 'AAAA'].map((type) => (text) => text.split(' ')[2] === type),
  'systemd-resolved': ['A', 'AAAA'].map((type) => (text) => text.split(' ')[2] === type),
}

/** Within a group the order is the kernel's, and the agent's sockets are read one after the other. */
function orderWithinGroups(lines: readonly Line[]): string[] {
  return lines.toSorted((a, b) => a.group - b.group || (a.text < b.text ? -1 : 1)).map(({ text }) => text)
}

function textOf({ nameserver, transport, type, name, edns }: Omit<SeenQuery, 'atMs'>): string {
  return `${nameserver} ${transport} ${type} ${name}${edns ? ' EDNS' : ''}`
}

/** How often one nameserver is asked again depends on how soon another one answers: repetitions do not count then. */
function withoutRaces<Item>({ tried, programName }: Run, items: readonly Item[], key: (item: Item) => string): Item[] {
  const isRacing = tried.racing === true && programName.startsWith('musl')
  return items.filter((item, at) => !isRacing || items.findIndex((other) => key(other) === key(item)) === at)
}

/** Gives captured queries the groups of the model's queries at the same places. */
function pairWithModel(seen: readonly SeenQuery[], expected: readonly Line[]): Line[] {
  return seen.map((query, at) => ({ text: textOf(query), group: expected[at]?.group ?? Infinity, atMs: query.atMs }))
}

describe.skipIf(WHY_NO_NETNS !== undefined)(`the resolver models (${WHY_NO_NETNS ?? 'in network namespaces'})`, () => {
  it.for(RUNS)('$title', (run, context) => {
    const missing = programs?.[run.programName].missing
    if (missing !== undefined) context.skip(missing)
    const report = reports.get(run)
    if (report === undefined) throw new Error('the case was not run')
    const model = modelOf(run, run.tried.title === 'rotate' ? startsOf(run, report) : [])
    // Where nobody listens nothing is seen.
    const expected = model.queries
      .filter(({ act }) => act !== 'closed')
      .map((query): Line => ({ text: textOf(query), group: query.group, atMs: query.atMs }))
    // Scopes are asked at once, each at its own pace.
    const byType = STREAMS[run.programName] ?? [() => true]
    const streams =
      run.tried.scopes === undefined
        ? byType
        : byType.flatMap((fits) => SERVERS.map((at) => (text: string) => fits(text) && text.startsWith(`${at} `)))
    for (const belongs of streams) {
      const lines = withoutRaces(
        run,
        expected.filter(({ text }) => belongs(text)),
        ({ text }) => text,
      )
      const seen = withoutRaces(
        run,
        report.queries.filter((query) => belongs(textOf(query))),
        textOf,
      )
      const captured = pairWithModel(seen, lines)
      const { output } = report
      expect({ queries: orderWithinGroups(captured), output }).toEqual({ queries: orderWithinGroups(lines), output })
      if (run.programName === 'c-ares') continue
      for (const [at, { atMs }] of captured.entries()) {
        expect(atMs).toBeGreaterThanOrEqual((lines[at]?.atMs ?? 0) - CLOCK_SLACK_MS)
      }
    }
    expect(programs?.[run.programName].read(report.output)).toContain(model.outcome.kind)
  })
})

/** The first nameserver of each name and type, in the order in which the model draws. */
function startsOf({ programName }: Run, { queries }: JobReport): string[] {
  const firsts = new Map<string, string>()
  for (const { name, type, nameserver } of queries) {
    const key = programName === 'go' ? `${name} ${type}` : name
    if (!firsts.has(key)) firsts.set(key, nameserver)
  }
  const names = [...new Set(queries.map(({ name }) => name))]
  if (programName !== 'go') return names.map((name) => firsts.get(name) ?? '')
  return names.flatMap((name) => ['A', 'AAAA'].map((type) => firsts.get(`${name} ${type}`) ?? ''))
}
