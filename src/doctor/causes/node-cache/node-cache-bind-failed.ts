// The cache cannot listen: somebody else holds port 53, or its address is not on the node.
import type { NodeCacheFact, NodeCachePod } from '../../facts/index.ts'
import { findInLogs, podsOnNode } from '../../ladder/index.ts'
import type { LogFinding } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { seen } from '../network/kernels.ts'
import { excluded, failedIds, notChecked, objectRef, podRef, qualifiedName, shellQuote } from '../support.ts'
import { cacheName, cacheRef, cacheSubject, judgeCaches, podNameOf, stateOf } from './cache-support.ts'

export const nodeCacheBindFailed: Cause = {
  code: 'node-cache-bind-failed',
  needs: ['pods'],
  judge: (evidence) => judgeCaches(evidence.facts, (cache) => judgeCache(evidence, cache)),
}

function judgeCache(evidence: Evidence, cache: NodeCacheFact): readonly Judgement[] {
  const { logs } = evidence.ladder
  const unready = cache.pods.filter(({ ready }) => !ready)
  const subject = cacheSubject(cache)
  if (unready.length === 0) {
    return [excluded(line('observed', 'all-ready', { cache: cacheName(cache), count: cache.pods.length }), subject)]
  }
  const failing = unready.flatMap((pod) => {
    const [found] = findInLogs(logs, 'bind-failed', ({ name }) => name === podNameOf(pod))
    return found === undefined ? [] : [{ pod, finding: found.finding }]
  })
  if (failing.length > 0) return failing.map(({ pod, finding }) => judgePod(evidence, cache, { pod, finding }))
  const names = unready.map(podNameOf)
  const isRead = logs.some(({ hop }) => names.includes(hop.name))
  return isRead
    ? [excluded(line('observed', 'other-log', { pods: names }), subject)]
    : [notChecked('not-checked.no-cache-logs', { pods: names.slice(0, 3).join(', ') }, subject)]
}

function judgePod(
  evidence: Evidence,
  cache: NodeCacheFact,
  { pod, finding }: { readonly pod: NodeCachePod; readonly finding: LogFinding },
): Judgement {
  const { node } = pod
  const { address = '', why = '' } = finding.values
  const isTaken = why.includes('in use')
  const holders = isTaken ? holdersOn(evidence, pod) : []
  const listening = isTaken ? listenersOn(evidence, node) : []
  return {
    status: 'proven',
    subject: { kind: 'node', name: node },
    objects: [podRef(pod.pod), cacheRef(cache, 'args -localip'), ...holders.map((name) => objectRef('Pod', name))],
    values: { pod: podNameOf(pod), node, address, why },
    evidence: [
      line('observed', 'log', { server: podNameOf(pod), count: finding.count, text: finding.line }),
      line('observed', 'not-ready', { pod: podNameOf(pod), state: stateOf(pod) }),
      ...(holders.length === 0 ? [] : [line('stated', 'holders', { node, pods: holders })]),
      ...(listening.length === 0 ? [] : [line('observed', 'listening', { node, addresses: listening })]),
      ...missingInterface(cache, isTaken),
    ],
    fix: {
      key: isTaken ? 'node-cache-bind.taken' : 'node-cache-bind.absent',
      values: { node, address },
      command: `ssh ${shellQuote(node)} ${isTaken ? "sudo ss -lunpt 'sport = :53'" : 'ip address show nodelocaldns'}`,
    },
    isFault: true,
    explains: failedIds(evidence.ladder, ({ hop, fromNode }) => hop.kind === 'node-cache' && fromNode === node),
  }
}

/** Other pods of the node that declare port 53 on its own network, a second node cache among them. */
function holdersOn({ facts }: Evidence, own: NodeCachePod): string[] {
  const caches = new Set(facts.dns.nodeCaches.flatMap(({ pods }) => pods.map(podNameOf)))
  return podsOnNode(facts, own.node)
    .filter((pod) => qualifiedName(pod) !== podNameOf(own) && pod.spec.hostNetwork)
    .filter(
      (pod) =>
        caches.has(qualifiedName(pod)) ||
        pod.spec.containers.some(({ ports }) => ports.some(({ containerPort }) => containerPort === 53)),
    )
    .map(qualifiedName)
}

/** What listens on UDP port 53 of the node, as its kernel says. */
function listenersOn({ ladder }: Evidence, node: string): string[] {
  const reading = ladder.kernels.read.find((one) => one.node === node && one.place.kind !== 'pod')
  const sockets = seen(reading?.first.udp)?.sockets ?? []
  return [...new Set(sockets.filter(({ local }) => local.port === 53).map(({ local }) => local.address))]
}

function missingInterface({ flags }: NodeCacheFact, isTaken: boolean): EvidenceLine[] {
  const isLeftToOthers = !isTaken && flags['setupinterface'] === 'false'
  return isLeftToOthers ? [line('stated', 'no-interface', { flag: '-setupinterface=false' })] : []
}
