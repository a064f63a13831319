// What the kernels of nodes and pods showed, read once or twice: counters tell something only as a difference.
import type { Clock } from '../../base/index.ts'
import { describeError } from '../../base/index.ts'
import type { KernelTables } from '../../vantage/kernel/tables.ts'
import type { Place, Vantages } from '../../vantage/vantage.ts'
import type { ClusterFacts } from '../facts/index.ts'
import { phrase } from './phrase.ts'
import type { Phrase } from './phrase.ts'
import type { Origin } from './plan-options.ts'
import type { Rung } from './rung.ts'

/** The tables of one place's network namespace. */
export interface KernelReading {
  readonly place: Place
  readonly node?: string
  readonly first: KernelTables
  /** Absent when a second reading was not needed or failed. */
  readonly second?: KernelTables
  /** Milliseconds between the two readings; 0 with one. */
  readonly apartMs: number
}

/** A place whose kernel could not be read, and why. */
export interface UnreadKernel {
  readonly place: Place
  readonly node?: string
  readonly why: Phrase
  readonly needs?: Phrase
}

export interface KernelReadings {
  readonly read: readonly KernelReading[]
  readonly unread: readonly UnreadKernel[]
}

const READ_TIMEOUT_MS = 4000

/** Reads the tables of every origin at once; never rejects. */
export function readKernels(
  facts: ClusterFacts,
  origins: readonly Origin[],
  vantages: Vantages,
): Promise<KernelReadings> {
  return readPlaces(facts, withTheirNodes(origins), vantages)
}

async function readPlaces(
  facts: ClusterFacts,
  origins: readonly Origin[],
  vantages: Vantages,
): Promise<KernelReadings> {
  const addresses = addressesOfInterest(facts)
  const read: KernelReading[] = []
  const unread: UnreadKernel[] = []
  await Promise.all(
    origins.map(async ({ place, node, skip }) => {
      const where = { place, ...(node === undefined ? {} : { node }) }
      if (skip !== undefined) return unread.push({ ...where, ...skip })
      try {
        const vantage = await vantages.at(place)
        const tables =
          'kind' in vantage ? vantage : await vantage.kernelTables({ addresses, timeoutMs: READ_TIMEOUT_MS })
        if (!('kind' in tables)) return read.push({ ...where, first: tables, apartMs: 0 })
        const needs = tables.needs === undefined ? {} : { needs: phrase('needs.vantage', { detail: tables.needs }) }
        return unread.push({ ...where, why: phrase('skip.vantage', { detail: tables.why }), ...needs })
      } catch (error) {
        return unread.push({ ...where, why: phrase('skip.error', { detail: describeError(error) }) })
      }
    }),
  )
  return { read, unread }
}

/** Replicas whose namespaces are read as well at most: what many of them lose is not lost inside them. */
const MAX_LOSSY = 4

/**
 * Reads the tables of replicas that lost datagrams: what their own namespaces drop no node shows. Nobody misses what cannot be read there.
 */
export async function readLossyReplicas(
  facts: ClusterFacts,
  { rungs, isRepeated, vantages }: { rungs: readonly Rung[]; isRepeated: boolean; vantages: Vantages },
): Promise<readonly KernelReading[]> {
  // What is lost at times need not be lost at first: where questions are repeated all are looked at before.
  const lost = rungs.filter(
    ({ hop, transport, observed, result }) =>
      hop.kind === 'replica' &&
      transport === 'udp' &&
      (isRepeated || (result === 'failed' && observed.kind !== 'response')),
  )
  const names = new Set(lost.map(({ hop }) => hop.name))
  const origins = facts.dns.replicas
    .filter(({ pod }) => names.has(`${pod.meta.namespace}/${pod.meta.name}`))
    .slice(0, MAX_LOSSY)
    .map(({ pod, node }): Origin => ({
      place: { kind: 'pod', namespace: pod.meta.namespace, name: pod.meta.name },
      node,
    }))
  return (await readPlaces(facts, origins, vantages)).read
}

/** A pod's namespace has its own tables; those that carry its traffic are its node's. */
function withTheirNodes(origins: readonly Origin[]): Origin[] {
  const nodes = new Set(origins.filter(({ place }) => place.kind !== 'pod').map(({ node }) => node))
  const ofPods = origins.flatMap(({ place, node, skip }) =>
    place.kind === 'pod' && node !== undefined && skip === undefined && !nodes.has(node) ? [node] : [],
  )
  const added = [...new Set(ofPods)].map((name): Origin => ({ place: { kind: 'node', name }, node: name }))
  return [...origins, ...added]
}

/** Reads again what was read before, so that counters can be compared. */
export async function readKernelsAgain(
  facts: ClusterFacts,
  { read, unread }: KernelReadings,
  { vantages, clock, startedAt }: { readonly vantages: Vantages; readonly clock: Clock; readonly startedAt: number },
): Promise<KernelReadings> {
  const again = await readPlaces(facts, read, vantages)
  const apartMs = clock.monotonic() - startedAt
  const merged = read.map((reading) => {
    const second = again.read.find(({ place }) => JSON.stringify(place) === JSON.stringify(reading.place))?.first
    return second === undefined ? reading : { ...reading, second, apartMs }
  })
  return { read: merged, unread }
}

/** Servers of the cluster's DNS and their upstreams: entries and rules that name one of them matter. */
function addressesOfInterest(facts: ClusterFacts): string[] {
  const { service, otherServices, replicas, nodeCaches } = facts.dns
  return [
    ...new Set([
      ...[...(service === undefined ? [] : [service]), ...otherServices].flatMap(({ clusterIPs }) => clusterIPs),
      ...replicas.flatMap(({ ips }) => ips),
      ...nodeCaches.flatMap(({ localIPs, upstreamIPs }) => [...localIPs, ...upstreamIPs]),
      ...facts.nodes.flatMap(({ kubelet }) => kubelet.clusterDNS.value),
    ]),
  ]
}
