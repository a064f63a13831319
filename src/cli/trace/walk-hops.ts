// The hops behind one query, asked: first the way up to Services, then the replicas that stand for each Service.
import { systemClock } from '../../base/index.ts'
import { climb, formatPlace } from '../../doctor/ladder/index.ts'
import type { PlannedRung, Rung } from '../../doctor/ladder/index.ts'
import type { Hop } from '../../route/index.ts'
import type { Vantages } from '../../vantage/index.ts'
import type { ChosenReplicas } from './chosen-replicas.ts'
import { ANY_ANSWER, flattenPlans, overTcp, planReplicas, planWay } from './plan-hops.ts'
import type { HopWalk, PlanContext, PlannedHop } from './plan-hops.ts'
import type { TracedHop } from './trace-report.ts'
import type { Say } from './wording/index.ts'

export interface HopContext extends PlanContext {
  readonly vantages: Vantages
  readonly deadlineMs: number
  /** Ask every replica, not only one. */
  readonly allReplicas: boolean
  readonly signal: AbortSignal | undefined
  readonly say: Say
}

/** What was asked on the way to the replicas. */
export interface AskedWay {
  readonly plan: PlannedHop
  /** Where the lookup begins. */
  readonly walk: HopWalk
  /** By id. */
  readonly rungs: ReadonlyMap<string, Rung>
}

/** Asks the first hop alone; the rest of the tree waits until it is known whether that one failed. */
export async function askFirst(hop: Hop, walk: HopWalk, context: HopContext): Promise<Rung> {
  const [rung] = await ask([planWay(hop, walk, context)], walk, context)
  if (rung === undefined) throw new Error('Cannot ask a hop: no rung came of it')
  return rung
}

/** Asks what stands behind the first hop, but for the replicas behind Services. */
export async function askWay(
  hop: Hop,
  { first, ...walk }: HopWalk & { readonly first: Rung },
  context: HopContext,
): Promise<AskedWay> {
  const plan = planWay(hop, walk, context)
  const rungs = await ask(flattenPlans(plan.children), walk, context)
  return { plan, walk, rungs: byId([{ ...first, id: plan.planned.id }, ...rungs]) }
}

/**
 * Asks the replicas that stand for each Service, and makes the tree of it all.
 *
 * @param chosenOf the replicas that flows to this Service were sent to
 */
export async function askReplicas(
  { plan, walk, rungs }: AskedWay,
  chosenOf: (service: Rung) => Promise<ChosenReplicas>,
  context: HopContext,
): Promise<TracedHop> {
  const services = flattenPlans([plan]).filter(({ hop }) => hop.kind === 'dns-service')
  const picked = new Map(
    await Promise.all(
      services.map(async (service) => {
        const rung = rungs.get(service.planned.id)
        const chosen = rung === undefined ? NONE_CHOSEN : await chosenOf(rung)
        const { replicas, pick } = pickReplicas(service.hop, { rung, chosen, context })
        const next = planReplicas(service, replicas, context)
        return [
          service.planned.id,
          { next, pick, chosen: chosen.flows, notAsked: service.hop.next.length - next.length },
        ] as const
      }),
    ),
  )
  const behind = flattenPlans([...picked.values()].flatMap(({ next }) => next))
  const all = new Map([...rungs, ...byId(await ask(behind, walk, context))])
  const toTraced = ({ hop, planned: { id }, children }: PlannedHop): TracedHop => {
    const { next, ...choice } = picked.get(id) ?? { next: children, pick: null, chosen: [], notAsked: 0 }
    return traced(hop, all.get(id), { ...choice, next: next.map(toTraced), say: context.say })
  }
  return toTraced(plan)
}

function byId(rungs: readonly Rung[]): Map<string, Rung> {
  return new Map(rungs.map((rung) => [rung.id, rung]))
}

// --- The replicas that stand for a Service ---

const NONE_CHOSEN: ChosenReplicas = { flows: [], unseen: null }

interface PickOptions {
  readonly rung: Rung | undefined
  readonly chosen: ChosenReplicas
  readonly context: HopContext
}

function pickReplicas(
  { next }: Hop,
  { rung, chosen, context: { allReplicas, say } }: PickOptions,
): { readonly replicas: readonly Hop[]; readonly pick: TracedHop['pick'] } {
  // Where the Service fails, each replica by itself tells whether it is the way or the server.
  if (allReplicas || rung?.result === 'failed' || next.length < 2) return { replicas: next, pick: null }
  const most = chosen.flows.map(({ address }) => next.find((hop) => hop.address === address)).find(Boolean)
  if (most !== undefined) return { replicas: [most], pick: { by: 'flows', address: most.address, why: null } }
  const why = chosen.unseen === null ? null : say.reason(chosen.unseen.why)
  return { replicas: next.slice(0, 1), pick: { by: 'order', address: next[0]?.address ?? '', why } }
}

// --- Asking ---

async function ask(plans: readonly PlannedHop[], walk: HopWalk, context: HopContext): Promise<Rung[]> {
  const plan = plans.map(({ planned }) => planned)
  const options = {
    vantages: context.vantages,
    clock: systemClock,
    deadlineMs: context.deadlineMs,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  }
  const climbed = await climb(plan, options)
  const rungs = climbed.map(({ rung }) => rung)
  // A server's own place may be out of reach: then the question is asked from where the lookup begins, and a replica in the
  // end from its own node, as a port-forward does; from where is said.
  const elsewhere = [
    (planned: PlannedRung) => withOrigin(planned, walk),
    (planned: PlannedRung, hop: Hop) => atReplica(planned, hop),
  ]
  const found = byId(rungs)
  for (const move of elsewhere) {
    const again = plans.flatMap(({ planned, hop }) => {
      if (found.get(planned.id)?.result !== 'skipped' || planned.skip !== undefined) return []
      const moved = move(planned, hop)
      return moved === undefined || formatPlace(moved.from) === formatPlace(planned.from) ? [] : [moved]
    })
    if (again.length === 0) continue
    for (const { rung } of await climb(again, options)) {
      const before = found.get(rung.id)
      if (rung.result !== 'skipped') found.set(rung.id, rung)
      // What keeps from the nearest way is what there is to mend.
      else if (before !== undefined) found.set(rung.id, { ...before, ...reasonOf(rung) })
    }
  }
  return rungs.map((rung) => found.get(rung.id) ?? rung)
}

function reasonOf({ why, needs }: Rung): Pick<Rung, 'needs' | 'why'> {
  return { ...(why === undefined ? {} : { why }), ...(needs === undefined ? {} : { needs }) }
}

function withOrigin(planned: PlannedRung, { from, fromNode }: HopWalk): PlannedRung {
  const moved: { -readonly [Key in keyof PlannedRung]: PlannedRung[Key] } = { ...planned, from }
  delete moved.fromNode
  return fromNode === undefined ? moved : { ...moved, fromNode }
}

/** The question over TCP from the replica's own node. */
function atReplica(planned: PlannedRung, { kind, node }: Hop): PlannedRung | undefined {
  if (kind !== 'replica' || node === undefined || node === '') return undefined
  return overTcp({ ...planned, from: { kind: 'node', name: node }, fromNode: node })
}

// --- What came ---

function traced(
  hop: Hop,
  rung: Rung | undefined,
  { say, ...onward }: Pick<TracedHop, 'chosen' | 'next' | 'notAsked' | 'pick'> & { readonly say: Say },
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
    ...onward,
  }
}
