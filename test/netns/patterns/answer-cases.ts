// What responses say and when they come, and what a file itself has.
import { CLUSTER, UPSTREAM, SERVICE_IP } from './pattern-net.ts'
import type { PatternNet } from './pattern-net.ts'
import type { PatternCase } from './pattern-case.ts'

const SEARCH = 'default.svc.cluster.local svc.cluster.local cluster.local'
const POD_CONF = `nameserver ${CLUSTER}\nsearch ${SEARCH}\noptions ndots:5 timeout:1\n`
const digs =
  (server: string, ...names: string[]) =>
  async (net: PatternNet): Promise<void> => {
    for (const name of names) await net.dig(`@${server}`, name)
  }
const numbered = (count: number, name: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => name(index))

export const answerCases: readonly PatternCase[] = [
  {
    code: 'servfail-responses',
    has: { act: digs(UPSTREAM, 'servfail.example.org') },
    nearMiss: { title: 'the name does not exist', act: digs(UPSTREAM, 'nx.example.org') },
  },
  {
    code: 'refused-responses',
    has: { act: digs(UPSTREAM, 'refused.example.org') },
    nearMiss: { title: 'the server fails', act: digs(UPSTREAM, 'servfail.example.org') },
  },
  {
    code: 'conflicting-responses',
    has: { act: digs(UPSTREAM, 'differ.example.org') },
    nearMiss: { title: 'both responses are the same', act: digs(UPSTREAM, 'twice.example.org') },
  },
  {
    code: 'malformed-messages',
    beside: ['nameserver-unresponsive'],
    has: { act: digs(UPSTREAM, 'garbage.example.org') },
    nearMiss: { title: 'the snap length cut the messages', snapLength: 80, act: digs(UPSTREAM, 'a.example.org') },
  },
  {
    code: 'forwarding-loop',
    beside: [
      'servfail-responses',
      'nameserver-unresponsive',
      'upstream-unresponsive',
      'refused-responses',
      'response-late',
      'packet-loss',
      'search-list-amplification',
    ],
    has: { at: 'cluster', act: (net) => net.dig(`@${CLUSTER}`, 'round.loop.test', '+time=9') },
    nearMiss: {
      title: 'a chain of forwarders',
      at: 'cluster',
      act: digs(CLUSTER, 'one.example.org', 'two.example.org', 'three.example.org'),
    },
  },
  {
    code: 'upstream-slow',
    has: {
      at: 'cluster',
      act: digs(
        CLUSTER,
        'a.cluster.local',
        'b.cluster.local',
        'c.cluster.local',
        ...numbered(6, (index) => `late-300.slow${index}.example.org`),
      ),
    },
    nearMiss: {
      title: 'the upstream takes 50 ms',
      at: 'cluster',
      act: digs(
        CLUSTER,
        'a.cluster.local',
        'b.cluster.local',
        'c.cluster.local',
        ...numbered(6, (index) => `late-50.fast${index}.example.org`),
      ),
    },
  },
  {
    code: 'response-late',
    has: {
      async act(net) {
        await net.dig(`@${UPSTREAM}`, 'late-1300.example.org', '+tries=2')
        await net.pause(1500)
      },
    },
    nearMiss: {
      title: 'the client waits for it',
      act: (net) => net.dig(`@${UPSTREAM}`, 'late-1300.example.org', '+time=4'),
    },
  },
  {
    code: 'latency-growing',
    beside: ['response-late'],
    has: { act: (net) => net.scripted('flood', UPSTREAM, 'queue-15.example.org', 200, 8) },
    nearMiss: {
      title: 'it is slow from the start',
      act: (net) => net.scripted('flood', UPSTREAM, 'late-150.example.org', 120, 8),
    },
  },
  {
    code: 'name-does-not-exist',
    has: { act: (net) => net.lookup(POD_CONF, 'nx.example.org') },
    nearMiss: { title: 'the bare name exists', act: (net) => net.lookup(POD_CONF, 'one.example.org') },
  },
  {
    code: 'search-list-amplification',
    has: { act: (net) => net.lookup(POD_CONF, ...numbered(5, (index) => `www${index}.example.org`)) },
    nearMiss: {
      title: 'a pod looks up a few external names',
      act: (net) => net.lookup(POD_CONF, 'one.example.org', 'two.example.org'),
    },
  },
  {
    code: 'duplicate-frames',
    has: { at: 'node', act: digs(SERVICE_IP, 'a.cluster.local') },
    nearMiss: {
      title: 'the client sends again',
      act: async (net) => {
        net.rule('cluster', 'INPUT -p udp --dport 53 -m statistic --mode nth --every 2 --packet 0 -j DROP')
        await net.lookup(`nameserver ${CLUSTER}\noptions timeout:1\n`, 'a.cluster.local')
      },
    },
  },
  {
    code: 'capture-cut-short',
    has: { act: digs(CLUSTER, 'a.cluster.local'), edit: (octets) => octets.subarray(0, octets.length - 9) },
    nearMiss: { title: 'the file ends with its last record', act: digs(CLUSTER, 'a.cluster.local') },
  },
  {
    code: 'capture-lost-packets',
    has: {
      filter: 'src port 53',
      async act(net) {
        await digs(CLUSTER, 'a.cluster.local')(net)
        await net.pause(2200)
        await digs(CLUSTER, 'b.cluster.local', 'c.cluster.local', 'd.cluster.local', 'a.cluster.local')(net)
      },
    },
    nearMiss: { title: 'one response has no query', filter: 'src port 53', act: digs(CLUSTER, 'a.cluster.local') },
  },
  {
    code: 'snap-length-cut',
    has: { snapLength: 80, act: digs(CLUSTER, 'a.cluster.local') },
    nearMiss: {
      title: 'the snap length is longer than any packet',
      snapLength: 65_535,
      act: digs(CLUSTER, 'a.cluster.local'),
    },
  },
]
