import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkSchema } from '../../../test/support/check-schema.ts'
import { editCorefile } from '../../../test/support/causes/faults.ts'
import { worldOf } from '../../../test/support/dns-world.ts'
import type { Fixture, Rule } from '../../../test/support/dns-world.ts'
import { DNS_IP, REPLICAS, factsOf, pod, smallCluster } from '../../../test/support/small-cluster.ts'
import { podResolvConfOf } from '../../doctor/facts/index.ts'
import { createExpect } from '../../doctor/ladder/index.ts'
import type { Place } from '../../vantage/index.ts'
import { parseConntrack } from '../../vantage/kernel/conntrack.ts'
import { notFoundHint } from './not-found-hint.ts'
import { renderText } from './render-text.ts'
import { trace } from './trace.ts'
import { REMARKS } from '../../route/index.ts'
import { placeholdersOf } from '../../doctor/report/format-phrase.ts'
import { createSay } from './wording/index.ts'
import { en } from './wording/en.ts'
import { REMARKS_ZH, zh } from './wording/zh.ts'
import type { TraceRequest } from './trace.ts'
import type { TraceReport, TracedHop } from './trace-report.ts'

const CACHE = '169.254.20.10'
const POD_FILE = `search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver ${CACHE}\noptions ndots:5\n`
const DEFAULTS = { resolver: 'glibc', tcp: false, allReplicas: false, types: ['A'] } as const

/** Node 1 and its cache, with flows to the Service that went to these replicas. */
function flowsTo(...replicas: readonly (keyof typeof REPLICAS)[]): NonNullable<Scene['kernels']> {
  const own = '192.168.0.1'
  const line = (replica: string, port: number): string =>
    `tcp 6 99 TIME_WAIT src=${own} dst=${DNS_IP} sport=${port} dport=53 src=${replica} dst=${own} sport=53 dport=${port} use=1`
  const text = replicas.map((name, index) => line(REPLICAS[name], 40_000 + index)).join('\n')
  const conntrack = parseConntrack(text, { addresses: [DNS_IP] })
  const addresses = [{ link: 'eth0', address: own, prefixLength: 24, scope: 'global' }]
  return { node1: { first: { conntrack } }, 'kube-system/node-local-dns-node1': { first: { addresses } } }
}

interface Scene extends Partial<TraceRequest> {
  readonly kernels?: Fixture['kernels'] & object
  readonly rules?: readonly Rule[]
  readonly file?: string
  /** What is done to CoreDNS's Corefile. */
  readonly corefile?: (text: string) => string
  /** Name of the pod in `default` or `shop`. */
  readonly pod?: 'shop/web' | 'default/worker'
}

async function traceFrom({
  rules = [],
  file,
  kernels = {},
  pod: who = 'shop/web',
  corefile,
  ...request
}: Scene): Promise<TraceReport> {
  const cluster = smallCluster()
  if (corefile !== undefined) editCorefile(cluster, corefile)
  cluster.objects.push(pod('shop', 'web', { node: 'node1', ip: '10.244.1.40', labels: {} }))
  const facts = await factsOf(cluster)
  const [namespace = '', name = ''] = who.split('/')
  const own = facts.objects.pods.find(({ meta }) => meta.namespace === namespace && meta.name === name)
  if (own === undefined) throw new Error(`no pod ${who}`)
  return trace(facts, {
    ...DEFAULTS,
    name: 'db.db',
    place: { kind: 'pod', namespace, name },
    node: own.spec.nodeName,
    computed: { conf: podResolvConfOf(facts, own).conf },
    vantages: worldOf(facts, rules, { kernels, ...(file === undefined ? {} : { podFiles: { [who]: file } }) }),
    expect: createExpect(facts),
    deadlineMs: performance.now() + 60_000,
    ...request,
  })
}

function hopsOf(hop: TracedHop): TracedHop[] {
  return [hop, ...hop.next.flatMap(hopsOf)]
}

const addressesOf = (report: TraceReport, query: number): string[] => {
  const found = report.queries[query]
  return found === undefined ? [] : hopsOf(found.hop).map(({ address, transport }) => `${address}/${transport}`)
}

const SCHEMA = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../../docs/schema/trace.schema.json'), 'utf8'),
) as Record<string, unknown>

