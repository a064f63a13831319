// The way one query takes, as a tree of hops: nameserver, node cache or DNS Service, replica, upstream. Where several
// servers may be picked, each is a branch.
import type { ServerBlock, Token } from '../corefile/index.ts'
import type { DomainName, RRType } from '../dns/index.ts'
import { answeringPlugins, type PluginStep } from './answering-plugin.ts'
import { isListening, matchBlock, type MatchedBlock } from './match-block.ts'
import type { ForwardRule } from './forward-rules.ts'
import { remark, sayRemark, type Remark } from './remarks.ts'
import type { ResolvConf } from './resolv-conf.ts'

/** A CoreDNS or node-cache pod. */
export interface RouteServer {
  readonly namespace: string
  readonly pod: string
  readonly node: string
  readonly ips: readonly string[]
  readonly ready: boolean
  readonly blocks: readonly ServerBlock[]
  /** What its `/etc/resolv.conf` holds; absent when it cannot be told. */
  readonly resolvConf?: ResolvConf
  /** Of a node cache: the addresses of its `-upstreamsvc`. */
  readonly upstreamIPs?: readonly string[]
}

/** The servers of a cluster, as the route needs them. */
export interface RouteFacts {
  readonly service?: { readonly namespace: string; readonly name: string; readonly clusterIPs: readonly string[] }
  /** Those that the DNS Service picks from. */
  readonly replicas: readonly RouteServer[]
  /** One entry for each node with a cache. */
  readonly nodeCaches: readonly (RouteServer & { readonly localIPs: readonly string[] })[]
}

export interface Hop {
  readonly kind: 'dns-service' | 'node-cache' | 'replica' | 'unknown' | 'upstream'
  readonly address: string
  readonly port: number
  /** For people: `node cache kube-system/nodelocaldns-2chf7 on node2`. */
  readonly label: string
  /** How the hop before asks: `client` as the query came in. */
  readonly transport: 'client' | 'https' | 'tcp' | 'tls' | 'udp-first'
  /** The server block that takes the name; absent where there is no Corefile to look at. */
  readonly block?: { readonly zone: DomainName; readonly keys: readonly string[]; readonly at: Token }
  /** What its plugins do with the question, in order. */
  readonly steps: readonly PluginStep[]
  /** The pod or Service that it is, `kube-system/coredns-6f9xp`. */
  readonly subject?: string
  /** The node that its pod runs on. */
  readonly node?: string
  /** Something that is wrong or unknown here, in English; `remark` says it in any language. */
  readonly note?: string
  readonly remark?: Remark
  /** Where it goes on from here; several: one of them is picked, by `policy`. */
  readonly next: readonly Hop[]
  readonly policy?: 'random' | 'round_robin' | 'sequential'
}

export interface QueryRoute {
  readonly name: DomainName
  readonly type: RRType
  /** One for each nameserver of the resolv.conf, in its order: the stub resolver goes on to the next after a timeout. */
  readonly servers: readonly Hop[]
}

export interface RouteQuestion {
  readonly name: DomainName
  readonly type: RRType
  readonly nameservers: readonly string[]
  /** The node that it is asked from; empty when unknown. */
  readonly node: string
}

/** Forwarding chains longer than this are cut: cache, Service, replica, upstream are four. */
const MOST_HOPS = 6
/** Where CoreDNS's image has its resolv.conf. */
const RESOLV_CONF = '/etc/resolv.conf'

/** Follows one question from the nameservers of a resolv.conf to the servers that answer. */
export function routeQuery(question: RouteQuestion, facts: RouteFacts): QueryRoute {
  const { name, type, node } = question
  const walk: Walk = { name, type, node, facts, depth: 0, transport: 'client' }
  return { name, type, servers: question.nameservers.map((address) => hopTo({ address, port: 53 }, walk)) }
}

interface Walk {
  readonly name: DomainName
  readonly type: RRType
  readonly node: string
  readonly facts: RouteFacts
  readonly depth: number
  readonly transport: Hop['transport']
}

interface Target {
  readonly address: string
  readonly port: number
}

function hopTo(target: Target, walk: Walk): Hop {
  const { facts, node, transport } = walk
  const base = { ...target, transport, steps: [], next: [] }
  if (walk.depth >= MOST_HOPS) return { ...base, kind: 'unknown', label: target.address, ...noted(remark('circular')) }
  const caches = facts.nodeCaches.filter(({ localIPs }) => localIPs.includes(target.address))
  const cache = caches.find((each) => each.node === node)
  // A cache asks its upstream Service past itself, although it may listen on an equal address.
  if (cache !== undefined && walk.depth === 0) {
    const subject = `${cache.namespace}/${cache.pod}`
    const label = `node cache ${subject} on ${cache.node}`
    return serverHop({ ...base, kind: 'node-cache', label, subject, node: cache.node }, cache, walk)
  }
  if (caches.length > 0 && walk.depth === 0) {
    return {
      ...base,
      kind: 'node-cache',
      label: `node cache (${target.address})`,
      ...noted(node === '' ? remark('cache-everywhere') : remark('cache-elsewhere', { node })),
    }
  }
  if (facts.service?.clusterIPs.includes(target.address) === true) return serviceHop(base, walk)
  const replica = facts.replicas.find(({ ips }) => ips.includes(target.address))
  if (replica !== undefined) return serverHop({ ...base, kind: 'replica', ...replicaLabel(replica) }, replica, walk)
  if (walk.depth > 0) return { ...base, kind: 'upstream', label: `upstream ${target.address}` }
  return { ...base, kind: 'unknown', label: `${target.address}, a server outside the cluster's DNS` }
}

