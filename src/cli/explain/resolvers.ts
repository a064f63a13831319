// The lookups as stub resolvers would make them: which names glibc asks for, and where other resolvers come to something else.
import { lowerName } from '../../dns/index.ts'
import { simulateLookup, type LookupRun, type ResolverName, type ServerAct, type World } from '../../route/index.ts'
import { namesStub } from '../read-resolv-conf.ts'
import type { AskingPod } from './asker.ts'
import type { Lookup, LookupResult, Note } from './explanation.ts'

/** What a program looks up, and with whose resolv.conf. */
export interface Search {
  /** As typed, with or without final dot. */
  readonly text: string
  readonly type: string
  readonly asking: AskingPod
}

/** Those that are held against each other, by what people call them; Node's dns.resolve and nslookup search by rules of their own. */
const USUAL: readonly (readonly [ResolverName, string])[] = [
  ['glibc', 'glibc'],
  ['musl', 'musl (Alpine)'],
  ['go', "Go's own resolver"],
]

/** Gives the names, lower-case, that the asker's resolver asks for until it has an answer. */
export function namesAsked(lookups: readonly Lookup[], search: Search): ReadonlySet<string> {
  const { queries } = simulate(search.asking.asker.resolver, lookups, search)
  return new Set(queries.map(({ name }) => lowerName(name)))
}

/** Says which resolvers come to something else than the asker's, and where they stop. */
export function resolverNotes(lookups: readonly Lookup[], search: Search): Note[] {
  const { resolver } = search.asking.asker
  const own = simulate(resolver, lookups, search)
  const others = USUAL.filter(([name]) => name !== resolver)
    .map(([resolver, title]) => ({ title, run: simulate(resolver, lookups, search) }))
    .filter(({ run }) => outcomeOf(run) !== outcomeOf(own))
  if (others.length === 0) return []
  const parts = others.map(({ title, run }) => `${title} ${describe(run, lookups)}`)
  const text = `Resolvers differ here: ${resolver} ${describe(own, lookups)}; ${parts.join('; ')}.`
  return [{ code: 'resolvers-differ', text }]
}

function simulate(resolver: ResolverName, lookups: readonly Lookup[], { text, type, asking }: Search): LookupRun {
  // Types other than the two go the way of A: with a search list and one after the other.
  const families = type === 'A' ? ([4, 6] as const) : type === 'AAAA' ? ([6] as const) : ([4] as const)
  // Which servers stand behind systemd-resolved's stub matters little here: all are taken to know the same.
  const conf = namesStub(asking.conf) ? { ...asking.conf, nameservers: ['127.0.0.1'] } : asking.conf
  return simulateLookup({ resolver, conf, name: text, families }, worldOf(lookups, type))
}

/** All nameservers alike: what the first one says is what was explained. */
function worldOf(lookups: readonly Lookup[], type: string): World {
  return (question) => {
    const named = lookups.filter(({ name }) => lowerName(name) === lowerName(question.name))
    const same = named.find((lookup) => lookup.type === question.type)
    const main = named.find((lookup) => lookup.type === type)
    if (same !== undefined) return actOf(same)
    if (main === undefined) return 'nxdomain'
    const act = actOf(main)
    // A name of the cluster exists for all types when it does for one.
    return act === 'answers' && question.type !== type && type === 'A' ? 'nodata' : act
  }
}

function actOf({ result, suffix }: Lookup): ServerAct {
  // A suffix that an upstream is asked about is taken for one that it does not know.
  if (result === 'elsewhere') return suffix === null ? 'answers' : 'nxdomain'
  return ACTS[result]
}

const ACTS: Readonly<Record<Exclude<LookupResult, 'elsewhere'>, ServerAct>> = {
  records: 'answers',
  overridden: 'answers',
  nodata: 'nodata',
  nxdomain: 'nxdomain',
  refused: 'refused',
  servfail: 'servfail',
}

function outcomeOf({ outcome }: LookupRun): string {
  return outcome.kind === 'found' ? `found ${lowerName(outcome.name)}` : outcome.kind
}

function describe({ outcome, queries }: LookupRun, lookups: readonly Lookup[]): string {
  const at = queries.at(-1)?.name ?? ''
  switch (outcome.kind) {
    case 'found': {
      const isOutside = lookups.some(({ name, result }) => name === outcome.name && result === 'elsewhere')
      return isOutside
        ? `goes on to ${outcome.name}, which an upstream is asked`
        : `takes the answer for ${outcome.name}`
    }
    case 'no-data':
      return `stops at ${at} and says that the name has no record of this type`
    case 'not-found':
      return `stops at ${at} and says that there is no such name`
    default:
      return `stops at ${at} with an error`
  }
}
