// Who asks: the pod of --from with its resolv.conf, or any pod of a namespace when a short name stands alone.
import { UnseenError, UsageError } from '../../base/index.ts'
import {
  nodeDnsOf,
  podResolvConfOf,
  type ClusterFacts,
  type MissingFact,
  type NodeFacts,
} from '../../doctor/facts/index.ts'
import type { Pod } from '../../kube/objects/index.ts'
import { closestTexts } from '../../base/edit-distance.ts'
import {
  EMPTY_RESOLV_CONF,
  formatResolvConf,
  type NodeDns,
  type PodResolvConf,
  type ResolvConf,
  type ResolvConfEntry,
  type ResolverName,
} from '../../route/index.ts'
import { formatSkipped } from '../format-skipped.ts'
import { differs, type SeenResolvConf } from '../read-resolv-conf.ts'
import type { Asker } from './explanation.ts'

/** An asker with what the route needs of it. */
export interface AskingPod {
  readonly asker: Asker
  readonly conf: ResolvConf
  readonly node: string
}

/** How the pod searches, and what was read in it. */
export interface AskOptions {
  readonly resolver: ResolverName
  /** Absent when nobody tried to read it. */
  readonly seen?: SeenResolvConf
}

/**
 * Finds a pod given as `NAMESPACE/NAME`, or as `NAME` in the namespace of the source.
 *
 * @throws {UsageError} it is no such text, or there is no such pod; the nearest names are told
 */
