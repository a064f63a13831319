// The parsers over text as the kernel, conntrack-tools and iproute2 print it.
import { describe, expect, it } from 'vitest'
import { parseConntrack, parseConntrackEntry } from './conntrack.ts'
import { parseConntrackStatistics } from './conntrack-statistics.ts'
import { parseIpvsConnections, parseIpvsServices } from './ipvs.ts'
import { parseAllowances, parseLinkAddresses, parseLinks, parseRoutes } from './links.ts'
import { parseUdpCounters, parseUdpSockets } from './udp.ts'

const SERVICE = '10.233.0.3'

describe('parseConntrack()', () => {
  const UNREPLIED =
    'ipv4     2 udp      17 29 src=10.233.64.9 dst=10.233.0.3 sport=57822 dport=53 packets=1 bytes=48 [UNREPLIED] src=10.233.74.65 dst=10.233.64.9 sport=53 dport=57822 packets=0 bytes=0 mark=0 zone=0 use=2'
  const TCP =
    'tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=53366 dport=443 src=10.0.0.2 dst=10.0.0.1 sport=443 dport=53366 [ASSURED] mark=0 use=1'

  it('reads an entry of the file: translated, not replied', () => {
    expect(parseConntrackEntry(UNREPLIED)).toEqual({
      protocol: 'udp',
      timeoutSeconds: 29,
      original: {
        source: { address: '10.233.64.9', port: 57_822 },
        destination: { address: SERVICE, port: 53 },
        packets: 1,
      },
      reply: {
        source: { address: '10.233.74.65', port: 53 },
        destination: { address: '10.233.64.9', port: 57_822 },
        packets: 0,
      },
      isReplied: false,
      isAssured: false,
    })
  })

  it('reads an entry as conntrack -L prints it, with a state and without counters', () => {
    const entry = parseConntrackEntry(TCP)
    expect(entry).toMatchObject({ protocol: 'tcp', state: 'ESTABLISHED', isReplied: true, isAssured: true })
    expect(entry?.original).not.toHaveProperty('packets')
  })

  it('keeps what touches port 53 or an address, and counts the rest', () => {
    const text = `${UNREPLIED}\n${TCP}\nconntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.\n`
    expect(parseConntrack(text, { addresses: [] })).toMatchObject({ matching: 1, total: 2 })
    expect(parseConntrack(text, { addresses: ['10.0.0.2'] })).toMatchObject({ matching: 2, total: 2 })
  })

  it('writes IPv6 addresses in their short form, as everything else does', () => {
    const line =
      'ipv6     10 udp      17 20 src=fd00:0000:0000:0000:0000:0000:0000:0009 dst=fd00:0000:0000:0000:0000:0000:0000:0003 sport=4000 dport=53 src=fd00:0000:0000:0000:0000:0000:0000:0003 dst=fd00:0000:0000:0000:0000:0000:0000:0009 sport=53 dport=4000 mark=0 zone=0 use=2'
    expect(parseConntrackEntry(line)?.original.destination).toEqual({ address: 'fd00::3', port: 53 })
  })

  it('knows an IPv6 address in both forms, and no longer address that begins with it', () => {
    const ends = (address: string): string => `src=${address} dst=fd00::9 sport=4000 dport=853`
    const line = (address: string): string => `udp 17 20 ${ends(address)} ${ends(address)} mark=0 use=1\n`
    const text = `${line('fd00:0000:0000:0000:0000:0000:0000:0003')}${line('fd00::3')}${line('fd00::33')}`
    expect(parseConntrack(text, { addresses: ['fd00::3'] })).toMatchObject({ matching: 2, total: 3 })
  })

  it('bounds what it keeps', () => {
    const { entries, matching, busiest } = parseConntrack(`${UNREPLIED}\n`.repeat(5000), { addresses: [] })
    expect([entries.length, matching]).toEqual([4096, 5000])
    expect(busiest).toEqual([{ address: '10.233.64.9', entries: 5000 }])
  })
})

describe('parseConntrackStatistics()', () => {
  const HEADER =
    'entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart'

  it('adds up the processors by column name, and takes the size of the table once', () => {
    const row = (failed: string, drop: string): string =>
      `000000ff  00000000 00000000 00000000 00000002 00000000 00000000 00000000 00000000 ${failed} ${drop} 00000001 00000000  00000000 00000000 00000000 00000000`
    const text = `${HEADER}\n${row('0000000a', '00000000')}\n${row('00000005', '00000003')}\n`
    expect(parseConntrackStatistics(text)).toEqual({
      entries: 255,
      insertFailed: 15,
      drop: 3,
      earlyDrop: 2,
      invalid: 4,
    })
  })

  it.each(['', HEADER, 'hello\nworld\n'])('says nothing about %j', (text) => {
    expect(parseConntrackStatistics(text)).toBeUndefined()
  })
})

