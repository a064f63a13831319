// What a lab of namespaces needs of this machine, checked before anything is made; and what this kernel lacks, said and lived with.
import { readFileSync } from 'node:fs'
import { LabError } from '../cluster/lab-error.ts'
import { SystemCallError, inNetworkNamespace } from '../../sys/index.ts'
import { PacketQueue } from './collision/packet-queue.ts'
import { namespacePath } from './names.ts'
import { requireLibc } from './namespace-sockets.ts'
import { runInside, runTool } from './run-tool.ts'

/** Something that a node has and this machine does not. */
export interface Lack {
  /** `dummy devices`, `ipip tunnels`, `the program conntrack`. */
  readonly what: string
  /** What is used instead, or what does not work therefore. */
  readonly instead: string
}

interface Tool {
  readonly program: string
  readonly args: readonly string[]
  readonly debian: string
}

const NEEDED: readonly Tool[] = [
  { program: 'ip', args: ['-V'], debian: 'iproute2' },
  { program: 'bridge', args: ['-V'], debian: 'iproute2' },
  { program: 'iptables-restore', args: ['--version'], debian: 'iptables' },
  { program: 'unshare', args: ['--version'], debian: 'util-linux' },
  { program: 'mount', args: ['--version'], debian: 'mount' },
]
const MISSING = 127
const PACKET_QUEUES = 'NFQUEUE'
/** Free in a namespace that was just made. */
const PROBE_QUEUE = 1

/** @throws {LabError} `not-supported` with everything that is missing */
export async function checkRequirements(): Promise<void> {
  const why = await findObstacle()
  if (why === undefined) return
  throw new LabError(
    'not-supported',
    `Cannot start a lab of network namespaces: ${why}; "fathom lab up" without --grade netns runs everywhere`,
  )
}

async function findObstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `they are Linux's, this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'it needs root'
  requireLibc()
  const results = await Promise.all(NEEDED.map(({ program, args }) => runTool(program, args)))
  const missing = NEEDED.filter((_tool, index) => results[index]?.status === MISSING)
  if (missing.length > 0) {
    const names = missing.map(({ program }) => `"${program}"`).join(', ')
    const packages = [...new Set(missing.map(({ debian }) => debian))].join(' ')
    return `${missing.length === 1 ? `the program ${names} is` : `the programs ${names} are`} missing (Debian: apt-get install ${packages})`
  }
  if (!hasFileSystem('overlay')) return 'the kernel has no overlay file system (try "modprobe overlay")'
  return undefined
}

function hasFileSystem(name: string): boolean {
  return readFileSync('/proc/filesystems', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(`\t${name}`))
}

/** Kinds of devices that clusters use and kernels may lack, tried in a namespace of the lab. */
export async function findLacks(namespace: string): Promise<Lack[]> {
  const lacks: Lack[] = []
  const tryLink = async (type: string): Promise<boolean> => {
    const { status } = await runTool('ip', ['-n', namespace, 'link', 'add', 'probe0', 'type', ...type.split(' ')])
    if (status === 0) await runTool('ip', ['-n', namespace, 'link', 'delete', 'probe0'])
    return status === 0
  }
  const kinds = [
    { type: 'dummy', what: 'dummy devices', instead: `the node cache's addresses lie on a device of another type` },
    {
      type: 'ipip remote 192.0.2.1 local 192.0.2.2',
      what: 'ipip tunnels',
      instead: 'calico reaches other nodes by plain routes',
    },
    { type: 'vxlan id 99 dstport 8473', what: 'vxlan', instead: '--cni flannel does not work' },
  ]
  for (const { type, what, instead } of kinds) if (!(await tryLink(type))) lacks.push({ what, instead })
  const { status } = await runTool('tc', [
    '-n',
    namespace,
    'qdisc',
    'add',
    'dev',
    'lo',
    'root',
    'netem',
    'delay',
    '1ms',
  ])
  if (status === 0) await runTool('tc', ['-n', namespace, 'qdisc', 'delete', 'dev', 'lo', 'root'])
  else lacks.push({ what: 'netem', instead: 'no fault delays packets or loses some of many' })
  if (!exists('/proc/net/ip_vs')) lacks.push({ what: 'IPVS', instead: 'Services are kept in iptables mode alone' })
  if (!exists('/proc/sys/net/bridge/bridge-nf-call-iptables')) {
    lacks.push({ what: 'br_netfilter', instead: 'with --cni flannel, Services fail between pods of one node' })
  }
  if (!(await canQueue(namespace))) {
    lacks.push({
      what: PACKET_QUEUES,
      instead: 'the fault conntrack-race loses datagrams by a rule, and insert_failed stays at 0',
    })
  }
  if ((await runTool('conntrack', ['--version'])).status === MISSING) {
    lacks.push({ what: 'the program conntrack', instead: 'flows to endpoints that are gone are not forgotten' })
  }
  lacks.push({ what: 'nf_conntrack_max of its own for each node', instead: "all nodes have this machine's" })
  return lacks
}

/** Whether the kernel hands packets to a program: its part of that, and the rule's. */
async function canQueue(namespace: string): Promise<boolean> {
  const library = requireLibc()
  try {
    inNetworkNamespace(library, namespacePath(namespace), () => new PacketQueue(library, PROBE_QUEUE)).close()
  } catch (error) {
    if (error instanceof SystemCallError) return false
    throw error
  }
  const rule = ['POSTROUTING', '-p', 'udp', '-j', 'NFQUEUE', '--queue-num', String(PROBE_QUEUE), '--queue-bypass']
  const { status } = await runInside(namespace, 'iptables', ['-w', '-t', 'mangle', '-I', ...rule])
  if (status === 0) await runInside(namespace, 'iptables', ['-w', '-t', 'mangle', '-D', ...rule])
  return status === 0
}

/** Whether packets can be held, as far as was found. */
export function hasPacketQueues(lacks: readonly Lack[]): boolean {
  return lacks.every(({ what }) => what !== PACKET_QUEUES)
}

function exists(path: string): boolean {
  try {
    readFileSync(path)
    return true
  } catch {
    return false
  }
}
