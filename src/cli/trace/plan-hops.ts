// What is asked behind one query: each server on its way, the same question, from where the server before it stands.
import { formatEquivalent, formatPlace } from '../../doctor/ladder/index.ts'
import type { Expect, Expectation, PlannedRung } from '../../doctor/ladder/index.ts'
import type { Transport } from '../../net/exchange-result.ts'
import type { Hop, RouteFacts, RouteServer } from '../../route/index.ts'
import type { Place } from '../../vantage/index.ts'

export interface HopWalk {
  readonly name: string
  readonly type: string
  readonly transport: Transport
  readonly from: Place
  readonly fromNode: string | undefined
  /** Octets that the OPT record says are taken over UDP; null: the resolver sends none, and forwarders pass the query on as it is. */
  readonly payloadOctets: number | null
}

export interface PlanContext {
  readonly route: RouteFacts
  readonly expect: Expect
  /** Ask everything over TCP. */
  readonly tcp: boolean
}

/** One question of the plan. */
export interface PlannedHop {
  readonly hop: Hop
  readonly planned: PlannedRung
  /** What it asks itself; empty behind a Service, whose replicas {@link planReplicas} plans when it was asked. */
  readonly children: readonly PlannedHop[]
  /** What was asked for and expected here, and where its own questions come from. */
  readonly walk: HopWalk
  readonly expected: Expectation
}

/** Any answer will do: what decides is not the cluster's objects. */
export const ANY_ANSWER: Expectation = { kind: 'answer', mustExist: false }
/** A lost datagram must not look like a dead server. */
const TIMEOUTS_MS: Readonly<Record<Transport, readonly number[]>> = { udp: [1500, 1500], tcp: [3000] }

/** Plans the first hop and all behind it, up to Services. */
export function planWay(hop: Hop, walk: HopWalk, context: PlanContext): PlannedHop {
  return planFrom(hop, walk, { expected: expectationOf(hop, walk, context), context })
}

/** Plans the replicas of a Service, or some of them. */
export function planReplicas(
  { hop, walk, expected }: PlannedHop,
  replicas: readonly Hop[],
  context: PlanContext,
): PlannedHop[] {
  return planChildren({ ...hop, next: replicas }, walk, { expected, context })
}

/** The same question over TCP. */
export function overTcp(planned: PlannedRung): PlannedRung {
  const { question, to } = planned
  const equivalent = formatEquivalent(question, to, 'tcp')
  return { ...planned, transport: 'tcp', equivalent, timeoutsMs: TIMEOUTS_MS.tcp }
}

/** All questions of plans, each once. */
export function flattenPlans(plans: readonly PlannedHop[]): PlannedHop[] {
  const all = plans.flatMap((plan) => [plan, ...flattenPlans(plan.children)])
  return [...new Map(all.map((plan) => [plan.planned.id, plan])).values()]
}

interface Onward {
  readonly expected: Expectation
  readonly context: PlanContext
}

function planFrom(hop: Hop, walk: HopWalk, { expected, context }: Onward): PlannedHop {
  const children = hop.kind === 'dns-service' ? [] : planChildren(hop, walk, { expected, context })
  return { hop, walk, expected, planned: planHop(hop, walk, expected, context), children }
}

function planChildren(hop: Hop, walk: HopWalk, { expected, context }: Onward): PlannedHop[] {
  const server = serverAt(hop, walk.fromNode, context.route)
  const at: HopWalk =
    server === undefined
      ? walk
      : {
          ...walk,
          from: { kind: 'pod', namespace: server.namespace, name: server.pod },
          fromNode: server.node === '' ? undefined : server.node,
        }
  const renamed = hop.steps.findLast(({ name }) => name !== undefined)?.name ?? walk.name
  return hop.next.map((child) => {
    const own: HopWalk = { ...at, name: renamed, transport: transportTo(child, at, context) }
    const childExpected = child.kind === 'upstream' || renamed !== walk.name ? ANY_ANSWER : expected
    return planFrom(child, own, { expected: childExpected, context })
  })
}

/** The pod that a hop is: what it asks itself, it asks from its own place. */
function serverAt(hop: Hop, node: string | undefined, route: RouteFacts): RouteServer | undefined {
  if (hop.kind === 'replica') return route.replicas.find(({ ips }) => ips.includes(hop.address))
  if (hop.kind !== 'node-cache') return undefined
  return route.nodeCaches.find((cache) => cache.node === node && cache.localIPs.includes(hop.address))
}

function transportTo({ transport }: Hop, walk: HopWalk, { tcp }: PlanContext): Transport {
  if (tcp || transport === 'tcp') return 'tcp'
  return transport === 'client' ? walk.transport : 'udp'
}

function planHop(hop: Hop, walk: HopWalk, expected: Expectation, context: PlanContext): PlannedRung {
  const { name, type, from, fromNode, payloadOctets } = walk
  const transport = context.tcp ? 'tcp' : walk.transport
  const to = { address: hop.address, port: hop.port }
  const edns = payloadOctets === null ? { withoutEdns: true as const } : { udpPayloadSize: payloadOctets }
  const question = { kind: 'dns', name, type, ...edns } as const
  const encrypted = hop.transport === 'tls' || hop.transport === 'https'
  return {
    id: `${formatPlace(from)} ${hop.address} ${hop.port} ${transport} ${name} ${type}`,
    hop: { kind: hop.kind === 'unknown' ? 'nameserver' : hop.kind, name: hop.label },
    from,
    ...(fromNode === undefined ? {} : { fromNode }),
    to,
    transport,
    purpose: 'asked',
    question,
    expected,
    equivalent: formatEquivalent(question, to, transport),
    timeoutsMs: TIMEOUTS_MS[transport],
    ...(encrypted ? { skip: { why: { key: ENCRYPTED, values: { transport: hop.transport } } } } : {}),
  }
}

/** Worded by this command itself: the doctor has no such rung. */
export const ENCRYPTED = 'trace.encrypted'

/**
 * What the deciding server must say: the schema's word where it is the kubernetes plugin that decides, and where the cluster has the name,
 * whatever line of a Corefile takes it; else any answer.
 */
function expectationOf(hop: Hop, { name, type }: HopWalk, { expect }: PlanContext): Expectation {
  for (let at: Hop | undefined = hop; at !== undefined; at = at.next[0]) {
    const step = at.steps.find(({ effect }) => effect !== 'renames')
    if (step?.forward !== undefined || (step === undefined && at.next.length > 0)) continue
    // Nobody expects names of the cluster from servers that do not know it.
    if (at.kind === 'upstream' || at.kind === 'unknown') return ANY_ANSWER
    const stated = expect(name, type)
    const isThere = stated.kind === 'records' && stated.records.length > 0
    return step === undefined || step.kubernetes !== undefined || isThere ? stated : ANY_ANSWER
  }
  return ANY_ANSWER
}
