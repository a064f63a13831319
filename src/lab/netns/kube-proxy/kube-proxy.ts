// A tiny kube-proxy: keeps the rules of every node that it runs on in step with Services and endpoints.
import { parse } from 'yaml'
import { isJsonObject } from '../../../kube/objects/index.ts'
import type { ObjectStore } from '../../cluster/object-store.ts'
import { textAt, textMapAt } from '../../cluster/raw-object.ts'
import { CONFIG_MAP_TYPE, ENDPOINT_SLICE_TYPE, SERVICE_TYPE } from '../../cluster/resource-types.ts'
import { nodeNamespace } from '../names.ts'
import { runInside } from '../run-tool.ts'
import { jumpRules, renderRules } from './rules.ts'
import { servicePorts } from './service-ports.ts'
import type { ServicePort } from './service-ports.ts'

export interface KubeProxyOptions {
  readonly lab: string
  readonly store: ObjectStore
  readonly kubernetesVersion: string
  /** Where it can say what went wrong. */
  readonly log: (node: string, line: string) => void
}

interface Node {
  /** Whether a kube-proxy runs there: the rules of one that stopped stay as they are. */
  running: boolean
  /** What the node's rules were made from. */
  ports: readonly ServicePort[]
  /** When its rules were last written, in milliseconds since the Unix epoch. */
  syncedAt: number
  work: Promise<void>
}

/** How long changes are collected before rules are written, in milliseconds. */
const SETTLE_MS = 20
const OWN_CHAIN = /^:(KUBE-(?:SVC|SEP)-\S+)/gm

