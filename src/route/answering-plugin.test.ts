import { describe, expect, it } from 'vitest'
import { parseCorefile, type ServerBlock } from '../corefile/index.ts'
import { sharedPath, SHARED_MISSING } from '../../test/support/shared.ts'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { answeringPlugins } from './answering-plugin.ts'
import { readForwards } from './forward-rules.ts'
import { clusterZoneOf, readKubernetesOptions } from './kubernetes-options.ts'
import { matchBlock } from './match-block.ts'

function block(body: string, key = '.:53'): ServerBlock {
  const [first] = parseCorefile(`${key} {\n${body}\n}\n`, { accepts: () => true }).blocks
  if (first === undefined) throw new Error('no block')
  return first
}

const chain = (body: string, name: string, type = 'A'): string[] =>
  answeringPlugins(block(body), { name, type }).steps.map(({ plugin, effect }) => `${plugin} ${effect}`)

const KUBERNETES =
  'kubernetes cluster.local in-addr.arpa ip6.arpa {\n pods insecure\n fallthrough in-addr.arpa ip6.arpa\n ttl 30\n}'

describe('answeringPlugins()', () => {
  it('cluster names end at kubernetes, reverse names pass on, others go to forward, whatever the order of the text', () => {
    const body = `forward . /etc/resolv.conf\ncache 30\n${KUBERNETES}`
    expect(chain(body, 'a.b.svc.cluster.local.')).toEqual(['kubernetes answers'])
    expect(chain(body, '1.0.0.10.in-addr.arpa.', 'PTR')).toEqual(['kubernetes answers-or-passes', 'forward answers'])
    expect(chain(body, 'WWW.Example.org.')).toEqual(['forward answers'])
  })

  it('a template, a hosts line or a rewrite stands before kubernetes', () => {
    const template = `template IN A cluster.local {\n match ^bad\\.\n rcode NXDOMAIN\n fallthrough\n}\n${KUBERNETES}`
    expect(chain(template, 'bad.shop.svc.cluster.local.')).toEqual(['template answers'])
    expect(chain(template, 'good.shop.svc.cluster.local.')).toEqual(['kubernetes answers'])
    expect(chain(template, 'bad.shop.svc.cluster.local.', 'AAAA')).toEqual(['kubernetes answers'])
    const hosts = `hosts {\n 10.1.1.1 a.cluster.local\n fallthrough\n}\n${KUBERNETES}`
    expect(chain(hosts, 'a.cluster.local.')).toEqual(['hosts answers'])
    expect(chain(hosts, 'b.cluster.local.')).toEqual(['kubernetes answers'])
    const rewrite = `rewrite name exact old.example new.shop.svc.cluster.local\n${KUBERNETES}`
    const { steps } = answeringPlugins(block(rewrite), { name: 'old.example.', type: 'A' })
    expect(steps.map(({ plugin, name }) => [plugin, name])).toEqual([
      ['rewrite', 'new.shop.svc.cluster.local.'],
      ['kubernetes', undefined],
    ])
  })

  it.each([
    { rule: 'rewrite name suffix .a.example .b.example', name: 'x.a.example.', to: 'x.b.example.' },
    { rule: 'rewrite name prefix x- y-', name: 'x-1.example.', to: 'y-1.example.' },
    { rule: 'rewrite name substring mid center', name: 'a.mid.b.', to: 'a.center.b.' },
    {
      rule: 'rewrite stop {\n name regex (.*)\\.ext\\.example {1}.default.svc.cluster.local\n}',
      name: 'web.ext.example.',
      to: 'web.default.svc.cluster.local.',
    },
    { rule: 'rewrite name a.example b.example', name: 'c.example.', to: undefined },
    { rule: 'rewrite type ANY HINFO', name: 'c.example.', to: undefined },
  ])('$rule: $name -> $to', ({ rule, name, to }) => {
    const { steps } = answeringPlugins(block(`${rule}\nforward . 1.1.1.1`), { name, type: 'A' })
    expect(steps.find(({ effect }) => effect === 'renames')?.name).toBe(to)
  })

  it('hosts without fallthrough ends the chain with SERVFAIL; a chain may run out', () => {
    expect(chain('hosts {\n 10.1.1.1 a.example\n}\nforward . 1.1.1.1', 'b.example.')).toEqual(['hosts answers'])
    expect(answeringPlugins(block('cache 30'), { name: 'a.', type: 'A' })).toEqual({ steps: [], mayRunOut: true })
  })

  it('forward: the first rule whose zone holds the name, but for its exceptions', () => {
    const body =
      'forward corp.example 10.0.0.2 {\n except public.corp.example\n force_tcp\n}\nforward . tls://9.9.9.9 8.8.8.8 {\n policy sequential\n}'
    const rule = (name: string) => answeringPlugins(block(body), { name, type: 'A' }).steps.at(-1)?.forward
    expect(rule('a.corp.example.')).toMatchObject({ to: ['10.0.0.2'], transport: 'tcp', policy: 'random' })
    expect(rule('a.public.corp.example.')).toMatchObject({ to: ['tls://9.9.9.9', '8.8.8.8'], policy: 'sequential' })
    expect(readForwards(block(body))).toHaveLength(2)
  })
})

