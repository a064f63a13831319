// What sets the resolvers apart, each line seen from the real program in test/netns/resolvers.test.ts, which needs root.
import { assert, constantFrom, property, array, nat } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  RESOLVER_NAMES,
  costOfFaults,
  parseResolvConf,
  readSettings,
  simulateLookup,
  type LookupRun,
  type ResolverName,
  type ServerAct,
  type World,
} from '../index.ts'

const ONE = 'nameserver 10.0.0.1\nsearch a.test b.test\noptions ndots:2\n'
const TWO = `nameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch a.test b.test\noptions ndots:2\n`
const all =
  (act: ServerAct): World =>
  () =>
    act
const first =
  (act: ServerAct, others: ServerAct = 'answers'): World =>
  ({ nameserver }) =>
    nameserver === '10.0.0.1' ? act : others
const suffixA =
  (act: ServerAct, others: ServerAct = 'answers'): World =>
  ({ name }) =>
    name.endsWith('.a.test.') ? act : others

const run = (resolver: ResolverName, text: string, name: string, world: World): LookupRun =>
  simulateLookup({ resolver, conf: parseResolvConf(text), name }, world)
/** `A x.a.test. @1`, one word a query. */
const queriesOf = ({ queries }: LookupRun): string =>
  queries
    .map(({ type, name, nameserver, transport }) => {
      const at = `${nameserver.replace('10.0.0.', '')}${transport === 'tcp' ? '/tcp' : ''}`
      return `${type === 'A' ? '4' : '6'}:${name}@${at}`
    })
    .join(' ')

describe('simulateLookup() and the search list', () => {
  it.each<{ resolver: ResolverName; name: string; expected: readonly string[] }>([
    { resolver: 'glibc', name: 'x', expected: ['x.a.test.', 'x.b.test.', 'x.'] },
    { resolver: 'go', name: 'x', expected: ['x.a.test.', 'x.b.test.', 'x.'] },
    { resolver: 'musl', name: 'x', expected: ['x.a.test.', 'x.b.test.', 'x.'] },
    { resolver: 'busybox', name: 'x', expected: ['x.a.test.', 'x.b.test.'] },
    { resolver: 'c-ares', name: 'x', expected: ['x.'] },
    { resolver: 'busybox', name: 'x.y', expected: ['x.y.'] },
    { resolver: 'glibc', name: 'x.y.z', expected: ['x.y.z.', 'x.y.z.a.test.', 'x.y.z.b.test.'] },
    { resolver: 'go', name: 'x.y.z', expected: ['x.y.z.', 'x.y.z.a.test.', 'x.y.z.b.test.'] },
    { resolver: 'musl', name: 'x.y.z', expected: ['x.y.z.'] },
    { resolver: 'glibc', name: 'x.', expected: ['x.'] },
  ])('$resolver asks for $name as $expected', ({ resolver, name, expected }) => {
    const { queries, outcome } = run(resolver, ONE, name, all('nxdomain'))
    expect([...new Set(queries.map((query) => query.name))]).toEqual(expected)
    expect(outcome.kind).toBe('not-found')
  })

  it.each<{ resolver: ResolverName; act: ServerAct; outcome: string }>([
    { resolver: 'glibc', act: 'nodata', outcome: 'found x.b.test.' },
    { resolver: 'go', act: 'nodata', outcome: 'found x.b.test.' },
    { resolver: 'musl', act: 'nodata', outcome: 'no-data' },
    { resolver: 'glibc', act: 'servfail', outcome: 'found x.b.test.' },
    { resolver: 'go', act: 'servfail', outcome: 'found x.b.test.' },
    { resolver: 'musl', act: 'servfail', outcome: 'again' },
    // The rest of the list is left out, the name as it is is not.
    { resolver: 'glibc', act: 'refused', outcome: 'found x.' },
    { resolver: 'glibc', act: 'silent', outcome: 'found x.' },
    { resolver: 'go', act: 'refused', outcome: 'found x.b.test.' },
    { resolver: 'musl', act: 'refused', outcome: 'again' },
  ])('$resolver, one suffix $act: $outcome', ({ resolver, act, outcome }) => {
    const got = run(resolver, ONE, 'x', suffixA(act)).outcome
    expect(got.kind === 'found' ? `found ${got.name}` : got.kind).toBe(outcome)
  })

  it('musl ignores a search line that is too long, and 1.2.3 fails on a search domain "."', () => {
    const long = `nameserver 10.0.0.1\nsearch ${Array.from({ length: 24 }, (_, at) => `d${at}.example.test`).join(' ')}\n`
    expect(queriesOf(run('musl', long, 'x', all('nxdomain')))).toBe('4:x.@1 6:x.@1')
    expect(run('glibc', long, 'x', all('nxdomain')).queries).toHaveLength(50)
    const dot = 'nameserver 10.0.0.1\nsearch .\n'
    expect(run('musl-1.2.3', dot, 'x', all('answers'))).toMatchObject({ outcome: { kind: 'again' }, tookMs: 5000 })
    expect(run('musl', dot, 'x', all('answers')).outcome).toMatchObject({ kind: 'found', name: 'x.' })
  })
})