describe('trace()', () => {
  it.each<{ what: string; scene: Scene }>([
    { what: 'a lookup that finds', scene: { file: POD_FILE, types: ['A', 'AAAA'], allReplicas: true } },
    { what: 'a silent cache', scene: { file: POD_FILE, rules: [({ to }) => (to === CACHE ? 'silent' : undefined)] } },
    {
      what: 'a refusing cache',
      scene: { file: POD_FILE, rules: [({ to }) => (to === CACHE ? 'refused' : undefined)] },
    },
    { what: 'another file than kubelet would write', scene: { file: 'nameserver 192.0.2.1\n' } },
    { what: 'a file that is not read', scene: {} },
    { what: 'a name outside', scene: { file: POD_FILE, name: 'www.example.org.', resolver: 'go' } },
    { what: 'a name that is denied', scene: { file: POD_FILE, name: 'nothing.db', types: ['SRV'] } },
  ])('fits its schema: $what', async ({ scene }) => {
    const report = JSON.parse(JSON.stringify(await traceFrom(scene))) as unknown
    expect(checkSchema(report, SCHEMA)).toEqual([])
  })

  it('asks the search list as the resolver does, and each query at every hop', async () => {
    const report = await traceFrom({ file: POD_FILE })
    expect(report.queries.map(({ name, suffix }) => [name, suffix])).toEqual([
      ['db.db.shop.svc.cluster.local.', 'shop.svc.cluster.local'],
      ['db.db.svc.cluster.local.', 'svc.cluster.local'],
    ])
    expect(addressesOf(report, 1)).toEqual([`${CACHE}/udp`, `${DNS_IP}/tcp`, `${REPLICAS['coredns-a']}/tcp`])
    expect(report).toMatchObject({
      outcome: { kind: 'found', name: 'db.db.svc.cluster.local.' },
      firstDifference: null,
    })
  })

  it('asks A and AAAA together, and one other type alone', async () => {
    const both = await traceFrom({ file: POD_FILE, types: ['A', 'AAAA'] })
    expect(both.queries.map(({ type }) => type)).toEqual(['A', 'AAAA', 'A', 'AAAA'])
    const srv = await traceFrom({ file: POD_FILE, types: ['SRV'], name: '_https._tcp.kubernetes.default' })
    expect(srv).toMatchObject({
      outcome: { kind: 'found', types: ['SRV'] },
      queries: [{ type: 'SRV' }, { type: 'SRV' }],
    })
  })

  it('does not count a type as found of which only an alias came', async () => {
    const target = ['target.example.com.']
    const report = await traceFrom({
      name: 'db.db',
      types: ['A', 'AAAA'],
      rules: [
        ({ name, type }) => {
          if (!name.startsWith('db.db.svc')) return undefined
          return { rcode: 'NOERROR', answers: type === 'A' ? [...target, '198.51.100.7'] : target }
        },
      ],
    })
    expect(report.outcome).toEqual({ kind: 'found', name: 'db.db.svc.cluster.local.', types: ['A'] })
  })

  it('goes on as what came demands: a silent cache costs the resolver its waiting, and is the first difference', async () => {
    const silent: Rule = ({ to }) => (to === CACHE ? 'silent' : undefined)
    const report = await traceFrom({ file: POD_FILE, rules: [silent] })
    expect(report).toMatchObject({ outcome: { kind: 'again' } })
    expect(report.waitedMs).toBeGreaterThanOrEqual(10_000)
    expect(report.firstDifference).toContain('node cache kube-system/node-local-dns')
    const marked = report.queries.flatMap(({ hop }) => hopsOf(hop)).filter(({ isFirstDifference }) => isFirstDifference)
    expect(marked).toMatchObject([{ address: CACHE, result: 'failed', observed: { kind: 'timeout' } }])
  })

  it('asks every replica where the way to them fails, or when told to', async () => {
    const replicas = Object.values(REPLICAS).map((address) => expect.stringContaining(address))
    const refused: Rule = ({ to }) => (to === CACHE || to === DNS_IP ? 'refused' : undefined)
    const failing = await traceFrom({ file: POD_FILE, rules: [refused] })
    expect(addressesOf(failing, 0)).toEqual(expect.arrayContaining(replicas))
    const asked = await traceFrom({ file: POD_FILE, allReplicas: true })
    expect(addressesOf(asked, 0)).toEqual(expect.arrayContaining(replicas))
    const one = await traceFrom({ file: POD_FILE })
    expect(one.queries[0]?.hop.next[0]).toMatchObject({ kind: 'dns-service', notAsked: 1, next: [{ kind: 'replica' }] })
  })

  it('shows the replica that most flows were sent to, else the first one, and says which of the two and why', async () => {
    const scene = { file: POD_FILE, name: 'db.db.svc.cluster.local.' }
    const first = await traceFrom(scene)
    const service = first.queries[0]?.hop.next[0]
    const order = { by: 'order', address: REPLICAS['coredns-a'], why: 'a fixture has no kernel' }
    expect(service).toMatchObject({ pick: order, chosen: [], next: [{ address: REPLICAS['coredns-a'] }] })
    expect(renderText(first, false)).toMatch(
      /which replica the Service picked was not seen \(a fixture has no kernel\)/,
    )

    const chosen = await traceFrom({ ...scene, kernels: flowsTo('coredns-b', 'coredns-b', 'coredns-a') })
    const address = REPLICAS['coredns-b']
    expect(chosen.queries[0]?.hop.next[0]).toMatchObject({
      pick: { by: 'flows', address, why: null },
      chosen: [{ address, flows: 2 }, { flows: 1 }],
      next: [{ address }],
    })
    expect(renderText(chosen, false)).toContain(`below: ${address}, chosen most often; 1 more replica was not asked`)
  })

  it('asks a replica from its own node where nothing else can be asked, and takes the lookup for unknown', async () => {
    const facts = await factsOf(smallCluster())
    const world = worldOf(facts, [], {})
    const skipped = { kind: 'skipped', why: 'out of reach', needs: 'the node' } as const
    const vantages = {
      at: async (place: Place) => (place.kind === 'node' ? world.at(place) : skipped),
      close: async () => {},
    }
    const report = await traceFrom({ vantages, name: 'db.db.svc.cluster.local.' })
    const hops = report.queries.flatMap(({ hop }) => hopsOf(hop))
    expect(hops.map(({ kind, result, from, transport }) => [kind, result, from, transport])).toEqual([
      ['node-cache', 'skipped', 'pod/shop/web', 'udp'],
      ['dns-service', 'skipped', 'pod/kube-system/node-local-dns-node1', 'tcp'],
      ['replica', 'ok', 'node/node1', 'tcp'],
    ])
    const text = renderText(report, false)
    expect(text).toContain('expected outcome: found')
    expect(text).toContain('Every hop that was asked answered as expected; 2 hops were not asked.')
    // Why is said once.
    expect(text.match(/out of reach; needs: the node/g)).toHaveLength(2)
  })

  it('shows a difference behind a server that answers well', async () => {
    const stale: Rule = ({ to }) => (to === REPLICAS['coredns-a'] ? { rcode: 'SERVFAIL' } : undefined)
    const report = await traceFrom({ file: POD_FILE, rules: [stale] })
    expect(report.queries[0]?.hop).toMatchObject({ result: 'ok', isFirstDifference: false })
    expect(report.firstDifference).toContain('CoreDNS kube-system/coredns-a on node1 over TCP')
  })

  it('holds what a line of the Corefile answers against the objects of the cluster', async () => {
    const taken: Rule = ({ name }) =>
      name === 'db.db.svc.cluster.local.' ? { rcode: 'NOERROR', answers: ['10.9.9.9'] } : undefined
    const corefile = (text: string): string =>
      text.replace(
        'errors',
        'errors\n    hosts {\n        10.9.9.9 db.db.svc.cluster.local\n        fallthrough\n    }',
      )
    const report = await traceFrom({ file: POD_FILE, rules: [taken], corefile })
    expect(report.queries.at(-1)?.hop).toMatchObject({ result: 'failed', isFirstDifference: true })
    expect(report.firstDifference).toContain('10.9.9.9')
  })

  it('says that the file of the pod is not the one that kubelet would write', async () => {
    const report = await traceFrom({ file: `nameserver ${DNS_IP}\nsearch cluster.local\n` })
    expect(report.resolvConf).toMatchObject({
      origin: 'observed',
      differs: true,
      computed: expect.stringContaining(CACHE),
    })
    expect(report.firstDifference).toBe("the pod's resolv.conf is not the one that kubelet would write today")
  })

  it('asks as the resolver does: glibc without EDNS, Go with it, systemd-resolved both ways', async () => {
    const equivalents = async (request: Scene): Promise<string[]> =>
      (await traceFrom({ file: POD_FILE, name: 'nothing.db.svc.cluster.local.', ...request })).queries.map(
        ({ edns, hop }) => `${edns} ${hop.equivalent.replace(/^.*@\S+ ?/, '')}`,
      )
    expect(await equivalents({})).toEqual(['false +noedns'])
    expect(await equivalents({ resolver: 'go' })).toEqual(['true +bufsize=1232'])
    const routed = { file: `nameserver ${CACHE}\nsearch cluster.local\n`, resolver: 'systemd-resolved' } as const
    expect(await equivalents(routed)).toEqual(['true +bufsize=1472', 'false +noedns'])
  })

  it('names the stub of systemd-resolved for what it is', async () => {
    const report = await traceFrom({ file: 'nameserver 127.0.0.53\nsearch cluster.local\n' })
    expect(report.notes).toContainEqual(expect.stringContaining('--resolver systemd-resolved'))
  })

  it('computes the file where it cannot be read, and says so', async () => {
    const report = await traceFrom({})
    expect(report.resolvConf).toMatchObject({
      origin: 'computed',
      differs: false,
      why: 'the place has no /etc/resolv.conf',
    })
    expect(report.outcome).toMatchObject({ kind: 'found' })
  })

  it('notes that a pod with dnsPolicy Default does not ask the cluster', async () => {
    const report = await traceFrom({ pod: 'default/worker' })
    expect(report.notes).toEqual([expect.stringContaining("none of these nameservers is one of the cluster's")])
  })

  it('asks everything over TCP when told to', async () => {
    const report = await traceFrom({ file: POD_FILE, tcp: true })
    expect(report.queries.flatMap(({ hop }) => hopsOf(hop)).map(({ transport }) => transport)).not.toContain('udp')
  })

  it('shows what would be asked where nothing can be', async () => {
    const vantages = {
      at: async () => ({ kind: 'skipped', why: 'it is elsewhere', needs: 'the node' }) as const,
      close: async () => {},
    }
    const report = await traceFrom({ vantages })
    expect(report).toMatchObject({ outcome: { kind: 'found' }, firstDifference: null })
    expect(report.queries.flatMap(({ hop }) => hopsOf(hop)).every(({ result }) => result === 'skipped')).toBe(true)
    const text = renderText(report, false)
    expect(text).toContain('nothing was asked: ')
    expect(text).toContain('expected outcome: found as db.db.svc.cluster.local. (A), 2 queries')
  })
})

