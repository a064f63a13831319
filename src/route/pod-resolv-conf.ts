// The resolv.conf that kubelet writes for a pod (pkg/kubelet/network/dns), with the reason for every entry and what the
// limits cut off. Computed: whether the file in the container is still that one only the container knows.
import type { Pod } from '../kube/objects/index.ts'
import type { ResolvConf } from './resolv-conf.ts'

/** What kubelet of the pod's node works with. */
export interface NodeDns {
  readonly node: string
  readonly clusterDNS: readonly string[]
  /** Where that is known from, for people. */
  readonly clusterDNSFrom: string
  /** Without a final dot; empty: none. */
  readonly clusterDomain: string
  /** Path of the file that is inherited; empty: none is. */
  readonly resolvConfPath: string
  /** Content of that file; absent when it was not seen. */
  readonly resolvConfText?: string
  /** `v1.17.6`; empty when unknown, which is taken for a recent one. */
  readonly kubeletVersion: string
  /** The node's own addresses; with an empty `resolvConfPath` their families decide. Default: IPv4. */
  readonly nodeIPs?: readonly string[]
  /** `windows`: the file is none that a Windows pod has. Default: Linux. */
  readonly operatingSystem?: string
}

/** One nameserver, search domain or option, in the file or cut off. */
export interface ResolvConfEntry {
  readonly kind: 'nameserver' | 'option' | 'search'
  readonly value: string
  /** `pod-file`: nothing that kubelet would write; only the pod has it. */
  readonly from: 'cluster-dns' | 'default' | 'dns-config' | 'namespace' | 'node-file' | 'pod-file'
  /** The reason as half a sentence. */
  readonly why: string
  /** Why it is not in the file; absent when it is. */
  readonly cut?: string
}

export interface PodResolvConf {
  /** As the pod says: `ClusterFirst`. */
  readonly dnsPolicy: string
  /** What it comes down to. */
  readonly effective: 'ClusterFirst' | 'Default' | 'None'
  /** Why these two differ; absent when they do not. */
  readonly fallback?: 'host-network' | 'missing-cluster-dns'
  readonly conf: ResolvConf
  readonly entries: readonly ResolvConfEntry[]
  /** Set when part of the file comes from the node's, which was not seen, or when the pod has no such file at all (Windows). */
  readonly unseen?: string
  /** Events that kubelet gives for this: `MissingClusterDNS`, `DNSConfigForming`. */
  readonly events: readonly string[]
}

const MAX_NAMESERVERS = 3
/** Since ExpandedDNSConfig, on by default from kubelet 1.26 on; before that the limits of glibc 2.25 and older. */
const EXPANDED_MINOR = 26
/** What kubelet keeps of a search list; the blanks between domains are characters too. */
export const KUBELET_LIMITS = {
  current: { domains: 32, characters: 2048 },
  before126: { domains: 6, characters: 256 },
} as const
/** Until then the last `options` line of the node's file replaced those before it (kubernetes/kubernetes#112414). */
const MERGED_OPTIONS_MINOR = 26
/** Until then a search domain "." became an empty one (kubernetes/kubernetes#109441). */
const ROOT_DOMAIN_MINOR = 25
/** Since then longer search domains are left out, as glibc 2.28 aborts on them. */
const OVERLONG_MINOR = 22
const MAX_DOMAIN_CHARACTERS = 253

/** Computes the file that kubelet gives to a pod. */
export function computePodResolvConf(pod: Pod, node: NodeDns): PodResolvConf {
  const { effective, fallback } = effectivePolicy(pod, node)
  const base = effective === 'None' ? [] : effective === 'Default' ? hostEntries(node) : clusterEntries(pod, node)
  const merged = inFileOrder(withDnsConfig(base, pod))
  const entries = fitLimits(merged, node.kubeletVersion)
  const applied = (kind: ResolvConfEntry['kind']): string[] =>
    entries.filter((entry) => entry.kind === kind && entry.cut === undefined).map(({ value }) => value)
  const inherits = effective !== 'None' && node.resolvConfPath !== ''
  return {
    dnsPolicy: pod.spec.dnsPolicy,
    effective,
    ...(fallback === undefined ? {} : { fallback }),
    conf: { nameservers: applied('nameserver'), searches: applied('search'), options: applied('option'), sortlist: [] },
    entries,
    ...(node.operatingSystem === 'windows'
      ? { unseen: WINDOWS }
      : inherits && node.resolvConfText === undefined
        ? { unseen: unseenText(effective, node) }
        : {}),
    events: [
      ...(fallback === 'missing-cluster-dns' ? ['MissingClusterDNS'] : []),
      ...(entries.some((each, at) => each.cut !== undefined && merged[at]?.cut === undefined)
        ? ['DNSConfigForming']
        : []),
    ],
  }
}