describe('simulateLookup() and nameservers', () => {
  it.each<{ resolver: ResolverName; act: ServerAct; tookMs: number; outcome: string }>([
    { resolver: 'glibc', act: 'silent', tookMs: 5000, outcome: 'found' },
    { resolver: 'musl', act: 'silent', tookMs: 0, outcome: 'found' },
    { resolver: 'go', act: 'silent', tookMs: 5000, outcome: 'found' },
    { resolver: 'c-ares', act: 'silent', tookMs: 2000, outcome: 'found' },
    { resolver: 'busybox', act: 'silent', tookMs: 5000, outcome: 'found' },
    { resolver: 'glibc', act: 'refused', tookMs: 0, outcome: 'found' },
    { resolver: 'go', act: 'servfail', tookMs: 0, outcome: 'found' },
    { resolver: 'c-ares', act: 'servfail', tookMs: 0, outcome: 'again' },
    { resolver: 'c-ares', act: 'refused', tookMs: 0, outcome: 'failed' },
    { resolver: 'busybox', act: 'refused', tookMs: 0, outcome: 'failed' },
    { resolver: 'glibc', act: 'closed', tookMs: 0, outcome: 'found' },
    { resolver: 'glibc', act: 'nxdomain', tookMs: 0, outcome: 'not-found' },
  ])('$resolver, the first one $act: $tookMs ms, $outcome', ({ resolver, act, tookMs, outcome }) => {
    const got = run(resolver, TWO, 'x.', first(act))
    expect({ outcome: got.outcome.kind, tookMs: got.tookMs }).toEqual({ outcome, tookMs })
  })

  it('glibc waits 15 s for an AAAA that never comes: three times, the last two one type at a time', () => {
    const got = run('glibc', 'nameserver 10.0.0.1\n', 'x.', ({ type }) => (type === 'AAAA' ? 'silent' : 'answers'))
    expect(queriesOf(got)).toBe('4:x.@1 6:x.@1 4:x.@1 6:x.@1 4:x.@1 6:x.@1')
    expect(got).toMatchObject({ tookMs: 15_000, outcome: { kind: 'found', types: ['A'] } })
  })

  it('musl fails when one of two types never comes, after its 5 s', () => {
    const got = run('musl', 'nameserver 10.0.0.1\n', 'x.', ({ type }) => (type === 'AAAA' ? 'silent' : 'answers'))
    expect(got).toMatchObject({ tookMs: 5000, outcome: { kind: 'again' } })
  })

  it('glibc shares the second and third wait among three nameservers: 5, 3 and 6 s', () => {
    const text = 'nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\noptions attempts:1\n'
    const { queries, tookMs } = run('glibc', text, 'x.', all('silent'))
    expect(queries.map(({ atMs }) => atMs)).toEqual([0, 0, 5000, 5000, 8000, 8000])
    expect(tookMs).toBe(14_000)
  })

  it('truncated: glibc, Go, c-ares and musl since 1.2.4 ask again over TCP', () => {
    const world: World = ({ transport }) => (transport === 'udp' ? 'truncated' : 'answers')
    for (const resolver of ['glibc', 'go', 'c-ares', 'musl'] as const) {
      expect(queriesOf(run(resolver, 'nameserver 10.0.0.1\n', 'x.', world))).toContain('@1/tcp')
    }
    for (const resolver of ['musl-1.2.3', 'busybox'] as const) {
      const got = run(resolver, 'nameserver 10.0.0.1\n', 'x.', world)
      expect(queriesOf(got)).not.toContain('tcp')
      expect(got.outcome.kind).toBe('no-data')
    }
  })

  it('single-request: one type after the other; no-aaaa and families: one type only', () => {
    const single = run('glibc', `${ONE}options single-request\n`, 'x.', all('answers'))
    expect(single.queries.map(({ group }) => group)).toEqual([0, 1])
    expect(queriesOf(run('glibc', `${ONE}options no-aaaa\n`, 'x.', all('nodata')))).toBe('4:x.@1')
    const conf = parseResolvConf(ONE)
    expect(queriesOf(simulateLookup({ resolver: 'go', conf, name: 'x.', families: [6] }, all('nodata')))).toBe('6:x.@1')
  })

  it('rotate begins where it is told', () => {
    const conf = parseResolvConf(`${TWO}options rotate\n`)
    const got = simulateLookup({ resolver: 'glibc', conf, name: 'x.', pick: () => 1 }, first('answers', 'servfail'))
    expect(queriesOf(got)).toBe('4:x.@2 6:x.@2 4:x.@1 6:x.@1')
  })
})