type BaseHop = Omit<Hop, 'kind' | 'label'>

function serviceHop(base: BaseHop, walk: Walk): Hop {
  const { service, replicas } = walk.facts
  const ready = replicas.filter((replica) => replica.ready && replica.ips.length > 0)
  const next = ready.map((replica) => {
    const hop = { address: replica.ips[0] ?? '', port: 53, transport: walk.transport, steps: [], next: [] }
    return serverHop({ ...hop, kind: 'replica', ...replicaLabel(replica) }, replica, deeper(walk))
  })
  return {
    ...base,
    kind: 'dns-service',
    label: `Service ${service?.namespace ?? ''}/${service?.name ?? ''}`,
    subject: `${service?.namespace ?? ''}/${service?.name ?? ''}`,
    next,
    ...(next.length === 0 ? noted(remark('no-replica')) : { policy: 'random' }),
  }
}

function replicaLabel({ namespace, pod, node }: RouteServer): Pick<Hop, 'label' | 'node' | 'subject'> {
  return { label: `CoreDNS ${namespace}/${pod} on ${node}`, subject: `${namespace}/${pod}`, node }
}

function noted(about: Remark): Pick<Hop, 'note' | 'remark'> {
  return { note: sayRemark(about), remark: about }
}

function serverHop(hop: Hop, server: RouteServer, walk: Walk): Hop {
  if (server.blocks.length === 0) return { ...hop, ...noted(remark('corefile-unseen')) }
  const { address } = hop
  const matched = matchBlock(server.blocks, walk.name, { address })
  const at = matched?.block.keys[0]
  if (matched === undefined || at === undefined) {
    return isListening(server.blocks, { address })
      ? { ...hop, ...noted(remark('no-block', { name: walk.name })) }
      : { ...hop, ...noted(remark('not-listening', { address })) }
  }
  const { steps, mayRunOut } = answeringPlugins(matched.block, walk)
  const forward = steps.at(-1)?.forward
  const name = steps.findLast((step) => step.name !== undefined)?.name ?? walk.name
  const upstreams = forward === undefined ? undefined : upstreamsOf(forward, server)
  return {
    ...hop,
    block: { zone: matched.zone, keys: matched.block.keys.map(({ text }) => text), at },
    steps,
    next:
      upstreams?.targets.map((target) => hopTo(target, { ...deeper(walk), name, transport: target.transport })) ?? [],
    ...(forward === undefined ? {} : { policy: forward.policy }),
    ...noteOf([upstreams?.note, viewNote(matched), mayRunOut ? remark('runs-out') : undefined]),
  }
}

/** The first that there is. */
function noteOf(notes: readonly (Remark | undefined)[]): Pick<Hop, 'note' | 'remark'> {
  const note = notes.find((each) => each !== undefined)
  return note === undefined ? {} : noted(note)
}

function viewNote({ views, onlyIfView }: MatchedBlock): Remark | undefined {
  if (views.length === 0) return undefined
  const names = views.map((view) => `"${view}"`).join(', ')
  return remark(onlyIfView ? 'view-only' : 'view-decides', { views: names })
}

interface Upstream extends Target {
  readonly transport: Hop['transport']
}

function upstreamsOf(
  rule: ForwardRule,
  server: RouteServer,
): { readonly targets: readonly Upstream[]; readonly note?: Remark } {
  const transport = rule.transport
  let note: Remark | undefined
  const targets = rule.to.flatMap((to): Upstream[] => {
    const pillar = /^__PILLAR__/.exec(to)
    if (to === '__PILLAR__CLUSTER__DNS__')
      return (server.upstreamIPs ?? []).map((address) => ({ address, port: 53, transport }))
    if (to === RESOLV_CONF || to === '__PILLAR__UPSTREAM__SERVERS__') {
      if (server.resolvConf !== undefined) {
        return server.resolvConf.nameservers.map((address) => ({ address, port: 53, transport }))
      }
      note = remark('resolv-conf-unseen', { file: RESOLV_CONF })
      return []
    }
    if (pillar !== null || to.startsWith('/')) {
      note = remark('placeholder-unknown', { to })
      return []
    }
    return [parseUpstream(to, transport)]
  })
  return { targets, ...(note === undefined ? {} : { note }) }
}

/** `IP`, `IP:port`, `[v6]:port`, `tls://IP%name`, `https://host`. */
function parseUpstream(text: string, transport: Hop['transport']): Upstream {
  const scheme = /^(dns|tls|https):\/\//.exec(text)?.[1]
  const rest = text.replace(/^[a-z]+:\/\//, '').replace(/%.*$/, '')
  const match = /^\[([^\]]+)\](?::(\d+))?$/.exec(rest) ?? /^([^:]+)(?::(\d+))?$/.exec(rest)
  const port = match?.[2] ?? (scheme === 'tls' ? '853' : scheme === 'https' ? '443' : '53')
  return {
    address: match?.[1] ?? rest,
    port: Number(port),
    transport: scheme === 'tls' || scheme === 'https' ? scheme : transport,
  }
}

function deeper(walk: Walk): Walk {
  return { ...walk, depth: walk.depth + 1 }
}
