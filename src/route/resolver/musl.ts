// musl's getaddrinfo (src/network/lookup_name.c, res_msend.c): every nameserver at once, the first useful response wins, and a search
// that ends at anything but NXDOMAIN. Seen with 1.2.3 and 1.2.6.
import type { DomainName } from '../../dns/index.ts'
import { countDots, joinName } from './candidate.ts'
import type { ResolverSettings } from './settings.ts'
import { nextGroup, send, type LookupOutcome, type ServerAct, type Simulation } from './world.ts'

export interface MuslLookup {
  readonly name: string
  readonly types: readonly string[]
  readonly settings: ResolverSettings
  /** Whether it asks again over TCP and passes a search domain `.`: since 1.2.4. */
  readonly isRecent: boolean
}

/** Looks a name up as getaddrinfo does. */
export function lookUpWithMusl(simulation: Simulation, lookup: MuslLookup): LookupOutcome {
  const { name, settings } = lookup
  if (/(^|\.)\.$/.test(name)) return { kind: 'bad-name' }
  const isSearched = countDots(name) < settings.ndots && !name.endsWith('.')
  for (const suffix of isSearched ? settings.searches : []) {
    if (suffix === '.') {
      // "name.." is refused by 1.2.4 and newer, which go on; older ones send it as an unreadable message and wait in vain.
      if (lookup.isRecent) continue
      simulation.nowMs += settings.timeoutMs
      return { kind: 'again' }
    }
    const result = askName(simulation, lookup, joinName(name, suffix))
    if (result.kind !== 'not-found') return result
  }
  return askName(simulation, lookup, joinName(name))
}

/** What came for one type. */
interface Slot {
  readonly type: string
  act: ServerAct | undefined
  /** Nameservers that said SERVFAIL and are asked again at once. */
  failing: string[]
}

function askName(simulation: Simulation, lookup: MuslLookup, name: DomainName): LookupOutcome {
  const { settings, types } = lookup
  const { nameservers, timeoutMs, attempts } = settings
  const intervalMs = Math.floor(timeoutMs / attempts)
  const endMs = simulation.nowMs + timeoutMs
  const slots: Slot[] = types.map((type) => ({ type, act: undefined, failing: [] }))
  const isOpen = ({ act }: Slot): boolean => act === undefined
  for (let round = 0; round < attempts && slots.some(isOpen); round += 1) {
    for (const slot of slots.filter(isOpen)) slot.failing = []
    const waiting = slots.filter(isOpen)
    for (const slot of waiting) {
      for (const nameserver of nameservers) {
        const act = send(simulation, { nameserver, name, type: slot.type, transport: 'udp' }, intervalMs)
        if (act === 'servfail') slot.failing.push(nameserver)
        else slot.act ??= usefulAct(act)
      }
    }
    retryFailing(simulation, { waiting, name, budget: 2 * types.length, intervalMs })
    if (lookup.isRecent && askTruncatedOverTcp(simulation, lookup, { slots, name }) === 'failed')
      return { kind: 'again' }
    if (slots.some(isOpen)) simulation.nowMs = round + 1 < attempts ? simulation.nowMs + intervalMs : endMs
    nextGroup(simulation)
  }
  return judge(name, slots)
}

/** Only these count; REFUSED and the like are as good as silence. */
function usefulAct(act: ServerAct): ServerAct | undefined {
  return ['answers', 'lame', 'nodata', 'nxdomain', 'truncated'].includes(act) ? act : undefined
}

interface Retry {
  readonly waiting: readonly Slot[]
  readonly name: DomainName
  /** How many in one interval, for all types together. */
  readonly budget: number
  readonly intervalMs: number
}

/** SERVFAIL is asked again at once, at the nameserver that said it, while others may still answer. */
function retryFailing(simulation: Simulation, { waiting, name, budget, intervalMs }: Retry): void {
  let left = budget
  const failing = waiting.flatMap((slot) => slot.failing.map((nameserver) => ({ slot, nameserver })))
  for (let at = 0; left > 0 && at < failing.length; at += 1) {
    const retry = failing[at]
    if (retry === undefined || retry.slot.act !== undefined) continue
    const { slot, nameserver } = retry
    if (left === budget) nextGroup(simulation)
    left -= 1
    const act = send(simulation, { nameserver, name, type: slot.type, transport: 'udp' }, intervalMs)
    if (act === 'servfail') failing.push(retry)
    else slot.act ??= usefulAct(act)
  }
}

/** The nameserver whose truncated response was taken is asked over TCP; no other one, and nothing again when that fails. */
function askTruncatedOverTcp(
  simulation: Simulation,
  { settings }: MuslLookup,
  { slots, name }: { readonly slots: readonly Slot[]; readonly name: DomainName },
): 'failed' | 'went-on' {
  const truncated = slots.filter(({ act }) => act === 'truncated')
  if (truncated.length === 0) return 'went-on'
  nextGroup(simulation)
  const acts = truncated.map((slot) => {
    const first = simulation.queries.find(
      (query) => query.name === name && query.type === slot.type && query.act === 'truncated',
    )
    slot.act = send(
      simulation,
      { nameserver: first?.nameserver ?? '', name, type: slot.type, transport: 'tcp' },
      settings.timeoutMs,
    )
    return slot.act
  })
  if (acts.includes('silent')) simulation.nowMs += settings.timeoutMs
  return acts.every((act) => ['answers', 'lame', 'nodata', 'nxdomain'].includes(act)) ? 'went-on' : 'failed'
}

/** A missing response spoils the other one; NXDOMAIN of the first type outweighs what comes after it. */
function judge(name: DomainName, slots: readonly Slot[]): LookupOutcome {
  for (const { act } of slots) {
    if (act === undefined) return { kind: 'again' }
    if (act === 'nxdomain') return { kind: 'not-found' }
  }
  const types = slots.filter(({ act }) => act === 'answers').map(({ type }) => type)
  return types.length > 0 ? { kind: 'found', name, types } : { kind: 'no-data' }
}