export function findPod(facts: ClusterFacts, text: string): Pod {
  const [first = '', second, ...more] = text.replace(/^pod\//, '').split('/')
  if (first === '' || second === '' || more.length > 0) {
    throw new UsageError('bad-argument', `Cannot ask from pod "${text}": give NAMESPACE/NAME, or NAME with -n`)
  }
  const namespace = second === undefined ? facts.source.namespace : first
  const name = second ?? first
  const { pods } = facts.objects
  const found = pods.find(({ meta }) => meta.namespace === namespace && meta.name === name)
  if (found !== undefined) return found
  if (pods.length === 0) {
    const unseen = facts.missing.find(({ what }) => what === 'pods')
    if (unseen !== undefined)
      throw new UnseenError(`Cannot ask from pod ${text}: no pods were seen: ${formatUnseen(unseen)}`)
    throw new UsageError('bad-argument', `Cannot ask from pod ${text}: the cluster has no pods`)
  }
  throw new UsageError(
    'bad-argument',
    `Cannot ask from pod ${namespace}/${name}: there is no such pod${nearestPods(pods, { namespace, name })}`,
  )
}

/**
 * Finds the node of `node/NAME`; undefined for what names a pod.
 *
 * @throws {UsageError} there is no such node
 */
export function findNode(facts: ClusterFacts, text: string): NodeFacts | undefined {
  const name = /^node\/(.+)$/.exec(text)?.[1]
  if (name === undefined) return undefined
  const found = facts.nodes.find((node) => node.name === name)
  if (found !== undefined) return found
  const names = facts.nodes.map((node) => node.name)
  const close = closestTexts(name, names, names.length)
  const listed = close.length > 0 ? close : names
  const hint = listed.length === 0 ? '' : ` (it has ${formatNames(listed, 5)})`
  const unseen = facts.nodes.length > 0 ? undefined : facts.missing.find(({ what }) => what === 'nodes')
  if (unseen !== undefined)
    throw new UnseenError(`Cannot ask from ${text}: no nodes were seen: ${formatUnseen(unseen)}`)
  throw new UsageError('bad-argument', `Cannot ask from ${text}: the cluster has no node "${name}"${hint}`)
}

function formatUnseen({ why, needs }: MissingFact): string {
  return `${why}; needs: ${needs}`
}

/** The pods that may have been meant, as the end of a sentence; empty where there are none at all. */
export function nearestPods(
  pods: readonly Pod[],
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  const elsewhere = pods.filter(({ meta }) => meta.name === name).map(({ meta }) => `${meta.namespace}/${meta.name}`)
  const inside = pods.filter(({ meta }) => meta.namespace === namespace).map(({ meta }) => meta.name)
  // Deployments and StatefulSets are asked for by the beginning of their pods' names.
  const begins = inside.filter((each) => each.startsWith(`${name}-`)).map((each) => `${namespace}/${each}`)
  const close = closestTexts(name, inside).map((each) => `${namespace}/${each}`)
  const wide = pods
    .filter(({ meta }) => meta.name.startsWith(`${name}-`))
    .map(({ meta }) => `${meta.namespace}/${meta.name}`)
  const found = [...new Set([...elsewhere, ...begins, ...close, ...wide])]
  if (found.length > 0) return `; did you mean ${formatNames(found, 3)}?`
  if (inside.length === 0) return `, and none at all in namespace "${namespace}"; give NAMESPACE/NAME`
  return `; namespace "${namespace}" has ${formatNames(inside.toSorted(), 3)}`
}

/** So many names, and how many more there are; one that would be left over is named too. */
function formatNames(names: readonly string[], most: number): string {
  const left = names.length - most
  return left > 1 ? `${names.slice(0, most).join(', ')} and ${left} more` : names.join(', ')
}

/** The pod with the resolv.conf that was read in it, or with the one that kubelet would write. */
export function askFromPod(facts: ClusterFacts, pod: Pod, { resolver, seen }: AskOptions): AskingPod {
  const file = podResolvConfOf(facts, pod)
  const { nodeName } = pod.spec
  const asker = describeAsker(file, {
    namespace: pod.meta.namespace,
    pod: pod.meta.name,
    node: nodeName === '' ? null : nodeName,
    remarks: remarksOf(facts, pod, file),
    resolver,
    ...(seen === undefined ? {} : { seen }),
  })
  return { asker, conf: seen?.conf ?? file.conf, node: nodeName }
}

/** A program of the node itself, with the node's own resolv.conf, or the one that kubelet takes as the node's. */
export function askFromNode({ name, resolvConf, kubelet }: NodeFacts, { resolver, seen }: AskOptions): AskingPod {
  const conf = seen?.origin === 'observed' ? seen.conf : (resolvConf?.conf ?? EMPTY_RESOLV_CONF)
  const isKnown = seen?.origin === 'observed' || resolvConf !== undefined
  const why = `the file of ${name}`
  const entries = [
    ...conf.nameservers.map((value) => ({ kind: 'nameserver' as const, value })),
    ...conf.searches.map((value) => ({ kind: 'search' as const, value })),
    ...conf.options.map((value) => ({ kind: 'option' as const, value })),
  ].map((entry) => ({ ...entry, from: 'node-file' as const, why }))
  const file: PodResolvConf = { dnsPolicy: 'Default', effective: 'Default', conf, entries, events: [] }
  const remarks = isKnown ? [] : [`${kubelet.resolvConf.value} of ${name} was not seen: whom it asks is not known`]
  const asker = describeAsker(file, {
    namespace: '',
    pod: null,
    node: name,
    remarks,
    resolver,
    ...(seen ? { seen } : {}),
  })
  return { asker, conf, node: name }
}

/**
 * What a pod of a namespace with the usual policy would ask for; its queries go to the DNS Service.
 *
 * @throws {UsageError} there is no such namespace; `default` exists in every cluster, so manifests may lack it
 */
export function askFromNamespace(facts: ClusterFacts, namespace: string, resolver: ResolverName): AskingPod {
  rejectAbsent(facts, namespace)
  const kubelet: NodeDns = nodeDnsOf(facts, '')
  const domain = kubelet.clusterDomain
  const searches = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain]
  const entries = searches.map((value) => ({
    kind: 'search' as const,
    value,
    from: 'namespace' as const,
    why: `namespace "${namespace}" and the cluster domain "${domain}"`,
  }))
  const conf: ResolvConf = {
    nameservers: facts.dns.service?.clusterIPs ?? [],
    searches,
    options: ['ndots:5'],
    sortlist: [],
  }
  const file: PodResolvConf = { dnsPolicy: 'ClusterFirst', effective: 'ClusterFirst', conf, entries, events: [] }
  return { asker: describeAsker(file, { namespace, pod: null, node: null, remarks: [], resolver }), conf, node: '' }
}

