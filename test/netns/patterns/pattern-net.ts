// A pod, its node and three DNS servers in namespaces of their own; captures taken by the real tcpdump while something happens.
//
//   pod 10.99.1.2 -- node -- cluster 10.99.2.2 (unbound)    knows cluster.local, forwards the rest to upstream
//                      | --- second  10.99.3.2 (dnsmasq)    knows cluster.local, forwards loop.test to cluster
//                      | --- upstream 10.99.4.2, .3 (scripted: a name's first label says what becomes of the query)
//   Service IP 10.99.96.10: cluster and second in turn, by the node's rules.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { vi } from 'vitest'
import { WHY_NO_IPTABLES, createNetns } from '../../support/netns.ts'
import type { Netns } from '../../support/netns.ts'

const POD = '10.99.1.2'
export const CLUSTER = '10.99.2.2'
export const SECOND = '10.99.3.2'
export const UPSTREAM = '10.99.4.2'
export const SERVICE_IP = '10.99.96.10'

const PROGRAMS = ['dig', 'tcpdump', 'unbound', 'dnsmasq', 'getent', 'conntrack', 'nft']
// Looked for, not run: to dnsmasq "-h" means no hosts file, and off it goes.
const FOLDERS = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
const missing = PROGRAMS.filter((program) => !FOLDERS.some((folder) => existsSync(join(folder, program))))
export const WHY_NO_PATTERN_NET: string | undefined =
  WHY_NO_IPTABLES ?? (missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`)

const TUNNEL = join(import.meta.dirname, 'user-tunnel.mjs')
/** A little more than the five seconds after which a query counts as unanswered. */
const SETTLED_MS = 5200
const SCRIPT = join(import.meta.dirname, 'scripted-dns.mjs')
/** Over 1500 octets: two fragments. */
const LARGE_RECORD = `local-data: 'large.cluster.local. 5 TXT ${Array.from({ length: 9 }, () => `"${'x'.repeat(200)}"`).join(' ')}'`
const CLUSTER_NAMES = ['a', 'b', 'c', 'd', 'web.default.svc']

export type Place = 'pod' | 'node' | 'cluster' | 'second' | 'upstream'

export interface CaptureOptions {
  /** Where tcpdump runs. @defaultValue pod */
  readonly at?: Place
  /** @defaultValue eth0; on the node all */
  readonly on?: string
  readonly filter?: string
  readonly snapLength?: number
  /** The capture goes on until a query without response is one that nobody answers any more. */
  readonly settles?: boolean
}

export interface PatternNet {
  /** Runs a program in the pod to its end; its exit status does not matter. */
  run(program: string, ...args: string[]): Promise<string>
  /** dig with one try of a second, unless words say otherwise. */
  dig(...words: string[]): Promise<string>
  /** getent, with a resolv.conf for this one lookup. */
  lookup(resolvConf: string, ...names: string[]): Promise<void>
  scripted(verb: string, ...args: (number | string)[]): Promise<void>
  /** Appends a rule until the end of the case: `rule('cluster', 'INPUT -p udp --dport 53 -j DROP')`, `-t raw …` as with iptables. */
  rule(place: Place, words: string): void
  /** Drops what leaves an interface of the node and fits an expression of nftables, behind all other rules, until the end of the case. */
  dropLeaving(device: string, expression: string): void
  /** Runs `ip` somewhere; `undo` at the end of the case. */
  ip(place: Place, words: string, undo?: string): void
  /** A tunnel in user space from the pod, 10.97.0.1, to the cluster's server, 10.97.0.2, until the end of the case. */
  tunnel(kind: string): Promise<void>
  pause(ms: number): Promise<void>
}

export interface PatternLab {
  readonly net: PatternNet
  capture(file: string, options: CaptureOptions, act: (net: PatternNet) => Promise<unknown>): Promise<void>
  remove(): Promise<void>
}

/** @param folder for the configurations of its servers */
export async function createPatternLab(folder: string): Promise<PatternLab> {
  mkdirSync(folder, { recursive: true })
  const places = {
    pod: createNetns('pod'),
    node: createNetns('node'),
    cluster: createNetns('cluster'),
    second: createNetns('second'),
    upstream: createNetns('upstream'),
  }
  connectAll(places)
  const servers = startServers(places, folder)
  const undo: (() => void)[] = []
  const net = createNet(places, undo)
  await until(() => servers.output().includes('ready'), 'the scripted server')
  for (const server of [CLUSTER, SECOND])
    await until(async () => (await net.dig(`@${server}`, 'a.cluster.local')).includes('10.99.0.1'), server)
  return {
    net,
    async capture(file, options, act) {
      rmSync(file, { force: true })
      const { at = 'pod', on = at === 'node' ? 'any' : 'eth0', filter = '', snapLength, settles = false } = options
      const sizes = snapLength === undefined ? [] : ['-s', `${snapLength}`]
      // Each packet is written at once: what was seen is in the file.
      const args = ['-i', on, '-U', '--immediate-mode', '-Z', 'root', '-w', file, ...sizes]
      const tcpdump = places[at].start('tcpdump', [...args, ...filter.split(' ').filter((word) => word !== '')])
      await until(() => tcpdump.output().includes('listening on'), 'tcpdump')
      try {
        await act(net)
        if (settles) {
          await pause(SETTLED_MS)
          // A capture ends with its last packet, not with its last second.
          await net.dig(`@${CLUSTER}`, 'web.default.svc.cluster.local')
        }
        await isAtRest(file)
      } finally {
        tcpdump.child.kill('SIGINT')
        await tcpdump.ended
        for (const take of undo.splice(0).toReversed()) take()
        places.node.run('conntrack', ['-F'])
      }
    },
    async remove() {
      await Promise.all(Object.values(places).map((place) => place.remove()))
      rmSync(join('/etc/netns', places.pod.name), { recursive: true, force: true })
    },
  }
}

/** @throws {Error} when it does not come true within 20 s */
async function until(isTrue: () => boolean | Promise<boolean>, who: string): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await isTrue())) throw new Error(`${who} is not ready`)
    },
    { timeout: 20_000, interval: 50 },
  )
}

/** Packets reach tcpdump a moment after they were sent: its file stops growing. */
async function isAtRest(file: string): Promise<void> {
  let size = -1
  for (let tries = 0; tries < 40; tries += 1) {
    await pause(120)
    const now = existsSync(file) ? statSync(file).size : 0
    if (now === size) return
    size = now
  }
}

type Places = Readonly<Record<Place, Netns>>

function connectAll({ pod, node, cluster, second, upstream }: Places): void {
  for (const [index, place] of [pod, cluster, second, upstream].entries()) {
    const subnet = `10.99.${index + 1}`
    node.ip(`link add v${index} type veth peer name eth0 netns ${place.name}`)
    node.ip(`address add ${subnet}.1/24 dev v${index}`)
    node.ip(`link set v${index} up`)
    place.ip(`address add ${subnet}.2/24 dev eth0`)
    place.ip('link set eth0 up')
    place.ip(`route add default via ${subnet}.1`)
    // A segment is a packet: larger ones, cut by the card only, would look as no wire has them.
    node.ip(`link set v${index} gso_max_segs 1`)
    place.ip('link set eth0 gso_max_segs 1')
  }
  upstream.ip('address add 10.99.4.3/24 dev eth0')
  node.run('sysctl', ['-q', 'net.ipv4.ip_forward=1', 'net.ipv4.icmp_ratelimit=0'])
  const dnat = ['-t', 'nat', '-A', 'PREROUTING', '-d', SERVICE_IP]
  for (const protocol of ['udp', 'tcp']) {
    const match = ['-p', protocol, '--dport', '53']
    const everySecond = ['-m', 'statistic', '--mode', 'nth', '--every', '2', '--packet', '0']
    node.run('iptables', [...dnat, ...match, ...everySecond, '-j', 'DNAT', '--to-destination', CLUSTER])
    node.run('iptables', [...dnat, ...match, '-j', 'DNAT', '--to-destination', SECOND])
  }
}

function startServers({ cluster, second, upstream }: Places, folder: string): { output: () => string } {
  const addresses = CLUSTER_NAMES.map((name, index) => ({
    name: `${name}.cluster.local`,
    address: `10.99.0.${index + 1}`,
  }))
  const unbound = join(folder, 'unbound.conf')
  writeFileSync(
    unbound,
    `server:
  interface: 0.0.0.0
  access-control: 0.0.0.0/0 allow
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  module-config: "iterator"
  num-threads: 1
  qname-minimisation: no
  do-ip6: no
  edns-buffer-size: 4096
  max-udp-size: 4096
  local-zone: "cluster.local." static
${addresses.map(({ name, address }) => `  local-data: "${name}. 5 A ${address}"`).join('\n')}
  ${LARGE_RECORD}
  local-zone: "test." nodefault
remote-control:
  control-enable: no
forward-zone:
  name: "loop.test."
  forward-addr: ${SECOND}
forward-zone:
  name: "."
  forward-addr: ${UPSTREAM}
`,
  )
  cluster.start('unbound', ['-d', '-c', unbound])
  const known = addresses.map(({ name, address }) => `--address=/${name}/${address}`)
  const plain = [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--user=root',
    '--pid-file=',
  ]
  const forwards = [`--server=/loop.test/${CLUSTER}`, `--server=${UPSTREAM}`, '--dns-forward-max=20']
  second.start('dnsmasq', [...plain, '--local=/cluster.local/', ...known, ...forwards])
  return upstream.start(process.execPath, [SCRIPT, 'serve', UPSTREAM, '10.99.4.3'])
}

function createNet(places: Places, undo: (() => void)[]): PatternNet {
  const { pod } = places
  const run = (program: string, ...args: string[]): Promise<string> =>
    new Promise((resolve) => {
      execFile('ip', ['netns', 'exec', pod.name, program, ...args], (_, stdout) => resolve(stdout))
    })
  return {
    run,
    dig: (...words) => run('dig', '+time=1', '+tries=1', '+short', '+nocookie', ...words),
    async lookup(resolvConf, ...names) {
      const folder = join('/etc/netns', pod.name)
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'resolv.conf'), resolvConf)
      for (const name of names) await run('getent', 'ahosts', name)
    },
    async scripted(verb, ...args) {
      await run(process.execPath, SCRIPT, verb, ...args.map(String))
    },
    rule(place, words) {
      const [table, rest] = words.startsWith('-t ')
        ? [words.split(' ').slice(0, 2), words.split(' ').slice(2)]
        : [[], words.split(' ')]
      places[place].run('iptables', [...table, '-I', ...rest])
      undo.push(() => places[place].run('iptables', [...table, '-D', ...rest]))
    },
    dropLeaving(device, expression) {
      const nft = (...words: string[]): string => places.node.run('nft', words)
      nft('add', 'table', 'netdev', 'drops')
      undo.push(() => nft('delete', 'table', 'netdev', 'drops'))
      nft('add', 'chain', 'netdev', 'drops', 'leaving', `{ type filter hook egress device ${device} priority 0; }`)
      nft('add', 'rule', 'netdev', 'drops', 'leaving', `${expression} drop`)
    },
    ip(place, words, undoing) {
      places[place].ip(words)
      if (undoing !== undefined) undo.push(() => places[place].ip(undoing))
    },
    async tunnel(kind) {
      const ends = [
        places.pod.start(process.execPath, [TUNNEL, kind, POD, CLUSTER, '10.97.0.1']),
        places.cluster.start(process.execPath, [TUNNEL, kind, CLUSTER, POD, '10.97.0.2']),
      ]
      for (const { child } of ends) undo.push(() => child.kill('SIGKILL'))
      for (const { output } of ends) await until(() => output().includes('ready'), `the tunnel's end (${output()})`)
    },
    pause: (ms) => pause(ms),
  }
}
