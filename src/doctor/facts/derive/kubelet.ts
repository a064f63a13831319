// What each node's kubelet gives to pods: from the node's own files where they can be read, else from the ConfigMaps that
// kubeadm wrote, else by inference. Every value says which.
import type { ClusterObjects, ConfigMap, Node } from '../../../kube/objects/index.ts'
import { parseResolvConf } from '../../../route/index.ts'
import type { KubeletFacts, Known, MissingFact, NodeCacheFact, NodeFacts } from '../facts.ts'

/** Reads a file of a node: its text, `undefined` when there is none, or why it could not be looked at. */
export type ReadNodeFile = (
  node: string,
  path: string,
) => Promise<string | undefined | { readonly why: string; readonly needs: string }>

/** The three settings, each absent when its source does not say. */
interface KubeletSettings {
  readonly clusterDNS?: readonly string[]
  readonly clusterDomain?: string
  readonly resolvConf?: string
}

interface Source {
  readonly settings: KubeletSettings
  readonly origin: 'observed' | 'stated'
  readonly from: string
}

export interface NodeFactsInput {
  readonly objects: ClusterObjects
  readonly nodeCaches: readonly NodeCacheFact[]
  /** ClusterIPs of the likeliest DNS Service. */
  readonly dnsServiceIPs: readonly string[]
  /** Of CoreDNS's `kubernetes` directive; what a kubelet that says nothing is taken to have. */
  readonly clusterDomain: string
  readonly readNodeFile: ReadNodeFile | undefined
  /** Whether files come from the nodes themselves, or are only as many as somebody copied into a folder of manifests. */
  readonly isCopy: boolean
  readonly parseYaml: (text: string) => unknown
}

/** kubelet's own default for `resolvConf`. */
const DEFAULT_RESOLV_CONF = '/etc/resolv.conf'
/** kubeadm's place, then kubespray's. A later one does not override an earlier one. */
const CONFIG_FILES = ['/var/lib/kubelet/config.yaml', '/etc/kubernetes/kubelet-config.yaml']
/** Flags win over the configuration file. */
const FLAG_FILES = [
  '/var/lib/kubelet/kubeadm-flags.env',
  '/etc/default/kubelet',
  '/etc/sysconfig/kubelet',
  '/etc/kubernetes/kubelet.env',
]

/** Gives one entry for every node that is known by name, sorted, and what could not be seen. */
export async function collectNodes(
  input: NodeFactsInput,
): Promise<{ readonly nodes: readonly NodeFacts[]; readonly missing: readonly MissingFact[] }> {
  const { objects } = input
  const names = new Set([
    ...objects.nodes.map((node) => node.meta.name),
    ...objects.pods.map((pod) => pod.spec.nodeName),
  ])
  names.delete('')
  const missing: MissingFact[] = []
  const nodes: NodeFacts[] = []
  const sorted = [...names].toSorted()
  // A few at a time: reading files may mean one connection for each node.
  for (let from = 0; from < sorted.length; from += 8) {
    const batch = sorted.slice(from, from + 8)
    nodes.push(...(await Promise.all(batch.map((name) => nodeFacts(name, input, missing)))))
  }
  return { nodes, missing }
}

async function nodeFacts(name: string, input: NodeFactsInput, missing: MissingFact[]): Promise<NodeFacts> {
  const node = input.objects.nodes.find((item) => item.meta.name === name)
  const files = await readSettings(name, input, missing)
  // kubelet reads its file and never the ConfigMap: what a file that was seen does not say is not set.
  const sources = files.isConfigured ? files.sources : [...files.sources, ...configMapSources(node, input)]
  const kubelet = kubeletFacts(sources, node, input)
  const file = await readResolvConf(name, kubelet.resolvConf.value, input, missing)
  return {
    name,
    kubelet,
    ...(node === undefined ? {} : { node }),
    ...(file === undefined ? {} : { resolvConf: file }),
  }
}

