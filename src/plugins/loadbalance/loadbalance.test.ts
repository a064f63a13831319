import { describe, expect, it } from 'vitest'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import type { FakeFile, PluginRig } from '../../../test/support/plugin-rig.ts'
import { rr } from '../../../test/support/records.ts'
import { formatRData } from '../../dns/index.ts'
import type { ResourceRecord } from '../../dns/index.ts'
import { respond } from '../../server/index.ts'
import type { Next } from '../../server/index.ts'
import { createLoadbalance } from './handler.ts'
import { loadbalancePlugin } from './index.ts'
import type { LoadbalanceOptions } from './setup.ts'
import { parseWeights } from './weights.ts'

const ADDRESSES = [1, 2, 3].map((host) => rr(`a.example.org. 60 IN A 192.0.2.${host}`))

function answering(answer: readonly ResourceRecord[], rcode = 'NOERROR'): Next {
  return (request) => respond(request, { by: 'x', answer, rcode })
}

interface Started extends PluginRig {
  /** RDATA of the answer, in order. */
  readonly order: (question?: string) => Promise<string[]>
}

function start(directive: string, next: Next, draw: (limit: number) => number, files?: Map<string, FakeFile>): Started {
  const rig = startPlugin(loadbalancePlugin, directive, {
    next,
    ...(files === undefined ? {} : { files }),
    create: (options, env) => createLoadbalance(options as LoadbalanceOptions, env, draw),
  })
  return {
    ...rig,
    async order(question = 'a.example.org A') {
      const outcome = await rig.ask(question)
      if (outcome.kind !== 'answer') throw new Error(outcome.kind)
      return outcome.message.answer.map(({ rdata }) => formatRData(rdata))
    },
  }
}

const first = (): number => 0
const last = (limit: number): number => limit - 1