describe('simulateLookup() with systemd-resolved', () => {
  /** `edns@1 plain@1`, of A only. */
  const waysOf = ({ queries }: LookupRun): string =>
    queries
      .filter(({ type }) => type === 'A')
      .map(({ nameserver, transport, edns }) => {
        const way = transport === 'tcp' ? 'tcp' : edns ? 'edns' : 'plain'
        return `${way}@${nameserver.replace('10.0.0.', '')}`
      })
      .join(' ')

  it.each<{ act: ServerAct; ways: string; outcome: string }>([
    { act: 'answers', ways: 'edns@1', outcome: 'found' },
    { act: 'nodata', ways: 'edns@1', outcome: 'no-data' },
    { act: 'nxdomain', ways: 'edns@1 plain@1', outcome: 'not-found' },
    { act: 'servfail', ways: 'edns@1 edns@1 plain@1 edns@2', outcome: 'found' },
    { act: 'formerr', ways: 'edns@1 plain@1 edns@2', outcome: 'found' },
    { act: 'refused', ways: 'edns@1 edns@2', outcome: 'found' },
    { act: 'closed', ways: 'edns@1 edns@2', outcome: 'found' },
  ])('the first server $act: $ways', ({ act, ways, outcome }) => {
    const got = run('systemd-resolved', TWO, 'x.y.', first(act))
    expect([waysOf(got), got.outcome.kind, got.tookMs]).toEqual([ways, outcome, 0])
  })

  it('begins where the last lookup ended, and goes round all servers before it fails', () => {
    const conf = parseResolvConf(TWO)
    const got = simulateLookup({ resolver: 'systemd-resolved', conf, name: 'x.y.', pick: () => 1 }, all('refused'))
    // glibc asks the stub twice; the server in use has moved on and back.
    expect([waysOf(got), got.outcome.kind]).toEqual(['edns@2 edns@1 edns@1 edns@2', 'again'])
  })

  it("a dead server costs 5 s, which is glibc's first attempt; after two of them it has given up", () => {
    expect(run('systemd-resolved', TWO, 'x.y.', first('silent'))).toMatchObject({
      tookMs: 5000,
      outcome: { kind: 'found' },
    })
    expect(run('systemd-resolved', TWO, 'x.y.', all('silent'))).toMatchObject({
      tookMs: 10_000,
      outcome: { kind: 'again' },
    })
  })

  it('gives EDNS up after three lost queries', () => {
    const got = run('systemd-resolved', 'nameserver 10.0.0.1\nsearch a.test\n', 'x.y', all('silent'))
    expect(waysOf(got)).toContain('edns@1 edns@1')
    expect(waysOf(got)).toContain('plain@1')
  })

  it('never sends names without a dot, nor names below "local" that no domain is set for', () => {
    const text = 'nameserver 10.0.0.1\n'
    for (const name of ['x', 'redis.shop.svc.cluster.local.']) {
      expect(run('systemd-resolved', text, name, all('answers'))).toMatchObject({
        queries: [],
        outcome: { kind: 'again' },
      })
    }
    const routed = `${text}search cluster.local\n`
    expect(run('systemd-resolved', routed, 'redis.shop.svc.cluster.local.', all('answers')).outcome.kind).toBe('found')
  })

  it('never asks itself', () => {
    expect(readSettings('systemd-resolved', parseResolvConf('nameserver 127.0.0.53\n')).nameservers).toEqual([])
  })
})