describe('parseIpvsServices(), parseIpvsConnections()', () => {
  const SERVICES = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
UDP  0AE90003:0035 rr
  -> 0AE94A41:0035      Masq    1      0          12
  -> 0AE94A42:0035      Masq    0      0          3
TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:01BB wrr persistent 10800
FWM  00000001 rr
  -> 0A000001:0000      Route   1      0          0
`

  it('reads services with their destinations, both families', () => {
    expect(parseIpvsServices(SERVICES)).toEqual([
      {
        protocol: 'udp',
        address: { address: SERVICE, port: 53 },
        scheduler: 'rr',
        destinations: [
          { address: { address: '10.233.74.65', port: 53 }, forward: 'Masq', weight: 1, active: 0, inactive: 12 },
          { address: { address: '10.233.74.66', port: 53 }, forward: 'Masq', weight: 0, active: 0, inactive: 3 },
        ],
      },
      { protocol: 'tcp', address: { address: '2001:db8::1', port: 443 }, scheduler: 'wrr', destinations: [] },
    ])
  })

  it('reads connections to port 53, and leaves others out', () => {
    const text = `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
UDP 0AE94009 E1DE 0AE90003 0035 0AE94A41 0035 UDP             287
TCP 0AE94009 E1DF 0AE90001 01BB 0A000001 192B ESTABLISHED     899
`
    expect(parseIpvsConnections(text, { addresses: [] })).toEqual([
      {
        protocol: 'udp',
        client: { address: '10.233.64.9', port: 57_822 },
        service: { address: SERVICE, port: 53 },
        destination: { address: '10.233.74.65', port: 53 },
        state: 'UDP',
        expiresSeconds: 287,
      },
    ])
  })
})

describe('parseLinks(), parseLinkAddresses(), parseRoutes()', () => {
  it('reads a VXLAN device with its port, and skips empty objects', () => {
    const text = JSON.stringify([
      {},
      {
        ifindex: 4,
        ifname: 'flannel.1',
        flags: ['BROADCAST', 'UP', 'LOWER_UP'],
        mtu: 1450,
        operstate: 'UNKNOWN',
        master: 'cni0',
        linkinfo: { info_kind: 'vxlan', info_data: { id: 1, local: '10.0.0.4', link: 'eth0', port: 8472 } },
        stats64: { rx: { errors: 1, dropped: 2 }, tx: { errors: 0, dropped: 3 } },
      },
    ])
    expect(parseLinks(text)).toEqual([
      {
        index: 4,
        name: 'flannel.1',
        kind: 'vxlan',
        mtu: 1450,
        isUp: true,
        operationalState: 'UNKNOWN',
        master: 'cni0',
        vxlan: { id: 1, port: 8472, local: '10.0.0.4', device: 'eth0' },
        dropped: { received: 2, sent: 3 },
        errors: { received: 1, sent: 0 },
      },
    ])
  })

  it('reads addresses', () => {
    const text =
      '[{"ifname":"v0","addr_info":[{"family":"inet","local":"10.233.0.1","prefixlen":24,"scope":"global"},{}]}]'
    expect(parseLinkAddresses(text)).toEqual([{ link: 'v0', address: '10.233.0.1', prefixLength: 24, scope: 'global' }])
  })

  it('reads routes of all tables but the local one, with what they limit', () => {
    const text =
      '[{"dst":"10.7.0.0/16","dev":"v0","table":"100","flags":[]},{"dst":"10.5.0.0/16","gateway":"10.233.0.9","dev":"v0","metrics":[{"mtu":1400}]},{"type":"blackhole","dst":"10.6.0.0/16"},{"type":"local","dst":"10.233.0.1","dev":"v0","table":"local"}]'
    expect(parseRoutes(text, 4)).toEqual([
      { family: 4, table: '100', destination: '10.7.0.0/16', type: 'unicast', device: 'v0' },
      {
        family: 4,
        table: 'main',
        destination: '10.5.0.0/16',
        type: 'unicast',
        gateway: '10.233.0.9',
        device: 'v0',
        mtu: 1400,
      },
      { family: 4, table: 'main', destination: '10.6.0.0/16', type: 'blackhole' },
    ])
  })

  it('takes no output for nothing, and other text for none', () => {
    expect([parseLinks(''), parseLinks('Option "-j" is unknown')]).toEqual([[], undefined])
  })
})

describe('parseUdpSockets(), parseUdpCounters()', () => {
  it('reads queue and drops of each socket', () => {
    const text = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 8368: 0100007F:0035 00000000:0000 07 00000000:00000340 00:00000000 00000000     0        0 1357907 2 00000000010f83d4 17
`
    const text6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  601: 000000FD000000000000000003000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1357909 2 000000005721e45a 0
`
    expect([...parseUdpSockets(text).sockets, ...parseUdpSockets(text6).sockets]).toEqual([
      { local: { address: '127.0.0.1', port: 53 }, receiveQueueBytes: 832, drops: 17 },
      { local: { address: 'fd00::3', port: 53 }, receiveQueueBytes: 0, drops: 0 },
    ])
    const many = text.split('\n')[1] ?? ''
    const { sockets, total } = parseUdpSockets(`${many}\n`.repeat(5000))
    expect([sockets.length, total]).toEqual([4096, 5000])
  })

  it('adds up both families under one name', () => {
    const snmp =
      'Ip: Forwarding\nIp: 1\nUdp: InDatagrams NoPorts RcvbufErrors\nUdp: 7 1 3\nUdpLite: NoPorts\nUdpLite: 9\n'
    const snmp6 = 'Ip6InReceives \t4\nUdp6RcvbufErrors                \t2\nUdpLite6RcvbufErrors \t5\n'
    expect(parseUdpCounters(snmp, snmp6)).toEqual({ InDatagrams: 7, NoPorts: 1, RcvbufErrors: 5 })
  })
})

describe('parseAllowances()', () => {
  it('reads what a cloud network dropped out of the counters of a driver', () => {
    const text =
      'NIC statistics:\n     tx_timeout: 0\n     bw_in_allowance_exceeded: 3\n     linklocal_allowance_exceeded: 1200\n'
    expect(parseAllowances(text)).toEqual({ bw_in_allowance_exceeded: 3, linklocal_allowance_exceeded: 1200 })
  })

  it('gives nothing for a driver without such counters', () => {
    expect(parseAllowances('NIC statistics:\n     rx_packets: 7\n')).toBeUndefined()
    expect(parseAllowances('')).toBeUndefined()
  })
})
