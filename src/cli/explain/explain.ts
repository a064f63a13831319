// From what was typed to the explanation: the names that are asked for, what each gives, and what was meant when none does.
import { UsageError } from '../../base/index.ts'
import type { ClusterFacts, MissingFact, NodeFacts } from '../../doctor/facts/index.ts'
import {
  addressFromReverse,
  isSubdomain,
  lowerName,
  parseName,
  reverseName,
  typeMnemonic,
  typeNumber,
  type DomainName,
  type RRType,
} from '../../dns/index.ts'
import { expandSearchList, isAbsolute, type Candidate } from '../../route/index.ts'
import { explainAddress } from './address.ts'
import type { Pod } from '../../kube/objects/index.ts'
import { askFromNamespace, askFromNode, askFromPod, type AskOptions, type AskingPod } from './asker.ts'
import type { Explanation, Lookup, Note } from './explanation.ts'
import { explainLookup } from './lookup.ts'
import { findNearMiss } from './meant.ts'
import { createModel, type Model } from './model.ts'
import { explainNotes } from './notes.ts'
import { namesAsked, resolverNotes, type Search } from './resolvers.ts'

/** What was asked, checked before anything is read. */
export interface Request {
  readonly text: string
  readonly kind: 'address' | 'name'
  /** The name as it is, absolute; of an address its reverse name. */
  readonly name: DomainName
  readonly type: RRType
  /** Whether the type was given, or is the usual one. */
  readonly typed: boolean
}

/**
 * Reads `NAME|IP [TYPE]`.
 *
 * @throws {UsageError} an address with another type than PTR, an unknown type, almost an address
 * @throws {TextError} a name that no domain name can be: a label over 63 octets, a name over 255
 */
export function readRequest(text: string, type: string | undefined): Request {
  const wanted = type === undefined ? undefined : readType(type)
  const reverse = reverseName(text)
  if (reverse !== undefined) {
    if (wanted !== undefined && wanted !== 'PTR') {
      throw new UsageError('bad-argument', `Cannot explain ${text} ${wanted}: addresses have PTR records only`)
    }
    return { text, kind: 'address', name: reverse, type: 'PTR', typed: wanted !== undefined }
  }
  rejectAlmostAddress(text)
  const name = parseName(text)
  const isReverse = addressFromReverse(lowerName(name)) !== undefined
  const usual = isReverse ? 'PTR' : /^_[^.]+\._(tcp|udp|sctp)\./i.test(name) ? 'SRV' : 'A'
  return { text, kind: 'name', name, type: wanted ?? usual, typed: wanted !== undefined }
}

/** Refuses what was meant as an address, and would be looked up as a name that nobody has. */
function rejectAlmostAddress(text: string): void {
  const why = almostAddress(text)
  if (why !== undefined) throw new UsageError('bad-argument', `Cannot explain ${text}: ${why}`)
}

function almostAddress(text: string): string | undefined {
  const [address = '', ...more] = text.split('/')
  // Names with a slash exist in reverse zones only (RFC 2317 §4).
  if (more.length > 0 && !/\.arpa\.?$/i.test(text)) {
    return reverseName(address) === undefined
      ? 'no domain name, which has no "/"'
      : `a network, not an address; give one address of it, such as ${address}`
  }
  if (text.includes(':')) return 'neither an IPv6 address nor a domain name (give no port)'
  if (!/^\d+(?:\.\d+)+\.?$/.test(text)) return undefined
  if (reverseName(text.replace(/\.$/, '')) !== undefined) return 'an address has no final dot'
  const count = text.replace(/\.$/, '').split('.').length
  return count === 4
    ? 'no IPv4 address, each of its numbers must be 0 to 255'
    : `no IPv4 address, it has ${count} numbers instead of 4`
}

function readType(text: string): RRType {
  const number = typeNumber(text.toUpperCase())
  if (number === undefined) {
    throw new UsageError(
      'bad-argument',
      `Unknown record type "${text}": give one such as A, AAAA, SRV, PTR, CNAME, TXT`,
    )
  }
  return typeMnemonic(number)
}