describe('matchBlock()', () => {
  const { blocks } = parseCorefile(
    'cluster.local:53 {\n errors\n}\nin-addr.arpa:53 10.in-addr.arpa {\n errors\n}\nother.example:5300 {\n errors\n}\ntls://. {\n errors\n}\n.:53 {\n errors\n}\n',
    { accepts: () => true },
  )
  it.each([
    { name: 'a.svc.Cluster.LOCAL.', zone: 'cluster.local.' },
    { name: 'xcluster.local.', zone: '.' },
    { name: '1.10.in-addr.arpa.', zone: '10.in-addr.arpa.' },
    { name: '1.11.in-addr.arpa.', zone: 'in-addr.arpa.' },
    { name: 'other.example.', zone: '.' },
  ])('$name is taken by $zone', ({ name, zone }) => {
    expect(matchBlock(blocks, name)?.zone).toBe(zone)
  })

  it.each([
    { address: '10.0.0.1', zone: 'a.example.' },
    { address: '10.0.0.2', zone: 'b.example.' },
    // Bound by nobody: the wildcard socket's.
    { address: '10.0.0.3', zone: '.' },
    { address: undefined, zone: 'a.example.' },
  ])('at $address: $zone', ({ address, zone }) => {
    const bound = parseCorefile(
      'a.example {\n bind 10.0.0.1\n}\nb.example a.b.example {\n bind 10.0.0.2\n}\n. {\n errors\n}\n',
      { accepts: () => true },
    ).blocks
    const at = address === undefined ? {} : { address }
    expect(matchBlock(bound, zone === '.' ? 'x.a.example.' : `x.${zone}`, at)?.zone).toBe(zone)
    if (address === '10.0.0.1') expect(matchBlock(bound, 'x.example.', at)).toBeUndefined()
  })

  it('a block that binds an interface may listen anywhere', () => {
    const bound = parseCorefile('. {\n bind eth0\n}\n', { accepts: () => true }).blocks
    expect(matchBlock(bound, 'x.', { address: '10.0.0.1' })?.zone).toBe('.')
  })

  it('gives nothing when no block takes the name', () => {
    expect(matchBlock(blocks.slice(0, 2), 'example.org.')).toBeUndefined()
    expect(matchBlock(blocks, 'other.example.', { port: 5300 })?.zone).toBe('other.example.')
  })
})

describe('readKubernetesOptions()', () => {
  it('reads every option that changes answers', () => {
    const options = readKubernetesOptions(
      block(
        'kubernetes Cluster.Local 10.0.0.0/22 {\n pods verified\n ttl 7\n endpoint_pod_names\n noendpoints\n ignore empty_service\n namespaces a b\n namespaces c\n labels env in (prod,test)\n fallthrough\n multicluster clusterset.local\n zonal\n}',
      ),
    )
    expect(options).toMatchObject({
      schema: {
        multiclusterZones: ['clusterset.local.'],
        ttl: 7,
        pods: 'verified',
        endpointPodNames: true,
        endpoints: false,
        ignoreEmptyService: true,
        namespaces: ['a', 'b', 'c'],
        zonal: true,
      },
      fallthrough: ['.'],
    })
    expect(options?.schema.zones).toContain('cluster.local.')
    expect(options?.schema.zones).toContain('0.0.10.in-addr.arpa.')
    expect(options?.labels?.matchExpressions).toHaveLength(1)
  })

  it("has the plugin's defaults, the zones of the block, and survives what CoreDNS would refuse", () => {
    expect(readKubernetesOptions(block('kubernetes', 'k8s.example'))?.schema).toMatchObject({
      zones: ['k8s.example.'],
      ttl: 5,
      pods: 'disabled',
    })
    expect(
      readKubernetesOptions(block('kubernetes cluster.local {\n ttl 9999\n pods maybe\n labels ((\n}'))?.schema,
    ).toMatchObject({ ttl: 5, pods: 'disabled' })
    expect(readKubernetesOptions(block('whoami'))).toBeUndefined()
  })
})

const corefiles = sharedPath('corefiles')
describe.skipIf(corefiles === undefined)(
  `real Corefiles (${corefiles === undefined ? SHARED_MISSING : 'shared material'})`,
  () => {
    const folder = corefiles ?? ''
    const files = corefiles === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.Corefile'))

    it.each(files)('evaluates for a cluster name, a reverse name and an external one: %s', (name) => {
      let blocks: readonly ServerBlock[] = []
      try {
        blocks = parseCorefile(readFileSync(join(folder, name), 'utf8'), { file: name, accepts: () => true }).blocks
      } catch {
        return
      }
      for (const qname of [
        `kubernetes.default.svc.${clusterZoneOf(blocks) ?? 'cluster.local.'}`,
        '1.0.0.10.in-addr.arpa.',
        'www.example.org.',
      ]) {
        const matched = matchBlock(blocks, qname)
        if (matched === undefined) continue
        const { steps } = answeringPlugins(matched.block, { name: qname, type: 'A' })
        expect(steps.filter(({ effect }) => effect === 'answers').length).toBeLessThanOrEqual(1)
      }
    })
  },
)
