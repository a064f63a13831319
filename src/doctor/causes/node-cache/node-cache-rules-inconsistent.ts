// The cache's address or its rules are missing on a node, doubled, or left behind by a cache that is gone.
import type { NodeCacheFact, NodeCachePod } from '../../facts/index.ts'
import { sumSamples } from '../../ladder/index.ts'
import type { KernelReading } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { kernelOfNode, seen } from '../network/kernels.ts'
import { excluded, failedIds, findScrape, notChecked, objectRef, shellQuote } from '../support.ts'
import { cacheName, cacheRef, cacheSubject, deletePods, judgeCaches, ownAddresses, podNameOf } from './cache-support.ts'

export const nodeCacheRulesInconsistent: Cause = {
  code: 'node-cache-rules-inconsistent',
  needs: ['pods'],
  judge: (evidence) => judgeCaches(evidence.facts, (cache) => judgeCache(evidence, cache)),
}

function judgeCache(evidence: Evidence, cache: NodeCacheFact): readonly Judgement[] {
  const { facts, ladder } = evidence
  const subject = cacheSubject(cache)
  let checked = 0
  const findings = facts.nodes.flatMap(({ name: node }) => {
    const pod = cache.pods.find((one) => one.node === node)
    const kernel = kernelOfNode(ladder, node)
    const errors = pod === undefined ? undefined : setupErrors(evidence, pod)
    if (kernel === undefined && errors === undefined) return []
    checked += 1
    const lines = [
      ...(kernel === undefined ? [] : kernelLines(evidence, cache, { kernel, node, pod })),
      ...(errors ?? []),
    ]
    return lines.length === 0 ? [] : [judgeNode(evidence, cache, { node, pod, lines })]
  })
  if (findings.length > 0) return findings
  if (checked === 0) return [notChecked('not-checked.no-kernel', {}, subject)]
  return [excluded(line('observed', 'in-order', { cache: cacheName(cache), count: checked }), subject)]
}

function judgeNode(
  { ladder }: Evidence,
  cache: NodeCacheFact,
  {
    node,
    pod,
    lines,
  }: { readonly node: string; readonly pod: NodeCachePod | undefined; readonly lines: readonly EvidenceLine[] },
): Judgement {
  const explains = failedIds(ladder, (rung) => {
    if (rung.hop.kind !== 'node-cache' || rung.fromNode !== node || rung.transport === 'http') return false
    return rung.observed.kind !== 'response'
  })
  const isLeftOver = pod === undefined
  return {
    status: 'proven',
    subject: { kind: 'node', name: node },
    objects: [cacheRef(cache), objectRef('Node', node)],
    values: { node, cache: cacheName(cache) },
    evidence: [
      ...lines,
      explains.length === 0
        ? line('observed', 'works', { node })
        : line('observed', 'lost', { node, count: explains.length }),
    ],
    fix: isLeftOver
      ? {
          key: 'node-cache-rules.remove',
          values: { node },
          command: `ssh ${shellQuote(node)} "sudo iptables-save | grep -v NodeLocal | sudo iptables-restore; sudo ip link delete nodelocaldns"`,
        }
      : { key: 'node-cache-rules.restart', values: { node, pod: podNameOf(pod) }, command: deletePods([pod]) },
    // A cache that works past its rules only pays with connection tracking.
    isFault: false,
    explains,
  }
}

// --- What node-cache counted ---

const ERRORS = 'coredns_nodecache_setup_errors_total'
const ERROR_TYPES = ['iptables', 'iptables_lock', 'interface_add', 'interface_check'] as const

/** Undefined where its metrics were not seen. */
function setupErrors({ ladder }: Evidence, pod: NodeCachePod): EvidenceLine[] | undefined {
  const scrape = findScrape(ladder, podNameOf(pod))
  if (scrape === undefined || sumSamples(scrape.first, ERRORS) === undefined) return undefined
  return ERROR_TYPES.flatMap((type) => {
    const count = sumSamples(scrape.first, ERRORS, { errortype: type }) ?? 0
    return count > 0 ? [line('observed', 'setup-errors', { server: podNameOf(pod), type, count })] : []
  })
}

// --- What the node's kernel has ---

interface NodeKernel {
  readonly kernel: KernelReading
  readonly node: string
  readonly pod: NodeCachePod | undefined
}

function kernelLines({ facts }: Evidence, cache: NodeCacheFact, { kernel, node, pod }: NodeKernel): EvidenceLine[] {
  const tables = kernel.second ?? kernel.first
  const addresses = seen(tables.addresses)
  const own = ownAddresses(facts, cache)
  const present = own.filter((address) => addresses?.some((one) => one.address === address))
  const rules = notrackRules(tables, own)
  if (pod === undefined) {
    if (isElsewhere(facts.dns.nodeCaches, own, node)) return []
    const left = [...present, ...(rules ?? []).map(({ text }) => text)]
    return left.length === 0 ? [] : [line('observed', 'left-over', { node, what: left.slice(0, 3) })]
  }
  if (!pod.ready) return []
  const absent = addresses === undefined ? [] : own.filter((address) => !present.includes(address))
  const doubled = (rules ?? []).filter(({ text }, at) => rules?.findIndex((rule) => rule.text === text) !== at)
  const isOwnWork = cache.flags['setupiptables'] !== 'false'
  const unruled =
    isOwnWork && rules !== undefined ? own.filter((ip) => !rules.some(({ address }) => address === ip)) : []
  return [
    ...(absent.length === 0 ? [] : [line('observed', 'address-missing', { node, addresses: absent })]),
    ...(unruled.length === 0 ? [] : [line('observed', 'rules-missing', { node, addresses: unruled })]),
    ...(doubled.length === 0 ? [] : [line('observed', 'rules-doubled', { node, count: doubled.length })]),
  ]
}

/** Another DaemonSet may serve the same address there. */
function isElsewhere(caches: readonly NodeCacheFact[], addresses: readonly string[], node: string): boolean {
  return caches.some(
    ({ localIPs, pods }) =>
      localIPs.some((address) => addresses.includes(address)) && pods.some((pod) => pod.node === node),
  )
}

/** The raw table's rules for queries to an address of the cache; undefined where no packet filter was seen. */
function notrackRules(
  { iptables, nftables }: KernelReading['first'],
  addresses: readonly string[],
): { readonly address: string; readonly text: string }[] | undefined {
  const programs = seen(iptables)
  if (programs === undefined || programs.length === 0) return undefined
  const found = programs.flatMap(({ rules }) =>
    rules.flatMap(({ table, chain, target, destination = '', text }) => {
      const isNotrack = table === 'raw' && (target === 'NOTRACK' || (target === 'CT' && text.includes('--notrack')))
      const address = destination.replace(/\/(32|128)$/, '')
      return isNotrack && chain === 'PREROUTING' && addresses.includes(address) ? [{ address, text }] : []
    }),
  )
  // Rules of nft's own syntax are not among them: silence of iptables then tells nothing.
  const inNft = seen(nftables)?.rules.some(({ actions }) => actions.includes('notrack')) ?? false
  return found.length === 0 && inNft ? undefined : found
}