/** Who asks. */
export interface ExplainFrom extends AskOptions {
  /** Absent: nobody in particular. */
  readonly pod?: Pod
  /** A node instead of a pod. */
  readonly node?: NodeFacts
}

/** Explains a request. @throws {UsageError} a short name is asked from a namespace that is not there */
export function explain(facts: ClusterFacts, request: Request, from: ExplainFrom): Explanation {
  const model = createModel(facts)
  const pod =
    from.pod !== undefined
      ? askFromPod(facts, from.pod, from)
      : from.node !== undefined
        ? askFromNode(from.node, from)
        : undefined
  const isShort = pod === undefined && isShortName(model, request)
  const asking = pod ?? (isShort ? askFromNamespace(facts, facts.source.namespace, from.resolver) : undefined)
  const lookups = runLookups(model, request, asking)
  const last = lookups.findLast(({ asked }) => asked)
  const isFound = lookups.some(({ result }) => result === 'records' || result === 'overridden')
  const miss = isFound ? undefined : findNearMiss(model, lookups, request.name)
  const suggestions = miss?.suggestions ?? []
  const missing = [...decisiveGaps(facts, request), ...(pod === undefined ? [] : unknownServers(facts, pod))]
  const address = request.kind === 'address' ? request.text : addressFromReverse(lowerName(request.name))
  return {
    schemaVersion: 1,
    cluster: {
      source: facts.source.description,
      clusterDomain: facts.dns.clusterDomain,
      dnsService: dnsServiceName(facts),
    },
    question: { text: request.text, kind: request.kind, type: request.type },
    asker: asking?.asker ?? null,
    lookups,
    nearest: miss?.lookup.name ?? null,
    address: address === undefined ? null : explainAddress(facts, address),
    suggestions,
    notes: [
      ...(isShort ? [shortNameNote(facts, lookups)] : []),
      ...(miss === undefined ? [] : nodataNotes(lookups, miss.lookup)),
      ...(asking === undefined || request.kind === 'address' ? [] : resolverNotes(lookups, searchOf(request, asking))),
      ...(pod === undefined ? [] : outsideNotes(pod, lookups)),
      ...lookups
        .filter(({ asked, result }) => asked && result === 'records')
        .slice(0, 1)
        .flatMap((each) => explainNotes(facts, each)),
      ...(isFound || last === undefined || miss !== undefined ? [] : explainNotes(facts, last)),
    ],
    missing,
    conclusive: missing.length === 0,
  }
}

// --- Lookups ---

function runLookups(model: Model, request: Request, asking: AskingPod | undefined): Lookup[] {
  const candidates: readonly Candidate[] =
    asking === undefined || request.kind === 'address'
      ? [{ name: request.name }]
      : expandSearchList(request.text, asking.conf)
  const nameservers = asking?.conf.nameservers ?? model.facts.dns.service?.clusterIPs ?? []
  const lookups = candidates.flatMap(({ name, suffix }) => {
    const from = { nameservers, node: asking?.node ?? '', suffix: suffix ?? null }
    const lookup = explainLookup(model, { name, type: request.type }, from)
    const isBoth = !request.typed && request.type === 'A'
    return isBoth ? [lookup, ...otherFamily(model, lookup, from)] : [lookup]
  })
  if (asking === undefined || request.kind === 'address') return lookups
  const asked = namesAsked(lookups, searchOf(request, asking))
  const isAsked = ({ name }: Lookup): boolean => asked.has(lowerName(name))
  // The other family is only shown for what is asked.
  return lookups
    .map((lookup) => ({ ...lookup, asked: isAsked(lookup) }))
    .filter((lookup) => lookup.asked || lookup.type === request.type)
}

function searchOf({ text, type }: Request, asking: AskingPod): Search {
  return { text, type, asking }
}

