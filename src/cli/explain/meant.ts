// What a search that found nothing comes to: the candidate worth telling about, and the names that were probably meant.
import { TOP_LEVEL_DOMAINS } from '../../doctor/facts/index.ts'
import { formatRef } from '../../kube/schema/index.ts'
import type { DomainName, RRType } from '../../dns/index.ts'
import { explainRecord } from './lookup.ts'
import type { ExplainedSuggestion, Lookup } from './explanation.ts'
import type { Model } from './model.ts'

/** A miss with what was probably meant instead, best first. */
export interface NearMiss {
  readonly lookup: Lookup
  readonly suggestions: readonly ExplainedSuggestion[]
}

/** Absences that say nothing about the name itself: it was only tried because of the search list. */
const FAR_OFF = new Set(['no-namespace', 'not-svc-or-pod'])

/** The text report shows half of them. */
const MOST_SUGGESTIONS = 8

/**
 * Picks the miss that the name is about, among all candidates of the search list.
 *
 * A candidate that exists and lacks the type comes first (RFC 2308 §2.2), then those with a name that would have records,
 * then the one that matches the pattern of a cluster name best. Undefined for somebody else's name, such as www.example.org.
 */
export function findNearMiss(model: Model, lookups: readonly Lookup[], name: DomainName): NearMiss | undefined {
  const missing = lookups.filter(({ asked, absence }) => asked && absence !== null)
  const existing = missing.find(({ result }) => result === 'nodata')
  if (existing !== undefined) return { lookup: existing, suggestions: suggestFor(model, existing) }
  const near = missing.filter(({ absence }) => absence !== null && !FAR_OFF.has(absence.code))
  const misses = [...near, ...missing.filter((lookup) => !near.includes(lookup))].map((lookup) => ({
    lookup,
    suggestions: suggestFor(model, lookup),
  }))
  const named = misses.filter(({ suggestions }) => suggestions.some((each) => each.name !== null))
  const [best] = named
  if (best !== undefined) return { lookup: best.lookup, suggestions: merge(named) }
  // Two labels are SERVICE.NAMESPACE to the second suffix of the search list: when that namespace exists, the name is ours.
  const isOwn = near.some(({ suffix }) => suffix === null || suffix.startsWith('svc.'))
  const isForeign = !isOwn && lookups.length > 1 && name.split('.').length > 2
  const candidates = isForeign ? misses.filter(({ lookup }) => near.includes(lookup)) : misses
  const told = candidates.find(({ suggestions }) => suggestions.length > 0)
  if (told !== undefined || isForeign) return told
  return candidates.find(({ lookup }) => near.includes(lookup) && lookup.suffix?.startsWith('svc.')) ?? candidates[0]
}

/** The names of all misses, each once: two candidates may lead to the same one. */
function merge(misses: readonly NearMiss[]): ExplainedSuggestion[] {
  const seen = new Set<DomainName>()
  return misses
    .flatMap(({ suggestions }) => suggestions)
    .filter(({ name }) => name !== null && !seen.has(name) && seen.add(name))
    .slice(0, MOST_SUGGESTIONS)
}

function suggestFor(model: Model, lookup: Lookup): ExplainedSuggestion[] {
  const found = model.suggest(lookup).filter(({ code }) => code !== 'service-in-other-namespace' || !isWorldly(lookup))
  return found.map(({ code, name, text, because }) => ({
    code,
    name: name ?? null,
    text,
    because: because.map(
      ({ object, field, value }) => `${formatRef(object as Parameters<typeof formatRef>[0])}: ${field} = ${value}`,
    ),
    answer: name === undefined ? [] : recordsOf(model, name, lookup.type),
  }))
}

/** What stands for the namespace is a top-level domain: example.com is no slip of Service "example". */
function isWorldly({ absence, name }: Lookup): boolean {
  const [, namespace = ''] = /([^.]+)\.svc\./.exec(name) ?? []
  return absence?.code === 'no-namespace' && TOP_LEVEL_DOMAINS.has(namespace)
}

function recordsOf(model: Model, name: DomainName, type: RRType): ExplainedSuggestion['answer'] {
  const type2 = name.startsWith('_') ? 'SRV' : type === 'AAAA' ? 'AAAA' : 'A'
  const answer = model.ask({ name, type: type2 })
  return answer.kind === 'records' || answer.kind === 'delegate' ? answer.answer.map(explainRecord) : []
}
