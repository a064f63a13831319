// Faults that come and go, on a network that loses exactly every n-th datagram.
import { describe, expect, it } from 'vitest'
import { dropping, iptables } from '../../../../test/support/causes/kernels.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import type { Ask, Rule } from '../../../../test/support/dns-world.ts'
import { DNS_IP, REPLICAS, UPSTREAMS, smallCluster } from '../../../../test/support/small-cluster.ts'
import { LANGUAGES, buildReport, renderReport } from '../../report/index.ts'
import type { DoctorReport } from '../../report/index.ts'

const REPEAT = 40

/** Loses the first of every `period` that pass. */
function losing(period: number, picks: (ask: Ask) => boolean): Rule {
  const seen = new Map<string, number>()
  return (ask) => {
    if (ask.transport === 'http' || !picks(ask)) return undefined
    const key = `${ask.node} ${ask.to} ${ask.transport} ${ask.name} ${ask.type}`
    const count = seen.get(key) ?? 0
    seen.set(key, count + 1)
    return count % period === 0 ? 'silent' : undefined
  }
}

async function report(rules: readonly Rule[], more: object = {}): Promise<DoctorReport> {
  return buildReport(await diagnoseFixture({ cluster: smallCluster(), rules, repeat: REPEAT, ...more }), 'en')
}

describe('--repeat', () => {
  it('asks each question so often, and calls healthy what never fails', async () => {
    const { outcome, ladder, counters } = await report([])
    expect(outcome).toBe('healthy')
    expect(counters).toBeDefined()
    const dns = ladder.filter(({ purpose }) => purpose === 'canary' || purpose === 'external')
    expect(new Set(dns.map(({ repeats }) => repeats?.ok))).toEqual(new Set([REPEAT]))
    expect(ladder.filter(({ transport, repeats }) => transport === 'http' && repeats !== undefined)).toEqual([])
  })

  it('counts every lost datagram of what is answered at times, and never calls it healthy', async () => {
    const { outcome, ladder, unexplained } = await report([
      losing(4, ({ node, to, transport }) => node === 'node3' && to === DNS_IP && transport === 'udp'),
    ])
    expect(outcome).toBe('inconclusive')
    const lossy = ladder.filter(({ result }) => result === 'intermittent')
    expect(new Set(lossy.map(({ from, to, transport }) => `${from} ${to} ${transport}`))).toEqual(
      new Set([`node/node3 ${DNS_IP}:53 udp`]),
    )
    expect(lossy[0]).toMatchObject({
      why: 'no response',
      observed: expect.stringMatching(/NOERROR|NXDOMAIN/) as string,
      repeats: {
        asked: REPEAT,
        ok: 30,
        failed: 10,
        timeouts: 10,
        failureRate: { rate: 0.25, low: 0.1419, high: 0.4019 },
      },
    })
    expect(unexplained.toSorted()).toEqual(lossy.map(({ id }) => id).toSorted())
  })

  it('gives up on what never answers: it failed, and is not intermittent', async () => {
    const { ladder } = await report([({ to }) => (to === UPSTREAMS[0] ? 'silent' : undefined)])
    const dead = ladder.filter(({ server, purpose }) => server === UPSTREAMS[0] && purpose === 'external')
    expect(dead.length).toBeGreaterThan(0)
    for (const { result, repeats } of dead) {
      expect(result).toBe('failed')
      expect(repeats?.asked).toBeLessThan(REPEAT)
      expect(repeats?.timeouts).toBe(repeats?.asked)
    }
  })

  it('lays the losses of the Service at the door of the one dead replica of two', async () => {
    const dead = REPLICAS['coredns-b']
    const half = losing(2, ({ to }) => to === DNS_IP)
    const value = await report([({ to }) => (to === dead ? 'silent' : undefined), half])
    const service = value.ladder.filter(({ hop, result }) => hop === 'dns-service' && result === 'intermittent')
    expect(service.length).toBeGreaterThan(0)
    // Whatever explains the replica explains the Service; where nothing does, both stay unexplained.
    const explained = new Set(value.causes.flatMap(({ status, explains }) => (status === 'proven' ? explains : [])))
    const replica = value.ladder.filter(({ to, result }) => to === `${dead}:53` && result === 'failed')
    expect(replica.some(({ id }) => explained.has(id))).toBe(service.some(({ id }) => explained.has(id)))
  })

  it('proves a rule that drops some of the UDP queries by its own count', async () => {
    const rule = '-A FORWARD -p udp -m udp --dport 53 -m statistic --mode random --probability 0.1 -j DROP'
    const rules = (packets: number): object => ({
      iptables: [iptables('nft', { total: 40, rules: [dropping('filter', rule, packets)] })],
    })
    const value = await report(
      [losing(10, ({ node, transport, to }) => node === 'node1' && transport === 'udp' && to.startsWith('10.244.'))],
      { kernels: { node1: { first: rules(100), second: rules(116) } } },
    )
    expect(value.verdict?.code).toBe('udp-53-blocked')
    expect(value.causes[0]?.evidence.map(({ text }) => text).join('\n')).toMatch(
      /node\/node1: \d+ of \d+ UDP queries .* over TCP 0 of \d+[^]*held back 16 packets/,
    )
    expect(value.causes[0]?.fix.command).toContain('iptables -t filter -D FORWARD')
    expect(value.unexplained).toEqual([])
    expect(value.counters).toContainEqual(expect.objectContaining({ of: 'node/node1', growth: 16 }))
  })

  it('shows rates with their intervals in every format and language', async () => {
    const diagnosis = await diagnoseFixture({
      cluster: smallCluster(),
      rules: [losing(4, ({ to, transport }) => to === DNS_IP && transport === 'udp')],
      repeat: REPEAT,
    })
    for (const language of LANGUAGES) {
      const value = buildReport(diagnosis, language)
      for (const format of ['text', 'md', 'html', 'junit'] as const) {
        expect(renderReport(value, format)).toContain('25.0 %')
      }
    }
    expect(renderReport(buildReport(diagnosis, 'en'), 'text')).toMatch(
      /intermittent 60\/240 failed, 25\.0 % \(95 %: 19\.9-30\.8 %\): no response/,
    )
  })
})