/** Programs ask for both families: the other one is shown where it has records. */
function otherFamily(model: Model, lookup: Lookup, from: Parameters<typeof explainLookup>[2]): Lookup[] {
  if (lookup.result !== 'records' && lookup.result !== 'nodata') return []
  const other = explainLookup(model, { name: lookup.name, type: 'AAAA' }, from)
  const isExtra = other.answer.some(({ type }) => type === 'AAAA')
  return isExtra ? [other] : []
}

/** Whether the search list decides what the name means: it is no name of the cluster's zones and not absolute. */
function isShortName(model: Model, request: Request): boolean {
  if (request.kind === 'address' || isAbsolute(request.text)) return false
  const { zones } = model.kubernetes.schema
  return !zones.some((zone) => isSubdomain(request.name, zone) && zone !== '.')
}

// --- Notes and gaps ---

function shortNameNote(facts: ClusterFacts, lookups: readonly Lookup[]): Note {
  const found = lookups.find(({ asked, result }) => asked && result === 'records')
  const { namespace } = facts.source
  const pod = `a pod of namespace "${namespace}"`
  const text =
    found === undefined || found.suffix === null
      ? `The name has no final dot, so ${pod} tries it with its search list first; give --from POD or -n for another one.`
      : `The name is short: the search list of ${pod} makes it ${found.name} (give --from POD or -n for another one).`
  return { code: 'short-name', text }
}

/** NODATA for a candidate does not end glibc's search, though it may be what the program is told at last. */
function nodataNotes(lookups: readonly Lookup[], miss: Lookup): Note[] {
  const later = lookups.slice(lookups.indexOf(miss) + 1).filter(({ asked }) => asked)
  const next = later.at(-1)
  if (miss.result !== 'nodata' || next === undefined) return []
  const whom = next.result === 'elsewhere' ? `, the last of them, ${next.name}, by an upstream` : ''
  const text =
    `NODATA for ${miss.name} does not end the search list of glibc: the names after it are still asked${whom}, and only when none ` +
    'of them has records the program learns that the name has no record of this type.'
  return [{ code: 'nodata-in-search', text }]
}

/** A pod whose nameservers are none of the cluster's knows no name of it, whatever the objects say. */
function outsideNotes({ asker }: AskingPod, lookups: readonly Lookup[]): Note[] {
  const hops = lookups[0]?.decidedBy.hops ?? []
  if (hops.length === 0 || hops.some(({ kind }) => kind !== 'unknown')) return []
  const why =
    asker.pod === null
      ? "its own resolv.conf, which kubelet's clusterDNS does not change"
      : `dnsPolicy in effect: ${asker.resolvConf.effective}`
  const text =
    `${asker.pod === null ? `Node ${asker.node ?? ''}` : `Pod ${asker.namespace}/${asker.pod}`} asks none of the cluster's DNS servers (${why}), ` +
    'so it knows no name of this cluster.'
  return [{ code: 'outside-cluster-dns', text }]
}

function dnsServiceName({ dns }: ClusterFacts): string | null {
  const meta = dns.service?.service.meta
  return meta === undefined ? null : `${meta.namespace}/${meta.name}`
}

/** A node whose file nobody saw: whom it asks decides everything. */
function unknownServers(facts: ClusterFacts, { asker: { pod, node }, conf }: AskingPod): MissingFact[] {
  if (pod !== null || node === null || conf.nameservers.length > 0) return []
  const what = `node/${node}/resolvConf`
  const known = facts.missing.find((fact) => fact.what === what)
  return [known ?? { what, why: 'it was not seen', needs: `a place to ask from on ${node}` }]
}

/** Lists without which the records themselves are in doubt. */
function decisiveGaps(facts: ClusterFacts, request: Request): MissingFact[] {
  const decisive = new Set(['services', 'endpointSlices', ...(request.kind === 'address' ? ['pods'] : [])])
  return facts.missing.filter(({ what }) => decisive.has(what))
}
