// Who rejects, who is silent, and what never arrives.
import { CLUSTER, SECOND, SERVICE_IP, UPSTREAM } from './pattern-net.ts'
import type { PatternNet } from './pattern-net.ts'
import type { PatternCase } from './pattern-case.ts'

const TO_53 = 'INPUT -p udp --dport 53'
const TCP_53 = 'INPUT -p tcp --dport 53'
const ask =
  (server: string, ...names: string[]) =>
  async (net: PatternNet): Promise<void> => {
    for (const name of names) await net.dig(`@${server}`, name)
  }
const TWO_SERVERS = `nameserver ${SECOND}\nnameserver ${CLUSTER}\noptions timeout:1 attempts:1 ndots:1\n`

export const pathCases: readonly PatternCase[] = [
  {
    code: 'firewall-rejected',
    has: {
      async act(net) {
        net.rule('cluster', `${TO_53} -j REJECT --reject-with icmp-admin-prohibited`)
        await ask(CLUSTER, 'a.cluster.local')(net)
      },
    },
    nearMiss: {
      title: 'the error says that the port is closed',
      act: async (net) => {
        net.rule('cluster', `${TO_53} -j REJECT --reject-with icmp-port-unreachable`)
        await ask(CLUSTER, 'a.cluster.local')(net)
      },
    },
  },
  {
    code: 'service-rejected',
    has: {
      at: 'node',
      async act(net) {
        // As kube-proxy writes it for a Service without endpoints: before any endpoint is chosen.
        net.rule('node', `-t nat PREROUTING -d ${SERVICE_IP} -j ACCEPT`)
        net.rule('node', `FORWARD -d ${SERVICE_IP} -j REJECT --reject-with icmp-port-unreachable`)
        net.ip('node', `route add ${SERVICE_IP} via ${CLUSTER}`, `route delete ${SERVICE_IP}`)
        await ask(SERVICE_IP, 'a.cluster.local')(net)
      },
    },
    nearMiss: {
      title: 'the endpoint behind the Service IP has no listener',
      at: 'node',
      async act(net) {
        net.rule('cluster', `${TO_53} -j REJECT --reject-with icmp-port-unreachable`)
        net.rule('second', `${TO_53} -j REJECT --reject-with icmp-port-unreachable`)
        await ask(SERVICE_IP, 'a.cluster.local', 'b.cluster.local')(net)
      },
    },
  },
  {
    code: 'server-not-listening',
    has: { act: ask('10.99.1.1', 'a.cluster.local') },
    nearMiss: {
      title: 'a client has closed its socket when the response comes',
      act: async (net) => {
        await net.dig(`@${UPSTREAM}`, 'late-1300.example.org')
        await net.pause(500)
      },
    },
  },
  {
    code: 'unexpected-source',
    has: { act: ask(UPSTREAM, 'elsewhere.example.org') },
    nearMiss: {
      title: 'NAT changes the address on the way',
      at: 'node',
      act: ask(SERVICE_IP, 'a.cluster.local', 'b.cluster.local'),
    },
  },
  {
    code: 'udp-53-blocked',
    has: {
      async act(net) {
        net.rule('cluster', `${TO_53} -j DROP`)
        await net.dig(`@${CLUSTER}`, 'a.cluster.local')
        await net.dig(`@${CLUSTER}`, 'a.cluster.local', '+tcp')
      },
    },
    nearMiss: {
      title: 'TCP is not answered either',
      async act(net) {
        net.rule('cluster', `${TO_53} -j DROP`)
        net.rule('cluster', `${TCP_53} -j DROP`)
        await net.dig(`@${CLUSTER}`, 'a.cluster.local', '+tries=2')
        await net.dig(`@${CLUSTER}`, 'a.cluster.local', '+tcp')
      },
    },
  },
  {
    code: 'tcp-53-blocked',
    has: {
      async act(net) {
        net.rule('upstream', `${TCP_53} -j DROP`)
        await net.dig(`@${UPSTREAM}`, 'truncate.example.org', '+time=2')
      },
    },
    nearMiss: {
      title: 'TCP takes its time and answers',
      async act(net) {
        net.rule('upstream', `${TCP_53} --syn -m statistic --mode nth --every 2 --packet 0 -j DROP`)
        await net.dig(`@${UPSTREAM}`, 'truncate.example.org', '+time=4')
      },
    },
  },
  {
    code: 'tcp-53-refused',
    has: {
      async act(net) {
        net.rule('upstream', `${TCP_53} -j REJECT --reject-with tcp-reset`)
        await net.dig(`@${UPSTREAM}`, 'truncate.example.org')
      },
    },
    nearMiss: {
      title: 'another port is closed',
      async act(net) {
        await ask(UPSTREAM, 'a.example.org')(net)
        await net.scripted('connect', UPSTREAM, 9153)
      },
    },
  },
  {
    code: 'source-ports-exhausted',
    has: {
      settles: true,
      at: 'node',
      async act(net) {
        net.rule('node', '-t nat POSTROUTING -p udp --dport 53 -j MASQUERADE --to-ports 40000-40003')
        await net.run('dig', `@${UPSTREAM}`, '+time=1', '+tries=1', '+short', ...manyNames(12))
      },
    },
    nearMiss: {
      title: 'what is passed on gets lost behind the node',
      at: 'node',
      async act(net) {
        net.rule('node', '-t nat POSTROUTING -p udp --dport 53 -j MASQUERADE')
        net.rule('upstream', `${TO_53} -m statistic --mode nth --every 2 --packet 0 -j DROP`)
        await net.run('dig', `@${UPSTREAM}`, '+time=1', '+tries=1', '+short', ...manyNames(10))
      },
    },
  },
  {
    code: 'endpoint-unresponsive',
    has: {
      settles: true,
      at: 'node',
      async act(net) {
        net.rule('second', `${TO_53} -j DROP`)
        await ask(SERVICE_IP, 'a.cluster.local', 'b.cluster.local', 'c.cluster.local', 'd.cluster.local')(net)
      },
    },
    nearMiss: {
      settles: true,
      title: 'each endpoint loses one',
      at: 'node',
      async act(net) {
        net.rule('cluster', `${TO_53} -m statistic --mode nth --every 2 --packet 0 -j DROP`)
        net.rule('second', `${TO_53} -m statistic --mode nth --every 2 --packet 0 -j DROP`)
        await ask(SERVICE_IP, 'a.cluster.local', 'b.cluster.local', 'c.cluster.local', 'd.cluster.local')(net)
      },
    },
  },
  {
    code: 'upstream-unresponsive',
    beside: ['servfail-responses', 'response-late', 'nameserver-unresponsive'],
    has: {
      settles: true,
      at: 'cluster',
      async act(net) {
        net.rule('upstream', `${TO_53} -j DROP`)
        await ask(CLUSTER, 'a.cluster.local')(net)
        await net.dig(`@${CLUSTER}`, 'one.example.org', '+time=3')
      },
    },
    nearMiss: {
      title: 'the upstream answers SERVFAIL',
      at: 'cluster',
      act: ask(CLUSTER, 'a.cluster.local', 'servfail.example.org'),
    },
  },
  {
    code: 'nameserver-unresponsive',
    has: {
      async act(net) {
        net.rule('second', `${TO_53} -j DROP`)
        await net.lookup(TWO_SERVERS, 'a.cluster.local')
      },
    },
    nearMiss: {
      title: 'the first is slow and answers',
      act: (net) => net.lookup(TWO_SERVERS.replace(SECOND, UPSTREAM), 'late-300.example.org'),
    },
  },
  {
    code: 'packet-loss',
    has: {
      settles: true,
      async act(net) {
        net.rule('cluster', `${TO_53} -m statistic --mode nth --every 2 --packet 0 -j DROP`)
        await ask(CLUSTER, ...['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd'].map((name) => `${name}.cluster.local`))(net)
      },
    },
    nearMiss: {
      settles: true,
      title: 'one query got lost',
      async act(net) {
        net.rule('cluster', `${TO_53} -m statistic --mode nth --every 8 --packet 0 -j DROP`)
        await ask(CLUSTER, ...['a', 'b', 'c', 'd', 'a', 'b', 'c'].map((name) => `${name}.cluster.local`))(net)
      },
    },
  },
  {
    code: 'tcp-handshake-timeout',
    has: {
      async act(net) {
        net.rule('upstream', 'INPUT -p tcp --dport 9153 -j DROP')
        await net.scripted('connect', UPSTREAM, 9153)
      },
    },
    nearMiss: { title: 'the port is closed', act: (net) => net.scripted('connect', UPSTREAM, 9153) },
  },
  {
    code: 'port-closed',
    has: { act: (net) => net.scripted('connect', UPSTREAM, 9153) },
    nearMiss: { title: 'a connection opens', act: (net) => net.scripted('connect', UPSTREAM, 53) },
  },
  {
    code: 'tcp-closed-without-response',
    has: { act: (net) => net.dig(`@${UPSTREAM}`, 'close.example.org', '+tcp') },
    nearMiss: {
      title: 'the end comes after the response',
      act: (net) => net.dig(`@${UPSTREAM}`, 'a.example.org', '+tcp'),
    },
  },
  {
    code: 'tcp-retransmissions',
    has: {
      async act(net) {
        // Every second segment with data towards the server is lost.
        net.rule(
          'upstream',
          `${TCP_53} -m length --length 70:1500 -m statistic --mode nth --every 2 --packet 0 -j DROP`,
        )
        await net.dig(`@${UPSTREAM}`, 'a.example.org', '+tcp', '+time=3')
      },
    },
    nearMiss: {
      title: 'several messages of one connection',
      act: (net) => net.dig(`@${UPSTREAM}`, 'a.example.org', 'b.example.org', '+tcp', '+keepopen'),
    },
  },
]

function manyNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${index}.example.org`)
}
