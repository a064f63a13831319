// Large responses: fragments, MTUs, tunnels; and the A/AAAA pair.
import { CLUSTER, UPSTREAM } from './pattern-net.ts'
import type { PatternNet } from './pattern-net.ts'
import type { PatternCase } from './pattern-case.ts'

const LARGE = ['large.cluster.local', 'TXT', '+bufsize=4096', '+ignore']
/** The question's type and class, as they stand in a query. */
const AAAA_IN = '-m string --algo bm --hex-string |00001c0001|'
const ONE_SERVER = `nameserver ${CLUSTER}\noptions timeout:1 attempts:3 ndots:1\n`
const ASK_UPSTREAM = ONE_SERVER.replace(CLUSTER, UPSTREAM)

/** The wire to the pod takes packets of 1300 octets only. */
function narrowPath(net: PatternNet): void {
  net.ip('node', 'link set v0 mtu 1300', 'link set v0 mtu 1500')
}

export const sizeCases: readonly PatternCase[] = [
  {
    code: 'fragments-lost',
    beside: ['large-response-lost'],
    has: {
      settles: true,
      async act(net) {
        net.dropLeaving('v0', 'ip frag-off & 0x1fff != 0')
        await net.dig(`@${CLUSTER}`, ...LARGE)
        await net.dig(`@${CLUSTER}`, 'a.cluster.local')
      },
    },
    nearMiss: { title: 'both fragments arrive', act: (net) => net.dig(`@${CLUSTER}`, ...LARGE) },
  },
  {
    code: 'mtu-black-hole',
    beside: ['tcp-retransmissions'],
    has: {
      at: 'upstream',
      async act(net) {
        narrowPath(net)
        net.rule('node', 'OUTPUT -p icmp -j DROP')
        await net.scripted('ask-tcp', UPSTREAM, 'large-3000.example.org')
      },
    },
    nearMiss: {
      title: 'an ICMP error tells the sender, which sends smaller segments',
      at: 'upstream',
      async act(net) {
        narrowPath(net)
        await net.scripted('ask-tcp', UPSTREAM, 'large-3001.example.org')
      },
    },
  },
  {
    code: 'fragmentation-needed',
    beside: ['tcp-retransmissions'],
    has: {
      at: 'upstream',
      async act(net) {
        narrowPath(net)
        await net.scripted('ask-tcp', UPSTREAM, 'large-3002.example.org')
      },
    },
    nearMiss: {
      title: 'the path is as wide everywhere',
      at: 'upstream',
      act: (net) => net.scripted('ask-tcp', UPSTREAM, 'large-3003.example.org'),
    },
  },
  {
    code: 'large-response-lost',
    has: {
      async act(net) {
        net.rule('upstream', 'OUTPUT -p udp --sport 53 -m length --length 1200:65535 -j DROP')
        await net.dig(`@${UPSTREAM}`, 'a.example.org')
        await net.dig(`@${UPSTREAM}`, 'large-1300.example.org', 'TXT', '+bufsize=4096')
        await net.dig(`@${UPSTREAM}`, 'large-1300.example.org', 'TXT', '+tcp')
      },
    },
    nearMiss: {
      title: 'a small response got lost as well as the large one arrived',
      async act(net) {
        await net.dig(`@${UPSTREAM}`, 'large-1300.example.org', 'TXT', '+bufsize=4096')
        await net.dig(`@${UPSTREAM}`, 'silent.example.org')
        await net.dig(`@${UPSTREAM}`, 'a.example.org')
      },
    },
  },
  {
    code: 'truncation-fallback',
    has: { act: (net) => net.dig(`@${UPSTREAM}`, 'truncate.example.org') },
    nearMiss: {
      title: 'nobody asks again over TCP',
      act: (net) => net.dig(`@${UPSTREAM}`, 'truncate.example.org', '+ignore'),
    },
  },
  {
    code: 'conntrack-race',
    has: {
      async act(net) {
        // The first AAAA is lost where the kernel would lose it: before NAT. The one sent again passes. The server takes so long
        // that both have left when the first is answered, however slow the machine.
        net.rule(
          'node',
          `-t raw PREROUTING -p udp --dport 53 ${AAAA_IN} -m statistic --mode nth --every 2 --packet 0 -j DROP`,
        )
        await net.lookup(
          ASK_UPSTREAM,
          'late-60.one.example.org',
          'late-60.two.example.org',
          'late-60.three.example.org',
        )
      },
    },
    nearMiss: {
      title: 'the first was answered before the second left',
      async act(net) {
        net.rule(
          'node',
          `-t raw PREROUTING -p udp --dport 53 ${AAAA_IN} -m statistic --mode nth --every 2 --packet 0 -j DROP`,
        )
        await net.scripted('ask-in-turn', CLUSTER, 'a.cluster.local')
      },
    },
  },
  {
    code: 'aaaa-query-unanswered',
    has: { act: (net) => net.lookup(ASK_UPSTREAM, 'noaaaa.example.org') },
    nearMiss: {
      title: 'one AAAA was lost, and answered when sent again',
      async act(net) {
        net.rule(
          'node',
          `-t raw PREROUTING -p udp --dport 53 ${AAAA_IN} -m statistic --mode nth --every 2 --packet 0 -j DROP`,
        )
        await net.lookup(ONE_SERVER, 'b.cluster.local')
      },
    },
  },
  {
    code: 'tunnel-port-mismatch',
    has: {
      async act(net) {
        tunnel(net, { port: 8472, theirPort: 4789 })
        await net.dig('@10.98.0.2', 'a.cluster.local')
      },
    },
    nearMiss: {
      title: 'both ends use one port',
      async act(net) {
        tunnel(net, { port: 8472, theirPort: 8472 })
        await net.dig('@10.98.0.2', 'a.cluster.local')
      },
    },
  },
  {
    code: 'tunnel-blocked',
    beside: ['nameserver-unresponsive'],
    has: {
      async act(net) {
        net.rule('cluster', 'INPUT -p udp --dport 8472 -j DROP')
        tunnel(net, { port: 8472, theirPort: 8472 })
        await net.dig('@10.98.0.2', 'a.cluster.local', '+tries=3')
      },
    },
    nearMiss: {
      title: 'the server behind the tunnel is silent, the tunnel is not',
      async act(net) {
        net.rule('cluster', 'INPUT -s 10.98.0.1 -p udp --dport 53 -j DROP')
        tunnel(net, { port: 8472, theirPort: 8472 })
        await net.dig('@10.98.0.2', 'a.cluster.local', '+tries=2')
        await net.run('ping', '-c', '2', '-i', '0.2', '-W', '1', '10.98.0.2')
      },
    },
  },
]