describe('createSay()', () => {
  it('has the same placeholders in both languages', () => {
    for (const [left, right] of [
      [en, zh],
      [REMARKS, REMARKS_ZH],
    ] as const) {
      const placeholders = (table: Readonly<Record<string, string>>): unknown =>
        Object.fromEntries(Object.entries(table).map(([key, text]) => [key, placeholdersOf(text)]))
      expect(placeholders(right)).toEqual(placeholders(left))
    }
  })

  it('says everything in Chinese: queries, hops, plugins, differences', async () => {
    const silent: Rule = ({ to }) => (to === CACHE ? 'silent' : undefined)
    const report = await traceFrom({ file: POD_FILE, rules: [silent], say: createSay('zh') })
    const text = renderText(report, false)
    for (const part of [
      '解析器：glibc',
      '节点缓存',
      '第一处差异',
      '将所有查询转发到',
      '上的 CoreDNS',
      '预期：',
      '结果：',
    ]) {
      expect(text).toContain(part)
    }
    // What stays is names, addresses, protocols and commands.
    const words = text
      .replaceAll(/^\s*\$.*$|\(fixture\)/gm, '')
      .match(/\b(?:the|to|of|on|asked|over|from|answered|waits)\b/g)
    expect(words).toBeNull()
    expect(checkSchema(JSON.parse(JSON.stringify(report)), SCHEMA)).toEqual([])
  })
})

