// c-ares as Node's dns.resolve4 and dns.resolve6 use it: no search list, and whatever a nameserver says is final. Seen with c-ares
// 1.34.6 in Node 20. Programs that call ares_getaddrinfo (gRPC, curl with c-ares) search; they are not modelled.
import { joinName } from './candidate.ts'
import type { ResolverSettings } from './settings.ts'
import { KERNEL_CONNECT_MS, nextGroup, send, type LookupOutcome, type ServerAct, type Simulation } from './world.ts'

export interface CAresLookup {
  readonly name: string
  readonly types: readonly string[]
  readonly settings: ResolverSettings
}

/** Asks for each type on its own, as separate calls do. */
export function lookUpWithCAres(simulation: Simulation, lookup: CAresLookup): LookupOutcome {
  const name = joinName(lookup.name)
  const { nowMs, group } = simulation
  const results = lookup.types.map((type) => {
    Object.assign(simulation, { nowMs, group })
    const act = askType(simulation, lookup, { name, type })
    return { type, act, nowMs: simulation.nowMs, group: simulation.group }
  })
  simulation.nowMs = Math.max(nowMs, ...results.map((result) => result.nowMs))
  simulation.group = Math.max(group, ...results.map((result) => result.group))
  const types = results.filter(({ act }) => act === 'answers').map(({ type }) => type)
  if (types.length > 0) return { kind: 'found', name, types }
  const acts = results.map(({ act }) => act)
  if (acts.includes('nodata') || acts.includes('lame')) return { kind: 'no-data' }
  if (acts.includes('nxdomain')) return { kind: 'not-found' }
  return { kind: acts.some((act) => act === 'silent' || act === 'closed' || act === 'servfail') ? 'again' : 'failed' }
}

/**
 * Goes round the nameservers, four times at most. The wait doubles with each round.
 *
 * Waits are upper bounds but for one thing: from the second round on c-ares shortens them at random by up to a half, and Node looks
 * at its clock once a second, so each may end up to a second late.
 */
function askType(
  simulation: Simulation,
  { settings }: CAresLookup,
  question: { readonly name: string; readonly type: string },
): ServerAct {
  const { nameservers, attempts, timeoutMs, useTcp } = settings
  let last: ServerAct = 'silent'
  let transport: 'tcp' | 'udp' = useTcp ? 'tcp' : 'udp'
  for (let round = 0; round < attempts; round += 1) {
    for (const nameserver of nameservers) {
      if (simulation.queries.some(({ type }) => type === question.type)) nextGroup(simulation)
      const waitMs = timeoutMs * 2 ** round
      last = send(simulation, { ...question, nameserver, transport }, waitMs)
      if (last === 'truncated' && transport === 'udp') {
        transport = 'tcp'
        nextGroup(simulation)
        last = send(simulation, { ...question, nameserver, transport }, waitMs)
      }
      if (last === 'silent') simulation.nowMs += Math.min(waitMs, KERNEL_CONNECT_MS)
      else if (last !== 'closed') return last
    }
  }
  return last
}