export class KubeProxy {
  readonly #options: KubeProxyOptions
  readonly #nodes = new Map<string, Node>()
  readonly #unsubscribe: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(options: KubeProxyOptions) {
    this.#options = options
    this.#unsubscribe = options.store.subscribe(({ type }) => {
      if (type !== SERVICE_TYPE && type !== ENDPOINT_SLICE_TYPE) return
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        for (const [name, node] of this.#nodes) if (node.running) void this.#sync(name)
      }, SETTLE_MS)
    })
  }

  /** Begins to keep a node's rules; resolves when they are written. */
  async start(name: string): Promise<void> {
    const node = this.#nodes.get(name) ?? {
      running: true,
      forgetsFlows: true,
      ports: [],
      syncedAt: 0,
      work: Promise.resolve(),
    }
    node.running = true
    this.#nodes.set(name, node)
    await this.#sync(name)
  }

  /** Leaves a node's rules as they are from now on. */
  stop(name: string): void {
    const node = this.#nodes.get(name)
    if (node !== undefined) node.running = false
  }

  /** When a node's rules were last written, in milliseconds since the Unix epoch. */
  syncedAt(name: string): number {
    return this.#nodes.get(name)?.syncedAt ?? 0
  }

  /** Stops writing a node's rules once those of now are written. */
  async freeze(name: string): Promise<void> {
    await this.settled()
    this.stop(name)
  }

  /** Takes every rule away that leads to a Service; nobody writes them again until {@link start}. */
  async removeRules(name: string): Promise<void> {
    this.stop(name)
    await this.#nodes.get(name)?.work
    const chains = await this.#chains(name)
    const flush = (table: string, names: readonly string[]): string[] => [
      `*${table}`,
      ...names.map((chain) => `:${chain} - [0:0]`),
      'COMMIT',
    ]
    const text = [
      ...flush('filter', ['KUBE-SERVICES']),
      ...flush('nat', ['KUBE-SERVICES', 'KUBE-NODEPORTS', ...chains]),
    ]
    await this.#restore(name, `${text.join('\n')}\n`)
  }

  /** Whether the node's kernel has a rule for any Service now. */
  async hasRules(name: string): Promise<boolean> {
    const { stdout } = await this.#inside(name, 'iptables-save', ['-t', 'nat'])
    return /^-A KUBE-SERVICES .*cluster IP/m.test(stdout)
  }

  /** Resolves when every change so far has reached the kernels. */
  async settled(): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve, SETTLE_MS + 1)
    })
    await Promise.all([...this.#nodes.values()].map(({ work }) => work))
  }

  async close(): Promise<void> {
    this.#unsubscribe()
    clearTimeout(this.#timer)
    await Promise.all([...this.#nodes.values()].map(({ work }) => work))
  }

  #sync(name: string): Promise<void> {
    const node = this.#nodes.get(name)
    if (node === undefined) return Promise.resolve()
    node.work = node.work.then(async () => {
      if (!node.running) return
      const ports = servicePorts(this.#options.store, this.#options.kubernetesVersion)
      const presentChains = await this.#chains(name)
      const text = renderRules({ ports, presentChains, clusterCidr: this.#clusterCidr(), node: name })
      if (!(await this.#restore(name, text))) return
      await this.#insertJumps(name)
      const before = node.ports
      node.ports = ports
      node.syncedAt = Date.now()
      await this.#forgetFlows(name, before, ports)
    })
    return node.work
  }

  async #insertJumps(name: string): Promise<void> {
    const { stdout } = await this.#inside(name, 'iptables-save', [])
    const tables = new Map(stdout.split(/^\*/m).map((part) => [part.split('\n')[0] ?? '', part]))
    const missing = jumpRules().filter(({ table, chain, rule }) => {
      const target = rule.slice(rule.lastIndexOf(' ') + 1)
      return !new RegExp(`^-A ${chain} .*-j ${target}$`, 'm').test(tables.get(table) ?? '')
    })
    const lines = ['filter', 'nat'].flatMap((table) => {
      const rules = missing.filter((jump) => jump.table === table)
      return rules.length === 0 ? [] : [`*${table}`, ...rules.map(({ chain, rule }) => `-I ${chain} ${rule}`), 'COMMIT']
    })
    if (lines.length > 0) await this.#restore(name, `${lines.join('\n')}\n`)
  }

  async #chains(name: string): Promise<string[]> {
    const { stdout } = await this.#inside(name, 'iptables-save', ['-t', 'nat'])
    return [...stdout.matchAll(OWN_CHAIN)].map((match) => match[1] ?? '')
  }

  async #restore(name: string, text: string): Promise<boolean> {
    const { status, stderr } = await this.#inside(name, 'iptables-restore', ['--wait', '5', '--noflush'], text)
    if (status === 0) return true
    this.#options.log(
      name,
      `Failed to execute iptables-restore: ${stderr.trim().split('\n')[0] ?? `exit status ${status}`}`,
    )
    return false
  }

  // What comes from a flow's first datagram on goes where the first one went, rules or not, until the flow is forgotten.
  async #forgetFlows(name: string, before: readonly ServicePort[], now: readonly ServicePort[]): Promise<void> {
    const present = new Set(now.flatMap(flowsOf).map(({ key }) => key))
    const gone = before.flatMap(flowsOf).filter(({ key }) => !present.has(key))
    for (const { clusterIp, address } of gone) {
      const args = ['-D', '--orig-dst', clusterIp, '--dst-nat', address, '-p', 'udp']
      const { status, stderr } = await this.#inside(name, 'conntrack', args)
      if (status !== 0 && !stderr.includes('0 flow entries')) this.#options.log(name, `conntrack: ${stderr.trim()}`)
    }
  }

  #inside(node: string, program: string, args: readonly string[], input = ''): ReturnType<typeof runInside> {
    return runInside(nodeNamespace(this.#options.lab, node), program, args, input)
  }

  #clusterCidr(): string {
    const map = this.#options.store.get(CONFIG_MAP_TYPE, 'kube-system', 'kube-proxy')
    const parsed: unknown = parse(textMapAt(map ?? {}, 'data')['config.conf'] ?? '')
    return isJsonObject(parsed) ? textAt(parsed, 'clusterCIDR') : ''
  }
}

function flowsOf(port: ServicePort): { readonly key: string; readonly clusterIp: string; readonly address: string }[] {
  if (port.protocol !== 'udp') return []
  const { clusterIp } = port
  return port.endpoints.map(({ address }) => ({ key: `${clusterIp}|${port.port}|${address}`, clusterIp, address }))
}