/** VXLAN between pod and server, as flannel makes it between nodes; neighbors are written down, so that only DNS is inside. */
function tunnel(net: PatternNet, { port, theirPort }: { port: number; theirPort: number }): void {
  const ends = [
    {
      place: 'pod',
      local: '10.99.1.2',
      remote: CLUSTER,
      port,
      address: '10.98.0.1',
      other: '10.98.0.2',
      mac: '02:00:00:00:00:01',
      otherMac: '02:00:00:00:00:02',
    },
    {
      place: 'cluster',
      local: CLUSTER,
      remote: '10.99.1.2',
      port: theirPort,
      address: '10.98.0.2',
      other: '10.98.0.1',
      mac: '02:00:00:00:00:02',
      otherMac: '02:00:00:00:00:01',
    },
  ] as const
  for (const end of ends) {
    const kind = `type vxlan id 7 local ${end.local} remote ${end.remote} dstport ${end.port}`
    net.ip(end.place, `link add vx0 address ${end.mac} mtu 1450 ${kind}`, 'link delete vx0')
    net.ip(end.place, 'link set vx0 addrgenmode none')
    net.ip(end.place, `address add ${end.address}/24 dev vx0`)
    net.ip(end.place, 'link set vx0 up')
    net.ip(end.place, `neighbor replace ${end.other} lladdr ${end.otherMac} dev vx0 nud permanent`)
  }
}
