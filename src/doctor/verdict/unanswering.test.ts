import { describe, expect, it } from 'vitest'
import { diagnoseFixture } from '../../../test/support/dns-world.ts'
import type { Fixture, Rule } from '../../../test/support/dns-world.ts'
import { REPLICAS, smallCluster } from '../../../test/support/small-cluster.ts'
import { unansweringReplicas } from './unanswering.ts'

const REPLICA = REPLICAS['coredns-a']
const silent: Rule = ({ to }) => (to === REPLICA ? 'silent' : undefined)

type Tables = NonNullable<Fixture['kernels']>[string]['first']

async function find(rule: Rule, node1: Tables = {}): Promise<ReturnType<typeof unansweringReplicas>> {
  const { ladder } = await diagnoseFixture({
    cluster: smallCluster(),
    rules: [rule],
    kernels: { node1: { first: node1 } },
  })
  return unansweringReplicas(ladder)
}

function link(isUp: boolean): Tables {
  const none = { received: 0, sent: 0 }
  const own = { index: 9, name: 'cali1', mtu: 1500, isUp, operationalState: isUp ? 'UP' : 'DOWN' }
  return {
    routes: [{ family: 4, table: 'main', destination: REPLICA, type: 'unicast', device: 'cali1' }],
    links: [{ ...own, dropped: none, errors: none }],
  }
}

describe('unansweringReplicas()', () => {
  it('names a replica that is silent to all, its own node among them, over every transport', async () => {
    expect(await find(silent)).toMatchObject([
      { server: 'kube-system/coredns-a', node: 'node1', places: 3, transports: ['udp', 'tcp', 'http'], sign: 'unseen' },
    ])
  })

  it.each([
    ['no-route', { routes: [{ family: 4, table: 'main', destination: '10.244.1.0/26', type: 'blackhole' }] }],
    ['link-down', link(false)],
    ['unseen', link(true)],
  ] as const)('sees %s in the tables of its node', async (sign, tables) => {
    expect(await find(silent, tables)).toMatchObject([{ sign }])
  })

  it('sees that connections are taken and not served', async () => {
    const stopped: Rule = (ask) => (ask.to === REPLICA ? (ask.transport === 'tcp' ? 'connected' : 'silent') : undefined)
    expect(await find(stopped)).toMatchObject([{ sign: 'process' }])
  })

  it.each<[string, Rule]>([
    ['answers its own node', (ask) => (ask.node === 'node1' ? undefined : silent(ask))],
    ['refuses', (ask) => (ask.to === REPLICA ? 'refused' : undefined)],
    ['answers HTTP', (ask) => (ask.transport === 'http' ? undefined : silent(ask))],
  ])('leaves one that %s', async (_title, rule) => {
    expect(await find(rule)).toEqual([])
  })
})
