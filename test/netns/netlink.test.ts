// What netlink tells beside what the programs print, in a real namespace: a bridge, a tunnel, routes, and flows. And a node that has
// none of these programs.
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inNetworkNamespace, isLibc, libc } from '../../src/sys/index.ts'
import { collectKernelTables } from '../../src/vantage/kernel/collect.ts'
import { localKernelSource } from '../../src/vantage/kernel/local-source.ts'
import type { KernelSource } from '../../src/vantage/kernel/source.ts'
import type { KernelTables } from '../../src/vantage/index.ts'
import { WHY_NO_IPTABLES, WHY_NO_NETNS, createNetns } from '../support/netns.ts'
import type { Netns } from '../support/netns.ts'

const REQUEST = { addresses: [], timeoutMs: 20_000 }

describe.skipIf(WHY_NO_NETNS !== undefined)(`kernel tables without programs (${WHY_NO_NETNS ?? 'root'})`, () => {
  let node: Netns

  beforeAll(() => {
    node = createNetns('bare')
    for (const command of [
      'link add uplink type veth peer name far',
      'link set uplink mtu 1450 up',
      'link set far up',
      'addr add 10.66.1.1/24 dev uplink',
      'addr add fd00:66::1/64 dev uplink nodad',
      'link add cni0 type bridge',
      'link set far master cni0',
      'link add flannel.1 type vxlan id 1 dstport 8472 local 10.66.1.1 dev uplink',
      'link set flannel.1 up',
      'route add 10.233.64.0/18 via 10.66.1.2 dev uplink mtu 1400',
      'route add blackhole 10.99.0.0/16',
      'route add default via 10.66.1.2 table 100',
      'route add 10.77.0.1/32 dev uplink src 10.66.1.1',
    ]) {
      node.ip(command)
    }
  })
  afterAll(() => node.remove())

  /** Programs run inside by "ip netns exec"; files and netlink are read by this thread, inside for as long as it takes. */
  function sourceIn(netns: Netns, programs: 'all' | 'none'): KernelSource {
    const found = libc()
    if (!isLibc(found)) throw new Error(found.why)
    const local = localKernelSource()
    const inside = <T>(run: () => T): T => inNetworkNamespace(found, `/run/netns/${netns.name}`, run)
    return {
      readFile: async () => ({ kind: 'absent' }),
      run: async (program, args, options) =>
        programs === 'all'
          ? local.run('ip', ['netns', 'exec', netns.name, program, ...args], options)
          : { kind: 'skipped', why: `the program "${program}" is not installed`, needs: program },
      ...(programs === 'all' ? {} : { dumpNetlink: (dump, sink) => inside(() => local.dumpNetlink?.(dump, sink)) }),
    }
  }

  const tablesWith = (programs: 'all' | 'none'): Promise<KernelTables> =>
    collectKernelTables(sourceIn(node, programs), REQUEST)

  it('gives the same devices, addresses and routes as the program "ip"', async () => {
    const [printed, dumped] = await Promise.all([tablesWith('all'), tablesWith('none')])
    // Counters move on between the two.
    const still = ({ links }: KernelTables): unknown =>
      'kind' in links ? links : links.map(({ dropped: _dropped, errors: _errors, ...link }) => link)
    expect(still(dumped)).toEqual(still(printed))
    expect(dumped.links).toContainEqual(
      expect.objectContaining({
        name: 'flannel.1',
        kind: 'vxlan',
        vxlan: { id: 1, port: 8472, local: '10.66.1.1', device: 'uplink' },
      }),
    )
    // The order is the kernel's own: the program groups by device and family.
    for (const table of ['addresses', 'routes'] as const) {
      const [ofProgram, ofKernel] = [printed[table], dumped[table]].map((items) =>
        'kind' in items ? [] : items.map((item) => JSON.stringify(item)).toSorted(),
      )
      expect(ofKernel).toEqual(ofProgram)
      expect(ofKernel?.length).toBeGreaterThan(5)
    }
  })

  it.skipIf(WHY_NO_IPTABLES !== undefined)('gives the same flows as the program "conntrack"', async () => {
    node.ip('link set lo up')
    // A rule that asks for the state makes the kernel track this namespace's flows.
    node.run('iptables', '-A OUTPUT -m conntrack --ctstate NEW -j ACCEPT'.split(' '))
    const ask = `
      const socket = require('node:dgram').createSocket('udp4')
      socket.on('message', () => socket.close())
      socket.send('x', 53, '127.0.0.9')
      setTimeout(() => socket.close(), 200)`
    await new Promise((resolve) => {
      spawn('ip', ['netns', 'exec', node.name, process.execPath, '-e', ask]).on('exit', resolve)
    })
    const [printed, dumped] = await Promise.all([tablesWith('all'), tablesWith('none')])
    expect(dumped.conntrack).toMatchObject({
      entries: expect.arrayContaining([
        expect.objectContaining({
          protocol: 'udp',
          original: expect.objectContaining({ destination: { address: '127.0.0.9', port: 53 } }),
          isReplied: false,
        }),
      ]),
    })
    const flows = (tables: KernelTables): unknown[] =>
      'kind' in tables.conntrack ? [] : tables.conntrack.entries.map((flow) => ({ ...flow, timeoutSeconds: 0 }))
    if (!('kind' in printed.conntrack)) expect(flows(dumped)).toEqual(expect.arrayContaining(flows(printed)))
  })
})
