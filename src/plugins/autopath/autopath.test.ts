import { describe, expect, it } from 'vitest'
import { cluster } from '../../../test/support/cluster.ts'
import { startPlugin, type PluginRig, type RigOptions } from '../../../test/support/plugin-rig.ts'
import { formatRecord } from '../../dns/index.ts'
import { DEFAULT_SCHEMA_OPTIONS, OFFLINE_ENV } from '../../kube/schema/index.ts'
import { fail, respond, type Outcome, type PluginInstance, type Request } from '../../server/index.ts'
import type { ClusterApi } from '../cluster-api.ts'
import { autopathPlugin } from './index.ts'

const FILES = new Map([
  ['/etc/resolv.conf', { text: 'search bar.example foo.example\nnameserver 192.0.2.1\n', mtimeMs: 1 }],
])

/** A chain behind the plugin that knows these names, and remembers what it was asked. */
function upstream(known: Readonly<Record<string, string>>): {
  next: (request: Request) => Outcome
  readonly asked: string[]
} {
  const asked: string[] = []
  return {
    asked,
    next(request) {
      asked.push(request.name)
      const address = known[request.name]
      if (address === undefined) return respond(request, { by: 'forward', rcode: 'NXDOMAIN' })
      const rdata = { type: 'A', address } as const
      const answer =
        request.type === 'A' ? [{ name: request.question.name, type: 'A', class: 'IN', ttl: 60, rdata }] : []
      return respond(request, { by: 'forward', answer })
    },
  }
}

function brief(outcome: Outcome): string[] {
  if (outcome.kind !== 'answer') return [outcome.kind === 'status' ? outcome.rcode : outcome.kind]
  const { rcode, answer } = outcome.message
  return [rcode, ...answer.map((record) => formatRecord(record).replaceAll(/\s+/g, ' '))]
}

async function start(
  directive: string,
  options: RigOptions,
  siblings = new Map<string, PluginInstance>(),
): Promise<PluginRig> {
  const rig = startPlugin(autopathPlugin, directive, {
    files: FILES,
    ...options,
    create: (parsed, env) =>
      autopathPlugin.create(parsed as Parameters<typeof autopathPlugin.create>[0], {
        ...env,
        siblings: () => siblings,
      }),
  })
  await rig.instance.start?.()
  return rig
}

function podPath(path: readonly string[] | undefined): Map<string, PluginInstance> {
  const api: ClusterApi = {
    kind: 'cluster',
    index: cluster([]),
    options: DEFAULT_SCHEMA_OPTIONS,
    env: OFFLINE_ENV,
    searchPathOf: () => path,
  }
  return new Map([['kubernetes', { api }]])
}

describe('autopath', () => {
  it('tries the search path and answers with a CNAME to the name that exists', async () => {
    const { next, asked } = upstream({ 'www.elsewhere.test.': '192.0.2.9' })
    const rig = await start('autopath /etc/resolv.conf', { next })
    expect(brief(await rig.ask('www.Elsewhere.test.bar.example A'))).toEqual([
      'NOERROR',
      'www.Elsewhere.test.bar.example. 60 IN CNAME www.Elsewhere.test.',
      'www.Elsewhere.test. 60 IN A 192.0.2.9',
    ])
    expect(asked).toEqual(['www.elsewhere.test.bar.example.', 'www.elsewhere.test.foo.example.', 'www.elsewhere.test.'])
    expect(rig.metric('coredns_autopath_success_total')).toEqual([
      'coredns_autopath_success_total{server="dns://:53"} 1',
    ])
  })

  it('keeps the question of the client', async () => {
    const rig = await start('autopath /etc/resolv.conf', upstream({ 'a.foo.example.': '192.0.2.9' }))
    const outcome = await rig.ask('a.bar.example A')
    expect(outcome.kind === 'answer' && outcome.message.question[0]?.name).toBe('a.bar.example.')
  })

  it('leaves an answer to the first name as it is', async () => {
    const rig = await start('autopath /etc/resolv.conf', upstream({ 'a.bar.example.': '192.0.2.9' }))
    expect(brief(await rig.ask('a.bar.example A'))).toEqual(['NOERROR', 'a.bar.example. 60 IN A 192.0.2.9'])
  })

  it('stops at a name that exists without such records, with nothing added', async () => {
    const { next, asked } = upstream({ 'a.foo.example.': '192.0.2.9' })
    const rig = await start('autopath /etc/resolv.conf', { next })
    expect(brief(await rig.ask('a.bar.example AAAA'))).toEqual(['NOERROR'])
    expect(asked).toHaveLength(2)
  })

  it('gives the answer to the question itself when nothing exists', async () => {
    const rig = await start('autopath /etc/resolv.conf', upstream({}))
    expect(brief(await rig.ask('a.bar.example A'))).toEqual(['NXDOMAIN'])
    expect(rig.metric('coredns_autopath_success_total')).toEqual([])
  })

  it('leaves names outside the first search name, and outside its zones, alone', async () => {
    const { next, asked } = upstream({ 'a.': '192.0.2.9' })
    const rig = await start('autopath bar.example /etc/resolv.conf', { next })
    for (const name of ['a.foo.example', 'a.xbar.example', 'bar.example'])
      expect(brief(await rig.ask(`${name} A`))).toEqual(['NXDOMAIN'])
    expect(asked).toEqual(['a.foo.example.', 'a.xbar.example.', 'bar.example.'])
  })

  it('ends with an error that the chain gives', async () => {
    const rig = await start('autopath /etc/resolv.conf', { next: () => fail('forward', 'SERVFAIL', 'i/o timeout') })
    expect(brief(await rig.ask('a.bar.example A'))).toEqual(['SERVFAIL'])
  })

  it("takes the asking pod's search path from kubernetes, and does nothing for others", async () => {
    const path = ['shop.svc.cluster.local.', 'svc.cluster.local.', 'cluster.local.', '']
    const known = upstream({ 'web.other.svc.cluster.local.': '10.0.0.1' })
    const rig = await start('autopath @kubernetes', known, podPath(path))
    expect(brief(await rig.ask('web.other.shop.svc.cluster.local A'))[2]).toBe(
      'web.other.svc.cluster.local. 60 IN A 10.0.0.1',
    )
    const stranger = await start('autopath @kubernetes', known, podPath(undefined))
    expect(brief(await stranger.ask('web.other.shop.svc.cluster.local A'))).toEqual(['NXDOMAIN'])
  })

  it('does nothing when the plugin it names is not in the block, and refuses one that cannot help', async () => {
    const alone = await start('autopath @kubernetes', upstream({}))
    expect(brief(await alone.ask('a.bar.example A'))).toEqual(['NXDOMAIN'])
    const wrong = start('autopath @cache', {}, new Map([['cache', {}]]))
    await expect(wrong).rejects.toThrow('cache does not implement the AutoPather interface')
  })

  it('refuses a missing file and no argument', () => {
    expect(() => startPlugin(autopathPlugin, 'autopath /nowhere')).toThrow('failed to parse "/nowhere": ENOENT')
    expect(() => startPlugin(autopathPlugin, 'autopath')).toThrow('no resolv-conf specified')
  })
})
