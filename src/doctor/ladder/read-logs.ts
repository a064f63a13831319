// Which servers' logs are worth reading, and what they prove. A crashed server's reason stands in its previous log.
import type { Container, Pod } from '../../kube/objects/index.ts'
import type { ClusterFacts } from '../facts/index.ts'
import { isOutOfDescriptors } from './descriptors.ts'
import { differingReplicas } from './differing-replicas.ts'
import type { Scrape } from './ladder.ts'
import { isFailing } from './rung.ts'
import type { Hop, Rung } from './rung.ts'
import { readServerLog } from './server-log.ts'
import type { ServerLog } from './server-log.ts'
import type { SilentUpstream } from './silent-upstreams.ts'
import { podHop } from './upstream-uses.ts'

/** One container's log. */
export interface LogRequest {
  readonly namespace: string
  readonly pod: string
  /** Absent for the only container. */
  readonly container?: string
  /** Of the run before, which ended. */
  readonly isPrevious: boolean
}

/** Reads a log; undefined where that is not permitted or there is none. */
export type ReadLog = (request: LogRequest) => Promise<string | undefined>

export interface ReadLogsOptions {
  readonly facts: ClusterFacts
  readonly rungs: readonly Rung[]
  readonly scrapes: readonly Scrape[]
  readonly silent: readonly SilentUpstream[]
  readonly readLog: ReadLog | undefined
}

/** Pods whose logs are read at most; a cluster has as many node caches as nodes. */
const MAX_PODS = 12
/** With the lists of objects no more than 30 calls to the API server, whatever the cluster's size. */
const MAX_REQUESTS = 12

/**
 * Reads the logs of servers that crash, are not ready, failed a rung, disagree, have no file descriptor left, forward to a silent
 * upstream, or may not run the Corefile that lies there.
 */
export async function readLogs({ facts, rungs, scrapes, silent, readLog }: ReadLogsOptions): Promise<ServerLog[]> {
  if (readLog === undefined) return []
  const servers = new Map(serversOf(facts).map((server) => [server.hop.name, server]))
  const failing = rungs.filter((rung) => isFailing(rung) && servers.has(rung.hop.name)).map(({ hop }) => hop)
  const unwell = [...servers.values()].filter(({ pod }) => !pod.ready || restarts(pod) > 0).map(({ hop }) => hop)
  const doubtful = isCorefileDoubtful(facts) ? facts.dns.replicas.map(({ pod }) => podHop('replica', pod)) : []
  const wanted = [
    ...unwell,
    ...failing,
    ...doubtful,
    ...differingReplicas(rungs),
    ...scrapes.filter(isOutOfDescriptors).map(({ hop }) => hop),
    ...silent.flatMap((upstream) => upstream.servers),
  ]
  const names = [...new Set(wanted.map(({ name }) => name))].slice(0, MAX_PODS)
  const requests = names.flatMap((name) => requestsFor(servers.get(name))).slice(0, MAX_REQUESTS)
  const logs = await Promise.all(
    requests.map(async ({ hop, request }) => {
      const text = await readLog(request)
      return text === undefined ? [] : [readServerLog(hop, text, request.isPrevious)]
    }),
  )
  return logs.flat()
}

/** Whether the Corefile has errors, or is younger than a server that was to take it over. */
function isCorefileDoubtful({ dns, objects }: ClusterFacts): boolean {
  const { corefile, replicas } = dns
  if (corefile === undefined) return false
  if (corefile.error !== undefined || (corefile.problems ?? []).length > 0) return true
  const { namespace, name } = corefile.configMap
  const map = objects.configMaps.find(({ meta }) => meta.namespace === namespace && meta.name === name)
  const changed = Date.parse(map?.meta.lastChange ?? '')
  return replicas.some(({ pod }) => Date.parse(pod.startTime ?? '') < changed)
}

interface Server {
  readonly hop: Hop
  readonly pod: Pod
}

function serversOf({ dns }: ClusterFacts): Server[] {
  return [
    ...dns.replicas.map(({ pod }) => ({ hop: podHop('replica', pod), pod })),
    ...dns.nodeCaches.flatMap(({ pods }) => pods.map(({ pod }) => ({ hop: podHop('node-cache', pod), pod }))),
  ]
}

function requestsFor(server: Server | undefined): { hop: Hop; request: LogRequest }[] {
  if (server === undefined) return []
  const { hop, pod } = server
  const { containers } = pod.spec
  const container = containers.length > 1 ? (containers.find(isDnsServer) ?? containers[0]) : undefined
  const request = {
    namespace: pod.meta.namespace,
    pod: pod.meta.name,
    ...(container === undefined ? {} : { container: container.name }),
  }
  const current = { hop, request: { ...request, isPrevious: false } }
  return restarts(pod) > 0 ? [current, { hop, request: { ...request, isPrevious: true } }] : [current]
}

/** CoreDNS, node-cache or dnsmasq among sidecars. */
function isDnsServer({ name, image }: Container): boolean {
  return /coredns|node-cache|dnsmasq/.test(`${name} ${image}`)
}

function restarts(pod: Pod): number {
  return Math.max(0, ...pod.containerStatuses.map(({ restartCount }) => restartCount))
}
