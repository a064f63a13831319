// The hops behind one query: each server on its way is asked the same question, from where the server before it stands.
import { systemClock } from '../../base/index.ts'
import { climb, formatEquivalent, formatPlace } from '../../doctor/ladder/index.ts'
import type { Expect, Expectation, PlannedRung, Rung } from '../../doctor/ladder/index.ts'
import type { Transport } from '../../net/exchange-result.ts'
import type { Hop, RouteFacts, RouteServer } from '../../route/index.ts'
import type { Place, Vantages } from '../../vantage/index.ts'
import type { TracedHop } from './trace-report.ts'
import type { Say } from './wording/index.ts'

export interface HopWalk {
  readonly name: string
  readonly type: string
  readonly transport: Transport
  readonly from: Place
  readonly fromNode: string | undefined
  /** Octets that the OPT record says are taken over UDP; null: the resolver sends none, and forwarders pass the query on as it is. */
  readonly payloadOctets: number | null
}

export interface HopContext {
  readonly route: RouteFacts
  readonly expect: Expect
  readonly vantages: Vantages
  readonly deadlineMs: number
  /** Ask every replica, not only the first. */
  readonly allReplicas: boolean
  /** Ask everything over TCP. */
  readonly tcp: boolean
  readonly signal: AbortSignal | undefined
  readonly say: Say
}

const ANY_ANSWER: Expectation = { kind: 'answer', mustExist: false }
/** A lost datagram must not look like a dead server. */
const TIMEOUTS_MS: Readonly<Record<Transport, readonly number[]>> = { udp: [1500, 1500], tcp: [3000] }

interface Node {
  readonly hop: Hop
  readonly planned: PlannedRung
  readonly children: readonly Node[]
  readonly notAsked: number
}

/** Asks the first hop alone; the rest of the tree waits until it is known whether that one failed. */
export async function askFirst(hop: Hop, walk: HopWalk, context: HopContext): Promise<Rung> {
  const [rung] = await ask([planHop(hop, walk, expectationOf(hop, walk, context), context)], walk, context)
  if (rung === undefined) throw new Error('Cannot ask a hop: no rung came of it')
  return rung
}

/** Asks what stands behind the first hop. */
export async function walkHops(
  hop: Hop,
  { first, ...walk }: HopWalk & { readonly first: Rung },
  context: HopContext,
): Promise<TracedHop> {
  const expected = expectationOf(hop, walk, context)
  // Where the Service fails, each replica by itself tells whether it is the way or the server.
  const own = { ...context, allReplicas: context.allReplicas || first.result === 'failed' }
  const children = nextNodes(hop, walk, { expected, context: own })
  const flat = flatten(children.nodes)
  const rungs = await ask(
    flat.map(({ planned }) => planned),
    walk,
    own,
  )
  const byId = new Map(rungs.map((rung) => [rung.id, rung]))
  const toTraced = ({ hop, planned, children, notAsked }: Node): TracedHop =>
    traced(hop, byId.get(planned.id), { next: children.map(toTraced), notAsked, say: context.say })
  return traced(hop, first, { next: children.nodes.map(toTraced), notAsked: children.notAsked, say: context.say })
}

async function ask(plan: readonly PlannedRung[], walk: HopWalk, context: HopContext): Promise<Rung[]> {
  const options = {
    vantages: context.vantages,
    clock: systemClock,
    deadlineMs: context.deadlineMs,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  }
  const climbed = await climb(plan, options)
  const rungs = climbed.map(({ rung }) => rung)
  // A server's own place may be out of reach: then the question is asked from where the lookup begins, which is said.
  const own = formatPlace(walk.from)
  const again = plan.filter(
    (planned, index) =>
      rungs[index]?.result === 'skipped' && planned.skip === undefined && formatPlace(planned.from) !== own,
  )
  if (again.length === 0) return rungs
  const second = await climb(
    again.map((planned) => withOrigin(planned, walk)),
    options,
  )
  const byId = new Map(second.filter(({ rung }) => rung.result !== 'skipped').map(({ rung }) => [rung.id, rung]))
  return rungs.map((rung) => byId.get(rung.id) ?? rung)
}