function effectivePolicy(pod: Pod, node: NodeDns): Pick<PodResolvConf, 'effective' | 'fallback'> {
  const { dnsPolicy, hostNetwork } = pod.spec
  if (dnsPolicy === 'None') return { effective: 'None' }
  if (dnsPolicy === 'Default') return { effective: 'Default' }
  if (dnsPolicy !== 'ClusterFirstWithHostNet' && hostNetwork) return { effective: 'Default', fallback: 'host-network' }
  if (node.clusterDNS.length === 0) return { effective: 'Default', fallback: 'missing-cluster-dns' }
  return { effective: 'ClusterFirst' }
}

const WINDOWS =
  'a Windows pod has no resolv.conf, and its resolver other rules, which are not computed here: a name with a dot is taken for a full one'

function unseenText(effective: PodResolvConf['effective'], node: NodeDns): string {
  const part = effective === 'Default' ? 'all of it' : 'more search domains'
  return `${part} may come from ${node.resolvConfPath} of ${node.node || 'its node'}, which was not seen`
}

// --- Entries ---

function clusterEntries(pod: Pod, node: NodeDns): ResolvConfEntry[] {
  const { namespace } = pod.meta
  const domain = node.clusterDomain
  const own = domain === '' ? [] : [`${namespace}.svc.${domain}`, `svc.${domain}`, domain]
  const searches = [
    ...own.map((value) =>
      entry('search', value, 'namespace', `namespace "${namespace}" and kubelet's clusterDomain "${domain}"`),
    ),
    ...fileEntries(node).filter(({ kind }) => kind === 'search'),
  ]
  return [
    ...node.clusterDNS.map((value) => entry('nameserver', value, 'cluster-dns', `clusterDNS: ${node.clusterDNSFrom}`)),
    // Without a cluster domain the node's list is taken as it is, repetitions included.
    ...(domain === '' ? searches : withoutRepetitions(searches)),
    entry('option', 'ndots:5', 'default', "kubelet's default for ClusterFirst"),
  ]
}

function hostEntries(node: NodeDns): ResolvConfEntry[] {
  if (node.resolvConfPath !== '') return fileEntries(node)
  const why = "kubelet's resolvConf is empty: nothing is inherited, and the file names the pod itself"
  const ips = node.nodeIPs === undefined || node.nodeIPs.length === 0 ? ['127.0.0.1'] : node.nodeIPs
  return [
    ...ips.map((ip) => entry('nameserver', ip.includes(':') ? '::1' : '127.0.0.1', 'default', why)),
    entry('search', '.', 'default', why),
  ]
}

function fileEntries({ resolvConfPath, resolvConfText, node, kubeletVersion }: NodeDns): ResolvConfEntry[] {
  if (resolvConfPath === '' || resolvConfText === undefined) return []
  const file = parseAsKubelet(resolvConfText, kubeletVersion)
  const why = `${resolvConfPath} of ${node}`
  return [
    ...file.nameservers.map((value) => entry('nameserver', value, 'node-file', why)),
    ...file.searches.map((value): ResolvConfEntry => {
      const search = entry('search', value, 'node-file', why)
      return value === '.' ? { ...search, cut: rootCut(kubeletVersion) } : search
    }),
    ...file.options.map((value) => entry('option', value, 'node-file', why)),
  ]
}

/** Whether this kubelet makes an empty search domain out of "." (kubernetes/kubernetes#109441). */
export function emptiesRootDomain(kubeletVersion: string): boolean {
  return !isSince(kubeletVersion, ROOT_DOMAIN_MINOR)
}

function rootCut(kubeletVersion: string): string {
  return emptiesRootDomain(kubeletVersion)
    ? `kubelet (${kubeletVersion}) makes an empty search domain of it, which some container runtimes refuse`
    : 'kubelet leaves out a search domain "."'
}

