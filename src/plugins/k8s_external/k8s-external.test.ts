import { describe, expect, it } from 'vitest'
import { cluster, service, slice } from '../../../test/support/cluster.ts'
import { startPlugin, type PluginRig, type RigOptions } from '../../../test/support/plugin-rig.ts'
import { formatRecord } from '../../dns/index.ts'
import { DEFAULT_SCHEMA_OPTIONS, type SchemaEnv } from '../../kube/schema/index.ts'
import { fail, respond, type Outcome } from '../../server/index.ts'
import type { ClusterApi } from '../cluster-api.ts'
import { k8sExternalPlugin } from './index.ts'

const index = cluster([
  service('shop/web', { clusterIP: '10.0.0.1', externalIPs: ['203.0.113.9', '2001:db8::9'] }),
  { ...service('shop/lb', { clusterIP: '10.0.0.2' }), status: { loadBalancer: { ingress: [{ ip: '203.0.113.7' }] } } },
  {
    ...service('shop/named', { clusterIP: '10.0.0.3' }),
    status: { loadBalancer: { ingress: [{ hostname: 'lb.example.net' }] } },
  },
  service('shop/inside', { clusterIP: '10.0.0.4' }),
  service('shop/db', { clusterIP: 'None' }),
  slice('shop/db', [{ ip: '10.1.0.1', hostname: 'db-0' }, { ip: '10.1.0.2' }]),
  { ...service('kube-system/dns', { clusterIP: '10.0.0.10', externalIPs: ['203.0.113.53'] }) },
  slice('kube-system/dns', [{ ip: '10.1.1.1' }]),
])

async function start(options = '', about: RigOptions & { readonly env?: Partial<SchemaEnv> } = {}): Promise<PluginRig> {
  const env: SchemaEnv = { localAddresses: ['192.0.2.2'], serial: 7, synced: true, ...about.env }
  const api: ClusterApi = {
    kind: 'cluster',
    index,
    options: DEFAULT_SCHEMA_OPTIONS,
    env,
    searchPathOf: () => undefined,
  }
  const rig = startPlugin(k8sExternalPlugin, `k8s_external ext.example in-addr.arpa {\n${options}\n}`, {
    ...about,
    create: (parsed, base) =>
      k8sExternalPlugin.create(parsed as Parameters<typeof k8sExternalPlugin.create>[0], {
        ...base,
        siblings: () => new Map([['kubernetes', { api }]]),
      }),
  })
  await rig.instance.start?.()
  return rig
}

function brief(outcome: Outcome): string[] {
  if (outcome.kind !== 'answer') return [outcome.kind === 'status' ? outcome.rcode : outcome.kind]
  const { rcode, answer, authority } = outcome.message
  const lines = answer.map((record) => formatRecord(record).replaceAll(/\s+/g, ' '))
  return [rcode, ...lines, ...authority.map(({ type, name }) => `${type} of ${name}`)]
}

