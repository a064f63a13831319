// One lookup by one resolver in a simulated world: every query in order, when, to whom, and what it comes to.
import type { ResolvConf } from '../resolv-conf.ts'
import { lookUpWithBusybox } from './busybox.ts'
import { lookUpWithCAres } from './c-ares.ts'
import { lookUpWithGlibc } from './glibc.ts'
import { lookUpWithGo } from './go.ts'
import { lookUpWithMusl } from './musl.ts'
import { lookUpWithResolved, type ResolvedScope } from './systemd-resolved.ts'
import { readSettings, type ResolverName, type ResolverSettings } from './settings.ts'
import {
  createSimulation,
  type LookupOutcome,
  type LookupRun,
  type ServerAct,
  type Simulation,
  type World,
} from './world.ts'

/** What a program asks its resolver. */
export interface LookupRequest {
  readonly resolver: ResolverName
  readonly conf: ResolvConf
  /** As the program gives it: `redis`, `redis.shop`, `example.org.`. */
  readonly name: string
  /** Default: both, as getaddrinfo asks with AF_UNSPEC. */
  readonly families?: readonly (4 | 6)[]
  /**
   * The nameserver to begin with, from 0 to `count` - 1: with `rotate`, where real ones draw it, and of systemd-resolved, which has one
   * in use. Default: always the first.
   */
  readonly pick?: (count: number) => number
  /** Of systemd-resolved; default: one scope that has all of the file, as /run/systemd/resolve/resolv.conf lists them. */
  readonly scopes?: readonly ResolvedScope[]
  /** Of systemd-resolved, `ResolveUnicastSingleLabel`. Default: no. */
  readonly sendsSingleLabels?: boolean
}

/** Simulates a lookup; responses take no time, waiting for silent nameservers does. */
export function simulateLookup(request: LookupRequest, world: World): LookupRun {
  const { resolver, conf, name, families = [4, 6] } = request
  const settings = readSettings(resolver, conf)
  const simulation = createSimulation(world, settings)
  const types = families.toSorted((a, b) => a - b).map((family) => (family === 4 ? 'A' : 'AAAA'))
  const outcome = lookUp(simulation, { ...request, settings, types })
  const queries = simulation.queries.toSorted((a, b) => a.group - b.group || a.atMs - b.atMs)
  return { queries, outcome: name === '' ? { kind: 'bad-name' } : outcome, tookMs: simulation.nowMs }
}

function lookUp(
  simulation: Simulation,
  request: LookupRequest & { readonly settings: ResolverSettings; readonly types: readonly string[] },
): LookupOutcome {
  const { resolver, name, types, settings, pick = () => 0 } = request
  if (name === '') return { kind: 'bad-name' }
  switch (resolver) {
    case 'glibc':
      return lookUpWithGlibc(simulation, { name, types, settings, pick })
    case 'musl':
    case 'musl-1.2.3':
      return lookUpWithMusl(simulation, { name, types, settings, isRecent: resolver === 'musl' })
    case 'go':
      return lookUpWithGo(simulation, { name, types, settings, pick })
    case 'c-ares':
      return lookUpWithCAres(simulation, { name, types, settings })
    case 'busybox':
      return lookUpWithBusybox(simulation, { name, types, settings })
    case 'systemd-resolved': {
      const { nameservers, searches } = settings
      // "search ." is how it writes that there are none.
      const domains = searches.filter((domain) => domain !== '.')
      const { scopes = [{ nameservers, domains, isDefaultRoute: true }], sendsSingleLabels = false } = request
      return lookUpWithResolved(simulation, { name, types, settings, scopes, sendsSingleLabels, pick })
    }
  }
}

/** What one faulty nameserver does to a lookup. */
export interface FaultCost {
  readonly nameserver: string
  readonly fault: ServerAct
  /** More than in the world without the fault. */
  readonly extraMs: number
  readonly extraQueries: number
  readonly outcome: LookupOutcome
}

/** Dead, nobody listening, and the two rcodes that resolvers disagree about. */
const FAULTS: readonly ServerAct[] = ['silent', 'closed', 'servfail', 'refused']

/** Tells for each nameserver what a lookup costs, and comes to, when that one is faulty. */
export function costOfFaults(request: LookupRequest, world: World): FaultCost[] {
  const healthy = simulateLookup(request, world)
  const { nameservers } = readSettings(request.resolver, request.conf)
  return nameservers.flatMap((nameserver) =>
    FAULTS.map((fault) => {
      const run = simulateLookup(request, (question) => (question.nameserver === nameserver ? fault : world(question)))
      return {
        nameserver,
        fault,
        extraMs: run.tookMs - healthy.tookMs,
        extraQueries: run.queries.length - healthy.queries.length,
        outcome: run.outcome,
      }
    }),
  )
}