function kubeletFacts(sources: readonly Source[], node: Node | undefined, input: NodeFactsInput): KubeletFacts {
  const first = <Key extends keyof KubeletSettings>(
    key: Key,
    fallback: Known<NonNullable<KubeletSettings[Key]>>,
  ): Known<NonNullable<KubeletSettings[Key]>> => {
    for (const { settings, origin, from } of sources) {
      const value = settings[key]
      if (value !== undefined) return { value, origin, from: `${from}, ${key}` }
    }
    return fallback
  }
  const isSeen = sources.length > 0
  return {
    clusterDNS: first('clusterDNS', isSeen ? unsetClusterDns(sources) : inferClusterDns(input)),
    clusterDomain: first('clusterDomain', {
      value: input.clusterDomain,
      origin: 'computed',
      from: "the zone of CoreDNS's kubernetes directive",
    }),
    resolvConf: first('resolvConf', { value: DEFAULT_RESOLV_CONF, origin: 'assumed', from: "kubelet's default" }),
    version: node?.kubeletVersion ?? '',
  }
}

/** A configuration was seen and names no server: kubelet then has none, unless a flag that nobody saw says otherwise. */
function unsetClusterDns(sources: readonly Source[]): Known<readonly string[]> {
  // Flags stand first; the configuration is where it would be set today.
  const source = sources.at(-1)
  return { value: [], origin: source?.origin ?? 'stated', from: `${source?.from ?? ''} names no clusterDNS` }
}

/**
 * What kubelet most likely gives to pods when its configuration cannot be seen: a node cache that listens on no Service
 * address can only be reached when kubelet names it; otherwise the DNS Service.
 */
function inferClusterDns({ nodeCaches, dnsServiceIPs }: NodeFactsInput): Known<readonly string[]> {
  const cache = nodeCaches.find(
    ({ localIPs }) => localIPs.length > 0 && !localIPs.some((ip) => dnsServiceIPs.includes(ip)),
  )
  const address = cache?.localIPs[0]
  if (cache !== undefined && address !== undefined) {
    const from = `-localip of DaemonSet ${cache.namespace}/${cache.name} (kubelet's configuration was not seen)`
    return { value: [address], origin: 'computed', from }
  }
  return {
    value: dnsServiceIPs.slice(0, 1),
    origin: 'computed',
    from: "the DNS Service's address (kubelet's configuration was not seen)",
  }
}

// --- Sources ---

interface NodeSettings {
  readonly sources: readonly Source[]
  /** Whether kubelet's configuration file was among what could be read. */
  readonly isConfigured: boolean
}

/** Of the node's own files: the flags first, which win. */
async function readSettings(name: string, input: NodeFactsInput, missing: MissingFact[]): Promise<NodeSettings> {
  const { readNodeFile, parseYaml } = input
  if (readNodeFile === undefined) return { sources: [], isConfigured: false }
  const sources: Source[] = []
  for (const path of FLAG_FILES) {
    const text = await readNodeFile(name, path)
    if (typeof text === 'string')
      sources.push({ settings: parseFlags(text), origin: 'observed', from: `${name}:${path}` })
  }
  let isConfigured = false
  for (const path of CONFIG_FILES) {
    if (isConfigured) break
    const text = await readNodeFile(name, path)
    if (typeof text === 'string') {
      sources.push({ settings: parseConfiguration(text, parseYaml), origin: 'observed', from: `${name}:${path}` })
      isConfigured = true
    } else if (text !== undefined) {
      missing.push({ what: `node/${name}/kubelet`, ...text })
      break
    }
  }
  // Flags alone are half of the picture: without the file the ConfigMap fills in what they do not say.
  return {
    sources: sources.filter(({ settings }) => isConfigured || Object.keys(settings).length > 0),
    isConfigured,
  }
}

const parsedMaps = new WeakMap<ConfigMap, KubeletSettings>()