describe('k8s_external', () => {
  const rows: readonly { readonly ask: string; readonly options?: string; readonly gives: readonly string[] }[] = [
    { ask: 'web.shop.ext.example A', gives: ['NOERROR', 'web.shop.ext.example. 5 IN A 203.0.113.9'] },
    { ask: 'WEB.shop.ext.example AAAA', gives: ['NOERROR', 'WEB.shop.ext.example. 5 IN AAAA 2001:db8::9'] },
    { ask: 'lb.shop.ext.example A', options: 'ttl 60', gives: ['NOERROR', 'lb.shop.ext.example. 60 IN A 203.0.113.7'] },
    { ask: 'lb.shop.ext.example AAAA', gives: ['NOERROR', 'SOA of ext.example.'] },
    { ask: 'web.shop.ext.example MX', gives: ['NOERROR', 'SOA of ext.example.'] },
    { ask: 'shop.ext.example A', gives: ['NOERROR', 'SOA of ext.example.'] },
    { ask: 'inside.shop.ext.example A', gives: ['NXDOMAIN', 'SOA of ext.example.'] },
    { ask: 'web.nowhere.ext.example A', gives: ['NXDOMAIN', 'SOA of ext.example.'] },
    { ask: 'a.b.c.web.shop.ext.example A', gives: ['NXDOMAIN', 'SOA of ext.example.'] },
    {
      ask: '_http._tcp.lb.shop.ext.example SRV',
      gives: ['NOERROR', '_http._tcp.lb.shop.ext.example. 5 IN SRV 0 100 80 lb.shop.ext.example.'],
    },
    { ask: '_ftp._tcp.lb.shop.ext.example SRV', gives: ['NXDOMAIN', 'SOA of ext.example.'] },
    { ask: 'db.shop.ext.example A', gives: ['NXDOMAIN', 'SOA of ext.example.'] },
    {
      ask: 'db.shop.ext.example A',
      options: 'headless',
      gives: ['NOERROR', 'db.shop.ext.example. 5 IN A 10.1.0.1', 'db.shop.ext.example. 5 IN A 10.1.0.2'],
    },
    {
      ask: 'db-0.db.shop.ext.example A',
      options: 'headless',
      gives: ['NOERROR', 'db-0.db.shop.ext.example. 5 IN A 10.1.0.1'],
    },
    {
      ask: '9.113.0.203.in-addr.arpa PTR',
      gives: ['NOERROR', '9.113.0.203.in-addr.arpa. 5 IN PTR web.shop.ext.example.'],
    },
    { ask: '1.113.0.203.in-addr.arpa PTR', gives: ['NXDOMAIN', 'SOA of in-addr.arpa.'] },
    {
      ask: 'ext.example SOA',
      gives: ['NOERROR', 'ext.example. 5 IN SOA ns1.dns.ext.example. hostmaster.dns.ext.example. 7 7200 1800 86400 5'],
    },
    { ask: 'ext.example A', gives: ['NOERROR', 'SOA of ext.example.'] },
    { ask: 'ext.example NS', options: 'apex self', gives: ['NOERROR', 'ext.example. 5 IN NS ns1.self.ext.example.'] },
    { ask: 'dns.ext.example A', gives: ['NOERROR', 'SOA of ext.example.'] },
    { ask: 'ns1.dns.ext.example A', gives: ['NOERROR', 'ns1.dns.ext.example. 5 IN A 192.0.2.2'] },
    { ask: 'ns2.dns.ext.example A', gives: ['NXDOMAIN', 'SOA of ext.example.'] },
    { ask: 'www.example.org A', gives: ['SERVFAIL'] },
  ]
  it.for(rows)('answers $ask with $gives', async ({ ask, options, gives }) => {
    const rig = await start(options)
    expect(brief(await rig.ask(ask))).toEqual(gives)
  })

  it('gives the addresses of the Service that this server is an endpoint of', async () => {
    const rig = await start('', { env: { localAddresses: ['10.1.1.1'] } })
    expect(brief(await rig.ask('ns1.dns.ext.example A'))[1]).toContain('203.0.113.53')
  })

  it("follows a load balancer's name, and gives the bare CNAME when that fails", async () => {
    const rdata = { type: 'A', address: '192.0.2.80' } as const
    const found = await start('', {
      lookup: (request) =>
        respond(request, { by: 'forward', answer: [{ name: request.name, type: 'A', class: 'IN', ttl: 9, rdata }] }),
    })
    const alias = 'named.shop.ext.example. 5 IN CNAME lb.example.net.'
    expect(brief(await found.ask('named.shop.ext.example A'))).toEqual([
      'NOERROR',
      alias,
      'lb.example.net. 9 IN A 192.0.2.80',
    ])
    const lost = await start('', { lookup: () => fail('forward', 'SERVFAIL') })
    expect(brief(await lost.ask('named.shop.ext.example A'))).toEqual(['NOERROR', alias])
  })

  it('passes names that do not exist on when told to', async () => {
    const rig = await start('fallthrough', { next: () => fail('next', 'REFUSED') })
    expect(brief(await rig.ask('inside.shop.ext.example A'))).toEqual(['REFUSED'])
    expect(brief(await rig.ask('lb.shop.ext.example AAAA'))).toEqual(['NOERROR', 'SOA of ext.example.'])
  })

  it('does not start without the kubernetes plugin', async () => {
    const { instance } = startPlugin(k8sExternalPlugin, 'k8s_external ext.example')
    await expect(instance.start?.()).rejects.toThrow('kubernetes plugin not loaded')
  })

  it('refuses options it does not know and TTLs out of range', () => {
    expect(() => startPlugin(k8sExternalPlugin, 'k8s_external a {\nttl 3601\n}')).toThrow(
      'ttl must be in range [0, 3600]: 3601',
    )
    expect(() => startPlugin(k8sExternalPlugin, 'k8s_external a {\napex\n}')).toThrow('Wrong argument count')
    expect(() => startPlugin(k8sExternalPlugin, 'k8s_external a {\nnope\n}')).toThrow(`unknown property 'nope'`)
  })
})