describe('queries with EDNS', () => {
  it.each<{ resolver: ResolverName; options: string; edns: boolean }>([
    { resolver: 'glibc', options: '', edns: false },
    { resolver: 'glibc', options: 'options edns0\n', edns: true },
    { resolver: 'musl', options: 'options edns0\n', edns: false },
    { resolver: 'go', options: '', edns: true },
    { resolver: 'c-ares', options: '', edns: false },
    { resolver: 'busybox', options: '', edns: false },
  ])('$resolver "$options": $edns', ({ resolver, options, edns }) => {
    const { queries } = run(resolver, `nameserver 10.0.0.1\n${options}`, 'x.y', all('nodata'))
    expect(queries.length).toBeGreaterThan(0)
    expect(queries.every((query) => query.edns === edns)).toBe(true)
  })
})

describe('readSettings()', () => {
  it('applies defaults and limits of each', () => {
    const text = `${Array.from({ length: 5 }, (_, at) => `nameserver 10.0.0.${at + 1}`).join('\n')}\noptions timeout:99 attempts:99 ndots:99 use-vc\n`
    const of = (resolver: ResolverName): unknown => {
      const { nameservers, timeoutMs, attempts, ndots, useTcp } = readSettings(resolver, parseResolvConf(text))
      return [nameservers.length, timeoutMs / 1000, attempts, ndots, useTcp]
    }
    expect(RESOLVER_NAMES.map((resolver) => [resolver, of(resolver)])).toEqual([
      ['glibc', [3, 30, 5, 15, true]],
      ['musl', [3, 60, 10, 15, false]],
      ['musl-1.2.3', [3, 60, 10, 15, false]],
      ['go', [3, 99, 99, 15, true]],
      ['c-ares', [5, 99, 4, 1, true]],
      ['busybox', [5, 5, 2, 1, false]],
      ['systemd-resolved', [5, 5, 2, 1, false]],
    ])
  })
})

describe('costOfFaults()', () => {
  it('tells what each nameserver costs when it is dead or talks nonsense', () => {
    const conf = parseResolvConf(TWO)
    const costs = costOfFaults({ resolver: 'glibc', conf, name: 'x' }, ({ name }) =>
      name === 'x.' ? 'answers' : 'nxdomain',
    )
    expect(costs.map(({ nameserver, fault, extraMs, outcome }) => [nameserver, fault, extraMs, outcome.kind])).toEqual([
      // Each of the three names waits for it.
      ['10.0.0.1', 'silent', 15_000, 'found'],
      ['10.0.0.1', 'closed', 0, 'found'],
      ['10.0.0.1', 'servfail', 0, 'found'],
      ['10.0.0.1', 'refused', 0, 'found'],
      ['10.0.0.2', 'silent', 0, 'found'],
      ['10.0.0.2', 'closed', 0, 'found'],
      ['10.0.0.2', 'servfail', 0, 'found'],
      ['10.0.0.2', 'refused', 0, 'found'],
    ])
  })
})

describe('every resolver in every world', () => {
  it('ends, asks nobody else, and finds only what was answered', () => {
    const acts: readonly ServerAct[] = [
      'answers',
      'closed',
      'formerr',
      'lame',
      'nodata',
      'notimp',
      'nxdomain',
      'refused',
      'servfail',
      'silent',
      'truncated',
    ]
    assert(
      property(
        constantFrom(...RESOLVER_NAMES),
        array(nat(acts.length - 1), { minLength: 12, maxLength: 12 }),
        constantFrom('x', 'x.y', 'x.y.z', 'x.', ''),
        (resolver, draws, name) => {
          const asked: string[] = []
          const world: World = (question) => {
            asked.push(question.nameserver)
            const key =
              Number(question.nameserver.slice(-1)) * 6 + (question.type === 'A' ? 0 : 3) + (question.name.length % 3)
            return acts[draws[key % draws.length] ?? 0] ?? 'silent'
          }
          const got = run(resolver, TWO, name, world)
          expect(got.queries.length).toBe(asked.length)
          expect(got.queries.length).toBeLessThan(200)
          expect(asked.every((address) => address.startsWith('10.0.0.'))).toBe(true)
          if (got.outcome.kind === 'found') {
            const { name: foundName, types } = got.outcome
            expect(got.queries.some((query) => query.name === foundName && types.includes(query.type))).toBe(true)
          }
        },
      ),
    )
  })
})
