import { afterEach, describe, expect, it } from 'vitest'
import { encodeMessage, parseRecord, query, response } from '../../dns/index.ts'
import type { ConnectUpstream, UpstreamSettings } from '../../net/upstream/index.ts'
import { startScriptedServer, type ScriptedServer } from '../../../test/support/scripted-server.ts'
import { startPlugin, type FakeFile, type PluginRig } from '../../../test/support/plugin-rig.ts'
import { systemClock } from '../../base/index.ts'
import { createForward, forwardPlugin, type ForwardApi } from './index.ts'
import type { ForwardOptions } from './setup.ts'

const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close()
})

/** Upstreams that know these names, and a note of everything that was connected to. */
function fakeConnect(
  known: Readonly<Record<string, readonly string[]>>,
  seen: UpstreamSettings[] = [],
): ConnectUpstream {
  return (settings) => {
    seen.push(settings)
    return {
      exchange: (asked) => {
        const { name = '', type } = asked.question[0] ?? {}
        const answer = (known[name] ?? [])
          .map((address) => parseRecord(`${name} 60 ${address.includes(':') ? 'AAAA' : 'A'} ${address}`))
          .filter((record) => record.type === type)
        const message = response(asked, { rcode: name in known ? 'NOERROR' : 'NXDOMAIN', answer })
        return Promise.resolve({ kind: 'response', message, protocol: 'udp', rttMs: 1, reused: false })
      },
      close: () => Promise.resolve(),
    }
  }
}

function start(directive: string, connect: ConnectUpstream): PluginRig {
  const files = new Map<string, FakeFile>([['/etc/resolv.conf', { text: 'nameserver 192.0.2.53\n', mtimeMs: 1 }]])
  return startPlugin(forwardPlugin, directive, {
    files,
    create: (options, env) => createForward(options as ForwardOptions, env, connect),
  })
}

function upstreamsOf(rig: PluginRig): readonly string[] {
  return (rig.instance.api as ForwardApi).upstreams().map(({ to }) => to)
}

describe('forward start()', () => {
  it('looks host names up at the system’s resolvers, all their addresses in their place', async () => {
    const seen: UpstreamSettings[] = []
    const known = { 'dns.example.org.': ['198.51.100.1', '2001:db8::1'] }
    const rig = start('forward . 192.0.2.1 dns.example.org:5353 192.0.2.2', fakeConnect(known, seen))
    await rig.instance.start?.()
    expect(upstreamsOf(rig)).toEqual(['192.0.2.1:53', '198.51.100.1:5353', '[2001:db8::1]:5353', '192.0.2.2:53'])
    expect(seen.map(({ to }) => to.address)).toContain('192.0.2.53')
  })

  it('asks the configured resolvers instead, and says why a name has no address', async () => {
    const seen: UpstreamSettings[] = []
    const rig = start('forward . dns.example.org {\n resolver 192.0.2.99\n }', fakeConnect({}, seen))
    await expect(rig.instance.start?.()).rejects.toThrow(
      /^plugin\/forward: .*:\d+ - Error during parsing: lookup dns\.example\.org on 192\.0\.2\.99:53: NXDOMAIN$/,
    )
  })

  it('uses the host name as the name in the certificate', async () => {
    const seen: UpstreamSettings[] = []
    const rig = start('forward . tls://dns.example.org', fakeConnect({ 'dns.example.org.': ['198.51.100.1'] }, seen))
    await rig.instance.start?.()
    expect(seen.at(-1)).toMatchObject({
      scheme: 'tls',
      to: { address: '198.51.100.1', port: 853 },
      tls: { serverName: 'dns.example.org' },
    })
  })
})