function rejectAbsent({ objects }: ClusterFacts, namespace: string): void {
  if (namespace === 'default' || objects.namespaces.length === 0) return
  const names = objects.namespaces.map(({ meta }) => meta.name)
  const isInhabited = [...objects.services, ...objects.pods].some(({ meta }) => meta.namespace === namespace)
  if (names.includes(namespace) || isInhabited) return
  const close = closestTexts(namespace, names)
  const hint = close.length > 0 ? `did you mean ${close.join(', ')}?` : 'give another one with -n'
  throw new UsageError('bad-argument', `Cannot ask from namespace "${namespace}": there is no such namespace; ${hint}`)
}

interface AskerPlace {
  readonly namespace: string
  readonly pod: string | null
  readonly node: string | null
  readonly remarks: readonly string[]
  readonly resolver: ResolverName
  readonly seen?: SeenResolvConf
}

function describeAsker(file: PodResolvConf, { namespace, pod, node, remarks, resolver, seen }: AskerPlace): Asker {
  const isObserved = seen?.origin === 'observed'
  const isOther = seen !== undefined && differs(seen)
  return {
    namespace,
    pod,
    node,
    resolver,
    resolvConf: {
      origin: seen?.origin ?? 'computed',
      why: seen === undefined || seen.unread === null ? null : formatSkipped(seen.unread),
      lines: isOther ? seen.lines : [],
      dnsPolicy: file.dnsPolicy,
      effective: file.effective,
      text: formatResolvConf(isObserved ? seen.conf : file.conf),
      entries: isObserved ? observedEntries(seen.conf, file) : file.entries,
      // What a file that was read may lack is no question any more.
      remarks: isObserved ? remarks.filter((remark) => remark !== file.unseen) : remarks,
    },
  }
}

/** What the pod's file says, with the reasons that kubelet would have for it; then what kubelet's would have beyond that. */
function observedEntries(conf: ResolvConf, { entries, unseen }: PodResolvConf): ResolvConfEntry[] {
  const stray = unseen === undefined ? 'in the pod, and not what kubelet would write today' : "in the pod's file"
  const open = [...entries]
  const take = (kind: ResolvConfEntry['kind'], value: string): ResolvConfEntry => {
    const at = open.findIndex((each) => each.kind === kind && each.value === value && each.cut === undefined)
    const [known] = at < 0 ? [] : open.splice(at, 1)
    return known ?? { kind, value, from: 'pod-file', why: stray }
  }
  const present = [
    ...conf.nameservers.map((value) => take('nameserver', value)),
    ...conf.searches.map((value) => take('search', value)),
    ...conf.options.map((value) => take('option', value)),
  ]
  return [...present, ...open.map((each) => ({ ...each, cut: each.cut ?? "the pod's file does not have it" }))]
}

function remarksOf(facts: ClusterFacts, pod: Pod, file: PodResolvConf): string[] {
  const remarks: string[] = []
  if (file.fallback === 'host-network') {
    remarks.push(
      'hostNetwork: true makes ClusterFirst fall back to Default, the file of the node; ClusterFirstWithHostNet would keep cluster names',
    )
  }
  if (file.fallback === 'missing-cluster-dns') {
    remarks.push('kubelet has no clusterDNS, so ClusterFirst falls back to Default (event MissingClusterDNS)')
  }
  if (file.dnsPolicy === 'Default') {
    remarks.push('"Default" is not the default: it is the file of the node, without any cluster name')
  }
  if (file.unseen !== undefined) remarks.push(file.unseen)
  const aliases = pod.spec.hostAliases.flatMap(({ ip, hostnames }) => hostnames.map((name) => `${name} ${ip}`))
  if (aliases.length > 0) remarks.push(`hostAliases answer before any query: ${aliases.join(', ')}`)
  const changed = facts.objects.configMaps.find(({ meta }) => meta.name.startsWith('kubelet-config'))?.meta.lastChange
  if (changed !== undefined && pod.startTime !== undefined && pod.startTime < changed) {
    remarks.push(
      `the pod is older than the last change of kubelet's configuration (${changed}): its file may be an earlier one`,
    )
  }
  return remarks
}
