// How each server is started for each setting, as its operators would configure it; one thread but in `cluster-2`.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostsFile, unboundData } from './names.mjs'

const ROOT = new URL('..', import.meta.url).pathname

const cluster = ({ port, metrics, api }) => `.:${port} {
  bind 127.0.0.1
  errors
  prometheus 127.0.0.1:${metrics}
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    endpoint http://127.0.0.1:${api}
  }
  loadbalance
}`

/** Corefiles by setting; both Fathom and CoreDNS read them. */
const COREFILES = {
  cluster,
  'cluster-2': cluster,
  cache: ({ port, metrics, upstream }) => `.:${port} {
  bind 127.0.0.1
  errors
  cache 300
  prometheus 127.0.0.1:${metrics}
  forward . 127.0.0.1:${upstream}
}`,
  tcp: ({ port, metrics, upstream }) => `.:${port} {
  bind 127.0.0.1
  errors
  cache 300
  prometheus 127.0.0.1:${metrics}
  forward . 127.0.0.1:${upstream} {
    force_tcp
  }
}`,
}

const unbound = ({ port, directory, threads }, rest) => `server:
  directory: "${directory}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  verbosity: 0
  interface: 127.0.0.1
  port: ${port}
  num-threads: ${threads}
  so-reuseport: yes
  so-rcvbuf: 4m
  so-sndbuf: 4m
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "iterator"
  rrset-roundrobin: yes
  outgoing-range: 4096
  num-queries-per-thread: 2048
${rest.map((line) => `  ${line}`).join('\n')}
remote-control:
  control-enable: no
`

/** By name: settings it takes part in, the file it reads, and its command. */
export const PROGRAMS = {
  fathom: {
    settings: ['cluster', 'cluster-2', 'cache', 'tcp'],
    isHere: () => true,
    config: (setting, at) => COREFILES[setting](at),
    command: (file, { threads, flags = [] }) => [
      process.execPath,
      ...flags,
      join(ROOT, 'dist/main.js'),
      'serve',
      '-conf',
      file,
      ...(threads > 1 ? ['-workers', String(threads)] : []),
    ],
  },
  coredns: {
    settings: ['cluster', 'cluster-2', 'cache', 'tcp'],
    isHere: () => Boolean(process.env.COREDNS) && existsSync(process.env.COREDNS),
    absent: 'no CoreDNS: name its binary with $COREDNS',
    config: (setting, at) => COREFILES[setting](at),
    command: (file) => [process.env.COREDNS, '-conf', file],
    environment: ({ threads }) => ({ GOMAXPROCS: String(threads) }),
  },
  unbound: {
    settings: ['cluster', 'cluster-2', 'cache'],
    isHere: () => isInstalled('unbound'),
    absent: 'no Unbound: apt-get install unbound',
    config: (setting, at) =>
      setting.startsWith('cluster')
        ? unbound(at, unboundData())
        : `${unbound(at, [])}forward-zone:\n  name: "."\n  forward-addr: 127.0.0.1@${at.upstream}\n`,
    command: (file) => ['unbound', '-d', '-c', file],
  },
  dnsmasq: {
    settings: ['cluster'],
    isHere: () => isInstalled('dnsmasq'),
    absent: 'no dnsmasq: apt-get install dnsmasq-base',
    config: (_setting, { port, directory }) => {
      writeFileSync(join(directory, 'hosts'), hostsFile().join('\n'))
      return `port=${port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\naddn-hosts=${directory}/hosts\nlocal-ttl=5\nuser=root\n`
    },
    command: (file) => ['dnsmasq', '-k', '-C', file],
  },
  kresd: {
    settings: ['cluster'],
    isHere: () => isInstalled('kresd'),
    absent: 'no Knot Resolver: apt-get install knot-resolver',
    config: (_setting, { port, directory }) => {
      writeFileSync(join(directory, 'hosts'), hostsFile().join('\n'))
      // Nothing may be asked of the Internet, and "local." must be answered like any other name.
      return `net.listen('127.0.0.1', ${port})\nmodules.unload('priming')\nmodules.unload('ta_update')\nmodules.unload('ta_signal_query')\nmodules.unload('detect_time_skew')\ntrust_anchors.remove('.')\npolicy.special_names = {}\nmodules = { 'hints > iterate' }\nhints.add_hosts('${directory}/hosts')\ncache.size = 50 * MB\n`
    },
    command: (file, { directory }) => ['kresd', '-n', '-q', '-c', file, directory],
  },
}

function isInstalled(name) {
  return spawnSync('which', [name]).status === 0
}

/**
 * Starts a program on core 0, in a setting of two threads on both; resolves when it answers `probe`. `flags` are Node's, for Fathom.
 */
export async function startProgram(name, setting, { api, upstream, probe, flags }) {
  const program = PROGRAMS[name]
  const directory = mkdtempSync(join(tmpdir(), 'fathom-bench-'))
  const threads = setting === 'cluster-2' ? 2 : 1
  const at = { port: await freePort(), metrics: await freePort(), api, upstream, directory, threads, flags }
  const file = join(directory, 'config')
  writeFileSync(file, program.config(setting, at))
  const [command, ...args] = ['taskset', '-c', threads === 2 ? '0,1' : '0', ...program.command(file, at)]
  const env = { ...process.env, ...program.environment?.(at) }
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env, cwd: directory })
  let errors = ''
  child.stderr.on('data', (text) => (errors = (errors + text).slice(-2000)))
  const stop = () => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  /** Ends it as its operators would. */
  const end = async () => {
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGTERM')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
  const until = performance.now() + 15_000
  while (!(await probe(at.port))) {
    if (child.exitCode !== null || performance.now() > until) {
      stop()
      throw new Error(`${name} does not answer: ${errors.trim()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return { name, pid: child.pid, port: at.port, stop, end }
}

/** A process of ours on core 1 that prints its port. */
export function startHelper(file, args = []) {
  const path = join(ROOT, 'bench', file)
  const child = spawn('taskset', ['-c', '1', process.execPath, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve) => {
    child.stdout.once('data', (text) => resolve({ child, port: Number(text) }))
  })
}

/** User and system time in seconds, all threads, and the resident set in MB. */
export function usageOf({ pid }) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  const rssKb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, rssMb: Number(rssKb) / 1024 }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.on('listening', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
