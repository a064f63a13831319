// The name that the user asks about, made absolute the way the pod's resolver would do it.
import { isSubdomain, labelsOf, lowerName, parseName, reverseName } from '../../dns/index.ts'
import type { DomainName, RRType } from '../../dns/message.ts'
import { TOP_LEVEL_DOMAINS } from '../facts/index.ts'
import type { ClusterFacts } from '../facts/index.ts'
import type { Expect } from './expectation.ts'

export interface AskedName {
  /** As the user wrote it. */
  readonly given: string
  readonly name: DomainName
  readonly type: RRType
  /** Below the cluster domain, or the reverse name of an address of its objects: the schema says what it should be. */
  readonly inCluster: boolean
  /** The search domains that were tried, in order; empty for a name that is taken as it is. */
  readonly searched: readonly DomainName[]
}

export interface AskOptions {
  /** Search domains of the pod that asks; default: the cluster's own, and for a single label the namespace's in use. */
  readonly searches?: readonly string[]
  /** Of the pod's resolver; default 5, as kubelet writes it. */
  readonly ndots?: number
  /** Default: PTR for an address or a reverse name, SRV for `_port._protocol` names, else A. */
  readonly type?: RRType
}

/**
 * Makes a name absolute: one that ends in a dot or in the cluster domain is taken as it is; another one gets the first
 * search domain under which it exists, or, where it exists under none, the one it was most likely meant for. An address
 * stands for its reverse name.
 *
 * @throws {TextError} for a name that is none
 */
export function completeName(given: string, facts: ClusterFacts, expect: Expect, options: AskOptions = {}): AskedName {
  const domain = parseName(facts.dns.clusterDomain.value)
  const reverse = reverseName(given)
  const absolute = lowerName(parseName(reverse ?? given))
  const { type = likelyType(absolute) } = options
  const asIs = (name: DomainName, searched: readonly DomainName[] = []): AskedName => ({
    given,
    name,
    type,
    inCluster: isSubdomain(name, domain) || (isReverse(name) && exists(expect(name, type))),
    searched,
  })
  if (given.endsWith('.') || isReverse(absolute) || isSubdomain(absolute, domain)) return asIs(absolute)
  // Without a pod a single label is read as a Service of the namespace in use: a pod there would ask for that first.
  const own = labelsOf(absolute).length === 1 ? [`${facts.source.namespace}.svc.${domain}`] : []
  const searches = (options.searches ?? [...own, `svc.${domain}`, domain]).map((search) => lowerName(parseName(search)))
  const candidates = searches.map((search) => (search === '.' ? absolute : lowerName(absolute + search)))
  const found = candidates.find((name) => isSubdomain(name, domain) && exists(expect(name, type)))
  if (found !== undefined) return asIs(found, searches)
  const meant = candidates.find((name) => namesNamespace(name, domain, facts))
  return asIs(meant ?? absolute, searches)
}

function likelyType(name: DomainName): RRType {
  if (isReverse(name)) return 'PTR'
  return /^_[^.]+\._(?:tcp|udp|sctp)\./.test(name) ? 'SRV' : 'A'
}

function isReverse(name: DomainName): boolean {
  return isSubdomain(name, 'in-addr.arpa.') || isSubdomain(name, 'ip6.arpa.')
}

function exists(expected: ReturnType<Expect>): boolean {
  return expected.kind === 'records' && expected.rcode === 'NOERROR' && expected.records.length > 0
}

/** Whether a name has the form of a Service's or below in a namespace that exists: it was meant for the cluster. */
function namesNamespace(name: DomainName, domain: DomainName, facts: ClusterFacts): boolean {
  const labels = labelsOf(name).slice(0, -labelsOf(domain).length)
  if (labels.length < 3 || labels.at(-1) !== 'svc') return false
  const namespace = labels.at(-2)
  const own = labels.slice(0, -2)
  // One label is a Service; what stands before it is an endpoint of one that exists, or a port: anything else, such as
  // www.example.com, was meant for the world outside.
  if (own.length > 1 && own[0]?.startsWith('_') !== true) {
    const service = own.at(-1)
    const { services } = facts.objects
    if (own.length > 2) return false
    return services.some(({ meta }) => meta.namespace === namespace && meta.name === service)
  }
  return (
    facts.objects.namespaces.some(({ meta }) => meta.name === namespace) ||
    facts.objects.services.some(({ meta }) => meta.namespace === namespace) ||
    namesServiceElsewhere(own[0] ?? '', namespace ?? '', facts)
  )
}

/** SERVICE.NAMESPACE with a namespace that does not exist: another one has the Service, and no top-level domain is named so. */
function namesServiceElsewhere(service: string, namespace: string, { objects }: ClusterFacts): boolean {
  const isKnown = objects.namespaces.length > 0 && !TOP_LEVEL_DOMAINS.has(namespace)
  return isKnown && objects.services.some(({ meta }) => meta.name === service)
}