/** kubeadm's `kubelet-config` (before 1.24 `kubelet-config-1.17`), for the node's version where there are several. */
function configMapSources(node: Node | undefined, { objects, parseYaml }: NodeFactsInput): Source[] {
  const minor = /^v?(\d+\.\d+)/.exec(node?.kubeletVersion ?? '')?.[1] ?? ''
  const maps = objects.configMaps
    .filter(({ meta }) => meta.namespace === 'kube-system' && /^kubelet-config(-\d+\.\d+)?$/.test(meta.name))
    .toSorted((a, b) => rank(b, minor) - rank(a, minor) || (a.meta.name > b.meta.name ? -1 : 1))
  const map = maps[0]
  const text = map?.data['kubelet']
  if (map === undefined || text === undefined) return []
  // One ConfigMap for all nodes: read once, not once for each of them.
  const known = parsedMaps.get(map) ?? parseConfiguration(text, parseYaml)
  parsedMaps.set(map, known)
  return [
    {
      settings: known,
      origin: 'stated',
      from: `ConfigMap ${map.meta.namespace}/${map.meta.name}`,
    },
  ]
}

function rank({ meta }: ConfigMap, minor: string): number {
  if (minor !== '' && meta.name === `kubelet-config-${minor}`) return 2
  return meta.name === 'kubelet-config' ? 1 : 0
}

function parseConfiguration(text: string, parseYaml: (text: string) => unknown): KubeletSettings {
  let config: unknown
  try {
    config = parseYaml(text)
  } catch {
    return {}
  }
  if (typeof config !== 'object' || config === null) return {}
  const { clusterDNS, clusterDomain, resolvConf } = config as Readonly<Record<string, unknown>>
  return {
    ...(Array.isArray(clusterDNS) ? { clusterDNS: clusterDNS.map(String) } : {}),
    ...(typeof clusterDomain === 'string' && clusterDomain !== '' ? { clusterDomain: withoutDot(clusterDomain) } : {}),
    ...(typeof resolvConf === 'string' ? { resolvConf } : {}),
  }
}

/** Reads `--cluster-dns=A,B`, `--cluster-domain=X` and `--resolv-conf=PATH` out of an environment file. */
function parseFlags(text: string): KubeletSettings {
  const flag = (name: string): string | undefined => {
    const match = new RegExp(`--${name}[= ]("?)([^\\s"']*)\\1`).exec(text)
    return match?.[2]
  }
  const dns = flag('cluster-dns')
  const domain = flag('cluster-domain')
  const resolvConf = flag('resolv-conf')
  return {
    ...(dns === undefined ? {} : { clusterDNS: dns.split(',').filter((ip) => ip !== '') }),
    ...(domain === undefined ? {} : { clusterDomain: withoutDot(domain) }),
    ...(resolvConf === undefined ? {} : { resolvConf }),
  }
}

async function readResolvConf(
  name: string,
  path: string,
  { readNodeFile, isCopy }: NodeFactsInput,
  missing: MissingFact[],
): Promise<NodeFacts['resolvConf']> {
  if (path === '') return undefined
  const what = `node/${name}/resolvConf`
  const text = await readNodeFile?.(name, path)
  if (typeof text === 'string') return { path, text, conf: parseResolvConf(text), from: `${name}:${path}` }
  if (text !== undefined) missing.push({ what, ...text })
  else if (isCopy) {
    // What nobody copied may well exist on the node.
    const needs = `a folder of manifests that holds it as nodes/${name}${path}`
    missing.push({ what, why: `the manifests do not hold ${path} of ${name}`, needs })
  } else if (readNodeFile === undefined) {
    missing.push({ what, why: 'the files of nodes cannot be read from here', needs: `a place to ask from on ${name}` })
  } else {
    missing.push({ what, why: `${path} does not exist on ${name}`, needs: `the file that kubelet's resolvConf names` })
  }
  return undefined
}

function withoutDot(domain: string): string {
  return domain.replace(/\.$/, '')
}
