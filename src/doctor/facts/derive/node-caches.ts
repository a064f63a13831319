// NodeLocal DNSCache: its DaemonSets, what their arguments and Corefiles say, and their pods.
import type { ServerBlock } from '../../../corefile/index.ts'
import type { ClusterObjects, Container, Pod, PodSpec, Workload } from '../../../kube/objects/index.ts'
import { corefileOfPod } from './corefile.ts'
import type { CorefileFact, NodeCacheFact } from '../facts.ts'

const NODE_CACHE_IMAGE = /(^|\/)(k8s-dns-node-cache|node-local-dns|node-cache)([-a-z0-9]*)(:|@|$)/
/** node-cache's default for `-upstreamsvc`. */
const DEFAULT_UPSTREAM_SERVICE = 'kube-dns'

/** Every node cache, by its DaemonSet or, where these may not be listed, by the owner of its pods. */
export function findNodeCaches(objects: ClusterObjects): NodeCacheFact[] {
  const sets = objects.workloads.filter(
    (workload) => workload.kind === 'DaemonSet' && cacheContainer(workload.template.spec) !== undefined,
  )
  const pods = objects.pods.filter((pod) => cacheContainer(pod.spec) !== undefined)
  const byOwner = new Map<string, Pod[]>(sets.map((set) => [ownName(set), []]))
  for (const pod of pods) {
    const own = byOwner.get(ownerName(pod))
    if (own === undefined) byOwner.set(ownerName(pod), [pod])
    else own.push(pod)
  }
  const sorted = [...byOwner].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return sorted.map(([owner, own]) => {
    const daemonSet = sets.find((set) => ownName(set) === owner)
    return nodeCache(objects, { owner, daemonSet, pods: own })
  })
}

interface Found {
  readonly owner: string
  readonly daemonSet: Workload | undefined
  readonly pods: readonly Pod[]
}

function nodeCache(objects: ClusterObjects, { owner, daemonSet, pods }: Found): NodeCacheFact {
  const [namespace = '', name = ''] = owner.split('/')
  const template = daemonSet?.template.spec
  const spec = (template === undefined || !isRolledOut(template, pods) ? pods[0]?.spec : undefined) ?? template
  const container = spec && cacheContainer(spec)
  const flags = readFlags(container)
  const corefile = corefileOfPod(spec, namespace, objects.configMaps)
  const upstreamService = flags.get('upstreamsvc') ?? DEFAULT_UPSTREAM_SERVICE
  const upstream = objects.services.find(
    (service) => service.meta.namespace === namespace && service.meta.name === upstreamService,
  )
  return {
    namespace,
    name,
    image: container?.image ?? '',
    flags: Object.fromEntries(flags),
    localIPs: (flags.get('localip') ?? '').split(',').filter((ip) => ip !== ''),
    upstreamService,
    upstreamIPs: upstream?.clusterIPs.filter((ip) => ip !== 'None') ?? [],
    ...(daemonSet === undefined ? {} : { daemonSet }),
    ...(corefile === undefined ? {} : { corefile }),
    ...portsOf(corefile),
    pods: pods
      .map((pod) => ({ pod, node: pod.spec.nodeName, ips: pod.podIPs, ready: pod.ready }))
      .toSorted((a, b) => (a.node < b.node ? -1 : 1)),
  }
}

/** Whether a pod runs with the template's arguments; with updateStrategy OnDelete pods keep what they were made with. */
function isRolledOut(template: PodSpec, pods: readonly Pod[]): boolean {
  const words = (spec: PodSpec): string => JSON.stringify([cacheContainer(spec)?.command, cacheContainer(spec)?.args])
  return pods.length === 0 || pods.some(({ spec }) => words(spec) === words(template))
}

/** Go's flags: `-name value`, `-name=value`, and the same with two dashes. */
function readFlags(container: Container | undefined): ReadonlyMap<string, string> {
  const words = [...(container?.command ?? []), ...(container?.args ?? [])]
  const flags = new Map<string, string>()
  for (const [index, word] of words.entries()) {
    const match = /^--?([a-z][\w.-]*)(?:=(.*))?$/s.exec(word)
    if (match?.[1] !== undefined) flags.set(match[1], match[2] ?? words[index + 1] ?? '')
  }
  return flags
}

function portsOf(corefile: CorefileFact | undefined): Pick<NodeCacheFact, 'healthAddress' | 'metricsPort'> {
  const blocks = corefile?.blocks ?? []
  const port = Number(/:(\d+)$/.exec(argumentOf(blocks, 'prometheus') ?? '')?.[1] ?? NaN)
  const health = argumentOf(blocks, 'health')
  return {
    ...(blocks.some((block) => block.directives.some(({ name }) => name === 'prometheus'))
      ? { metricsPort: Number.isNaN(port) ? 9153 : port }
      : {}),
    ...(health === undefined ? {} : { healthAddress: health }),
  }
}

/** First argument of the first directive of that name. */
function argumentOf(blocks: readonly ServerBlock[], name: string): string | undefined {
  for (const block of blocks) {
    const tokens = block.directives.find((directive) => directive.name === name)?.tokens ?? []
    const first = tokens[1]
    if (first !== undefined && first.text !== '{' && first.line === tokens[0]?.line) return first.text
  }
  return undefined
}

function cacheContainer(spec: PodSpec): Container | undefined {
  return spec.containers.find(
    ({ image, command }) => NODE_CACHE_IMAGE.test(image) || command.some((word) => word.endsWith('/node-cache')),
  )
}

function ownName({ meta }: Workload): string {
  return `${meta.namespace}/${meta.name}`
}

/**
 * What made a pod. Pods that a deleted DaemonSet has left behind are still one cache, and so are static pods, which kubelet
 * names after their node.
 */
function ownerName({ meta, spec }: Pod): string {
  const { namespace, name, labels, owner } = meta
  const controller = owner === undefined || owner.kind === 'Node' ? undefined : owner.name
  const suffix = `-${spec.nodeName}`
  const base = spec.nodeName !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
  return `${namespace}/${controller ?? labels['k8s-app'] ?? base}`
}
