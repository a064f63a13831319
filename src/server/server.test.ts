import { afterEach, describe, expect, it } from 'vitest'
import { once } from 'node:events'
import { connect } from 'node:net'
import { EDNS_OPTION, encodeMessage, findOption, query, readExtendedError } from '../dns/index.ts'
import { frameMessage } from '../net/index.ts'
import type { Message } from '../dns/index.ts'
import { rr } from '../../test/support/records.ts'
import { startRig } from '../../test/support/server-rig.ts'
import type { ServerRig } from '../../test/support/server-rig.ts'
import { fail, respond } from './index.ts'
import type { Handler, Plugin, PluginRegistry } from './index.ts'

const running: ServerRig[] = []

async function start(...args: Parameters<typeof startRig>): Promise<ServerRig> {
  const rig = await startRig(...args)
  running.push(rig)
  return rig
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ server }) => server.stop()))
})

/** A plugin made of a handler; its directive's first argument is handed in. */
function plugin(name: string, handler: (argument: string) => Handler): PluginRegistry {
  const made: Plugin<string> = {
    name,
    parse(dispenser) {
      dispenser.next()
      return dispenser.remainingArgs()[0] ?? ''
    },
    create: (argument) => ({ handler: handler(argument) }),
  }
  return { [name]: async () => made }
}

/** Answers everything with one A record. */
const hosts = plugin('hosts', (address) => (request) => {
  return respond(request, { by: 'hosts', answer: [rr(`${request.question.name} 5 IN A ${address}`)] })
})

