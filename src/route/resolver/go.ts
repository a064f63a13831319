// Go's own resolver (net/dnsclient_unix.go): A and AAAA each on a way of their own, nameservers in order, every name of the list tried.
// Seen with Go 1.19.
import { parseName, type DomainName } from '../../dns/index.ts'
import { countDots, joinName } from './candidate.ts'
import type { ResolverSettings } from './settings.ts'
import { nextGroup, send, type LookupOutcome, type ServerAct, type Simulation, type Transport } from './world.ts'

export interface GoLookup {
  readonly name: string
  readonly types: readonly string[]
  readonly settings: ResolverSettings
  readonly pick: (count: number) => number
}

type Failure = 'again' | 'failed' | 'not-found'

/** Looks a name up as net.Resolver does. */
export function lookUpWithGo(simulation: Simulation, lookup: GoLookup): LookupOutcome {
  const { name, types, settings } = lookup
  const asIs = joinName(name)
  let last: Failure | undefined
  for (const candidate of namesToTry(name, settings)) {
    const { nowMs, group } = simulation
    const results: { readonly type: string; readonly result: Failure | 'found' }[] = []
    const end = { nowMs, group }
    for (const type of types) {
      if (!settings.singleRequest) Object.assign(simulation, { nowMs, group })
      results.push({ type, result: askType(simulation, lookup, { name: candidate, type }) })
      end.nowMs = Math.max(end.nowMs, simulation.nowMs)
      end.group = Math.max(end.group, simulation.group)
      nextGroup(simulation)
    }
    Object.assign(simulation, { nowMs: end.nowMs, group: end.group + 1 })
    const found = results.filter(({ result }) => result === 'found').map(({ type }) => type)
    if (found.length > 0) return { kind: 'found', name: candidate, types: found }
    for (const { result } of results) {
      // The error of the name as it was given outweighs those of suffixes, whenever it comes.
      if (result !== 'found' && (last === undefined || candidate === asIs)) last = result
    }
  }
  return { kind: last ?? 'bad-name' }
}

function namesToTry(name: string, settings: ResolverSettings): readonly DomainName[] {
  const asIs = joinName(name)
  try {
    parseName(asIs)
  } catch {
    return []
  }
  if (name.endsWith('.')) return [asIs]
  // A search domain "." makes no name that can be sent (1.19), or is left out at once (newer ones).
  const searched = settings.searches
    .filter((suffix) => suffix !== '.')
    .map((suffix) => joinName(name, suffix))
    .filter((each) => each.length <= 254)
  return countDots(name) >= settings.ndots ? [asIs, ...searched] : [...searched, asIs]
}

/** One type of one name: NXDOMAIN and NODATA are final, everything else goes to the next nameserver. */
function askType(
  simulation: Simulation,
  { settings, pick }: GoLookup,
  question: { readonly name: DomainName; readonly type: string },
): Failure | 'found' {
  const count = settings.nameservers.length
  const offset = settings.rotate ? pick(count) : 0
  let last: Failure = 'again'
  for (let attempt = 0; attempt < settings.attempts; attempt += 1) {
    for (let shift = 0; shift < count; shift += 1) {
      const nameserver = settings.nameservers[(shift + offset) % count] ?? ''
      if (attempt + shift > 0) nextGroup(simulation)
      const act = exchange(simulation, settings, { ...question, nameserver })
      if (act === 'answers') return 'found'
      if (act === 'nxdomain' || act === 'nodata') return 'not-found'
      last = act === 'silent' || act === 'closed' || act === 'servfail' ? 'again' : 'failed'
    }
  }
  return last
}

function exchange(
  simulation: Simulation,
  { timeoutMs, useTcp }: ResolverSettings,
  question: { readonly name: DomainName; readonly type: string; readonly nameserver: string },
): ServerAct {
  const ask = (transport: Transport): ServerAct => {
    const act = send(simulation, { ...question, transport }, timeoutMs)
    if (act === 'silent') simulation.nowMs += timeoutMs
    return act
  }
  const act = ask(useTcp ? 'tcp' : 'udp')
  if (act !== 'truncated' || useTcp) return act
  nextGroup(simulation)
  return ask('tcp')
}