describe('renderText()', () => {
  it('draws the tree with the mark, the expectation and the command', async () => {
    const wrong: Rule = ({ to, name }) =>
      to === DNS_IP && name.startsWith('db.db.svc') ? { rcode: 'NOERROR', answers: ['10.9.9.9'] } : undefined
    const report = await traceFrom({ file: POD_FILE, rules: [wrong] })
    const text = renderText(report, false)
    expect(text).toContain('db.db A from pod/shop/web on node1 (fixture)')
    expect(text).toContain(`${DNS_IP}:53/tcp  NOERROR 10.9.9.9`)
    expect(text.match(/<-- first difference/g)).toHaveLength(1)
    expect(text).toContain('expected: NOERROR 10.244.3.9')
    expect(text).toContain(
      `$ dig db.db.svc.cluster.local. @${DNS_IP} +tcp +noedns   # in pod/kube-system/node-local-dns-node1`,
    )
    expect(text).toMatch(
      /first difference: Service kube-system\/kube-dns over TCP, asked for db\.db\.svc\.cluster\.local\. A/,
    )
  })
})

describe('notFoundHint()', () => {
  const hintFor = async (name: string, options: Parameters<typeof notFoundHint>[2]): Promise<string | undefined> => {
    const cluster = smallCluster()
    cluster.objects.push(pod('shop', 'web', { node: 'node1', ip: '10.244.1.40', labels: {} }))
    const ended = await traceFrom({ name, file: POD_FILE })
    return notFoundHint(await factsOf(cluster), { ...ended, outcome: { kind: 'not-found' } }, options)
  }

  it('names the command that says why, and the name that was probably meant', async () => {
    expect(await hintFor('dbb.db', { from: 'shop/web', lab: '' })).toBe(
      'Why there is no such name: fathom explain dbb.db --from shop/web --lab; probably meant: db.db.svc.cluster.local.',
    )
  })

  it('quotes for the shell what it takes apart', async () => {
    expect(await hintFor('my db.shop', { from: 'shop/web', namespace: 'shop' })).toContain(
      "fathom explain 'my db.shop' --from shop/web -n shop",
    )
  })

  it('says nothing of what is no name', async () => {
    expect(await hintFor('10.0.0', { from: 'shop/web' })).toBeUndefined()
  })
})