describe('startServer()', () => {
  it('answers over UDP and TCP, names in the case they were asked in', async () => {
    const rig = await start('.:53 {\n hosts 192.0.2.1\n}', { plugins: hosts })
    for (const transport of ['udp', 'tcp'] as const) {
      const message = await rig.ask({ name: 'WwW.example.ORG' }, { transport })
      expect(message).toMatchObject({ rcode: 'NOERROR', flags: { aa: true, rd: true } })
      expect(message.question[0]?.name).toBe('WwW.example.ORG.')
      expect(message.answer).toEqual([rr('WwW.example.ORG. 5 IN A 192.0.2.1')])
    }
  })

  it('gives records of the asked name in the asked case, whatever case the plugin has them in', async () => {
    const cached = plugin('hosts', () => (request) => {
      const answer = [rr('Www.Example.Org 5 IN CNAME Other.Example.Org'), rr('Other.Example.Org 5 IN A 192.0.2.1')]
      return respond(request, { by: 'hosts', answer })
    })
    const rig = await start('. {\n hosts\n}', { plugins: cached })
    const { answer } = await rig.ask({ name: 'wWW.eXAMPLE.oRG' })
    expect(answer[0]?.name).toBe('wWW.eXAMPLE.oRG.')
    expect(answer).toHaveLength(2)
  })

  it('takes the block with the longest zone and refuses names outside of all', async () => {
    const rig = await start('example.org {\n hosts 192.0.2.1\n}\nsub.example.org {\n hosts 192.0.2.2\n}', {
      plugins: hosts,
    })
    const addressOf = async (name: string): Promise<unknown> => (await rig.ask({ name })).answer[0]?.rdata
    expect(await addressOf('example.org')).toEqual({ type: 'A', address: '192.0.2.1' })
    expect(await addressOf('a.SUB.example.org')).toEqual({ type: 'A', address: '192.0.2.2' })
    expect(await addressOf('notsub.example.org')).toEqual({ type: 'A', address: '192.0.2.1' })
    const outside = await rig.ask({ name: 'example.com' })
    expect(outside).toMatchObject({ rcode: 'REFUSED', answer: [], flags: { aa: false } })
  })

  it('gives DS questions for the apex of a zone to the block of its parent', async () => {
    const rig = await start('example.org {\n hosts 192.0.2.1\n}\nsub.example.org {\n hosts 192.0.2.2\n}', {
      plugins: hosts,
    })
    const ds = await rig.ask({ name: 'sub.example.org', type: 'DS' })
    expect(ds.answer[0]?.rdata).toEqual({ type: 'A', address: '192.0.2.1' })
  })

  it('refuses classes other than IN unless a plugin has answers for them', async () => {
    const rig = await start('. {\n hosts 192.0.2.1\n}', { plugins: hosts })
    expect((await rig.ask({ name: 'version.bind', type: 'TXT', class: 'CH' })).rcode).toBe('REFUSED')
  })

  it('answers BADVERS to EDNS version 1 and says version 0', async () => {
    const rig = await start('. {\n hosts 192.0.2.1\n}', { plugins: hosts })
    const message = await rig.ask({ name: 'x', edns: { version: 1 } })
    expect(message).toMatchObject({ rcode: 'BADVERS', edns: { version: 0 }, answer: [] })
    expect(message.question).toHaveLength(1)
  })

  it('sends OPT only to who sent it: its size but at least 512, DO and the cookie as they came, nothing else', async () => {
    const rig = await start('. {\n hosts 192.0.2.1\n}', { plugins: hosts })
    expect((await rig.ask({ name: 'x' })).edns).toBeUndefined()
    const cookie = { code: 10, octets: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }
    const subnet = { code: 8, octets: Uint8Array.of(0, 1, 24, 0, 1, 2, 3) }
    const edns = { udpPayloadSize: 100, dnssecOk: true, options: [subnet, cookie] }
    const message = await rig.ask({ name: 'x', edns })
    expect(message.edns).toEqual({ udpPayloadSize: 512, version: 0, dnssecOk: true, z: 0, options: [cookie] })
  })

  it('cuts responses to what the client takes over UDP and sets TC; TCP has all', async () => {
    const many = plugin('hosts', () => (request) => {
      const answer = Array.from({ length: 100 }, (_, n) => rr(`${request.question.name} 5 IN A 192.0.2.${n}`))
      return respond(request, { by: 'hosts', answer })
    })
    const rig = await start('. {\n hosts\n}', { plugins: many })
    const small = await rig.ask({ name: 'x.example.org' })
    expect(small.flags.tc).toBe(true)
    expect(small.answer).toHaveLength(30)
    expect((await rig.ask({ name: 'x.example.org', edns: { udpPayloadSize: 4096 } })).answer).toHaveLength(100)
    expect((await rig.ask({ name: 'x.example.org' }, { transport: 'tcp' })).answer).toHaveLength(100)
  })

  it('answers SERVFAIL when a plugin throws or rejects, counts it, and goes on', async () => {
    const broken = plugin('hosts', () => (request) => {
      if (request.type === 'AAAA') return Promise.reject(new Error('late'))
      throw new Error('at once')
    })
    const rig = await start('. {\n hosts\n}', { plugins: broken })
    expect((await rig.ask({ name: 'x' })).rcode).toBe('SERVFAIL')
    expect((await rig.ask({ name: 'x', type: 'AAAA' })).rcode).toBe('SERVFAIL')
    expect(rig.server.metrics.render()).toContain('\ncoredns_panics_total 2\n')
  })

  it.each([
    { settings: {}, shows: false },
    { settings: { stackTraces: true }, shows: true },
  ])('with $settings shows where a plugin threw: $shows', async ({ settings, shows }) => {
    const broken: PluginRegistry = {
      hosts: async () => ({
        name: 'hosts',
        parse: (_, { configure }) => configure(settings),
        create: () => ({
          handler: function brokenHandler() {
            throw new Error('a defect')
          },
        }),
      }),
    }
    const rig = await start('. {\n hosts\n}', { plugins: broken })
    await rig.ask({ name: 'x' })
    await rig.server.stop()
    const line = '[ERROR] Recovered from panic in server: "dns://:53" x. A: a defect\n'
    expect(rig.output()).toContain(line)
    expect(/\n {4}at .*brokenHandler /.test(rig.output())).toBe(shows)
  })

  it('answers SERVFAIL when the last plugin passes a query on', async () => {
    const rig = await start('. {\n hosts\n}', { plugins: plugin('hosts', () => (request, next) => next(request)) })
    expect((await rig.ask({ name: 'x' })).rcode).toBe('SERVFAIL')
  })

  it('tells why there is no answer in an extended error, but only with explainErrors and only to who speaks EDNS', async () => {
    const reasons = plugin('hosts', () => (request) => {
      if (request.type === 'A') return respond(request, { by: 'hosts', answer: [], reason: 'no Service web' })
      return fail('hosts', 'SERVFAIL', 'i/o timeout')
    })
    const textOf = (message: Message): string | undefined => {
      const option = findOption(message.edns, EDNS_OPTION.extendedError)
      return option && readExtendedError(option)?.extraText
    }
    const corefile = 'example.org {\n hosts\n}'
    const silent = await start(corefile, { plugins: reasons })
    expect(textOf(await silent.ask({ name: 'example.org', edns: {} }))).toBeUndefined()
    const { ask } = await start(corefile, { plugins: reasons, features: { explainErrors: true } })
    expect(textOf(await ask({ name: 'example.org', edns: {} }))).toBe('no Service web')
    const failed = await ask({ name: 'example.org', type: 'AAAA', edns: {} })
    expect(failed).toMatchObject({ rcode: 'SERVFAIL', flags: { aa: false } })
    expect(textOf(failed)).toBe('i/o timeout')
    expect((await ask({ name: 'example.org' })).edns).toBeUndefined()
  })

  it('prints a line for each zone', async () => {
    const rig = await start('example.org example.net {\n hosts 192.0.2.1\n}\ntls://.:8853 {\n hosts 192.0.2.1\n}', {
      plugins: hosts,
    })
    expect(rig.output()).toContain('example.org.:53\nexample.net.:53\ntls://.:8853\n')
    expect(rig.output()).toContain('[WARNING] Corefile:4 - tls://.:8853 has no "tls" directive')
  })

  it('keeps the sockets over a reload and answers from the new Corefile', async () => {
    let text = '. {\n hosts 192.0.2.1\n}'
    const rig = await start(() => text, { plugins: hosts })
    const before = rig.endpoint()
    text = '. {\n hosts 192.0.2.2\n}'
    await rig.server.reload()
    expect(rig.endpoint()).toEqual(before)
    expect((await rig.ask({ name: 'x' })).answer[0]?.rdata).toEqual({ type: 'A', address: '192.0.2.2' })
    await expect.poll(() => rig.output()).toContain('[INFO] Reloading\n[INFO] Reloading complete\n')
  })

  it('keeps the running configuration when the new one cannot be used', async () => {
    let text = '. {\n hosts 192.0.2.1\n}'
    const rig = await start(() => text, { plugins: hosts })
    const hash = rig.server.hash()
    text = '. {\n nosuch\n}'
    await expect(rig.server.reload()).rejects.toThrow("Corefile:2 - Error during parsing: Unknown directive 'nosuch'")
    expect((await rig.ask({ name: 'x' })).answer[0]?.rdata).toEqual({ type: 'A', address: '192.0.2.1' })
    expect(rig.server.hash()).toBe(hash)
    expect(rig.server.metrics.render()).toContain('\nfathom_corefile_errors_total 1\n')
  })

  it('answers a query that was waiting when the configuration was exchanged', async () => {
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = plugin('hosts', (address) => async (request) => {
      if (address === '192.0.2.1') await gate
      return respond(request, { by: 'hosts', answer: [rr(`${request.question.name} 5 IN A ${address}`)] })
    })
    let text = '. {\n hosts 192.0.2.1\n}'
    const rig = await start(() => text, { plugins: slow })
    const waiting = rig.ask({ name: 'x' })
    // A second query that is answered shows that the first has been read: one socket, in order.
    text = '. {\n hosts 192.0.2.2\n}'
    await rig.server.reload()
    expect((await rig.ask({ name: 'y' })).answer[0]?.rdata).toEqual({ type: 'A', address: '192.0.2.2' })
    release()
    expect((await waiting).answer).toHaveLength(1)
  })

  it('goes on answering what needs no waiting when 32,768 queries wait', async () => {
    const releases: (() => void)[] = []
    const waiting: PluginRegistry = plugin('hosts', () => (request) => {
      if (request.type === 'A') return respond(request, { by: 'hosts' })
      if (request.deadlineAt !== undefined) return fail('hosts', 'SERVFAIL', 'no time')
      return new Promise((resolve) => releases.push(() => resolve(fail('hosts', 'SERVFAIL'))))
    })
    const rig = await start('. {\n hosts\n}', { plugins: waiting })
    const flood = connect(rig.endpoint().port, '127.0.0.1')
    await once(flood, 'connect')
    const connections = [flood]
    const many = Buffer.concat(
      Array.from({ length: 256 }, () => frameMessage(encodeMessage(query({ name: 'x', type: 'AAAA' })))),
    )
    while (connections.length < 129) {
      const next = connect(rig.endpoint().port, '127.0.0.1')
      await once(next, 'connect')
      connections.push(next)
    }
    for (const connection of connections) connection.write(many)
    await expect.poll(() => releases.length, { timeout: 20_000 }).toBe(32_768)
    expect((await rig.ask({ name: 'x', type: 'AAAA' })).rcode).toBe('SERVFAIL')
    expect((await rig.ask({ name: 'x' })).rcode).toBe('NOERROR')
    expect(rig.server.metrics.render()).toMatch(/^fathom_overload_queries_total\{server="dns:\/\/:53"\} \d+$/m)
    for (const connection of connections) connection.destroy()
    for (const release of releases) release()
  })

  it('leaves nothing open when a start hook fails', async () => {
    const bound: unknown[] = []
    const failing: PluginRegistry = {
      hosts: async () => ({
        name: 'hosts',
        parse: () => undefined,
        create: () => ({ start: () => Promise.reject(new Error('no')) }),
      }),
    }
    const network = {
      listenAt: () => ({ address: '127.0.0.1', port: 0 }),
      callTo: <T>(endpoint: T): T => endpoint,
      bound: (_wanted: unknown, actual: unknown) => bound.push(actual),
    }
    await expect(start('. {\n hosts\n}', { plugins: failing, network })).rejects.toThrow('no')
    expect(bound).toEqual([])
  })

  it('looks names up inside the server from the top, and stops when that goes round', async () => {
    const twice: PluginRegistry = {
      hosts: async () => ({
        name: 'hosts',
        parse: () => undefined,
        create: (_options, env) => ({
          handler: (request) => (request.name === 'end.' ? fail('hosts', 'NXDOMAIN') : env.lookup(request)),
        }),
      }),
    }
    const rig = await start('. {\n hosts\n}', { plugins: twice })
    expect((await rig.ask({ name: 'round' })).rcode).toBe('SERVFAIL')
  })

  it('runs the shutdown hooks while it still answers, the close hooks last', async () => {
    const order: string[] = []
    const hooked: PluginRegistry = {
      hosts: async () => ({
        name: 'hosts',
        parse: () => undefined,
        create: () => ({
          handler: (request) => respond(request, { by: 'hosts' }),
          started: () => order.push('started'),
          shutdown: async () => {
            order.push(`shutdown ${(await rig.ask({ name: 'x' })).rcode}`)
          },
          close: async () => {
            order.push('close')
          },
        }),
      }),
    }
    const rig = await start('. {\n hosts\n}', { plugins: hooked })
    await rig.server.stop()
    expect(order).toEqual(['started', 'shutdown NOERROR', 'close'])
  })
})
