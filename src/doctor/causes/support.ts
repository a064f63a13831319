// What several causes look up in the evidence.
import type { Pod } from '../../kube/objects/index.ts'
import type { ClusterFacts, DnsServiceFact, NodeFacts } from '../facts/index.ts'
import type { Ladder, Rung, Scrape } from '../ladder/index.ts'
import type { EvidenceLine, Excluded, NotChecked, ObjectRef, Subject } from './judgement.ts'
import { asFailed, isFailing, phrase } from '../ladder/index.ts'

/** The rungs that were asked: neither skipped nor without an outcome. */
export function askedRungs(ladder: Ladder): Rung[] {
  return ladder.rungs.filter((rung) => rung.result !== 'skipped')
}

/** Ids of the rungs that failed, or failed at times, and that a condition picks: it sees them as they are when they fail. */
export function failedIds(ladder: Ladder, picks: (rung: Rung) => boolean): string[] {
  return ladder.rungs.filter((rung) => isFailing(rung) && picks(asFailed(rung))).map(({ id }) => id)
}

export function findScrape(ladder: Ladder, server: string): Scrape | undefined {
  return ladder.scrapes.find(({ hop }) => hop.name === server)
}

export function nodeNamed(facts: ClusterFacts, name: string): NodeFacts | undefined {
  return facts.nodes.find((node) => node.name === name)
}

/** `namespace/name` of an object. */
export function qualifiedName(object: {
  readonly meta: { readonly namespace: string; readonly name: string }
}): string {
  return `${object.meta.namespace}/${object.meta.name}`
}

export function podRef(pod: Pod, field?: string): ObjectRef {
  return objectRef('Pod', qualifiedName(pod), field)
}

export function serviceRef({ service }: DnsServiceFact, field?: string): ObjectRef {
  return objectRef('Service', qualifiedName(service), field)
}

/** From `namespace/name`. */
export function objectRef(kind: string, qualified: string, field?: string): ObjectRef {
  const slash = qualified.indexOf('/')
  const namespace = slash === -1 ? '' : qualified.slice(0, slash)
  return { kind, namespace, name: qualified.slice(slash + 1), ...(field === undefined ? {} : { field }) }
}

/** Addresses of the Service's ready endpoints with their nodes. */
export function readyEndpoints({ slices }: DnsServiceFact): { readonly address: string; readonly node: string }[] {
  return slices.flatMap(({ endpoints }) =>
    endpoints
      .filter(({ ready }) => ready)
      .map(({ addresses, nodeName }) => ({ address: addresses[0] ?? '', node: nodeName ?? '' })),
  )
}

export function countEndpoints({ slices }: DnsServiceFact): number {
  return slices.reduce((sum, { endpoints }) => sum + endpoints.length, 0)
}

/** Excluded by something that was observed. */
export function excluded(by: EvidenceLine, subject?: Subject): Excluded {
  return { status: 'excluded', by, ...(subject === undefined ? {} : { subject }) }
}

export function notChecked(key: string, values: Record<string, number | string> = {}, subject?: Subject): NotChecked {
  return { status: 'not-checked', why: phrase(key, values), ...(subject === undefined ? {} : { subject }) }
}

/** Where no node cache was found: that there is none, or that what would show one could not be listed. */
export function withoutNodeCache({ missing, source, objects }: ClusterFacts): NotChecked {
  const pods = missing.find(({ what }) => what === 'pods')
  const sets = missing.find(({ what }) => what === 'daemonSets')
  // Manifests without a DaemonSet may just not hold them.
  const hasSets = sets === undefined && (source.kind !== 'manifests' || objects.workloads.some(isDaemonSet))
  if (pods === undefined || hasSets) return notChecked('not-checked.no-node-cache')
  const needs = [...new Set([pods, ...(sets === undefined ? [] : [sets])].map((one) => one.needs))].join(', ')
  return { ...notChecked('not-checked.node-cache-unseen'), needs: phrase('needs.fact', { detail: needs }) }
}

/** Whether there may be a node cache that was not seen. */
export function isNodeCacheUnseen(facts: ClusterFacts): boolean {
  return facts.dns.nodeCaches.length === 0 && withoutNodeCache(facts).needs !== undefined
}

function isDaemonSet({ kind }: ClusterFacts['objects']['workloads'][number]): boolean {
  return kind === 'DaemonSet'
}

/** Milliseconds as seconds with one decimal. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}

/** A word as the shell takes it. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