describe('forward', () => {
  it('passes on what no rule is for, and what is excepted', async () => {
    const rig = start('forward example.org 192.0.2.1 {\n except sub.example.org\n }', fakeConnect({}))
    for (const name of ['example.net', 'sub.example.org', 'a.sub.example.org', 'notexample.org']) {
      expect(await rig.ask(`${name} A`)).toMatchObject({
        kind: 'status',
        rcode: 'SERVFAIL',
        error: { message: 'no next plugin found' },
      })
    }
    expect(await rig.ask('www.example.org A')).toMatchObject({
      kind: 'answer',
      by: 'forward',
      reason: 'upstream 192.0.2.1:53',
    })
  })

  it('uses the upstreams of a rule again after a reload that left its options alone', () => {
    const seen: UpstreamSettings[] = []
    const rig = start('forward . 192.0.2.1\nforward example.org 192.0.2.1', fakeConnect({}, seen))
    expect(seen).toHaveLength(1)
    expect(upstreamsOf(rig)).toEqual(['192.0.2.1:53', '192.0.2.1:53'])
  })

  it('lets 16384 queries wait for a silent upstream, and fails the next one at once', async () => {
    const silent: ConnectUpstream = () => ({ exchange: () => new Promise(() => {}), close: () => Promise.resolve() })
    const rig = start('forward . 192.0.2.1', silent)
    const waiting = Array.from({ length: 16_384 }, (_, index) => rig.ask(`n${index}.example.org A`))
    expect(await rig.ask('one-more.example.org A')).toMatchObject({
      kind: 'status',
      rcode: 'SERVFAIL',
      error: { message: 'more than 16384 queries wait for upstreams' },
    })
    expect(rig.metric('coredns_forward_overload_rejects_total')).toEqual(['coredns_forward_overload_rejects_total 1'])
    expect(await Promise.race([...waiting, Promise.resolve('all wait')])).toBe('all wait')
  })

  it('does not hand the upstream’s cookie to the client', async () => {
    const rig = start('forward . 192.0.2.1', () => ({
      exchange: (asked) => {
        const edns = {
          udpPayloadSize: 1232,
          version: 0,
          dnssecOk: false,
          z: 0,
          options: [
            { code: 10, octets: new Uint8Array(16) },
            { code: 15, octets: new Uint8Array(2) },
          ],
        }
        return Promise.resolve({
          kind: 'response',
          message: response(asked, { edns }),
          protocol: 'udp',
          rttMs: 1,
          reused: false,
        })
      },
      close: () => Promise.resolve(),
    }))
    const outcome = await rig.ask('www.example.org A +edns')
    expect(outcome.kind === 'answer' && outcome.message.edns?.options.map(({ code }) => code)).toEqual([15])
  })

  it('answers from a real upstream over UDP and TCP, counting kept connections', async () => {
    const server: ScriptedServer = await startScriptedServer(({ message }) => [
      {
        kind: 'send-octets',
        octets: encodeMessage(response(message, { answer: [parseRecord('www.example.org. 60 A 192.0.2.1')] })),
      },
    ])
    closing.push(server)
    const rig = startPlugin(forwardPlugin, `forward . 127.0.0.1:${server.port}`, {
      create: (options, env) => forwardPlugin.create(options as ForwardOptions, { ...env, clock: systemClock }),
    })
    for (const question of ['www.example.org A', 'www.example.org A +tcp', 'www.example.org A +tcp']) {
      expect(await rig.ask(question)).toMatchObject({ kind: 'answer', message: { rcode: 'NOERROR' } })
    }
    const to = `127.0.0.1:${server.port}`
    expect(rig.metric('coredns_proxy_conn_cache').toSorted()).toEqual([
      `coredns_proxy_conn_cache_hits_total{proto="tcp",proxy_name="forward",to="${to}"} 1`,
      `coredns_proxy_conn_cache_misses_total{proto="tcp",proxy_name="forward",to="${to}"} 1`,
      `coredns_proxy_conn_cache_misses_total{proto="udp",proxy_name="forward",to="${to}"} 1`,
    ])
    expect(server.queries.map(({ message }) => message.question[0])).toEqual(
      Array.from({ length: 3 }, () => query({ name: 'www.example.org' }).question[0]),
    )
  })
})
