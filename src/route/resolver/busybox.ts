// busybox nslookup (networking/nslookup.c, the big one): the whole search list at once, to one nameserver after the other, and never the
// name as it is when it has no dot. Seen with 1.35. `ping`, `wget` and the like in the same image use the C library instead.
import { joinName } from './candidate.ts'
import type { ResolverSettings } from './settings.ts'
import { nextGroup, send, type LookupOutcome, type ServerAct, type Simulation } from './world.ts'

export interface BusyboxLookup {
  readonly name: string
  readonly types: readonly string[]
  readonly settings: ResolverSettings
}

/** Half of its timeout of 5 s: whatever was not answered is sent once more then. */
const RETRY_MS = 2500

interface Slot {
  readonly name: string
  readonly type: string
  act: ServerAct | undefined
}

/** Asks as the program does when it is given a name and nothing else. */
export function lookUpWithBusybox(simulation: Simulation, lookup: BusyboxLookup): LookupOutcome {
  const { name, types, settings } = lookup
  // One dot anywhere, and no suffix is appended; ndots means nothing to it.
  const isSearched = !name.includes('.') && settings.searches.length > 0
  const names = isSearched ? settings.searches.map((suffix) => joinName(name, suffix)) : [joinName(name)]
  const slots: Slot[] = types.flatMap((type) => names.map((each) => ({ name: each, type, act: undefined })))
  for (const nameserver of settings.nameservers) {
    askServer(simulation, { nameserver, slots })
    // Any response at all, and the next nameserver is not asked.
    if (slots.some(({ act }) => act !== undefined)) break
  }
  return judge(slots)
}

function askServer(
  simulation: Simulation,
  { nameserver, slots }: { readonly nameserver: string; readonly slots: readonly Slot[] },
): void {
  let budget = 2 * slots.length
  const endMs = simulation.nowMs + 2 * RETRY_MS
  while (simulation.nowMs < endMs && slots.some(({ act }) => act === undefined)) {
    const waiting = slots.filter(({ act }) => act === undefined)
    const failing: Slot[] = []
    for (const slot of waiting) {
      const act = ask(simulation, nameserver, slot)
      if (act === 'closed') return
      if (act === 'servfail') failing.push(slot)
      else if (act !== 'silent') slot.act = act
    }
    for (let at = 0; at < failing.length; at += 1) {
      const slot = failing[at]
      if (slot === undefined) break
      if (budget === 0) {
        slot.act = 'servfail'
        continue
      }
      if (at === 0) nextGroup(simulation)
      budget -= 1
      const act = ask(simulation, nameserver, slot)
      if (act === 'servfail') failing.push(slot)
      else if (act !== 'silent') slot.act = act
    }
    nextGroup(simulation)
    if (slots.some(({ act }) => act === undefined)) simulation.nowMs += RETRY_MS
  }
}

function ask(simulation: Simulation, nameserver: string, { name, type }: Slot): ServerAct {
  return send(simulation, { nameserver, name, type, transport: 'udp' }, RETRY_MS)
}

/** It prints every response; a person takes the first address. */
function judge(slots: readonly Slot[]): LookupOutcome {
  const first = slots.find(({ act }) => act === 'answers')
  if (first !== undefined) {
    const types = slots.filter(({ name, act }) => name === first.name && act === 'answers').map(({ type }) => type)
    return { kind: 'found', name: first.name, types }
  }
  const acts = slots.map(({ act }) => act)
  if (acts.some((act) => act === undefined || act === 'servfail')) return { kind: 'again' }
  if (acts.some((act) => act === 'nodata' || act === 'lame' || act === 'truncated')) return { kind: 'no-data' }
  return { kind: acts.includes('nxdomain') ? 'not-found' : 'failed' }
}