/** kubelet's own parser: no `domain` lines, comments with `#` only at the start of a line. */
function parseAsKubelet(
  text: string,
  kubeletVersion: string,
): Pick<ResolvConf, 'nameservers' | 'options' | 'searches'> {
  const nameservers: string[] = []
  let options: string[] = []
  let searches: string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/)
    if (keyword === 'nameserver' && words[0] !== undefined) nameservers.push(words[0])
    else if (keyword === 'search') searches = words.map((word) => (word === '.' ? word : word.replace(/\.$/, '')))
    else if (keyword === 'options') {
      options = isSince(kubeletVersion, MERGED_OPTIONS_MINOR) ? mergeOptions(options, words) : words
    }
  }
  return { nameservers, searches, options }
}

/** Later options replace earlier ones of the same name. */
function mergeOptions(earlier: readonly string[], later: readonly string[]): string[] {
  const names = new Set(later.map(optionName))
  return [...earlier.filter((option) => !names.has(optionName(option))), ...later]
}

function optionName(option: string): string {
  return option.split(':')[0] ?? ''
}

function withDnsConfig(base: readonly ResolvConfEntry[], pod: Pod): ResolvConfEntry[] {
  const config = pod.spec.dnsConfig
  if (config === undefined) return [...base]
  const why = 'spec.dnsConfig of the pod'
  const added = [
    ...config.nameservers.map((value) => entry('nameserver', value, 'dns-config', why)),
    ...config.searches.map((value) => entry('search', value.replace(/(?<=.)\.$/, ''), 'dns-config', why)),
  ]
  const options = config.options.map(({ name, value }) =>
    entry('option', value === undefined ? name : `${name}:${value}`, 'dns-config', why),
  )
  const replaced = new Set(config.options.map(({ name }) => name))
  const kept = base.filter(({ kind, value }) => kind !== 'option' || !replaced.has(optionName(value)))
  // kubelet puts the options in no order of its own.
  return withoutRepetitions([...kept, ...added, ...options])
}

function withoutRepetitions(entries: readonly ResolvConfEntry[]): ResolvConfEntry[] {
  const seen = new Set<string>()
  return entries.filter(({ kind, value }) => {
    const key = `${kind} ${value}`
    return !seen.has(key) && seen.add(key)
  })
}

function entry(
  kind: ResolvConfEntry['kind'],
  value: string,
  from: ResolvConfEntry['from'],
  why: string,
): ResolvConfEntry {
  return { kind, value, from, why }
}

// --- Limits ---

/** Nameservers, search domains, options. */
function inFileOrder(entries: readonly ResolvConfEntry[]): ResolvConfEntry[] {
  return (['nameserver', 'search', 'option'] as const).flatMap((kind) => entries.filter((each) => each.kind === kind))
}

function fitLimits(entries: readonly ResolvConfEntry[], kubeletVersion: string): ResolvConfEntry[] {
  const limits = isSince(kubeletVersion, EXPANDED_MINOR) ? KUBELET_LIMITS.current : KUBELET_LIMITS.before126
  const kubelet = kubeletVersion === '' ? 'kubelet' : `kubelet (${kubeletVersion})`
  let nameservers = 0
  let domains = 0
  let characters = 0
  return entries.map((each) => {
    if (each.cut !== undefined || each.kind === 'option') return each
    if (each.kind === 'nameserver') {
      nameservers += 1
      const cut = `kubelet keeps the first ${MAX_NAMESERVERS} nameservers`
      return nameservers > MAX_NAMESERVERS ? { ...each, cut } : each
    }
    domains += 1
    if (domains > limits.domains) return { ...each, cut: `${kubelet} keeps ${limits.domains} search domains` }
    if (each.value.length > MAX_DOMAIN_CHARACTERS && isSince(kubeletVersion, OVERLONG_MINOR)) {
      return { ...each, cut: `${kubelet} leaves out search domains over ${MAX_DOMAIN_CHARACTERS} characters` }
    }
    // The blanks between domains count.
    characters += each.value.length + (characters > 0 ? 1 : 0)
    if (characters <= limits.characters) return each
    return { ...each, cut: `${kubelet} keeps ${limits.characters} characters of search domains` }
  })
}

/** Of an unknown version everything recent is assumed. */
function isSince(kubeletVersion: string, minor: number): boolean {
  const match = /^v?(\d+)\.(\d+)/.exec(kubeletVersion)
  if (match === null) return true
  return Number(match[1]) > 1 || Number(match[2]) >= minor
}