describe('loadbalance', () => {
  it('shuffles addresses', async () => {
    const { order } = start('loadbalance', answering(ADDRESSES), first)
    expect(await order()).toEqual(['192.0.2.2', '192.0.2.3', '192.0.2.1'])
    expect(await start('loadbalance', answering(ADDRESSES), last).order()).toEqual([
      '192.0.2.1',
      '192.0.2.2',
      '192.0.2.3',
    ])
  })

  it('brings every order about as often, at random', async () => {
    const counts = new Map<string, number>()
    const rig = startPlugin(loadbalancePlugin, 'loadbalance round_robin', { next: answering(ADDRESSES) })
    for (let round = 0; round < 3000; round += 1) {
      const outcome = await rig.ask('a.example.org A')
      const key = outcome.kind === 'answer' ? outcome.message.answer.map(({ rdata }) => formatRData(rdata)).join() : ''
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    for (const count of counts.values()) expect(count).toBeGreaterThan(350)
  })

  it('puts aliases first, then others, addresses, MX', async () => {
    const mixed = [
      rr('x. 60 IN MX 10 mail.'),
      rr('x. 60 IN A 192.0.2.1'),
      rr('x. 60 IN TXT "text"'),
      rr('a. 60 IN CNAME x.'),
      rr('x. 60 IN A 192.0.2.2'),
    ]
    const { order } = start('loadbalance', answering(mixed), last)
    expect(await order()).toEqual(['x.', '"text"', '192.0.2.1', '192.0.2.2', '10 mail.'])
  })

  it('leaves the records of the response it got as they were', async () => {
    const { order } = start('loadbalance', answering(ADDRESSES), first)
    await order()
    expect(ADDRESSES.map(({ rdata }) => formatRData(rdata))).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3'])
  })

  it('leaves other rcodes and zone transfers alone', async () => {
    expect(await start('loadbalance', answering(ADDRESSES, 'NXDOMAIN'), first).order()).toEqual([
      '192.0.2.1',
      '192.0.2.2',
      '192.0.2.3',
    ])
    expect(await start('loadbalance', answering(ADDRESSES), first).order('a.example.org AXFR')).toEqual([
      '192.0.2.1',
      '192.0.2.2',
      '192.0.2.3',
    ])
  })

  it('brings preferred blocks to the front, in their order', async () => {
    const directive = 'loadbalance round_robin {\nprefer 192.0.2.3/32 192.0.2.2/31\n}'
    expect(await start(directive, answering(ADDRESSES), last).order()).toEqual(['192.0.2.3', '192.0.2.2', '192.0.2.1'])
  })

  it('brings an address to the front with the chance of its weight', async () => {
    const files = new Map([['/w', { text: '# weights\nA.example.org\n192.0.2.1 3\n192.0.2.2 1\n', mtimeMs: 1 }]])
    // 3 + 1 + 1 for the address without a weight: each number drawn falls to one of them.
    const fronts: string[] = []
    for (let drawn = 0; drawn < 5; drawn += 1) {
      const started = start('loadbalance weighted w', answering(ADDRESSES), () => drawn, files)
      await started.instance.start?.()
      fronts.push((await started.order())[0] ?? '')
    }
    expect(fronts).toEqual(['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3'])
  })

  it('reads the file of weights again when it changed, and keeps the old ones when it became bad', async () => {
    const files = new Map([['/w', { text: 'a.example.org\n192.0.2.1 255\n', mtimeMs: 1 }]])
    const directive = 'loadbalance weighted /w {\nreload 10s\n}'
    const { order, instance, clock, log } = start(directive, answering(ADDRESSES), () => 0, files)
    await instance.start?.()
    expect((await order())[0]).toBe('192.0.2.1')
    files.set('/w', { text: 'a.example.org\n192.0.2.1 1\n192.0.2.3 0\n', mtimeMs: 2 })
    await clock.advance(10_000)
    expect(log).toContain('error wrong weight value:"0" in weight file /w')
    files.set('/w', { text: 'b.example.org\n', mtimeMs: 3 })
    await clock.advance(10_000)
    expect(log.filter((line) => line === 'info Successfully reloaded weight file /w')).toHaveLength(2)
    await instance.close?.()
    expect(clock.pending()).toBe(0)
  })

  it('starts without its file if it will look again, else not', async () => {
    const waiting = start('loadbalance weighted /nosuch', answering(ADDRESSES), first, new Map())
    await waiting.instance.start?.()
    expect(waiting.log).toEqual([
      'warning Failed to open weight file: open /nosuch: no such file or directory. Will try again in 30s',
    ])
    const never = start('loadbalance weighted /nosuch {\nreload 0\n}', answering(ADDRESSES), first, new Map())
    await expect(never.instance.start?.()).rejects.toThrow('open /nosuch: no such file or directory')
  })

  it.each([
    { directive: 'loadbalance fleeb', message: 'unknown policy: fleeb' },
    { directive: 'loadbalance round_robin a', message: 'unknown property for round_robin' },
    { directive: 'loadbalance weighted', message: 'missing weight file argument' },
    { directive: 'loadbalance weighted a b', message: 'unexpected argument(s)' },
    { directive: 'loadbalance weighted a {\nreload\n}', message: 'reload duration value is missing' },
    { directive: 'loadbalance weighted a {\nreload abc\n}', message: "invalid reload duration 'abc'" },
    { directive: 'loadbalance {\nreload 5s\n}', message: "unknown property 'reload'" },
    { directive: 'loadbalance {\nprefer 10.0.0.0/33\n}', message: 'invalid CIDR "10.0.0.0/33"' },
  ])('refuses $directive', ({ directive, message }) => {
    expect(() => startPlugin(loadbalancePlugin, directive)).toThrow(message)
  })
})

describe('parseWeights()', () => {
  it.each([
    { text: '192.0.2.1 5', message: 'missing domain name in weight file f' },
    {
      text: 'a\n192.0.2.1',
      message: 'wrong domain name:"192.0.2.1" in weight file f. (Maybe a missing weight value?)',
    },
    { text: 'a\nb 3', message: 'wrong IP address:"b" in weight file f' },
    { text: 'a\n192.0.2.1 256', message: 'wrong weight value:"256" in weight file f' },
    { text: 'a\n192.0.2.1 3 4', message: 'could not parse weight line:"192.0.2.1 3 4" in weight file f' },
  ])('refuses $text', ({ text, message }) => {
    expect(() => parseWeights(text, 'f')).toThrow(message)
  })

  it('knows addresses however they are written', () => {
    expect(parseWeights('a\n2001:DB8:0::1 7\n', 'f').get('a.')?.get('2001:db8::1')).toBe(7)
  })
})