function withOrigin(planned: PlannedRung, { from, fromNode }: HopWalk): PlannedRung {
  const moved: { -readonly [Key in keyof PlannedRung]: PlannedRung[Key] } = { ...planned, from }
  delete moved.fromNode
  return fromNode === undefined ? moved : { ...moved, fromNode }
}

// --- Planning ---

interface Onward {
  readonly expected: Expectation
  readonly context: HopContext
}

function nextNodes(hop: Hop, walk: HopWalk, { expected, context }: Onward): { nodes: Node[]; notAsked: number } {
  const isChoice = hop.kind === 'dns-service' && !context.allReplicas
  const next = isChoice ? hop.next.slice(0, 1) : hop.next
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
  const nodes = next.map((child): Node => {
    const transport = transportTo(child, at, context)
    const own: HopWalk = { ...at, name: renamed, transport }
    const childExpected = child.kind === 'upstream' || renamed !== walk.name ? ANY_ANSWER : expected
    const onward = nextNodes(child, own, { expected, context })
    return {
      hop: child,
      planned: planHop(child, own, childExpected, context),
      children: onward.nodes,
      notAsked: onward.notAsked,
    }
  })
  return { nodes, notAsked: hop.next.length - next.length }
}

/** The pod that a hop is: what it asks itself, it asks from its own place. */
function serverAt(hop: Hop, node: string | undefined, route: RouteFacts): RouteServer | undefined {
  if (hop.kind === 'replica') return route.replicas.find(({ ips }) => ips.includes(hop.address))
  if (hop.kind !== 'node-cache') return undefined
  return route.nodeCaches.find((cache) => cache.node === node && cache.localIPs.includes(hop.address))
}

function transportTo({ transport }: Hop, walk: HopWalk, { tcp }: HopContext): Transport {
  if (tcp || transport === 'tcp') return 'tcp'
  return transport === 'client' ? walk.transport : 'udp'
}

function planHop(hop: Hop, walk: HopWalk, expected: Expectation, context: HopContext): PlannedRung {
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

/** What the deciding server must say: the schema's word where it is the kubernetes plugin that decides, else any answer. */
function expectationOf(hop: Hop, { name, type }: HopWalk, { expect }: HopContext): Expectation {
  for (let at: Hop | undefined = hop; at !== undefined; at = at.next[0]) {
    const step = at.steps.find(({ effect }) => effect !== 'renames')
    if (step?.forward !== undefined || (step === undefined && at.next.length > 0)) continue
    if (at.kind === 'upstream') return ANY_ANSWER
    return step === undefined || step.kubernetes !== undefined ? expect(name, type) : ANY_ANSWER
  }
  return ANY_ANSWER
}

// --- What came ---

function flatten(nodes: readonly Node[]): Node[] {
  const all = nodes.flatMap((node) => [node, ...flatten(node.children)])
  return [...new Map(all.map((node) => [node.planned.id, node])).values()]
}

function traced(
  hop: Hop,
  rung: Rung | undefined,
  { next, notAsked, say }: Pick<TracedHop, 'next' | 'notAsked'> & { readonly say: Say },
): TracedHop {
  return {
    kind: hop.kind,
    label: say.hop(hop),
    address: hop.address,
    port: hop.port,
    transport: rung?.transport === 'tcp' ? 'tcp' : 'udp',
    from: rung === undefined ? '' : formatPlace(rung.from),
    block: hop.block === undefined ? null : { keys: hop.block.keys, at: `${hop.block.at.file}:${hop.block.at.line}` },
    plugins: hop.steps.map(({ plugin, at, remark }) => ({
      plugin,
      at: `${at.file}:${at.line}`,
      text: say.remark(remark),
    })),
    note: hop.remark === undefined ? null : say.remark(hop.remark),
    expected: rung?.expected ?? ANY_ANSWER,
    observed: rung?.observed ?? { kind: 'nothing' },
    rttMs: rung?.rttMs ?? null,
    // Nothing is repeated here, so nothing fails at times only.
    result: rung === undefined ? 'skipped' : rung.result === 'intermittent' ? 'failed' : rung.result,
    why: rung?.why === undefined ? null : say.phrase(rung.why),
    needs: rung?.needs === undefined ? null : say.phrase(rung.needs),
    equivalent: rung?.equivalent ?? '',
    isFirstDifference: false,
    chosen: [],
    next,
    notAsked,
  }
}
