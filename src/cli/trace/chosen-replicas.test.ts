import { describe, expect, it } from 'vitest'
import type { KernelTables, Place, Skipped, Vantage, Vantages } from '../../vantage/index.ts'
import { parseConntrack } from '../../vantage/kernel/conntrack.ts'
import { chosenReplicas } from './chosen-replicas.ts'

const SERVICE = '10.233.0.3'
const POD: Place = { kind: 'pod', namespace: 'shop', name: 'web-0' }
const FROM = { service: SERVICE, port: 53, place: POD, node: 'node1' }
const UNSEEN: Skipped = { kind: 'skipped', why: 'not looked at' }

const flow = (source: string, port: number, replica: string): string =>
  `udp      17 29 src=${source} dst=${SERVICE} sport=4${port} dport=${port} src=${replica} dst=${source} sport=${port} dport=4${port} mark=0 use=1`

function vantagesWith(conntrack: KernelTables['conntrack'] | 'no-node'): Vantages {
  const tables: KernelTables = {
    conntrack: UNSEEN,
    conntrackStatistics: UNSEEN,
    iptables: UNSEEN,
    nftables: UNSEEN,
    ipvs: UNSEEN,
    links: UNSEEN,
    addresses: [{ link: 'eth0', address: '10.233.64.9', prefixLength: 32, scope: 'global' }],
    routes: UNSEEN,
    sysctls: UNSEEN,
    udp: UNSEEN,
  }
  const vantage = (place: Place): Vantage => ({
    place,
    how: 'test',
    exchange: async () => UNSEEN,
    httpGet: async () => UNSEEN,
    readFile: async () => UNSEEN,
    kernelTables: async () =>
      place.kind === 'node' && conntrack !== 'no-node' ? { ...tables, addresses: UNSEEN, conntrack } : tables,
  })
  return {
    at: async (place) => (place.kind === 'node' && conntrack === 'no-node' ? UNSEEN : vantage(place)),
    close: async () => {},
  }
}

describe('chosenReplicas()', () => {
  it('counts the flows of the place by the replica they were translated to, most first', async () => {
    const lines = [
      flow('10.233.64.9', 53, '10.233.71.1'),
      flow('10.233.64.9', 53, '10.233.74.65'),
      flow('10.233.64.9', 53, '10.233.74.65'),
      flow('10.233.64.10', 53, '10.233.71.1'),
      flow('10.233.64.9', 9153, '10.233.71.1'),
      flow('10.233.64.9', 53, SERVICE),
    ]
    const conntrack = parseConntrack(lines.join('\n'), { addresses: [SERVICE] })
    expect(await chosenReplicas(FROM, vantagesWith(conntrack))).toEqual({
      flows: [
        { address: '10.233.74.65', flows: 2 },
        { address: '10.233.71.1', flows: 1 },
      ],
      unseen: null,
    })
  })

  it('says why where the table, or the node, cannot be seen', async () => {
    const unseen = { flows: [], unseen: UNSEEN }
    expect(await chosenReplicas(FROM, vantagesWith(UNSEEN))).toEqual(unseen)
    expect(await chosenReplicas(FROM, vantagesWith('no-node'))).toEqual(unseen)
  })
})
